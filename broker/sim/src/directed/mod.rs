//! Sequences of events that come about by chance too seldom, each the one that a rule of the core is for.

mod fetches;

use std::time::Duration;

use bytes::Bytes;
use protocol::Uuid;
use protocol::api::messages::AlterPartitionRequest;
use protocol::api::{ApiKey, DECODE_BUDGET_BYTES, decode_request, split_request};

use crate::cluster::Cluster;
use crate::network::Port;
use crate::node::{Purpose, Running};
use crate::weather::{FETCH_MS, Fault};
use crate::world::{ConnId, EndId, Packet, To, What};

/// Bytes of a frame's length.
const LENGTH_BYTES: usize = 4;
/// How long a proposal is held back at most.
const HELD_MAX: Duration = Duration::from_secs(12);
/// How long two nodes stay parted after it goes on.
const PARTED_MS: u64 = 600;

/// What is under way.
#[derive(Debug, Default)]
pub(crate) struct Plots {
    bridge: Option<Bridge>,
    held: Option<Held>,
    late: Option<fetches::Late>,
}

/// Two voters do not reach each other, and a third is restarted right after it has voted for one of them.
#[derive(Debug)]
struct Bridge {
    voter: EndId,
    has_voted: bool,
}

/// A leader's proposal that a follower be in sync is held back on its way. It is proposed again, and accepted; the
/// follower falls behind, and out of the ISR; then the first proposal arrives.
#[derive(Debug)]
struct Held {
    conn: ConnId,
    partition: (Uuid, i32),
    leader: EndId,
    follower: EndId,
    since: Duration,
    are_parted: bool,
}

impl Cluster {
    fn running(&self, id: EndId) -> Option<&Running> {
        self.nodes.get(&id)?.running.as_ref()
    }

    /// Who leads the quorum in the latest epoch, if it runs.
    fn active_controller(&self) -> Option<EndId> {
        let running = self.nodes.values().filter_map(|node| node.running.as_ref());
        let leading = running.filter(|running| running.quorum.controller.quorum().is_leader());
        let latest = leading.max_by_key(|running| running.quorum.controller.quorum().epoch());
        latest.map(|running| running.id)
    }

    fn wait_of_fetches(&self, times: u32) -> Duration {
        Duration::from_millis(FETCH_MS / self.world.weather.haste) * times
    }

    fn part(&mut self, one: EndId, other: EndId) {
        self.world.tell(|| format!("nothing goes between {one} and {other}"));
        self.world.network.cut.insert((one, other));
        self.world.network.cut.insert((other, one));
    }

    pub(crate) fn rejoin(&mut self, one: EndId, other: EndId) {
        self.world.network.cut.remove(&(one, other));
        self.world.network.cut.remove(&(other, one));
        self.world.release();
    }

    /// Two followers of three voters, and the leader between them, which is restarted so that both ask it.
    pub(crate) fn bridge(&mut self) {
        let Some(voter) = self.active_controller() else { return };
        let Some(running) = self.running(voter) else { return };
        let voters = running.quorum.controller.quorum().voters().ids();
        let others: Vec<EndId> = voters.filter(|id| *id != voter).collect();
        let &[one, other] = others.as_slice() else { return };
        let are_up = self.running(one).is_some() && self.running(other).is_some();
        if !are_up || !self.world.network.cut.is_empty() || self.is_spared(voter) {
            return;
        }
        self.part(one, other);
        self.restart_soon(voter, 2, 20);
        self.plots.bridge = Some(Bridge {
            voter,
            has_voted: false,
        });
        let until = self.wait_of_fetches(2) + self.world.random.ms(500, 1500);
        self.world.after(until, What::Fault(Fault::Heal));
    }

    /// The voter in the middle has voted: it forgets what it has not on disk, and is asked by the other.
    pub(crate) fn bridge_voted(&mut self, id: EndId) -> bool {
        let Some(bridge) = &mut self.plots.bridge else {
            return false;
        };
        if bridge.voter != id || bridge.has_voted || self.world.network.cut.is_empty() {
            return false;
        }
        bridge.has_voted = true;
        if self.is_spared(id) {
            return false;
        }
        self.world.totals.bridges += 1;
        self.restart_soon(id, 1, 5);
        true
    }

