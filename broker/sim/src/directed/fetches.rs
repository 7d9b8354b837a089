//! A replica's fetch that comes late, to a later leadership of the same node: the follower has cut its log since.

use std::time::Duration;

use broker_core::image::PartitionImage;
use bytes::Bytes;
use protocol::Uuid;
use protocol::api::messages::FetchRequest;
use protocol::api::{ApiKey, DECODE_BUDGET_BYTES, decode_request, split_request};

use super::{LENGTH_BYTES, PARTED_MS};
use crate::client::Place;
use crate::cluster::Cluster;
use crate::network::Port;
use crate::node::Stop;
use crate::weather::Fault;
use crate::world::{ConnId, EndId, Packet, To, What};

/// How long all of it may take.
const LATE_MAX: Duration = Duration::from_secs(12);

/// The preferred leader of a partition is parted from its leader, and so lacks what the follower has when it is elected.
/// The follower cuts that off. Then the preferred leader stops, and the former leads again, which still has it.
#[derive(Debug)]
pub(super) struct Late {
    place: Place,
    topic_id: Uuid,
    leader: EndId,
    leader_epoch: i32,
    preferred: EndId,
    follower: EndId,
    since: Duration,
    /// The follower was made to open another session: only a fetch that does so names all it reads.
    is_broken: bool,
    /// The connection of the fetch, and the offset it names.
    held: Option<(ConnId, i64)>,
    is_stopping: bool,
}

impl Cluster {
    fn known(&self, place: &Place) -> Option<(Uuid, &PartitionImage)> {
        let topic = self.checker.newest().topics().by_name(&place.topic)?;
        Some((topic.id, topic.partition(place.partition)?))
    }

    fn end_offset(&self, late: &Late, id: EndId) -> Option<i64> {
        let side = self.running(id)?.broker.as_ref()?;
        let partition = side.broker.partition_by_id(late.topic_id, late.place.partition).ok()?;
        Some(partition.offsets().2)
    }

    /// What there is to be made of a partition: its second replica leads it.
    fn may_come_late(&self, place: &Place) -> Option<Late> {
        let (topic_id, known) = self.known(place)?;
        let &[preferred, leader, follower] = known.replicas.as_slice() else {
            return None;
        };
        let is_well = |id: &EndId| {
            let running = self.running(*id);
            known.isr.contains(id) && running.is_some_and(|running| running.stop == Stop::No)
        };
        let active = self.active_controller()?;
        let is_fit = known.leader == leader && known.replicas.iter().all(is_well);
        (is_fit && active != leader && active != preferred && !self.is_spared(preferred)).then(|| Late {
            place: place.clone(),
            topic_id,
            leader,
            leader_epoch: known.leader_epoch,
            preferred,
            follower,
            since: self.world.now,
            is_broken: false,
            held: None,
            is_stopping: false,
        })
    }

    fn begin_late_fetch(&mut self) {
        let one_in = self.world.weather.hold_fetch;
        if one_in == 0 || self.world.is_calm || self.plots.held.is_some() || !self.world.network.cut.is_empty() {
            return;
        }
        let Some(late) = self.places.iter().find_map(|place| self.may_come_late(place)) else {
            return;
        };
        if self.world.random.one_in(one_in) {
            self.part(late.leader, late.preferred);
            self.plots.late = Some(late);
        }
    }

    /// Looks how far it has come.
    pub(super) fn go_on_with_late_fetch(&mut self) {
        let Some(late) = &self.plots.late else {
            return self.begin_late_fetch();
        };
        let known = self
            .known(&late.place)
            .map(|(_, known)| (known.leader, known.leader_epoch));
        let (leader, preferred, follower) = (late.leader, late.preferred, late.follower);
        let end = |id| self.end_offset(late, id);
        let is_over = self.world.is_calm || self.world.now > late.since + LATE_MAX || self.running(leader).is_none();
        match known {
            Some((now, epoch)) if !is_over && now == leader && epoch == late.leader_epoch => {
                if !late.is_broken && late.held.is_none() && end(follower) > end(preferred) {
                    if let Some(late) = &mut self.plots.late {
                        late.is_broken = true;
                    }
                    self.give_up_fetches(follower, leader);
                }
            }
            Some((now, _)) if !is_over && now == preferred && late.held.is_some() => {
                let has_cut = late
                    .held
                    .is_some_and(|(_, offset)| end(follower).is_some_and(|end| end < offset));
                if has_cut && !late.is_stopping {
                    if let Some(late) = &mut self.plots.late {
                        late.is_stopping = true;
                    }
                    self.stop(preferred);
                }
            }
            // It has yet to hear of it.
            Some((now, _)) if !is_over && now == leader && late.held.is_some() => {}
            _ => self.give_up_late_fetch(),
        }
    }

