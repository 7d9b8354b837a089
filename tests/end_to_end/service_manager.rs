//! What a node tells systemd: that it serves, and that it stops.

use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::support::{KFLEET, isolated, kfleet, signal};

/// A node that must not outlive a test that fails.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        // It has ended in a test that succeeds.
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

#[test]
fn a_node_says_when_it_serves_and_when_it_stops() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let rendered = kfleet(&[
        "render",
        "server-combined",
        "--set=node_id=1",
        "--set=host=127.0.0.1",
        "--set=quorum=1@127.0.0.1:9",
        &format!("--set=log_dirs={}", path("data")),
    ]);
    let text = rendered.exits(0).stdout;
    let listeners = "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0";
    let text = text.replace(
        "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\n",
        &format!("{listeners}\n"),
    );
    let text: String = text
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("advertised."))
        .collect();
    std::fs::write(path("server.properties"), text).unwrap();
    let id = kfleet(&["storage", "random-uuid"]).exits(0).stdout;
    kfleet(&["storage", "format", "-t", id.trim(), "-c", &path("server.properties")]).exits(0);

    let manager = UnixDatagram::bind(path("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let said = || {
        let mut bytes = [0; 4096];
        let length = manager.recv(&mut bytes).expect("the node says nothing");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let mut node = Node(
        isolated(KFLEET)
            .args(["broker", "run", "-c", &path("server.properties")])
            .env("NOTIFY_SOCKET", path("notify"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let ready = said();
    assert!(ready.lines().any(|line| line == "READY=1"), "{ready}");
    let status = ready
        .lines()
        .find_map(|line| line.strip_prefix("STATUS=node 1 serves on "))
        .unwrap();
    let client = status.split(", ").next().unwrap();
    TcpStream::connect(client).expect("it serves");
    kfleet(&["cluster", "id", "-b", client]).exits(0);

    signal(node.0.id() as i32, "TERM");
    let stopping = said();
    assert!(stopping.lines().any(|line| line == "STOPPING=1"), "{stopping}");
    assert!(node.0.wait().unwrap().success());
}