    /// Whoever was elected does not tell the others at once.
    pub(crate) fn bridge_elected(&mut self, id: EndId) {
        let is_its = self
            .plots
            .bridge
            .take_if(|bridge| bridge.has_voted && bridge.voter != id);
        if is_its.is_some() && !self.world.network.cut.is_empty() {
            self.isolate(id);
        }
    }

    fn restart_soon(&mut self, id: EndId, from_ms: u64, to_ms: u64) {
        self.world.totals.kills += 1;
        self.world
            .tell(|| format!("node {id} is killed, and restarted at once"));
        let wait = self.world.random.ms(from_ms, to_ms);
        self.end_process(id, true, wait);
    }

    /// An active controller takes its time to sync; one of the others does not hear of it.
    pub(crate) fn lingers(&mut self, id: EndId) {
        let weather = self.world.weather;
        if !self.world.random.one_in(weather.cut_overtaken * 2) {
            return;
        }
        let Some(running) = self.running(id) else { return };
        let voters = running.quorum.controller.quorum().voters().ids();
        let others: Vec<EndId> = voters.filter(|other| *other != id).collect();
        let Some(other) = self.world.random.pick(&others) else {
            return;
        };
        self.world.network.cut.insert((id, other));
        let until = Duration::from_micros(weather.round_max_us) + self.world.random.ms(0, 20);
        self.world.after(until, What::Fault(Fault::Rejoin(id, other)));
    }

    /// An active controller loses its power before it has synced what another has. That one is not heard of for a while,
    /// so that those elect a leader who do not have it.
    pub(crate) fn cut_overtaken(&mut self, id: EndId, by: EndId) {
        if !self.world.random.one_in(self.world.weather.cut_overtaken) || !self.may_cut_power(id) {
            return;
        }
        self.world.totals.overtaken += 1;
        self.isolate(by);
        let until = self.wait_of_fetches(2) + self.world.random.ms(500, 2000);
        self.world.after(until, What::Fault(Fault::Heal));
        let wait = self.world.random.ms(5, 300);
        self.cut_power(id, wait);
    }

    /// A controller's metadata directory is formatted anew: one that votes no more, or one voter at a time.
    pub(crate) fn reformat(&mut self, id: EndId) {
        if !self.may_reformat(id) {
            return;
        }
        self.world.totals.dirs_reformatted += 1;
        self.world
            .tell(|| format!("the metadata directory of node {id} is formatted anew"));
        let wait = self.world.random.ms(20, 500);
        self.end_process(id, true, wait);
        let weather = self.world.weather;
        let Some(node) = self.nodes.get_mut(&id) else { return };
        match node.reformat(&weather) {
            Ok(()) => {
                self.world.directories.insert(id, node.metadata_directory());
            }
            Err(error) => self.world.wrong(error.to_string()),
        }
    }

    fn may_reformat(&self, id: EndId) -> bool {
        let Some(node) = self.nodes.get(&id) else { return false };
        if node.running.is_none() || !node.can_be_reformatted() || node.disks.are_failing() || self.is_spared(id) {
            return false;
        }
        if self.world.weather.membership.reformats_removed() {
            return true;
        }
        // Each voter that is left has all its directory had, and no change is under way.
        let controllers = self.nodes.values().filter(|node| node.config.is_controller);
        let rafts: Option<Vec<_>> = controllers
            .map(|node| node.running.as_ref().map(|running| running.quorum.controller.quorum()))
            .collect();
        let Some(rafts) = rafts else { return false };
        let Some(voters) = rafts.first().map(|raft| raft.voters()) else {
            return false;
        };
        let are_there =
            |voter: &broker_core::raft::Voter| self.world.directories.get(&voter.id) == Some(&voter.directory_id);
        voters.len() > 2
            && voters.iter().all(are_there)
            && rafts
                .iter()
                .all(|raft| raft.voters() == voters && raft.uncommitted_change().is_none())
    }

