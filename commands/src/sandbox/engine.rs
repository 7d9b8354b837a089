//! How a node of either engine is started, as a process that does not outlive its sandbox.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Engine;
use crate::error::CommandError;

/// Ends this process when its parent does. The parent may be gone already, so that is checked afterwards.
pub(crate) fn die_with(parent: i32) -> Result<(), CommandError> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::TERM))
        .map_err(|error| CommandError::io("following the parent process", &error))?;
    if getppid().map(|pid| pid.as_raw_nonzero().get()) != Some(parent) {
        return Err(CommandError::io("following the parent process", &"it has ended"));
    }
    Ok(())
}

/// Starts a node; what it says goes to `log`.
pub(super) fn start(
    engine: Engine,
    kafka_libs: Option<&Path>,
    properties: &Path,
    log: &Path,
) -> Result<Child, CommandError> {
    let failed = |error: std::io::Error| CommandError::io("starting a node", &error);
    let out = File::create(log).map_err(failed)?;
    let err = out.try_clone().map_err(failed)?;
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    let parent = std::process::id().to_string();
    match engine {
        Engine::Kfleet => command
            .args(["broker", "run", "--die-with", &parent, "-c"])
            .arg(properties),
        Engine::Apache => command
            .args([
                "launch",
                "--die-with",
                &parent,
                "--",
                "java",
                "-Xmx1G",
                "-Xms256M",
                "-cp",
            ])
            .arg(kafka_libs.unwrap_or(Path::new(".")).join("*"))
            .arg("kafka.Kafka")
            .arg(properties),
    };
    // Whoever started the sandbox as a service means the sandbox, and not its nodes.
    command
        .env_remove("NOTIFY_SOCKET")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(failed)
}
