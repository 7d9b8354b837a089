//! Which nodes a sandbox has.

use crate::error::CommandError;

/// Most nodes of a sandbox.
pub(crate) const NODES_MAX: u16 = 50;
/// Controllers for which nobody said how many there are to be.
const CONTROLLERS_DEFAULT: u16 = 3;
/// Where controllers of their own begin. Kafka's examples number brokers from 0 and such controllers from 3000, far from
/// each other, so that more of either can come; here brokers begin with 1.
const SEPARATE_FROM: i32 = 3001;

/// How many nodes of which kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Nodes 1 to this are brokers.
    pub(crate) brokers: u16,
    /// Nodes 1 to this are controllers; one or three of the brokers if nobody said.
    pub(crate) controllers: Option<u16>,
    /// Racks that brokers are dealt out to.
    pub(crate) racks: Option<u16>,
    /// Whether controllers are nodes of their own.
    pub(crate) is_separate: bool,
}

/// A node that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodePlan {
    pub(crate) id: i32,
    pub(crate) is_broker: bool,
    pub(crate) is_controller: bool,
    pub(crate) rack: Option<String>,
}

impl NodePlan {
    /// As process.roles has them.
    pub(crate) fn roles(&self) -> Vec<&'static str> {
        let roles = [(self.is_broker, "broker"), (self.is_controller, "controller")];
        roles.into_iter().filter(|(is, _)| *is).map(|(_, role)| role).collect()
    }
}

impl Shape {
    /// One node that is both.
    pub(crate) const SINGLE: Self = Self {
        brokers: 1,
        controllers: None,
        racks: None,
        is_separate: false,
    };

    /// The nodes, brokers first, in order of id.
    pub(crate) fn nodes(self) -> Result<Vec<NodePlan>, CommandError> {
        let controllers = self.controllers.unwrap_or(match self.brokers {
            // Two controllers need both of them: no better than one.
            0..CONTROLLERS_DEFAULT => self.brokers.min(1),
            _ => CONTROLLERS_DEFAULT,
        });
        self.check(controllers)?;
        let broker = |id: u16| NodePlan {
            id: i32::from(id),
            is_broker: true,
            is_controller: !self.is_separate && id <= controllers,
            rack: self.racks.map(|racks| format!("rack-{}", (id - 1) % racks + 1)),
        };
        let controller = |id: i32| NodePlan {
            id,
            is_broker: false,
            is_controller: true,
            rack: None,
        };
        let mut nodes: Vec<NodePlan> = (1..=self.brokers).map(broker).collect();
        if self.is_separate {
            nodes.extend((SEPARATE_FROM..).take(usize::from(controllers)).map(controller));
        } else {
            nodes.extend((self.brokers + 1..=controllers).map(|id| controller(i32::from(id))));
        }
        Ok(nodes)
    }

    fn check(self, controllers: u16) -> Result<(), CommandError> {
        let shown =
            |count: u16, what: &str| CommandError::usage(format!("{count} {what}; 1 to {NODES_MAX} are possible"));
        let counts = [
            (Some(self.brokers), "brokers"),
            (Some(controllers), "controllers"),
            (self.racks, "racks"),
            (Some(self.brokers + controllers).filter(|_| self.is_separate), "nodes"),
        ];
        for (count, what) in counts {
            if let Some(count) = count.filter(|count| !(1..=NODES_MAX).contains(count)) {
                return Err(shown(count, what));
            }
        }
        match self.racks.filter(|racks| *racks > self.brokers) {
            Some(racks) => Err(CommandError::usage(format!(
                "{racks} racks need as many brokers, and there are {} to be",
                self.brokers
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `1bc/rack-1`: id, roles, rack.
    fn shown(shape: Shape) -> Vec<String> {
        let show = |node: NodePlan| {
            let roles = [(node.is_broker, "b"), (node.is_controller, "c")];
            let roles = roles.map(|(is, role)| if is { role } else { "" }).concat();
            let rack = node.rack.map_or_else(String::new, |rack| format!("/{rack}"));
            format!("{}{roles}{rack}", node.id)
        };
        shape.nodes().unwrap().into_iter().map(show).collect()
    }

    fn shape(brokers: u16, controllers: Option<u16>) -> Shape {
        Shape {
            brokers,
            controllers,
            ..Shape::SINGLE
        }
    }

    #[test]
    fn nodes_are_both_as_far_as_both_kinds_reach() {
        assert_eq!(shown(Shape::SINGLE), ["1bc"]);
        assert_eq!(shown(shape(2, None)), ["1bc", "2b"]);
        assert_eq!(shown(shape(5, None)), ["1bc", "2bc", "3bc", "4b", "5b"]);
        assert_eq!(shown(shape(3, Some(3))), ["1bc", "2bc", "3bc"]);
        assert_eq!(shown(shape(3, Some(1))), ["1bc", "2b", "3b"]);
        assert_eq!(shown(shape(1, Some(3))), ["1bc", "2c", "3c"]);
    }

    #[test]
    fn controllers_of_their_own_have_ids_far_from_those_of_brokers() {
        let separate = |brokers, controllers| Shape {
            is_separate: true,
            ..shape(brokers, controllers)
        };
        assert_eq!(shown(separate(2, Some(1))), ["1b", "2b", "3001c"]);
        assert_eq!(shown(separate(1, None)), ["1b", "3001c"]);
        assert_eq!(shown(separate(4, None))[4..], ["3001c", "3002c", "3003c"]);
    }

    #[test]
    fn brokers_are_dealt_out_to_racks_and_controllers_have_none() {
        let racks = |brokers, controllers, racks| Shape {
            racks: Some(racks),
            ..shape(brokers, Some(controllers))
        };
        assert_eq!(shown(racks(3, 1, 2)), ["1bc/rack-1", "2b/rack-2", "3b/rack-1"]);
        assert_eq!(shown(racks(1, 2, 1)), ["1bc/rack-1", "2c"]);
    }

    #[test]
    fn what_is_too_much_or_too_little_is_a_usage_error() {
        let none = Shape {
            racks: Some(0),
            ..shape(1, None)
        };
        let scarce = Shape {
            racks: Some(4),
            ..shape(3, None)
        };
        let separate = Shape {
            is_separate: true,
            ..shape(NODES_MAX, Some(1))
        };
        let wrong = [
            shape(0, None),
            shape(51, None),
            shape(1, Some(0)),
            shape(1, Some(51)),
            none,
            scarce,
            separate,
        ];
        for shape in wrong {
            let error = shape.nodes().unwrap_err();
            assert_eq!(error.code, crate::exit_codes::USAGE, "{shape:?}: {}", error.message);
        }
        assert_eq!(
            shape(NODES_MAX, Some(NODES_MAX)).nodes().unwrap().len(),
            usize::from(NODES_MAX)
        );
    }
}