    fn give_up_late_fetch(&mut self) {
        let Some(late) = self.plots.late.take() else { return };
        self.world.tell(|| format!("no fetch comes late: {late:?}"));
        if let Some((conn, _)) = late.held {
            self.world.thaw(conn);
        }
        self.rejoin(late.leader, late.preferred);
    }

    fn give_up_fetches(&mut self, follower: EndId, leader: EndId) {
        if let Some(running) = self.nodes.get_mut(&follower).and_then(|node| node.running.as_mut()) {
            running.give_up_fetches(&mut self.world, leader);
            running.settle(&mut self.world);
            self.after_node(follower);
        }
    }

    /// Whether a fetch that is about to arrive is held back instead.
    pub(super) fn holds_fetch_back(&mut self, conn: ConnId, to: To, packet: &Packet) -> bool {
        let (Some(late), Packet::Frame(frame)) = (&self.plots.late, packet) else {
            return false;
        };
        let way = self.world.network.conns.get(&conn);
        let way = way.map(|known| (known.client, known.server, known.port));
        if to != To::Server || late.held.is_some() || way != Some((late.follower, late.leader, Port::Broker)) {
            return false;
        }
        let Some(offset) = late.fetched(frame) else {
            return false;
        };
        if self.end_offset(late, late.preferred).is_none_or(|end| offset <= end) {
            return false;
        }
        let (follower, leader, place) = (late.follower, late.leader, late.place.clone());
        self.world
            .tell(|| format!("a fetch of {follower} from {leader} at {offset} is held back"));
        self.world.freeze(conn, packet.clone());
        if let Some(late) = &mut self.plots.late {
            late.held = Some((conn, offset));
        }
        // The follower takes the connection for broken.
        self.give_up_fetches(follower, leader);
        self.elect(&place, follower);
        true
    }

    /// A node leads a partition in a new epoch. If it is the one for which a fetch was held back, that goes on, and the
    /// follower has no answers for a while.
    pub(crate) fn late_fetch_arrives(&mut self, id: EndId) -> bool {
        let Some(late) = &self.plots.late else { return false };
        let (leader, follower, preferred) = (late.leader, late.follower, late.preferred);
        let Some((conn, offset)) = late.held.filter(|_| leader == id) else {
            return false;
        };
        let known = self.known(&late.place);
        if known.is_none_or(|(_, known)| known.leader != id || known.leader_epoch <= late.leader_epoch) {
            return false;
        }
        let end = self.end_offset(late, follower);
        self.plots.late = None;
        self.world.totals.fetches_held += 1;
        self.world
            .tell(|| format!("the fetch at {offset} goes on; the follower has records up to {end:?}"));
        self.world.network.cut.insert((leader, follower));
        self.world.thaw(conn);
        self.rejoin(leader, preferred);
        let wait = self.world.random.ms(PARTED_MS, PARTED_MS * 2);
        self.world.after(wait, What::Fault(Fault::Rejoin(leader, follower)));
        true
    }
}

impl Late {
    /// Where a frame opens a session with the partition, if it does.
    fn fetched(&self, frame: &Bytes) -> Option<i64> {
        let frame = frame.slice(LENGTH_BYTES.min(frame.len())..);
        if frame.first_chunk::<2>() != Some(&(ApiKey::Fetch as i16).to_be_bytes()) {
            return None;
        }
        let (header, body) = split_request(frame).ok()?;
        let asked = decode_request::<FetchRequest>(header.api_version, body, DECODE_BUDGET_BYTES).ok()?;
        let topics = asked.topics.iter().filter(|_| asked.session_epoch <= 0);
        let mut partitions = topics
            .filter(|topic| Uuid::from(topic.topic_id) == self.topic_id)
            .flat_map(|topic| &topic.partitions);
        let found = partitions.find(|partition| {
            partition.partition == self.place.partition && partition.current_leader_epoch == self.leader_epoch
        });
        found.map(|partition| partition.fetch_offset)
    }
}
