//! kraft.version from 0 to 1: the voters of controller.quorum.voters are written into the log, and can change from then on.
//! Each of them has told the leader its directory before.

use std::collections::BTreeMap;

use protocol::Uuid;
use protocol::api::ErrorCode;

use super::message::VoterChange;
use super::presence::KRAFT_VERSIONS;
use super::reconfigure::Refused;
use super::records::voter_records;
use super::role::Role;
use super::{Raft, RaftError, Voter, VoterSet};
use crate::cx::Now;

/// The level with voters in the log.
const DYNAMIC: i16 = 1;

/// What static voters told of themselves, by id: who they are, and which levels of kraft.version they know.
pub(super) type ToldVoters = BTreeMap<i32, (Voter, (i16, i16))>;

impl Raft {
    /// A static voter is known by its id alone.
    pub(super) fn check_told_voter(&self, change: &VoterChange) -> Result<(), Refused> {
        match change {
            VoterChange::Update { voter, .. } if !self.voters().contains(voter.id) => {
                Err((ErrorCode::VoterNotFound, format!("node {} is no voter", voter.id)))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn take_told_voter(&mut self, voter: Voter, kraft_versions: (i16, i16)) {
        if let Role::Leader(leadership) = &mut self.role {
            leadership.told_voters.insert(voter.id, (voter, kraft_versions));
        }
    }

    /// The voters that are written down when kraft.version becomes 1; or why it cannot.
    pub fn dynamic_voters(&self) -> Result<VoterSet, String> {
        let Role::Leader(leadership) = &self.role else {
            return Err("This node does not lead the quorum.".to_owned());
        };
        let own = (self.as_voter(), KRAFT_VERSIONS);
        let mut found = Vec::new();
        for id in self.voters().ids() {
            let told = leadership.told_voters.get(&id);
            let told = if id == self.node_id() { Some(&own) } else { told };
            let Some((voter, (min, max))) = told else {
                return Err(format!("Voter {id} has not told the leader its directory yet."));
            };
            if !(*min..=*max).contains(&DYNAMIC) {
                return Err(format!("Voter {id} only supports versions {min}-{max}"));
            }
            if voter.directory_id == Uuid::ZERO {
                return Err(format!("The directory of voter {id} has no id."));
            }
            found.push(voter.clone());
        }
        Ok(VoterSet::new(found))
    }

    /// Raises kraft.version to 1, with these voters; it counts once [`Raft::uncommitted_change`] is none.
    pub fn make_dynamic(&mut self, voters: &VoterSet, now: Now) -> Result<(), RaftError> {
        if !matches!(self.role, Role::Leader(_)) || self.kraft_version() >= DYNAMIC {
            return Ok(());
        }
        let offset = self.append_control(&voter_records(DYNAMIC, voters)?, now)?;
        tracing::info!(offset, "the voters are in the log from here on: kraft.version is 1");
        Ok(())
    }
}
