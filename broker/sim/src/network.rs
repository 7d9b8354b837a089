//! Connections, as TCP gives them: what is sent arrives in order, late perhaps, or the connection ends; and whether an
//! end is seen is not certain.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::world::{ConnId, EndId, Packet, To, What, World};

/// Which of a node's listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Port {
    Broker,
    Controller,
}

/// One direction of a connection.
#[derive(Debug, Default)]
struct Stream {
    /// What was sent last arrives then.
    arrives: Duration,
    /// What could not go through yet.
    held: VecDeque<Packet>,
    /// What is on its way is lost.
    dead: bool,
    /// What is on its way goes on when it is told to.
    frozen: bool,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) client: EndId,
    pub(crate) client_life: u64,
    pub(crate) server: EndId,
    /// The life of the server's process that took it; none before.
    pub(crate) server_life: Option<u64>,
    pub(crate) port: Port,
    up: Stream,
    down: Stream,
}

impl Conn {
    fn stream(&mut self, to: To) -> &mut Stream {
        match to {
            To::Server => &mut self.up,
            To::Client => &mut self.down,
        }
    }

    fn way(&self, to: To) -> (EndId, EndId) {
        match to {
            To::Server => (self.client, self.server),
            To::Client => (self.server, self.client),
        }
    }
}

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Network {
    pub(crate) conns: BTreeMap<ConnId, Conn>,
    /// From whom to whom nothing goes.
    pub(crate) cut: BTreeSet<(EndId, EndId)>,
}

impl World {
    /// Opens a connection.
    pub(crate) fn connect(&mut self, client: (EndId, u64), server: EndId, port: Port) -> ConnId {
        let id = self.number();
        let conn = Conn {
            client: client.0,
            client_life: client.1,
            server,
            server_life: None,
            port,
            up: Stream::default(),
            down: Stream::default(),
        };
        self.network.conns.insert(id, conn);
        self.send(id, To::Server, Packet::Open);
        id
    }

    /// Sends something over a connection.
    pub(crate) fn send(&mut self, id: ConnId, to: To, packet: Packet) {
        let delay = self.delay(&packet);
        let now = self.now;
        let Some(conn) = self.network.conns.get_mut(&id) else {
            return;
        };
        let stream = conn.stream(to);
        if !stream.held.is_empty() {
            stream.held.push_back(packet);
            return;
        }
        let at = (now + delay).max(stream.arrives + Duration::from_micros(1));
        stream.arrives = at;
        self.at(at, What::Packet { conn: id, to, packet });
    }

    fn delay(&mut self, packet: &Packet) -> Duration {
        let weather = self.weather;
        let mut delay = self.random.us(weather.latency_us / 2, weather.latency_us * 2);
        if matches!(packet, Packet::Frame(_)) {
            self.totals.frames += 1;
        }
        if !self.is_calm {
            if self.random.one_in(weather.lose_one_in) {
                // TCP sends it again.
                self.totals.retransmitted += 1;
                delay += self.random.ms(200, 450);
            }
            if self.random.one_in(weather.late_one_in) {
                self.totals.late += 1;
                delay += self.random.ms(1, weather.late_max_ms);
            }
        }
        delay
    }

    /// Whether what has come to its end may be taken there; otherwise it is kept or lost.
    pub(crate) fn arrives(&mut self, id: ConnId, to: To, packet: &Packet) -> bool {
        let cut = &self.network.cut;
        let Some(conn) = self.network.conns.get_mut(&id) else {
            return false;
        };
        let is_cut = cut.contains(&conn.way(to));
        let stream = conn.stream(to);
        if stream.dead && !matches!(packet, Packet::End) {
            return false;
        }
        if is_cut || stream.frozen || !stream.held.is_empty() {
            stream.held.push_back(packet.clone());
            return false;
        }
        true
    }

    /// Holds up what a client sends.
    pub(crate) fn freeze(&mut self, id: ConnId, first: Packet) {
        if let Some(conn) = self.network.conns.get_mut(&id) {
            conn.up.frozen = true;
            conn.up.held.push_front(first);
        }
    }

    /// Lets go on what was held up like this.
    pub(crate) fn thaw(&mut self, id: ConnId) {
        if let Some(conn) = self.network.conns.get_mut(&id) {
            conn.up.frozen = false;
        }
        self.release();
    }

    /// What was held up and need not be any more goes on.
    pub(crate) fn release(&mut self) {
        let mut free = Vec::new();
        for (id, conn) in &mut self.network.conns {
            for to in [To::Server, To::Client] {
                if !self.network.cut.contains(&conn.way(to)) {
                    let stream = conn.stream(to);
                    if stream.frozen {
                        continue;
                    }
                    free.extend(stream.held.drain(..).map(|packet| (*id, to, packet)));
                }
            }
        }
        for (id, to, packet) in free {
            // TCP tries again at longer and longer intervals.
            let wait = self.random.ms(0, 400);
            let now = self.now;
            if let Some(conn) = self.network.conns.get_mut(&id) {
                let stream = conn.stream(to);
                stream.arrives = (now + wait).max(stream.arrives + Duration::from_micros(1));
                let at = stream.arrives;
                self.at(at, What::Packet { conn: id, to, packet });
            }
        }
    }

    /// Breaks a connection: what is on its way may be lost, and either end may see it or not.
    pub(crate) fn break_conn(&mut self, id: ConnId) {
        let [up, down, unseen_up, unseen_down] = [2, 2, 4, 4].map(|n| self.random.one_in(n));
        let Some(conn) = self.network.conns.get_mut(&id) else {
            return;
        };
        let (client, server) = (conn.client, conn.server);
        conn.up.dead |= up;
        conn.down.dead |= down;
        self.totals.connections_broken += 1;
        self.totals.answers_lost += u64::from(down && !up);
        self.tell(|| format!("the connection {id} from {client} to {server} breaks"));
        for (to, unseen) in [(To::Server, unseen_up), (To::Client, unseen_down)] {
            if unseen {
                self.totals.ends_unseen += 1;
                if let Some(conn) = self.network.conns.get_mut(&id) {
                    conn.stream(to).dead = true;
                }
            } else {
                self.send(id, to, Packet::End);
            }
        }
    }

    /// A process is gone, and its system ends its connections; or the machine is, and nobody is told.
    pub(crate) fn end_all_of(&mut self, end: EndId, are_told: bool) {
        let mut ended = Vec::new();
        for (id, conn) in &mut self.network.conns {
            if conn.client == end {
                ended.push((*id, To::Server));
                conn.down.dead = true;
            } else if conn.server == end {
                ended.push((*id, To::Client));
                conn.up.dead = true;
            }
        }
        for (id, to) in ended {
            if are_told {
                self.send(id, to, Packet::End);
            } else if let Some(conn) = self.network.conns.get_mut(&id) {
                conn.stream(to).dead = true;
            }
        }
    }
}
