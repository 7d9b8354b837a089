//! What comes to a node's listeners.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Poll, Waker};

use broker_core::broker::api;
use broker_core::call::{Call, Outcome, Peer};
use broker_core::controller::{Event, is_of_ours, note_software};
use broker_core::reply::{Reply, ReplyPart};
use bytes::{Bytes, BytesMut};
use protocol::api::split_request;

use super::quorum::Mail;
use super::{Flag, Parked, Route, Running};
use crate::network::Port;
use crate::world::{ConnId, Packet, To, World};

/// Bytes of a frame's length.
const LENGTH_BYTES: usize = 4;

/// A connection to one of the listeners.
#[derive(Debug)]
pub(super) struct Served {
    port: Port,
    peer: Peer,
}

/// What came before anybody accepted it.
pub(super) type Backlog = VecDeque<(ConnId, Packet)>;

impl Running {
    /// Something came over a connection to a listener.
    pub(super) fn serve(&mut self, world: &mut World, id: ConnId, packet: Packet) {
        let Some(conn) = world.network.conns.get_mut(&id) else {
            return;
        };
        let port = conn.port;
        if port == Port::Broker
            && let Some(side) = self.broker.as_mut().filter(|side| !side.serves)
        {
            side.backlog.push_back((id, packet));
            return;
        }
        match packet {
            Packet::Open => {
                let is_there = match port {
                    Port::Broker => self.broker.is_some(),
                    Port::Controller => self.config.is_controller,
                };
                if !is_there {
                    return world.send(id, To::Client, Packet::Refused);
                }
                conn.server_life = Some(self.life);
                self.next_connection += 1;
                let peer = Peer {
                    host: "10.0.0.1".to_owned(),
                    listener: match port {
                        Port::Broker => "PLAINTEXT".to_owned(),
                        Port::Controller => "CONTROLLER".to_owned(),
                    },
                    connection: self.next_connection,
                    ..Peer::default()
                };
                self.served.insert(id, Served { port, peer });
                world.send(id, To::Client, Packet::Open);
            }
            Packet::Frame(frame) => {
                if self.served.contains_key(&id) {
                    self.take_frame(world, id, frame.slice(LENGTH_BYTES.min(frame.len())..));
                } else {
                    // A process that was here before had it.
                    world.send(id, To::Client, Packet::End);
                }
            }
            Packet::End | Packet::Refused => {
                world.network.conns.remove(&id);
                self.ended(id);
            }
        }
    }

    /// A connection is over.
    fn ended(&mut self, id: ConnId) {
        if let Some(served) = self.served.remove(&id) {
            self.parked.retain(|_, parked| parked.route != Route::Conn(id));
            if served.port == Port::Controller && is_of_ours(&served.peer) {
                let connection = served.peer.connection;
                self.quorum
                    .mail
                    .push_back(Mail::Event(Event::ConnectionEnded { connection }));
            }
        }
    }

    /// Takes what came before the listener was served.
    pub(super) fn accept_backlog(&mut self, world: &mut World) -> bool {
        let Some(side) = self.broker.as_mut().filter(|side| side.serves) else {
            return false;
        };
        let backlog = std::mem::take(&mut side.backlog);
        let is_news = !backlog.is_empty();
        for (id, packet) in backlog {
            self.serve(world, id, packet);
        }
        is_news
    }

    fn take_frame(&mut self, world: &mut World, id: ConnId, frame: Bytes) {
        let now = self.clock.now(world.now);
        let Some(served) = self.served.get_mut(&id) else { return };
        let Ok((header, body)) = split_request(frame) else {
            return self.hang_up(world, id);
        };
        let call = Call {
            header,
            body,
            peer: served.peer.clone(),
            now,
        };
        if served.port == Port::Controller {
            note_software(&call, &mut served.peer);
            self.quorum.mail.push_back(Mail::Call(call, Route::Conn(id)));
            return;
        }
        let Some(side) = &mut self.broker else { return };
        side.is_stirred = true;
        let outcome = api::handle(&side.broker, call, &mut served.peer);
        match outcome {
            Outcome::Reply(reply) => self.answer(world, Route::Conn(id), reply),
            Outcome::Wait(pending) => {
                let flag = Arc::new(Flag::default());
                flag.0.store(true, std::sync::atomic::Ordering::Relaxed);
                let number = world.number();
                let route = Route::Conn(id);
                self.parked.insert(number, Parked { pending, route, flag });
            }
            Outcome::Forward(call) => self.forward(world, call, Route::Conn(id)),
        }
    }

    /// Asks those who wait and were woken, or whose time is up; whether there were any.
    pub(super) fn poll_parked(&mut self, world: &mut World) -> bool {
        let mut is_news = self.accept_backlog(world);
        let now = self.clock.now(world.now);
        let mut answered = Vec::new();
        for (number, parked) in &mut self.parked {
            if !parked.flag.take() && parked.pending.deadline() > now.mono {
                continue;
            }
            let waker = Waker::from(Arc::clone(&parked.flag));
            if let Poll::Ready(reply) = parked.pending.poll(now, &waker) {
                answered.push((*number, parked.route, reply));
            }
        }
        is_news |= !answered.is_empty();
        if let Some(side) = self.broker.as_mut().filter(|_| is_news) {
            side.is_stirred = true;
        }
        for (number, route, reply) in answered {
            self.parked.remove(&number);
            self.answer(world, route, reply);
        }
        is_news
    }

    /// Sends an answer.
    pub(super) fn answer(&mut self, world: &mut World, route: Route, reply: Reply) {
        let Route::Conn(id) = route;
        match reply {
            Reply::Frame(parts) => match whole(parts) {
                Some(frame) => world.send(id, To::Client, Packet::Frame(frame)),
                None => self.hang_up(world, id),
            },
            Reply::Nothing => {}
            Reply::Refused(_) | Reply::Close => self.hang_up(world, id),
        }
    }

    fn hang_up(&mut self, world: &mut World, id: ConnId) {
        world.send(id, To::Client, Packet::End);
        self.ended(id);
    }
}

/// A frame in one piece; none if a file cannot be read.
fn whole(parts: Vec<ReplyPart>) -> Option<Bytes> {
    if let [ReplyPart::Bytes(bytes)] = parts.as_slice() {
        return Some(bytes.clone());
    }
    let mut out = BytesMut::new();
    for part in parts {
        match part {
            ReplyPart::Bytes(bytes) => out.extend_from_slice(&bytes),
            ReplyPart::File {
                file,
                position,
                size_bytes,
            } => {
                let mut range = vec![0; size_bytes];
                let read = file.read_at(&mut range, position).ok()?;
                if read < size_bytes {
                    return None;
                }
                out.extend_from_slice(&range);
            }
        }
    }
    Some(out.freeze())
}
