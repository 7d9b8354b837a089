//! Plans: what to move and who is to lead so that the rules hold, loads are in their windows, and little moves.
//!
//! In order: what breaks rules, what is outside of windows, bytes, changes of leaders. What rules demand is taken in
//! hand first; rounds of giving and taking follow ([`construct`]), then mending of what is left, then what need not
//! have moved goes home, and leaders last, by reordering alone. The same request gives the same plan.

mod budget;
mod choose;
mod construct;
mod exact;
mod improve;
mod kept;
mod leaders;
mod levels;
mod mend;
mod output;
mod place;
mod settle;
mod state;
mod topics;
mod violation;

pub use output::{Change, PLAN_SCHEMA, Plan, Summary};

use crate::bound::{Bound, lower_bound, with_prices};
use crate::feasible::{Obstacle, obstacles};
use crate::model::Cluster;
use crate::request::{Goal, Problem, Request, RequestError};
use state::State;
use violation::Measure;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// The request does not fit the cluster.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Rules that cannot hold, each with the least that would make it possible.
    #[error("{}", obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Impossible {
        /// What stands in the way.
        obstacles: Vec<Obstacle>,
    },
}

/// Makes a plan.
pub fn plan(cluster: &Cluster, request: &Request) -> Result<Plan, PlanError> {
    let problem = Problem::new(cluster, request)?;
    let obstacles = obstacles(&problem);
    if !obstacles.is_empty() {
        return Err(PlanError::Impossible { obstacles });
    }
    let measure = Measure::new(&problem);
    let now = crate::model::loads(cluster);
    let mut state = State::new(&problem, |partition| kept::kept(&problem, &now, partition));
    let solved = crate::flow::solve(&problem);
    if let Some(solved) = &solved {
        exact::adopt(&mut state, &solved.brokers);
    } else if request.goal != Goal::Leaders {
        place(&mut state, &measure)?;
        budget::keep_within(&mut state, &measure)?;
    }
    leaders::lead(&mut state, &measure);
    if request.goal == Goal::Balance && leaders::outside(&state, &measure) > 0.0 {
        lead_by_moving(&mut state, &measure)?;
    }
    let achieved = problem.limits.widened(&state.loads);
    // Reordering alone mends no rule and moves nothing.
    let mut bound = if request.goal == Goal::Leaders {
        Bound::default()
    } else {
        lower_bound(&problem, &achieved)
    };
    if let Some(solved) = &solved {
        bound = with_prices(&problem, &achieved, &solved.prices, bound);
    }
    Ok(output::output(&state, &measure, bound))
}

/// Leaders that cannot be spread by reordering move: those of single replicas, above all.
fn lead_by_moving(state: &mut State<'_>, measure: &Measure) -> Result<(), PlanError> {
    mend::mend(state, &measure.of_all());
    budget::keep_within(state, measure)?;
    leaders::lead(state, measure);
    Ok(())
}

fn place(state: &mut State<'_>, measure: &Measure) -> Result<(), PlanError> {
    let forced = construct::forced(state);
    for lifted in construct::construct(state, forced) {
        let placed = mend::put_anywhere(state, measure, lifted.slot) || mend::put_by_chain(state, measure, lifted.slot);
        if !placed {
            let partition = state.cluster().name(state.partition(lifted.slot));
            return Err(PlanError::Impossible {
                obstacles: vec![Obstacle::NoPlace { partition }],
            });
        }
    }
    mend::mend(state, measure);
    settle::settle(state, measure);
    improve::improve(state, measure);
    settle::settle(state, measure);
    Ok(())
}
