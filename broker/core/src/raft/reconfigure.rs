//! A leader changes who votes (KIP-853): one voter at a time, once what leaders before it changed is committed. New voters
//! count as soon as their record is in the log, and the record is committed by a majority of them.

use std::time::Duration;

use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::messages::framing::ControlType;

use super::event::{Outgoing, RaftCx};
use super::message::{Body, Peer, Request, Response, VoterChange};
use super::role::Role;
use super::{Raft, RaftError, Voter, VoterSet};
use crate::cx::Ticket;

/// A change that somebody waits for.
#[derive(Debug)]
pub(super) struct Pending {
    /// Who waits; nobody once it was answered.
    ticket: Option<Ticket>,
    step: Step,
    /// When it is given up.
    pub(super) deadline: Duration,
}

#[derive(Debug)]
enum Step {
    /// A new voter is asked what it knows.
    Asking { voter: Voter, waits_for_commit: bool },
    /// The record is in the log.
    Appended { offset: i64 },
}

/// Why a change is not made.
pub(super) type Refused = (ErrorCode, String);

fn not_now(why: impl Into<String>) -> Refused {
    (ErrorCode::RequestTimedOut, why.into())
}

fn invalid(why: &str) -> Refused {
    (ErrorCode::InvalidRequest, why.to_owned())
}

impl Raft {
    /// Somebody asks for a change.
    pub(super) fn on_change(
        &mut self,
        ticket: Ticket,
        change: &VoterChange,
        cx: &mut RaftCx<'_>,
    ) -> Result<(), RaftError> {
        if let Err(refused) = self.check_change(change) {
            self.answer_change(ticket, Err(refused), cx);
            return Ok(());
        }
        match change {
            VoterChange::Add {
                voter,
                waits_for_commit,
            } => {
                let step = Step::Asking {
                    voter: voter.clone(),
                    waits_for_commit: *waits_for_commit,
                };
                if self.send_if_free(Peer::Node(voter.id), Request::KRaftVersions, cx) {
                    self.wait_for(ticket, step, cx);
                } else {
                    let why = format!("voter {} has just failed to answer", voter.id);
                    self.answer_change(ticket, Err(not_now(why)), cx);
                }
            }
            VoterChange::Remove(key) => {
                let offset = self.append_voters(&self.voters().without(key.id), cx)?;
                self.wait_for(ticket, Step::Appended { offset }, cx);
            }
            VoterChange::Update {
                voter, kraft_versions, ..
            } => {
                if self.kraft_version() == 0 {
                    self.take_told_voter(voter.clone(), *kraft_versions);
                } else if self.voters().get(voter.id) != Some(voter) {
                    self.append_voters(&self.voters().with(voter.clone()), cx)?;
                }
                self.note_alive(voter.key(), cx.now.mono);
                self.answer_change(ticket, Ok(()), cx);
            }
        }
        Ok(())
    }

    fn check_change(&self, change: &VoterChange) -> Result<(), Refused> {
        let epoch = match change {
            VoterChange::Update { epoch, .. } => *epoch,
            _ => self.epoch,
        };
        if let Some(error) = self.not_leading(epoch) {
            return Err((error, "this node does not lead the quorum in that epoch".to_owned()));
        }
        self.check_voter(change)?;
        let Role::Leader(leadership) = &self.role else {
            return Err(not_now("this node does not lead"));
        };
        if leadership.pending.is_some() {
            return Err(not_now("another change of the voters is under way"));
        }
        if !leadership.is_announced {
            return Err(not_now("the leader does not know yet what is committed"));
        }
        let is_update = matches!(change, VoterChange::Update { .. });
        if self.kraft_version() == 0 {
            return if is_update {
                self.check_told_voter(change)
            } else {
                let why = "kraft.version is 0: voters are those of controller.quorum.voters";
                Err((ErrorCode::UnsupportedVersion, why.to_owned()))
            };
        }
        match self.voters.last_offset() {
            Some(offset) if offset < self.high_watermark => self.check_against_voters(change),
            _ => Err(not_now("the last change of the voters is not committed yet")),
        }
    }

