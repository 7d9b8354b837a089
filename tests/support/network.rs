//! A network between nodes that can be cut and slowed down: each listener of theirs is reached through a proxy in this
//! process. Who opens a connection is known by the client id of its first request, which names the node in the way of
//! both engines. Whoever is none of the nodes is left alone.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};

/// How often it is looked whether a node listens.
const POLL: Duration = Duration::from_millis(5);
/// Most bytes that travel together.
const CHUNK_MAX_BYTES: usize = 16 << 10;
/// Bytes of a request before its client id: size, API, version, correlation id, length of the client id.
const BEFORE_CLIENT_ID: usize = 14;

/// Bytes that one node sends to another.
type Way = (i32, i32);

/// What happens to bytes on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// They do not come through.
    Cut,
    /// They come so much later, and the next after them.
    Slow(Duration),
}

/// What becomes of bytes that were held up when trouble ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// They come through late, as TCP would send them again.
    Late,
    /// Their connections are reset.
    Reset,
}

#[derive(Debug, Default)]
struct Rules {
    troubles: BTreeMap<Way, Trouble>,
    /// How often connections were reset that were held up.
    resets: u64,
}

/// A listener of a node.
#[derive(Debug, Clone)]
struct Target {
    node: i32,
    port: u16,
    /// Whose port is to be closed until somebody listens at its target again, and who waits for that.
    gone: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

/// The network. It ends with the runtime that its connections are made in.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    rules: Arc<watch::Sender<Rules>>,
    targets: Arc<Mutex<Vec<Target>>>,
    held_up: Arc<AtomicU64>,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self {
            rules: Arc::new(watch::Sender::new(Rules::default())),
            targets: Arc::default(),
            held_up: Arc::default(),
        }
    }

    /// From here on `to` gets nothing of what `from` sends, or gets it late.
    pub(crate) fn trouble(&self, from: i32, to: i32, trouble: Trouble) {
        self.rules.send_modify(|rules| {
            rules.troubles.insert((from, to), trouble);
        });
    }

    /// All is well again.
    pub(crate) fn heal(&self, end: End) {
        self.rules.send_modify(|rules| {
            rules.troubles.clear();
            rules.resets += u64::from(end == End::Reset);
        });
    }

    /// How often something was held up until now.
    pub(crate) fn held_up(&self) -> u64 {
        self.held_up.load(Ordering::Relaxed)
    }

    /// Connects a port to a listener of a node: as long as nobody listens there, nobody does here.
    pub(crate) async fn connect(self, node: i32, port: u16, target: u16) -> io::Result<()> {
        let (gone, mut is_gone) = mpsc::unbounded_channel::<oneshot::Sender<()>>();
        let to = Target {
            node,
            port: target,
            gone,
        };
        self.targets.lock().unwrap().push(to.clone());
        loop {
            while !listens(target).await {
                while let Ok(told) = is_gone.try_recv() {
                    // Whoever asked may have ended.
                    let _ended = told.send(());
                }
                tokio::time::sleep(POLL).await;
            }
            let listener = TcpListener::bind(("127.0.0.1", port)).await?;
            let told = loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let link = Link { network: self.clone(), to: to.clone() };
                        tokio::spawn(link.carry(accepted?.0));
                    }
                    Some(told) = is_gone.recv() => break told,
                }
            };
            drop(listener);
            let _ended = told.send(());
        }
    }

    /// Waits as long as bytes are on this way; an error if they get lost with their connection.
    async fn pass(&self, way: Way) -> io::Result<()> {
        let mut rules = self.rules.subscribe();
        let resets = rules.borrow().resets;
        let mut is_held = false;
        loop {
            let (trouble, is_reset) = {
                let now = rules.borrow_and_update();
                (now.troubles.get(&way).copied(), now.resets > resets)
            };
            if trouble.is_some() && !is_held {
                self.held_up.fetch_add(1, Ordering::Relaxed);
            }
            match trouble {
                _ if is_held && is_reset => return Err(io::ErrorKind::ConnectionReset.into()),
                None => return Ok(()),
                Some(Trouble::Slow(delay)) => {
                    tokio::time::sleep(delay).await;
                    return Ok(());
                }
                Some(Trouble::Cut) => is_held = true,
            }
            // Its sender is in `self`.
            let _changed = rules.changed().await;
        }
    }

    /// A connection of this node's has ended. If the node has, too, nobody who sees that may find its ports open.
    async fn close_if_gone(&self, node: i32) {
        let mut targets = self.targets.lock().unwrap().clone();
        targets.retain(|target| target.node == node);
        for target in targets {
            let (told, heard) = oneshot::channel();
            if !listens(target.port).await && target.gone.send(told).is_ok() {
                // If it is not heard, the port is closed with all others.
                let _closed = heard.await;
            }
        }
    }
}

