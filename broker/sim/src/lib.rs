//! A whole cluster in simulated time: three controllers and three brokers, the core's own machines in each, on a network
//! and on disks that fail as real ones do, with clients that produce, read, commit offsets and change things.
//!
//! [`run`] plays one seed and tells what it found. The same seed always plays the same.

mod caller;
mod check;
mod client;
mod cluster;
mod directed;
mod disks;
mod error;
mod faults;
mod membership;
mod network;
mod node;
mod random;
mod totals;
mod weather;
mod world;

pub use error::SimError;
pub use totals::Totals;
pub use weather::LENGTH;

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// What happened how often.
    pub totals: Totals,
    /// What must not be and was; none in a run that passes.
    pub wrong: Vec<String>,
    /// What happened when, if it was to be told.
    pub story: Vec<String>,
    /// A hash of all that happened.
    pub hash: u64,
}

/// Plays a seed; with its story, if that is to be told.
pub fn run(seed: u64, tells: bool) -> Result<Outcome, SimError> {
    cluster::Cluster::new(seed, tells)?.run(seed)
}