    /// Whether the request makes sense, whoever votes.
    fn check_voter(&self, change: &VoterChange) -> Result<(), Refused> {
        let (key, endpoints) = match change {
            VoterChange::Add { voter, .. } | VoterChange::Update { voter, .. } => (voter.key(), Some(&voter.endpoints)),
            VoterChange::Remove(key) => (*key, None),
        };
        if key.id < 0 || key.directory_id == Uuid::ZERO {
            return Err(invalid("a voter has an id and a directory id"));
        }
        if let (Some(endpoints), Some(listener)) = (endpoints, self.own_listener())
            && !endpoints.iter().any(|(name, ..)| name.eq_ignore_ascii_case(&listener))
        {
            let why = format!("the voter has no endpoint for the quorum's listener {listener}");
            return Err((ErrorCode::InvalidRequest, why));
        }
        match change {
            VoterChange::Update {
                kraft_versions: (min, max),
                ..
            } if *min < 0 || !(*min..=*max).contains(&self.kraft_version()) => {
                Err(invalid("the voter does not know the kraft.version in force"))
            }
            _ => Ok(()),
        }
    }

    fn check_against_voters(&self, change: &VoterChange) -> Result<(), Refused> {
        let voters = self.voters();
        let (key, is_addition) = match change {
            VoterChange::Add { voter, .. } => (voter.key(), true),
            VoterChange::Update { voter, .. } => (voter.key(), false),
            VoterChange::Remove(key) => (*key, false),
        };
        let known = voters.get(key.id).map(Voter::key);
        if is_addition {
            return match known {
                // Another directory takes its place only once this one is removed.
                Some(known) => Err((
                    ErrorCode::DuplicateVoter,
                    format!("{known} is a voter already, beside {}", named(voters)),
                )),
                None => Ok(()),
            };
        }
        if known != Some(key) {
            let why = format!("{key} is no voter; voters are {}", named(voters));
            return Err((ErrorCode::VoterNotFound, why));
        }
        if matches!(change, VoterChange::Remove(_)) && voters.len() == 1 {
            return Err(invalid("it is the only voter, and a quorum needs one"));
        }
        Ok(())
    }

    fn append_voters(&mut self, voters: &VoterSet, cx: &mut RaftCx<'_>) -> Result<i64, RaftError> {
        let offset = self.append_control(&[(ControlType::KRaftVoters, voters.encode()?)], cx.now)?;
        tracing::info!(offset, voters = named(self.voters()), "changed the voters");
        cx.out.sync = true;
        Ok(offset)
    }

    fn wait_for(&mut self, ticket: Ticket, step: Step, cx: &RaftCx<'_>) {
        let deadline = cx.now.mono + self.config.timeouts.request;
        if let Role::Leader(leadership) = &mut self.role {
            leadership.pending = Some(Pending {
                ticket: Some(ticket),
                step,
                deadline,
            });
        }
    }

    /// The voter that is asked whether it may become one.
    pub(super) fn newcomer(&self) -> Option<&Voter> {
        match &self.role {
            Role::Leader(leadership) => match &leadership.pending.as_ref()?.step {
                Step::Asking { voter, .. } => Some(voter),
                Step::Appended { .. } => None,
            },
            _ => None,
        }
    }

    /// A new voter has told what it knows, or nothing.
    pub(super) fn on_newcomers_versions(
        &mut self,
        from: Peer,
        response: Option<&Response>,
        cx: &mut RaftCx<'_>,
    ) -> Result<(), RaftError> {
        let Some(voter) = self.newcomer().filter(|voter| from == Peer::Node(voter.id)).cloned() else {
            return Ok(());
        };
        if let Err(refused) = self.check_newcomer(&voter, response, cx.now.mono) {
            self.end_change(Err(refused), cx);
            return Ok(());
        }
        let offset = self.append_voters(&self.voters().with(voter), cx)?;
        let Role::Leader(leadership) = &mut self.role else {
            return Ok(());
        };
        let Some(pending) = &mut leadership.pending else {
            return Ok(());
        };
        let waits = matches!(
            &pending.step,
            Step::Asking {
                waits_for_commit: true,
                ..
            }
        );
        pending.step = Step::Appended { offset };
        if let Some(ticket) = pending.ticket.take_if(|_| !waits) {
            self.answer_change(ticket, Ok(()), cx);
        }
        Ok(())
    }

