//! Dynamic quorums of one engine, which nodes of the other join and leave by Apache's own tool.

use std::process::Command;

use crate::support::mixed_nodes::Mixed;
use crate::support::nodes::wait_until;
use crate::support::voters::{await_voters, seats};
use crate::support::{Engine, Ran, kafka_libs, quick_java, run_with_input};

use super::mixed::{active, await_active, create, let_lead, numbers, read, wait_until_in_sync};

use Engine::{Apache, Kfleet};

/// kafka-metadata-quorum.sh, asked of one node's broker.
fn tool(mixed: &Mixed, asked: i32, args: &[&str]) -> Ran {
    let mut command = Command::new("timeout");
    command.args(["60", "java", "-Xmx256m"]);
    command.args(quick_java("4.3.1")).arg("-cp");
    command
        .arg(kafka_libs().join("*"))
        .arg("org.apache.kafka.tools.MetadataQuorumCommand");
    command.args(["--bootstrap-server", mixed.address(asked)]).args(args);
    run_with_input(&mut command, "")
}

/// The leader may be busy with the last change, or the newcomer not there yet.
#[track_caller]
fn add(mixed: &Mixed, asked: i32, id: i32) {
    let config = mixed.properties(id);
    let args = ["--command-config", config.to_str().unwrap(), "add-controller"];
    wait_until(&format!("the tool adds {id}"), || {
        // Nobody is added who does not follow yet.
        tool(mixed, asked, &args)
            .stdout
            .contains(&format!("Added controller {id}"))
    });
}

#[track_caller]
fn remove(mixed: &Mixed, asked: i32, id: i32) {
    let meta = std::fs::read_to_string(mixed.data_dir(id).join("meta.properties")).unwrap();
    let directory = meta
        .lines()
        .find_map(|line| line.strip_prefix("directory.id="))
        .unwrap();
    let id = id.to_string();
    let args = [
        "remove-controller",
        "--controller-id",
        &id,
        "--controller-directory-id",
        directory,
    ];
    let said = tool(mixed, asked, &args).exits(0);
    assert!(said.stdout.contains("Removed"), "{said:?}");
}

/// Two of the first engine make the quorum; the third node is of the second one.
fn joined_and_left(home: Engine, guest: Engine) {
    let mut mixed = Mixed::start_dynamic([home, home, guest], "");
    for id in [2, 3] {
        mixed.spawn(id);
        mixed.wait_until_alive(&(1..=id).collect::<Vec<_>>());
        add(&mixed, id - 1, id);
        await_voters(&mixed, id, &(1..=i64::from(id)).collect::<Vec<_>>());
    }
    create(&mixed, 1, "topic", "3");
    wait_until_in_sync(&mixed, &["topic"]);
    mixed.kfleet(3, &["produce", "topic"], &numbers(0..500)).exits(0);

    // A guest that is a voter helps to elect, and may be elected.
    let first = await_active(&mixed, &[1, 2, 3]);
    mixed.kill(first);
    let _next = await_active(&mixed, &mixed.others(first));
    mixed.spawn(first);
    mixed.wait_until_alive(&[1, 2, 3]);
    for asked in [1, 3] {
        let status = tool(&mixed, asked, &["describe", "--status"]).exits(0).stdout;
        let voters = status.lines().find(|line| line.starts_with("CurrentVoters:")).unwrap();
        assert_eq!(voters.matches("directoryId").count(), 3, "{status}");
    }

    // It leaves by way of a home node, observes, restarts, and comes back by way of itself.
    remove(&mixed, 1, 3);
    await_voters(&mixed, 3, &[1, 2]);
    wait_until("the guest observes", || seats(&mixed, 1).1 == [3]);
    assert_ne!(active(&mixed, 1), Some(3));
    mixed.stop(3);
    mixed.spawn(3);
    mixed.wait_until_alive(&[1, 2, 3]);
    assert_eq!(seats(&mixed, 3).0, [1, 2]);
    add(&mixed, 3, 3);
    await_voters(&mixed, 1, &[1, 2, 3]);
    wait_until_in_sync(&mixed, &["topic"]);
    mixed.kfleet(1, &["produce", "topic"], &numbers(500..1000)).exits(0);
    for asked in [1, 3] {
        assert_eq!(read(&mixed, asked, "topic"), (0..1000).collect::<Vec<_>>());
    }
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn one_of_ours_joins_apaches_quorum_and_leaves_it() {
    joined_and_left(Apache, Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn one_of_apaches_joins_our_quorum_and_leaves_it() {
    joined_and_left(Kfleet, Apache);
}

/// The third node is of the other engine, joins by itself, loses its disk, and joins again.
fn joined_by_itself(home: Engine, guest: Engine) {
    let mut mixed = Mixed::start_dynamic([home, home, guest], "");
    mixed.set(3, "controller.quorum.auto.join.enable=true");
    mixed.spawn(3);
    mixed.wait_until_alive(&[1, 3]);
    await_voters(&mixed, 1, &[1, 3]);
    mixed.spawn(2);
    mixed.wait_until_alive(&[1, 2, 3]);
    add(&mixed, 1, 2);
    await_voters(&mixed, 3, &[1, 2, 3]);
    mixed.stop(3);
    mixed.wipe_dynamic(3);
    mixed.spawn(3);
    mixed.wait_until_alive(&[1, 2, 3]);
    let directory = std::fs::read_to_string(mixed.data_dir(3).join("meta.properties")).unwrap();
    wait_until("node 3 votes with its new directory", || {
        let status = mixed.data(1, &["quorum", "status"]).unwrap_or_default();
        let voters = status["voters"].as_array().cloned().unwrap_or_default();
        let known = voters.iter().find(|voter| voter["id"] == 3);
        let known = known.and_then(|voter| voter["directory_id"].as_str());
        voters.len() == 3 && known.is_some_and(|id| directory.contains(id))
    });
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn one_of_ours_joins_apaches_quorum_by_itself() {
    joined_by_itself(Apache, Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn one_of_apaches_joins_our_quorum_by_itself() {
    joined_by_itself(Kfleet, Apache);
}

/// Static voters of both kinds become dynamic under a leader of this engine; then one of the other kind leaves.
fn made_dynamic(engine: Engine, other: Engine) {
    let mut mixed = Mixed::start([Kfleet, Kfleet, Apache], |_| "");
    let leader = let_lead(&mut mixed, engine);
    let up = ["features", "upgrade", "--feature", "kraft.version=1", "--yes"];
    wait_until("the voters are dynamic", || mixed.kfleet(leader, &up, "").code == 0);
    for asked in 1..=3 {
        wait_until(&format!("{asked} tells of the voters' directories"), || {
            let status = mixed.data(asked, &["quorum", "status"]).unwrap_or_default();
            let voters = status["voters"].as_array().cloned().unwrap_or_default();
            voters.len() == 3 && voters.iter().all(|voter| voter["directory_id"].is_string())
        });
    }
    let leaves = mixed.first(other);
    remove(&mixed, leader, leaves);
    let left: Vec<i64> = mixed.others(leaves).into_iter().map(i64::from).collect();
    await_voters(&mixed, leaves, &left);
    create(&mixed, leader, "topic", "3");
    wait_until_in_sync(&mixed, &["topic"]);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn static_voters_become_dynamic_under_a_leader_of_ours() {
    made_dynamic(Kfleet, Apache);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn static_voters_become_dynamic_under_a_leader_of_apaches() {
    made_dynamic(Apache, Kfleet);
}
