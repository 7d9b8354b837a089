//! Lines that a shell runs, in a process group of their own: Ctrl-C on a terminal is for whoever runs the roll.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

/// Bytes that are read of what a line prints.
const OUTPUT_MAX_BYTES: u64 = 64 * 1024;

/// How long outputs are read that are open when the line has ended.
const LEFT_OPEN_MAX: Duration = Duration::from_millis(500);

/// Ends all processes of a line that is not waited for any longer.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // They may have ended by themselves.
            let _gone = kill_process_group(pid, Signal::TERM);
        }
    }
}

/// What a line prints; or why it failed, with what it said last.
pub(super) async fn run(line: &str) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("`{line}` could not be run: {error}");
    let mut command = Command::new("sh");
    command.args(["-c", line]).process_group(0).kill_on_drop(true);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let pid = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(Pid::from_raw);
    let mut group = Group(pid);
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let reading = async { tokio::join!(read(out), read(err)) };
    tokio::pin!(reading);
    let mut texts = None;
    let status = loop {
        tokio::select! {
            read = &mut reading, if texts.is_none() => texts = Some(read),
            status = child.wait() => break status.map_err(failed)?,
        }
    };
    group.0 = None;
    let (out, err) = match texts {
        Some(texts) => texts,
        // A server that it started may hold on to them.
        None => timeout(LEFT_OPEN_MAX, reading).await.unwrap_or_default(),
    };
    if status.success() {
        return Ok(out);
    }
    let said = err.lines().rev().find(|text| !text.trim().is_empty());
    let said = said.map(|text| format!(": {}", text.trim())).unwrap_or_default();
    Err(format!("`{line}` ended with {status}{said}"))
}

async fn read(from: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // What was read until then is what there is.
        let _cut = from.take(OUTPUT_MAX_BYTES).read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::context::block_on;

    #[test]
    fn a_line_prints_or_says_why_it_failed() {
        assert_eq!(block_on(run("echo a; echo b >&2")).unwrap(), Ok("a\n".to_owned()));
        let error = block_on(run("echo why >&2; exit 3")).unwrap().unwrap_err();
        assert!(error.contains("exit status: 3: why"), "{error}");
    }

    #[test]
    fn a_server_that_a_line_starts_is_not_waited_for() {
        let since = Instant::now();
        assert!(block_on(run("sleep 20 &")).unwrap().is_ok());
        assert!(since.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn what_is_not_waited_for_ends() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("late");
        let line = format!("(sleep 2; echo late >{}) & wait", file.display());
        let waited = async {
            tokio::time::timeout(Duration::from_millis(200), run(&line))
                .await
                .is_err()
        };
        assert!(block_on(waited).unwrap());
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(3) {
            assert!(!file.exists());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