/// A connection, from whoever opened it to a listener of a node.
#[derive(Debug)]
struct Link {
    network: Network,
    to: Target,
}

impl Link {
    async fn carry(self, opened: TcpStream) {
        let Ok(target) = TcpStream::connect(("127.0.0.1", self.to.port)).await else {
            self.network.close_if_gone(self.to.node).await;
            return;
        };
        // A failure only means that packets wait for each other.
        let _kept_together = (opened.set_nodelay(true), target.set_nodelay(true));
        let (opener, sender) = (watch::Sender::new(None), opened.into_split());
        let is_opened_by = opener.subscribe();
        let receiver = target.into_split();
        tokio::select! {
            () = self.requests(sender.0, receiver.1, &opener) => {}
            () = self.answers(receiver.0, sender.1, &is_opened_by) => {}
        }
    }

    /// What the one who opened it sends.
    async fn requests(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, opener: &watch::Sender<Option<i32>>) {
        let mut chunk = Vec::with_capacity(CHUNK_MAX_BYTES);
        let mut is_known = false;
        while let Ok(1..) = from.read_buf(&mut chunk).await {
            if !is_known {
                let Some(id) = client_id(&chunk) else { continue };
                opener.send_replace(node_of(id));
                is_known = true;
            }
            let way = opener.borrow().map(|opener| (opener, self.to.node));
            if !self.forward(way, &chunk, &mut to).await {
                return;
            }
            chunk.clear();
        }
        let way = opener.borrow().map(|opener| (opener, self.to.node));
        self.end_after(way).await;
    }

    /// What the node sends.
    async fn answers(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, opener: &watch::Receiver<Option<i32>>) {
        let way = || opener.borrow().map(|opener| (self.to.node, opener));
        let mut chunk = Vec::with_capacity(CHUNK_MAX_BYTES);
        while let Ok(1..) = from.read_buf(&mut chunk).await {
            if !self.forward(way(), &chunk, &mut to).await {
                return;
            }
            chunk.clear();
        }
        self.network.close_if_gone(self.to.node).await;
        let way = way();
        self.end_after(way).await;
    }

    async fn forward(&self, way: Option<Way>, chunk: &[u8], to: &mut OwnedWriteHalf) -> bool {
        let passed = match way {
            Some((from, to)) if from != to => self.network.pass((from, to)).await,
            _ => Ok(()),
        };
        passed.is_ok() && to.write_all(chunk).await.is_ok()
    }

    /// The end of a connection is held up like what is sent on it.
    async fn end_after(&self, way: Option<Way>) {
        if let Some((from, to)) = way.filter(|(from, to)| from != to) {
            self.network.close_if_gone(from).await;
            // It ends either way.
            let _reset = self.network.pass((from, to)).await;
        }
    }
}

async fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}

/// The client id of the first request, as soon as it is there.
fn client_id(bytes: &[u8]) -> Option<&str> {
    let length = bytes.get(BEFORE_CLIENT_ID - 2..BEFORE_CLIENT_ID)?;
    let length = i16::from_be_bytes(length.try_into().unwrap());
    let end = BEFORE_CLIENT_ID + usize::try_from(length).unwrap_or(0);
    Some(std::str::from_utf8(bytes.get(BEFORE_CLIENT_ID..end)?).unwrap_or_default())
}

/// The node that calls itself so.
fn node_of(client_id: &str) -> Option<i32> {
    let of_broker = client_id
        .strip_prefix("broker-")
        .and_then(|rest| rest.split('-').next());
    let number = client_id.strip_prefix("raft-client-").or(of_broker);
    number.unwrap_or(client_id).parse().ok()
}

#[cfg(test)]
mod tests;