    /// One that does not follow would keep the new voters from a majority.
    fn check_newcomer(&self, voter: &Voter, response: Option<&Response>, now: Duration) -> Result<(), Refused> {
        let key = voter.key();
        let versions = match response {
            Some(Response {
                error: None,
                body: Body::KRaftVersions(versions),
                ..
            }) => *versions,
            _ => return Err(not_now(format!("{key} does not answer at {}", places(voter)))),
        };
        let (min, max) = versions.unwrap_or_default();
        let level = self.kraft_version();
        if !(min..=max).contains(&level) {
            let why = format!("{key} knows kraft.version {min} to {max}, and {level} is in force");
            return Err((ErrorCode::InvalidRequest, why));
        }
        let progress = match &self.role {
            Role::Leader(leadership) => leadership.replicas.get(&key),
            _ => None,
        };
        let follows = progress.is_some_and(|progress| {
            progress.caught_up_at.is_some() && now.saturating_sub(progress.fetched_at) < self.config.timeouts.fetch
        });
        if follows {
            Ok(())
        } else {
            Err(not_now(format!("{key} is lagging behind, or does not follow at all")))
        }
    }

    /// Looks what became of a change. A leader that is no voter any more leads until that is committed.
    pub(super) fn carry_on_change(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let high_watermark = self.high_watermark;
        let Role::Leader(leadership) = &self.role else {
            return Ok(());
        };
        if let Some(pending) = &leadership.pending {
            match pending.step {
                Step::Appended { offset } if offset < high_watermark => self.end_change(Ok(()), cx),
                _ if pending.deadline <= cx.now.mono => {
                    self.end_change(Err(not_now("the change was not made in time")), cx);
                }
                _ => {}
            }
        }
        let is_committed = self.voters.last_offset().is_some_and(|offset| offset < high_watermark);
        if is_committed && !self.is_voter() {
            tracing::info!(epoch = self.epoch, "resigns: it is no voter any more");
            // Whoever waits for records learns that the change is committed.
            self.answer_parked(cx)?;
            return self.resign(cx);
        }
        Ok(())
    }

    /// Where a change is that is not committed, of voters or of kraft.version.
    pub fn uncommitted_change(&self) -> Option<i64> {
        let last = self.voters.last_offset().max(self.kraft_versions.last_offset());
        last.filter(|offset| *offset >= self.high_watermark)
    }

    fn end_change(&mut self, outcome: Result<(), Refused>, cx: &mut RaftCx<'_>) {
        let Role::Leader(leadership) = &mut self.role else {
            return;
        };
        if let Some(ticket) = leadership.pending.take().and_then(|pending| pending.ticket) {
            self.answer_change(ticket, outcome, cx);
        }
    }

    /// Turns away who waits for a change by a leader that leads no more. It may be made all the same.
    pub(super) fn refuse_pending(&mut self, cx: &mut RaftCx<'_>) {
        let refused = (ErrorCode::NotLeaderOrFollower, "this node leads no more".to_owned());
        self.end_change(Err(refused), cx);
    }

    fn answer_change(&self, ticket: Ticket, outcome: Result<(), Refused>, cx: &mut RaftCx<'_>) {
        let (error, message) = outcome.err().unzip();
        let response = self.response(error, Body::Change { message });
        cx.out.sends.push(Outgoing::Response { ticket, response });
    }
}

/// Ids of the voters, for people.
fn named(voters: &VoterSet) -> String {
    voters.ids().map(|id| id.to_string()).collect::<Vec<_>>().join(", ")
}

fn places(voter: &Voter) -> String {
    let places = voter.endpoints.iter().map(|(_, host, port)| format!("{host}:{port}"));
    places.collect::<Vec<_>>().join(", ")
}
