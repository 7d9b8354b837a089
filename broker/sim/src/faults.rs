//! What goes wrong is done to nodes and the network here.

use std::time::Duration;

use broker_core::cx::Random as _;

use crate::check::Happened;
use crate::cluster::{Cluster, count_end};
use crate::node::{Node, Stop};
use crate::weather::Fault;
use crate::world::{EndId, What};

impl Cluster {
    /// Does what goes wrong, or right again.
    pub(crate) fn fault(&mut self, fault: Fault) {
        if self.world.is_calm {
            return;
        }
        match fault {
            Fault::Kill(node) => self.kill(node),
            Fault::PowerCut(node) => {
                let wait = self.time_away();
                self.cut_power(node, wait);
            }
            Fault::Stop(node) => self.stop(node),
            Fault::Pause(node, length) => self.pause(node, length),
            Fault::ClockJump(node, jump_ms) => self.jump(node, jump_ms),
            Fault::CutOneWay(from, to) => {
                self.world.totals.cuts_one_way += 1;
                self.world.tell(|| format!("nothing goes from {from} to {to}"));
                self.world.network.cut.insert((from, to));
            }
            Fault::Cut(node) => {
                self.world.totals.cuts += 1;
                self.isolate(node);
            }
            Fault::Heal => self.heal(),
            Fault::BreakConnections(which) => self.break_connections(which),
            Fault::FailSyncs(node, disk) => self.fail_disk(node, disk, true),
            Fault::FillDisk(node, disk) => self.fail_disk(node, disk, false),
            Fault::IsolateLeader(which) => self.isolate_leader(which),
            Fault::Reformat(node) => self.reformat(node),
            Fault::Bridge => self.bridge(),
            Fault::Rejoin(one, other) => self.rejoin(one, other),
            Fault::Calm => self.calm(),
        }
    }

    /// What is to go wrong because of what happened.
    pub(crate) fn react(&mut self, id: EndId, events: Vec<Happened>) {
        if self.world.is_calm {
            return;
        }
        let weather = self.world.weather;
        for event in events {
            match event {
                Happened::Granted if self.bridge_voted(id) => return,
                Happened::Leads if self.late_fetch_arrives(id) => continue,
                Happened::Active => self.bridge_elected(id),
                _ => {}
            }
            let (one_in, count) = match event {
                Happened::Lingers => {
                    self.lingers(id);
                    continue;
                }
                Happened::Overtaken(by) => {
                    self.cut_overtaken(id, by);
                    continue;
                }
                Happened::Changing => (
                    weather.membership.kill_changing,
                    &mut self.world.totals.kills_of_changing_leaders,
                ),
                Happened::Leads => (weather.kill_new_leader, &mut self.world.totals.kills_of_new_leaders),
                Happened::Granted => (weather.kill_after_vote, &mut self.world.totals.kills_of_voters),
                Happened::Active => (weather.kill_new_controller, &mut self.world.totals.kills_of_controllers),
            };
            if self.world.random.one_in(one_in) {
                *count += 1;
                let wait = self.world.random.us(0, 3000);
                // A controller has on disk what it answers for.
                let power = weather.power && !weather.brokers().contains(&id) && self.world.random.one_in(2);
                let fault = if power { Fault::PowerCut(id) } else { Fault::Kill(id) };
                self.world.after(wait, What::Fault(fault));
            } else if event == Happened::Leads && self.world.random.one_in(weather.restart_followers) {
                for other in weather.brokers().into_iter().filter(|other| *other != id) {
                    let wait = self.world.random.ms(0, 30);
                    self.world.after(wait, What::Fault(Fault::Kill(other)));
                }
            }
        }
    }

    /// Whether a node has yet to get back what it lost. Until then the end of another could lose the rest, as the rules
    /// are: whoever did not stop cleanly is not eligible, although a process that is killed loses nothing; and whoever
    /// stops cleanly leaves partitions to those in sync, of whom the one may not be known to be gone yet.
    fn is_anyone_tainted(&self) -> bool {
        self.nodes.values().any(|node| node.is_tainted)
    }

    pub(crate) fn is_spared(&self, id: EndId) -> bool {
        self.world.weather.brokers().contains(&id) && self.is_anyone_tainted()
    }

    fn is_up(&self, id: EndId) -> bool {
        self.nodes.get(&id).is_some_and(|node| node.running.is_some())
    }

    fn kill(&mut self, id: EndId) {
        if !self.is_up(id) || self.is_spared(id) {
            return;
        }
        self.world.totals.kills += 1;
        self.world.tell(|| format!("node {id} is killed"));
        let wait = self.time_away();
        self.end_process(id, true, wait);
    }

    /// How long a node is down.
    pub(crate) fn time_away(&mut self) -> Duration {
        match self.world.random.below(6) {
            0 | 1 => self.world.random.ms(1000, 8000),
            2 => self.world.random.ms(2, 100),
            _ => self.world.random.ms(20, 1500),
        }
    }

    /// A broker's only where no acknowledged record is lost by it: where another node has all of it.
    pub(crate) fn may_cut_power(&self, id: EndId) -> bool {
        self.is_up(id) && (!self.world.weather.brokers().contains(&id) || self.may_lose_unsynced(id))
    }

