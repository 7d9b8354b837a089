//! What can be wrong with a plan.

use crate::counted::counted;
use crate::dense::Resource;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Another format.
    #[error("schema {0:?} is not known")]
    Schema(String),
    /// Made for another state of the cluster.
    #[error("the plan was made for another snapshot")]
    OtherSnapshot,
    /// Names what does not exist.
    #[error("{topic}-{partition} is not in the snapshot")]
    UnknownPartition {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// Two changes of one partition.
    #[error("{0} is changed twice")]
    ChangedTwice(String),
    /// The list it starts from is another.
    #[error("{0}: its replicas are not those the plan starts from")]
    OtherStart(String),
    /// A change that changes nothing.
    #[error("{0} is listed, but does not change")]
    NoChange(String),
    /// Names a broker that does not exist.
    #[error("{partition}: broker {broker} is not in the snapshot")]
    UnknownBroker {
        /// The partition.
        partition: String,
        /// The broker.
        broker: i32,
    },
    /// Two replicas on one broker.
    #[error("{0} has two replicas on one broker")]
    SameBroker(String),
    /// Too many or too few.
    #[error("{partition} ends with {}, wanted: {wanted}", counted(*replicas, "replica"))]
    ReplicationFactor {
        /// The partition.
        partition: String,
        /// How many it ends with.
        replicas: usize,
        /// How many it should.
        wanted: usize,
    },
    /// A topic that was to stay as it is.
    #[error("{0} is of an excluded topic, and changes")]
    Excluded(String),
    /// A broker that may not take it.
    #[error("{partition}: broker {broker} may not take replicas")]
    MayNotTake {
        /// The partition.
        partition: String,
        /// The broker.
        broker: i32,
    },
    /// Left on a broker that is to be emptied.
    #[error("{partition} stays on broker {broker}, which is to be emptied")]
    NotEmptied {
        /// The partition.
        partition: String,
        /// The broker.
        broker: i32,
    },
    /// Taken from a broker that is to stay as it is.
    #[error("{partition} leaves broker {broker}, which is excluded")]
    Frozen {
        /// The partition.
        partition: String,
        /// The broker.
        broker: i32,
    },
    /// Too many in one rack.
    #[error("{partition} has {} in rack {rack}, allowed: {allowed}", counted(*replicas, "replica"))]
    Rack {
        /// The partition.
        partition: String,
        /// The rack.
        rack: String,
        /// How many there are.
        replicas: usize,
        /// How many there may be.
        allowed: usize,
    },
    /// Data moves where only leaders should.
    #[error("{0} gets other replicas, though only leaders were to change")]
    OnlyLeaders(String),
    /// Too many of a topic on one broker.
    #[error("broker {broker} has {} of {topic}, allowed: {allowed}", counted(*replicas, "replica"))]
    TopicSpread {
        /// The broker.
        broker: i32,
        /// The topic.
        topic: String,
        /// How many there are.
        replicas: usize,
        /// How many there may be.
        allowed: usize,
    },
    /// A disk would be too full at some moment.
    #[error("broker {broker} may have {bytes} bytes on its disks while replicas move, allowed are {allowed}")]
    Disk {
        /// The broker.
        broker: i32,
        /// What there may be.
        bytes: i64,
        /// What is allowed.
        allowed: i64,
    },
    /// A number that the plan claims is another.
    #[error("the plan claims {claimed} {what}, they are {found}")]
    Claim {
        /// Of what.
        what: &'static str,
        /// What it claims.
        claimed: u64,
        /// What it is.
        found: u64,
    },
    /// It says loads are in their windows, and they are not, or the other way round.
    #[error("the plan claims windows met: {claimed}; {}", outside(.broker, .resource))]
    Windows {
        /// What it claims.
        claimed: bool,
        /// A broker that is outside.
        broker: Option<i32>,
        /// Of which.
        resource: Option<Resource>,
    },
    /// How far loads are outside is another.
    #[error("the plan claims loads {claimed} outside their windows {when}, they are {found}")]
    Outside {
        /// Before or after.
        when: &'static str,
        /// What it claims.
        claimed: f64,
        /// What it is.
        found: f64,
    },
    /// More than was allowed.
    #[error("{used} {what} are more than the budget of {budget}")]
    Budget {
        /// Of what.
        what: &'static str,
        /// How many.
        used: u64,
        /// How many were allowed.
        budget: u64,
    },
    /// Multipliers that prove nothing.
    #[error("the certificate has a multiplier that is negative or no number")]
    Multiplier,
    /// Multipliers for a broker that does not exist, has no limits, or has others already.
    #[error("the certificate has multipliers for broker {0}, which has no use for them or has them twice")]
    MultiplierOf(i32),
    /// The certificate does not prove so much.
    #[error("the plan claims that {claimed} bytes have to move, its certificate proves {proven}")]
    Bound {
        /// What it claims.
        claimed: u64,
        /// What is proven.
        proven: u64,
    },
}

fn outside(broker: &Option<i32>, resource: &Option<Resource>) -> String {
    match (broker, resource) {
        (Some(broker), Some(resource)) => format!("broker {broker} is outside its window of {resource:?}"),
        _ => "every load is inside".to_owned(),
    }
}
