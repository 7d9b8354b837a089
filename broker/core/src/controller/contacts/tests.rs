use super::*;

const START: Duration = Duration::from_secs(100);

fn all(_: i32, _: i64) -> bool {
    true
}

fn unknown(_: i32) -> Option<i64> {
    None
}

/// Contacts at a time; what is due is tried at once.
struct World {
    contacts: Contacts,
    now: Duration,
}

impl World {
    /// Broker 2 in epoch 7, over connection 1.
    fn new() -> Self {
        let mut contacts = Contacts::default();
        contacts.heard(1, 2, 7);
        Self { contacts, now: START }
    }

    /// The active controller's answer to the end of a connection.
    fn end(&mut self, connection: u64) {
        if let Some((id, epoch)) = self.contacts.ended(connection, unknown) {
            self.contacts.suspect(id, epoch, self.now);
        }
    }

    /// Waits for the next try; its number, and how long that took.
    fn next(&mut self) -> (u64, Duration) {
        let at = self.contacts.next_try().unwrap();
        let waited = at - self.now;
        self.now = at;
        let due = self.contacts.take_due(at, all);
        assert_eq!(due.len(), 1, "{due:?}");
        assert_eq!(self.contacts.next_try(), None, "one try at a time");
        (due[0].id, waited)
    }

    fn tried(&mut self, id: u64, all_refused: bool) -> Option<(i32, i64)> {
        self.contacts.tried(id, all_refused, self.now)
    }
}

#[test]
fn a_broker_whose_connections_ended_and_that_refuses_twice_is_gone() {
    let mut world = World::new();
    world.end(1);
    let (first, waited) = world.next();
    assert_eq!(waited, GRACE);
    assert_eq!(world.tried(first, true), None, "once is no proof");
    let (second, waited) = world.next();
    assert_eq!(waited, BETWEEN);
    assert_eq!(world.tried(second, true), Some((2, 7)));
    assert_eq!(world.contacts.next_try(), None);
    assert_eq!(world.tried(second, true), None, "it is told once");
}

#[test]
fn while_one_connection_is_left_nothing_is_tried() {
    let mut world = World::new();
    world.contacts.heard(4, 2, 7);
    world.contacts.heard(5, 3, 8);
    world.end(1);
    assert_eq!(world.contacts.next_try(), None);
    world.end(4);
    assert!(world.contacts.next_try().is_some(), "another broker's does not count");
    world.end(99);
}

#[test]
fn a_try_that_is_not_refused_makes_the_one_before_worthless() {
    let mut world = World::new();
    world.end(1);
    for _ in 0..3 {
        let (first, _) = world.next();
        assert_eq!(world.tried(first, true), None);
        let (second, _) = world.next();
        assert_eq!(world.tried(second, false), None);
        assert_eq!(world.contacts.next_try(), Some(world.now + RETRY));
    }
    let (first, _) = world.next();
    assert_eq!(world.tried(first, true), None);
    let (second, _) = world.next();
    assert_eq!(world.tried(second, true), Some((2, 7)));
}

#[test]
fn a_broker_that_comes_back_is_not_gone_whatever_is_on_its_way() {
    for epoch in [7, 9] {
        let mut world = World::new();
        world.end(1);
        let (first, _) = world.next();
        world.tried(first, true);
        let (second, _) = world.next();
        world.contacts.heard(2, 2, epoch);
        assert_eq!(world.tried(second, true), None);
        assert_eq!(world.contacts.next_try(), None);
    }
}

#[test]
fn the_end_of_an_earlier_incarnations_connection_says_nothing_of_the_next() {
    let mut world = World::new();
    world.contacts.heard(2, 2, 9);
    let (id, epoch) = world.contacts.ended(1, unknown).unwrap();
    assert_eq!((id, epoch), (2, 7), "its fence is refused: another epoch is registered");
    assert!(!world.contacts.is_lost(2, 9));
}

#[test]
fn who_is_not_wanted_any_more_is_not_tried() {
    let mut world = World::new();
    world.end(1);
    assert_eq!(world.contacts.take_due(START + GRACE, |_, epoch| epoch != 7), []);
    assert_eq!(world.contacts.next_try(), None);
}

#[test]
fn a_node_is_known_by_its_requests_of_the_quorum_and_its_broker_by_what_is_registered() {
    let mut contacts = Contacts::default();
    assert!(contacts.heard_of_node(1, 2));
    assert!(contacts.heard_of_node(2, 3));
    assert!(!contacts.heard_of_node(2, 3), "the connection is known");
    assert!(!contacts.is_lost(2, 7), "it is connected, and was not seen as a broker");
    assert_eq!(contacts.ended(1, |id| (id == 2).then_some(7)), Some((2, 7)));
    assert!(contacts.is_lost(2, 7));
    assert!(!contacts.is_lost(2, 8), "another incarnation may be anybody");
    assert_eq!(contacts.ended(2, unknown), None, "a controller that is no broker");
    assert!(!contacts.is_lost(3, 7));
}

#[test]
fn whose_software_is_not_known_is_never_lost() {
    let contacts = Contacts::default();
    assert!(!contacts.is_lost(2, 7));
}

#[test]
fn a_controller_that_resigns_tries_nobody_and_remembers_whom_it_has_lost() {
    let mut world = World::new();
    world.end(1);
    let (first, _) = world.next();
    world.contacts.suspect_nobody();
    assert_eq!(world.tried(first, true), None);
    assert!(world.contacts.is_lost(2, 7));
    world.contacts.heard(8, 2, 7);
    assert!(!world.contacts.is_lost(2, 7));
}
