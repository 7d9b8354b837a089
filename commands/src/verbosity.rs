//! What is said of the work itself, on stderr: of connections with -v, of each request with -vv, or as `RUST_LOG` has it.
//! Addresses, names of APIs, sizes and times are told, and nothing that is sent.

use std::io;

use tracing_subscriber::EnvFilter;

/// From now on, for a command that is no server.
pub(crate) fn start(verbose: u8) {
    let asked = match verbose {
        0 => EnvFilter::try_from_default_env().ok(),
        1 => Some(EnvFilter::new("debug")),
        _ => Some(EnvFilter::new("trace")),
    };
    let Some(filter) = asked else { return };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(false);
    // There is one already where a test runs several commands.
    let _second = subscriber.try_init();
}
