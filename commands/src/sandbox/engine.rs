//! How a node of either engine is started, as a process that does not outlive its sandbox.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use std::os::unix::process::CommandExt as _;

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

/// What runs a node with this server.properties.
pub(super) fn command(engine: Engine, kafka_libs: Option<&Path>, properties: &Path) -> std::io::Result<Vec<OsString>> {
    let words: Vec<OsString> = match engine {
        Engine::Kfleet => {
            let program = std::env::current_exe()?;
            vec![program.into(), "broker".into(), "run".into(), "-c".into()]
        }
        Engine::Apache => {
            let classes = kafka_libs.unwrap_or(Path::new(".")).join("*");
            let said = java_options(|name| std::env::var(name).ok());
            let java = ["java".into()].into_iter().chain(said).chain(["-cp".into()]);
            java.chain([classes.into(), "kafka.Kafka".into()]).collect()
        }
    };
    Ok(words.into_iter().chain([properties.into()]).collect())
}

/// What the variables that Apache's own scripts read say of the JVM.
fn java_options(variable: impl Fn(&str) -> Option<String>) -> Vec<OsString> {
    let heap = variable("KAFKA_HEAP_OPTS").unwrap_or_else(|| "-Xmx1G -Xms256M".into());
    let others = variable("KAFKA_JVM_PERFORMANCE_OPTS").unwrap_or_default();
    let words = heap.split_whitespace().chain(others.split_whitespace());
    words.map(OsString::from).collect()
}

/// Starts a node; what it says goes to `log`.
pub(super) fn start(engine: Engine, words: &[OsString], log: File) -> Result<Child, CommandError> {
    let failed = |error: std::io::Error| CommandError::io("starting a node", &error);
    let err = log.try_clone().map_err(failed)?;
    let own = std::env::current_exe().map_err(failed)?;
    let parent = std::process::id().to_string();
    let mut command = match (engine, words.split_first()) {
        // It follows its parent by itself, without a program in between.
        (Engine::Kfleet, Some((program, arguments))) => {
            let mut command = Command::new(program);
            command.args(arguments).args(["--die-with", &parent]);
            command
        }
        _ => {
            let mut command = Command::new(own);
            command.args(["launch", "--die-with", &parent, "--"]).args(words);
            command
        }
    };
    command
        // Whoever started the sandbox as a service means the sandbox, and not its nodes.
        .env_remove("NOTIFY_SOCKET")
        // Ctrl-C is for the sandbox, which stops its nodes in their order.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(err)
        .spawn()
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::java_options;

    #[test]
    fn the_jvm_is_as_apaches_variables_say() {
        assert_eq!(java_options(|_| None), ["-Xmx1G", "-Xms256M"]);
        let said = |name: &str| match name {
            "KAFKA_HEAP_OPTS" => Some(" -Xmx2G ".into()),
            "KAFKA_JVM_PERFORMANCE_OPTS" => Some("-XX:+UseZGC  -XX:TieredStopAtLevel=1".into()),
            _ => None,
        };
        assert_eq!(java_options(said), ["-Xmx2G", "-XX:+UseZGC", "-XX:TieredStopAtLevel=1"]);
    }
}