    /// Whether something that is about to arrive is held back instead.
    pub(crate) fn holds_back(&mut self, conn: ConnId, to: To, packet: &Packet) -> bool {
        if self.holds_fetch_back(conn, to, packet) {
            return true;
        }
        let one_in = self.world.weather.hold_proposal;
        let Packet::Frame(frame) = packet else { return false };
        if one_in == 0 || to != To::Server || self.plots.held.is_some() || self.world.is_calm {
            return false;
        }
        let is_to_controller = self.world.network.conns.get(&conn).map(|known| known.port) == Some(Port::Controller);
        if !is_to_controller || !self.world.network.cut.is_empty() {
            return false;
        }
        let Some((leader, partition, follower)) = self.joins(frame) else {
            return false;
        };
        let active = self.active_controller();
        if active == Some(leader) || active == Some(follower) || !self.world.random.one_in(one_in) {
            return false;
        }
        self.world
            .tell(|| format!("a proposal of {leader} to let {follower} in is held back"));
        self.world.freeze(conn, packet.clone());
        self.plots.held = Some(Held {
            conn,
            partition,
            leader,
            follower,
            since: self.world.now,
            are_parted: false,
        });
        // The leader takes the connection for broken.
        if let Some(running) = self.nodes.get_mut(&leader).and_then(|node| node.running.as_mut()) {
            running.caller.give_up(&mut self.world, Purpose::AlterPartition);
            running.settle(&mut self.world);
            self.after_node(leader);
        }
        true
    }

    /// Who lets whom into the ISR of what, if a frame is such a proposal.
    fn joins(&self, frame: &Bytes) -> Option<(EndId, (Uuid, i32), EndId)> {
        let frame = frame.slice(LENGTH_BYTES.min(frame.len())..);
        if frame.first_chunk::<2>() != Some(&(ApiKey::AlterPartition as i16).to_be_bytes()) {
            return None;
        }
        let (header, body) = split_request(frame).ok()?;
        let asked = decode_request::<AlterPartitionRequest>(header.api_version, body, DECODE_BUDGET_BYTES).ok()?;
        let leader = asked.broker_id.0;
        for topic in &asked.topics {
            let id = Uuid::from(topic.topic_id);
            for partition in &topic.partitions {
                let known = self.checker.newest().topics().by_id(id);
                let Some(known) = known.and_then(|topic| topic.partition(partition.partition_index)) else {
                    continue;
                };
                let mut proposed = partition.new_isr_with_epochs.iter().map(|state| state.broker_id.0);
                let joins = proposed.find(|id| !known.isr.contains(id));
                if let Some(follower) = joins.filter(|_| known.leader == leader) {
                    return Some((leader, (id, partition.partition_index), follower));
                }
            }
        }
        None
    }

    /// Looks how far what is held back has come.
    pub(crate) fn go_on_holding_back(&mut self) {
        self.go_on_with_late_fetch();
        let Some(held) = &mut self.plots.held else { return };
        let (id, index) = held.partition;
        let topic = self.checker.newest().topics().by_id(id);
        let known = topic.and_then(|topic| topic.partition(index));
        let known = known.filter(|known| known.leader == held.leader);
        let (leader, follower, conn) = (held.leader, held.follower, held.conn);
        let is_over = self.world.is_calm || self.world.now > held.since + HELD_MAX;
        match known {
            Some(known) if !is_over && !held.are_parted => {
                if known.isr.contains(&follower) {
                    held.are_parted = true;
                    self.part(leader, follower);
                }
            }
            Some(known) if !is_over && known.isr.contains(&follower) => {}
            known => {
                let are_parted = held.are_parted;
                let is_out = known.is_some() && !is_over;
                self.plots.held = None;
                self.world.totals.proposals_held += u64::from(is_out);
                self.world
                    .tell(|| format!("what was held back goes on, out of date: {is_out}"));
                self.world.thaw(conn);
                if are_parted {
                    let wait = self.world.random.ms(PARTED_MS, PARTED_MS * 2);
                    self.world.after(wait, What::Fault(Fault::Rejoin(leader, follower)));
                }
            }
        }
    }
}
