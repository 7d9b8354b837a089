//! The controller's seat in the quorum: it passes events to the quorum's machine, and takes from it who leads and what
//! is committed.

use super::{Controller, ControllerCx, ControllerError, ControllerTimer, QuorumRequest, image_of};
use crate::call::Call;
use crate::cx::{Cx, Outbox, Ticket};
use crate::raft::{self, Outgoing, wire};
use crate::reply::{Refused, Reply};

impl Controller {
    /// Hands an event to the quorum's machine, and carries on what it wants.
    pub(super) fn drive_quorum(
        &mut self,
        event: raft::Event,
        cx: &mut ControllerCx<'_>,
    ) -> Result<(), ControllerError> {
        let mut out = Outbox::default();
        let mut raft_cx = Cx {
            now: cx.now,
            random: &mut *cx.random,
            disk: cx.disk,
            out: &mut out,
        };
        self.raft.on(event, &mut raft_cx)?;
        self.needs_sync |= out.sync;
        if let Some(at) = out.timers.get(&raft::Due) {
            cx.out.timers.insert(ControllerTimer::Quorum, *at);
        }
        for sent in out.sends {
            match sent {
                Outgoing::Request { id, to, request } => cx.out.sends.push(QuorumRequest { id, to, request }),
                Outgoing::Response { ticket, response } => self.answer_member(ticket, &response, cx),
            }
        }
        for notice in self.raft.take_notices() {
            match notice {
                raft::Notice::Leading { epoch } => {
                    tracing::info!(epoch, "this node is the active controller");
                    self.activate(cx)?;
                }
                raft::Notice::Resigned { epoch } => {
                    tracing::info!(epoch, "this node is not the active controller any longer");
                    self.resign(cx);
                }
                raft::Notice::Snapshot(_) => self.reload(cx)?,
            }
        }
        Ok(())
    }

    /// A snapshot took the place of the log: what was applied is built anew from it.
    fn reload(&mut self, cx: &ControllerCx<'_>) -> Result<(), ControllerError> {
        let batches = self.raft.read_snapshot()?;
        self.committed = image_of(batches.into_iter(), &self.raft)?;
        self.latest = self.committed.clone();
        self.snapshots.restart(cx.now);
        Ok(())
    }

    /// A request of another member.
    pub(super) fn on_member_call(
        &mut self,
        ticket: Ticket,
        call: &Call,
        cx: &mut ControllerCx<'_>,
    ) -> Result<(), ControllerError> {
        let own = wire::Identity {
            cluster_id: self.cluster_id.clone(),
            listener: call.peer.listener.clone(),
        };
        match wire::read_request(call, &own) {
            Ok(wire::Incoming::Request(request, reply_to)) => {
                let met = self.heard_of_member(&call.peer, &request);
                self.asked.insert(ticket, reply_to);
                self.drive_quorum(raft::Event::Request { ticket, request }, cx)?;
                match met {
                    Some(id) => self.drive_quorum(raft::Event::Met { id }, cx),
                    None => Ok(()),
                }
            }
            Ok(wire::Incoming::Answer(reply)) => {
                self.answer(ticket, reply, cx);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(host = call.peer.host, %error, "refused a request of the quorum");
                self.answer(ticket, Reply::Refused(Refused::Malformed), cx);
                Ok(())
            }
        }
    }

    fn answer_member(&mut self, ticket: Ticket, response: &raft::Response, cx: &mut ControllerCx<'_>) {
        if let Some(reply_to) = self.asked.remove(&ticket) {
            let reply = reply_to.write(response).unwrap_or_else(|error| {
                tracing::error!(%error, "an answer to a member of the quorum cannot be written");
                Reply::Close
            });
            self.answer(ticket, reply, cx);
        }
    }
}
