//! How a run's quorum changes: who votes at first, who may come, and who asks for it.

use std::path::Path;

use broker_core::cx::Random as _;
use broker_core::raft::{Voter, VoterSet};
use protocol::Uuid;
use protocol::files::{SnapshotId, SnapshotWriter, names};
use protocol::messages::control::KRaftVersionRecord;
use protocol::messages::framing::ControlType;

use crate::random::Seeded;
use crate::world::EndId;

/// A controller that does not vote at first.
pub(crate) const SPARE: EndId = 14;
/// The listener of controllers.
pub(crate) const LISTENER: &str = "CONTROLLER";
/// Its port.
pub(crate) const PORT: u16 = 9093;

/// How a quorum begins, and whether it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quorum {
    /// controller.quorum.voters, kraft.version 0.
    Static,
    /// The same, and kraft.version is raised to 1 at some time.
    Raised,
    /// Formatted with `--initial-controllers`, kraft.version 1.
    Dynamic,
}

/// How a run's quorum changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Membership {
    pub(crate) quorum: Quorum,
    /// There is a fourth controller.
    pub(crate) has_spare: bool,
    /// Controllers make themselves voters (KIP-1186).
    pub(crate) auto_join: bool,
    /// Somebody adds and removes voters.
    pub(crate) has_operator: bool,
    /// Voters lose their metadata directories, one at a time.
    pub(crate) loses_dirs: bool,
    /// Controllers are reached by another name after some of their starts.
    pub(crate) renames: bool,
    /// One leader in so many that changes the voters is killed before that is committed.
    pub(crate) kill_changing: u64,
}

impl Membership {
    pub(crate) fn draw(random: &mut Seeded) -> Self {
        let quorum = match random.below(10) {
            0..5 => Quorum::Static,
            5..7 => Quorum::Raised,
            _ => Quorum::Dynamic,
        };
        let changes = quorum != Quorum::Static;
        let auto_join = quorum == Quorum::Dynamic && random.one_in(2);
        let has_operator = changes && (!auto_join || random.one_in(2));
        Self {
            quorum,
            has_spare: changes && random.one_in(2),
            auto_join,
            has_operator,
            loses_dirs: changes && !has_operator,
            renames: changes && random.one_in(2),
            kill_changing: random.pick(&[0, 6, 3]).unwrap_or(0),
        }
    }

    /// Whether removed voters may be formatted anew: not where one that was just removed may come back by itself. Then a
    /// directory that is gone would vote, and the removal of another voter would leave no majority for good.
    pub(crate) fn reformats_removed(&self) -> bool {
        self.has_operator && !self.auto_join
    }
}

/// A controller as a voter.
pub(crate) fn voter(id: EndId, directory_id: Uuid, host: String) -> Voter {
    Voter {
        id,
        directory_id,
        endpoints: vec![(LISTENER.to_owned(), host, PORT)],
    }
}

/// The name of a snapshot that says who votes at first, and what is in it; none if it cannot be written.
pub(crate) fn first_voters(voters: Vec<Voter>) -> Option<(String, Vec<u8>)> {
    let version = KRaftVersionRecord {
        kraft_version: 1,
        ..Default::default()
    };
    let mut value = Vec::new();
    version.encode(0, &mut value).ok()?;
    let voters = VoterSet::new(voters).encode().ok()?;
    let control = vec![(ControlType::KRaftVersion, value), (ControlType::KRaftVoters, voters)];
    let snapshot = SnapshotWriter::new(0, 0, 0, control).ok()?.finish().ok()?;
    let path = Path::new(names::METADATA_LOG).join(SnapshotId::default().file_name());
    Some((path.to_string_lossy().into_owned(), snapshot.to_vec()))
}
