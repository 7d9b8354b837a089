//! A node as the shell runs it: the core's machines, with what is between them done by the simulation.

mod answers;
mod broker;
mod clock;
mod fetchers;
mod format;
mod forward;
mod members;
mod quorum;
mod requests;
mod serve;
mod start;
mod stop;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;
use std::time::Duration;

use broker_core::call::Pending;
use broker_core::lifecycle::ControllerLifecycle;
use protocol::config::NodeConfig;

use crate::caller::Caller;
use crate::disks::Disks;
use crate::network::Port;
use crate::world::{ConnId, EndId, Packet, To, What, World};
pub(crate) use answers::{Purpose, Tag};
pub(crate) use broker::BrokerSide;
pub(crate) use clock::NodeClock;
use forward::Forwarded;
use quorum::Quorum;
use serve::Served;
pub(crate) use start::CLUSTER;
pub(crate) use stop::Stop;

/// A node, which is up or down.
pub(crate) struct Node {
    pub(crate) id: EndId,
    pub(crate) config: Arc<NodeConfig>,
    pub(crate) disks: Disks,
    /// How often its metadata directory was formatted anew.
    pub(crate) formatted: u8,
    /// Whether it goes by its other name.
    is_renamed: bool,
    /// Which of its lives it is in.
    pub(crate) life: u64,
    pub(crate) running: Option<Running>,
    /// It is stopped in its tracks until then.
    pub(crate) paused_until: Option<Duration>,
    /// What its wall clock is off by.
    pub(crate) wall_offset_ms: i64,
    /// Whether the machine is off: nobody refuses connections.
    pub(crate) is_off: bool,
    /// It lost what was not synced, and has not been in sync since.
    pub(crate) is_tainted: bool,
    /// It is to start again at some time.
    pub(crate) is_to_start: bool,
}

/// Whom an answer goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// Over this connection.
    Conn(ConnId),
}

/// Whether somebody who waits was woken.
#[derive(Debug, Default)]
pub(crate) struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Flag {
    fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

/// A request whose answer has to wait.
struct Parked {
    pending: Box<dyn Pending>,
    route: Route,
    flag: Arc<Flag>,
}

/// Who is active, as this node's raft knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) id: Option<i32>,
    pub(crate) epoch: i32,
}

/// A process.
pub(crate) struct Running {
    pub(crate) id: EndId,
    pub(crate) life: u64,
    pub(crate) config: Arc<NodeConfig>,
    pub(crate) disks: Disks,
    pub(crate) clock: NodeClock,
    pub(crate) caller: Caller<Purpose, Tag>,
    pub(crate) quorum: Quorum,
    pub(crate) active: Active,
    /// Its registration as a controller, and who was active when it was told last.
    registration: Option<(ControllerLifecycle, Active)>,
    pub(crate) broker: Option<BrokerSide>,
    served: BTreeMap<ConnId, Served>,
    parked: BTreeMap<u64, Parked>,
    forwarded: BTreeMap<u64, Forwarded>,
    next_connection: u64,
    pub(crate) stop: Stop,
    /// Why it cannot go on.
    pub(crate) over: Option<String>,
    wake_at: Option<Duration>,
}

impl Node {
    /// Something of it is due.
    pub(crate) fn wake(&mut self, world: &mut World, life: u64) {
        if self.life == life
            && let Some(running) = &mut self.running
        {
            // One that an earlier one has replaced is for nothing.
            if running.wake_at.is_some_and(|at| at <= world.now) {
                running.wake_at = None;
                running.settle(world);
            }
        }
    }

    /// Something came over a connection of which it is one end.
    pub(crate) fn packet(&mut self, world: &mut World, conn: ConnId, to: To, packet: Packet) {
        let Some(running) = &mut self.running else {
            if to == To::Server && !matches!(packet, Packet::End) && !self.is_off {
                // The system refuses.
                let is_new = matches!(packet, Packet::Open);
                world.send(conn, To::Client, if is_new { Packet::Refused } else { Packet::End });
            }
            return;
        };
        match to {
            To::Client if running.caller.has(conn) => running.caller.take(world, conn, packet),
            To::Client => {
                world.network.conns.remove(&conn);
            }
            To::Server => running.serve(world, conn, packet),
        }
        running.settle(world);
    }
}

impl Running {
    /// Does all there is to do now, and sees to it that it is woken when there is more.
    pub(crate) fn settle(&mut self, world: &mut World) {
        self.caller.expire(world);
        for _ in 0..1000 {
            let mut is_news = self.take_answers(world);
            is_news |= self.poll_parked(world);
            is_news |= self.quorum_round(world);
            is_news |= self.announce_controller(world);
            is_news |= self.forward_again(world);
            is_news |= self.drive_broker(world);
            is_news |= self.go_on_stopping(world);
            if !is_news || self.over.is_some() {
                self.arm(world);
                return;
            }
        }
        world.wrong(format!("node {} finds no rest", self.id));
    }

    fn arm(&mut self, world: &mut World) {
        let mono = [
            self.quorum.deadline(),
            self.parked.values().map(|parked| parked.pending.deadline()).min(),
            self.broker.as_ref().and_then(|broker| broker.deadline),
            self.stop.deadline(),
            self.quorum.announce_at,
            self.forwarded.values().filter_map(|forwarded| forwarded.again_at).min(),
        ];
        let mono = mono.into_iter().flatten().min();
        let at = mono.map(|mono| self.clock.when(mono));
        let at = at.into_iter().chain(self.caller.deadline()).min();
        let Some(at) = at else { return };
        let at = at.max(world.now + Duration::from_micros(1));
        if self.wake_at.is_none_or(|known| at < known || known <= world.now) {
            self.wake_at = Some(at);
            let (end, life) = (self.id, self.life);
            world.at(at, What::Wake { end, life });
        }
    }

    /// Tells the quorum's thread something.
    pub(crate) fn tell_quorum(&mut self, world: &mut World, event: broker_core::controller::Event) {
        self.quorum.mail.push_back(quorum::Mail::Event(event));
        self.settle(world);
    }

    /// Asks another node.
    pub(crate) fn ask(
        &mut self,
        world: &mut World,
        purpose: Purpose,
        server: EndId,
        tag: Tag,
        ask: crate::caller::Ask,
        max: Duration,
    ) {
        let port = match purpose {
            Purpose::Fetch(_) => Port::Broker,
            _ => Port::Controller,
        };
        self.caller.ask(world, (purpose, port, server), tag, ask, max);
    }

    /// Asks the active controller; false if nobody is known to be it.
    pub(crate) fn ask_active(
        &mut self,
        world: &mut World,
        purpose: Purpose,
        tag: Tag,
        ask: crate::caller::Ask,
        max: Duration,
    ) -> bool {
        let Some(active) = self.active.id else { return false };
        self.ask(world, purpose, active, tag, ask, max);
        true
    }
}