    pub(crate) fn cut_power(&mut self, id: EndId, wait: Duration) {
        if !self.may_cut_power(id) {
            return;
        }
        let is_broker = self.world.weather.brokers().contains(&id);
        self.world.totals.power_cuts += 1;
        self.world.tell(|| format!("node {id} loses its power"));
        self.end_process(id, false, wait);
        if let Some(node) = self.nodes.get_mut(&id) {
            if is_broker {
                node.is_tainted = true;
                self.checker.tainted.insert(id);
            }
            node.is_off = true;
            self.world.refuses.remove(&id);
            node.disks.cut_power(&mut self.world.random);
        }
    }

    fn may_lose_unsynced(&self, id: EndId) -> bool {
        let weather = &self.world.weather;
        // Without eligible leaders nobody asks what a broker has lost.
        let has_guarantee = weather.min_isr > 1 && weather.elr;
        let is_well = |node: &Node| {
            let running = node.running.as_ref();
            running.is_some_and(|running| running.stop == Stop::No) && !node.disks.are_failing()
        };
        let are_all_well = self.nodes.values().all(is_well);
        // Who was killed, too, and is not registered again, is about to be taken for one that lost something.
        let mut brokers = self.nodes.values().filter_map(|node| node.running.as_ref());
        let are_all_registered = brokers.all(|running| running.broker.is_none() || self.checker.is_registered(running));
        let survives = self.checker.survives_loss_of(id);
        has_guarantee && are_all_well && are_all_registered && !self.is_anyone_tainted() && survives
    }

    /// A process is gone; it is started again after a while.
    pub(crate) fn end_process(&mut self, id: EndId, are_told: bool, wait: Duration) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let Some(running) = node.running.take() else { return };
        let quorum = running.quorum.controller.quorum();
        count_end(&mut self.world.totals, quorum.upheavals());
        let led_epoch = quorum.is_leader().then(|| quorum.epoch());
        drop(running);
        node.paused_until = None;
        self.checker.ended(id, led_epoch, self.world.now);
        self.world.end_all_of(id, are_told);
        if are_told {
            self.world.refuses.insert(id);
        }
        node.is_to_start = true;
        self.world.after(wait, What::Start(id));
    }

    pub(crate) fn stop(&mut self, id: EndId) {
        if self.is_spared(id) {
            return;
        }
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let Some(running) = &mut node.running else { return };
        self.world.totals.clean_stops += 1;
        self.world.tell(|| format!("node {id} is asked to stop"));
        running.begin_stop(&mut self.world);
        self.after_node(id);
    }

    fn pause(&mut self, id: EndId, length: Duration) {
        let until = self.world.now + length;
        let Some(node) = self.nodes.get_mut(&id).filter(|node| node.running.is_some()) else {
            return;
        };
        node.paused_until = Some(until);
        let life = node.life;
        self.world.totals.pauses += 1;
        self.world.tell(|| format!("node {id} is paused for {length:?}"));
        self.world.at(until, What::Resume { node: id, life });
    }

    fn jump(&mut self, id: EndId, jump_ms: i64) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        self.world.totals.clock_jumps += 1;
        node.wall_offset_ms += jump_ms;
        if let Some(running) = &mut node.running {
            running.clock.wall_offset_ms = node.wall_offset_ms;
        }
    }

    pub(crate) fn isolate(&mut self, id: EndId) {
        self.world.tell(|| format!("node {id} is cut off from the other nodes"));
        for other in self.world.weather.nodes() {
            if other != id {
                self.world.network.cut.insert((id, other));
                self.world.network.cut.insert((other, id));
            }
        }
    }

    fn isolate_leader(&mut self, which: u64) {
        let Some(leader) = self.checker.leader_of(&self.places, which) else {
            return;
        };
        self.world.totals.leaders_isolated += 1;
        self.isolate(leader);
    }

    fn heal(&mut self) {
        if !self.world.network.cut.is_empty() {
            self.world.tell(|| "the network heals".to_owned());
            self.world.network.cut.clear();
            self.world.release();
        }
    }

    fn break_connections(&mut self, which: u64) {
        let conns: Vec<u64> = self.world.network.conns.keys().copied().collect();
        let count = 1 + which % 3;
        for _ in 0..count {
            if let Some(id) = self.world.random.pick(&conns) {
                self.world.break_conn(id);
            }
        }
    }

    fn fail_disk(&mut self, id: EndId, at: usize, syncs: bool) {
        if self.is_anyone_tainted() {
            return;
        }
        let Some(node) = self.nodes.get(&id).filter(|node| node.running.is_some()) else {
            return;
        };
        let at = at % node.disks.len().max(1);
        node.disks.fail(at, syncs);
        if syncs {
            self.world.totals.syncs_failed += 1;
        } else {
            self.world.totals.disks_full += 1;
        }
        self.world
            .tell(|| format!("disk {at} of node {id} fails, syncs only: {syncs}"));
        // Somebody replaces the disk, and starts the node again.
        let wait = self.world.random.ms(500, 5000);
        self.world.after(wait, What::Fault(Fault::Stop(id)));
    }

    /// Everything works from here on; what is down is started.
    fn calm(&mut self) {
        self.world.tell(|| "calm".to_owned());
        self.heal();
        self.world.is_calm = true;
        let broken: Vec<EndId> = self.nodes.keys().copied().collect();
        for id in broken {
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            node.paused_until = None;
            let has_failed = node
                .running
                .as_ref()
                .and_then(|running| running.broker.as_ref())
                .is_some_and(|side| side.broker.log_dirs().iter().any(|home| home.health.is_failed()));
            node.disks.repair();
            if has_failed {
                let wait = self.time_away();
                self.end_process(id, true, wait);
            }
        }
    }
}
