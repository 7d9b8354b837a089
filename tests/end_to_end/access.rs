//! ACLs, users, quotas, tokens and transactions on a broker that serves none of them.

use crate::support::{Cluster, Engine};

/// Every command of these.
const COMMANDS: &[&[&str]] = &[
    &["acls", "list"],
    &[
        "acls",
        "create",
        "--allow-principal",
        "User:a",
        "--operation",
        "read",
        "--topic",
        "t",
    ],
    &["acls", "delete", "--topic", "t"],
    &["users", "list"],
    &["users", "describe", "alice"],
    &["users", "set", "alice", "--password-file", "-"],
    &["users", "delete", "alice"],
    &["quotas", "list"],
    &["quotas", "describe", "--user", "alice"],
    &["quotas", "set", "--user", "alice", "producer_byte_rate=1000"],
    &["quotas", "unset", "--user", "alice", "--all"],
    &["tokens", "create"],
    &["tokens", "describe"],
    &["tokens", "renew", "x"],
    &["tokens", "expire", "x"],
    &["transactions", "list"],
    &["transactions", "describe", "x"],
    &["transactions", "find-hanging"],
    &[
        "transactions",
        "abort",
        "--topic",
        "t",
        "--partition",
        "0",
        "--start-offset",
        "0",
    ],
    &["transactions", "abort", "--transactional-id", "x"],
    &["producers", "describe", "t"],
];

const READING: &[&str] = &["list", "describe", "find-hanging"];

#[test]
fn what_is_not_served_is_76_with_a_sentence() {
    let cluster = Cluster::start(Engine::Kfleet);
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    for command in COMMANDS {
        let flags: &[&[&str]] = if READING.contains(&command[1]) {
            &[&[]]
        } else {
            &[&["--dry-run"], &["--yes"]]
        };
        for flags in flags {
            let ran = cluster
                .kfleet_with_input(&[*command, *flags].concat(), "secret\n")
                .exits(76);
            assert!(
                ran.stdout.is_empty() && ran.stderr.contains("does not serve"),
                "{command:?}: {}",
                ran.stderr
            );
        }
    }
    let controller = cluster.description()["nodes"][0]["listeners"].to_string();
    let controller = controller
        .split("CONTROLLER://")
        .nth(1)
        .map(|rest| rest.split('"').next().unwrap());
    if let Some(controller) = controller {
        let ran = crate::support::kfleet(&["acls", "list", "--bootstrap-controller", controller]).exits(76);
        assert!(ran.stderr.contains("DescribeAcls"), "{}", ran.stderr);
    }
}
