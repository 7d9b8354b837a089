//! The sockets of a node: which it binds, and how others reach them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread;

use broker_core::image::ListenerEndpoint;
use protocol::config::{Endpoint, NodeConfig, SecurityProtocol};

use crate::net::{Listener, ListenerConfig};
use crate::startup::StartError;

/// Memory for requests that are arriving or being handled.
const REQUESTS_MAX_BYTES: usize = 128 << 20;

/// Requests are handled by as many threads as there are processors, and no more than num.io.threads.
pub(crate) fn workers(config: &NodeConfig) -> usize {
    let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    processors.min(config.number("num.io.threads").max(1) as usize)
}

/// Memory for requests of all connections: queued.max.request.bytes, or, as Kafka's default bounds nothing, enough
/// for two of the largest.
pub(crate) fn request_budget_bytes(config: &NodeConfig) -> usize {
    let frame_max_bytes = config.number("socket.request.max.bytes").max(0) as usize;
    match config.number("queued.max.request.bytes") {
        bytes if bytes > 0 => (bytes as usize).max(frame_max_bytes),
        _ => REQUESTS_MAX_BYTES.max(2 * frame_max_bytes),
    }
}

/// A bound listener, and whether it is one of the controllers'.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) listener: Listener,
    pub(crate) endpoint: Endpoint,
    pub(crate) is_controllers: bool,
}

/// Binds all listeners.
pub(crate) async fn bind(config: &NodeConfig) -> Result<Vec<Bound>, StartError> {
    let number = |name: &str| config.number(name);
    let mut bound = Vec::new();
    for endpoint in &config.listeners {
        let listener = ListenerConfig {
            name: endpoint.name.clone(),
            host: endpoint.host.clone(),
            port: endpoint.port,
            frame_max_bytes: number("socket.request.max.bytes").max(0) as usize,
            connections_max: number("max.connections").max(1) as usize,
            backlog: number("socket.listen.backlog.size").max(1) as u32,
            send_buffer_bytes: number("socket.send.buffer.bytes") as i32,
            receive_buffer_bytes: number("socket.receive.buffer.bytes") as i32,
        };
        let failed = |error: std::io::Error| StartError::Bind {
            listener: endpoint.to_string(),
            reason: error.to_string(),
        };
        bound.push(Bound {
            listener: Listener::bind(listener).await.map_err(failed)?,
            endpoint: endpoint.clone(),
            is_controllers: config.is_controller_listener(&endpoint.name),
        });
    }
    Ok(bound)
}

impl Bound {
    /// The port it listens on.
    fn port(&self) -> u16 {
        self.listener.local_addr().map_or(0, |address| address.port())
    }

    /// Where it listens, as it is told to people.
    pub(crate) fn told_address(&self) -> Option<String> {
        self.listener.local_addr().ok().map(|address| address.to_string())
    }

    /// How this node reaches it.
    pub(crate) fn own_address(&self) -> Option<SocketAddr> {
        let mut address = self.listener.local_addr().ok()?;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        Some(address)
    }
}

/// Where others reach the broker, or the controller; a port that the system picked is told as it was picked.
pub(crate) fn advertised(config: &NodeConfig, bound: &[Bound], controllers: bool) -> Vec<ListenerEndpoint> {
    let is_asked = |endpoint: &&Endpoint| config.is_controller_listener(&endpoint.name) == controllers;
    let advertised: Vec<&Endpoint> = config.advertised_listeners.iter().filter(is_asked).collect();
    // Controllers need not be advertised: they listen where they are reached.
    let all = if advertised.is_empty() && controllers {
        config.listeners.iter().filter(is_asked).collect()
    } else {
        advertised
    };
    let told = all.into_iter().map(|endpoint| {
        let listener = bound.iter().find(|listener| listener.endpoint.name == endpoint.name);
        let protocol = config.security_protocols.get(&endpoint.name).copied();
        ListenerEndpoint {
            name: endpoint.name.clone(),
            host: if endpoint.host.is_empty() {
                "localhost".to_owned()
            } else {
                endpoint.host.clone()
            },
            port: if endpoint.port == 0 {
                listener.map_or(0, Bound::port)
            } else {
                endpoint.port
            },
            security_protocol: protocol.unwrap_or(SecurityProtocol::Plaintext).id(),
        }
    });
    told.collect()
}
