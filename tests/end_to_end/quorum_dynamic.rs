//! Controllers of ours that join a quorum and leave it, by themselves and by hand; their directories outlive them.

use serde_json::{Value, json};

use crate::support::Engine::Kfleet;
use crate::support::mixed_nodes::Mixed;
use crate::support::nodes::wait_until;
use crate::support::voters::{await_voters, seats};

fn add(mixed: &Mixed, asked: i32, id: i32) -> Value {
    let config = mixed.properties(id);
    let config = config.to_str().unwrap();
    let args = ["quorum", "add-controller", "-c", config, "--yes", "-o", "json"];
    mixed.kfleet(asked, &args, "").exits(0).data()
}

fn leader(mixed: &Mixed, asked: i32) -> i32 {
    let mut found = 0;
    wait_until("there is an active controller", || {
        let status = mixed.data(asked, &["quorum", "status"]).unwrap_or_default();
        found = status["leader_id"].as_i64().unwrap_or_default() as i32;
        found > 0
    });
    found
}

#[test]
fn observers_become_voters_and_voters_observers_also_across_restarts() {
    let mut mixed = Mixed::start_dynamic([Kfleet; 3], "");
    let finalized = |mixed: &Mixed| {
        let rows = mixed.data(1, &["features", "describe"]).unwrap();
        let rows = rows.as_array().unwrap().clone();
        rows.iter().find(|row| row["feature"] == "kraft.version").unwrap()["finalized_level"].clone()
    };
    assert_eq!(finalized(&mixed), 1);
    assert_eq!(seats(&mixed, 1), (vec![1], vec![]));

    // One joins by hand, in whose properties there are bootstrap servers alone.
    mixed.spawn(2);
    mixed.wait_until_alive(&[1, 2]);
    assert_eq!(seats(&mixed, 2), (vec![1], vec![2]));
    let added = add(&mixed, 2, 2);
    assert_eq!((&added["changed"], &added["voters"]), (&json!(true), &json!([1, 2])));
    assert_eq!(add(&mixed, 1, 2)["changed"], false);

    // Another one joins by itself.
    mixed.set(3, "controller.quorum.auto.join.enable=true");
    mixed.spawn(3);
    mixed.wait_until_alive(&[1, 2, 3]);
    await_voters(&mixed, 1, &[1, 2, 3]);

    // The first and only one of the beginning is not needed any more.
    let first = leader(&mixed, 2);
    mixed.kill(first);
    let rest = mixed.others(first);
    let next = leader(&mixed, rest[0]);
    assert_ne!(next, first);
    mixed.spawn(first);
    mixed.wait_until_alive(&[1, 2, 3]);
    await_voters(&mixed, first, &[1, 2, 3]);

    // The leader leaves, goes on as an observer, and still does after a restart.
    let leaves = leader(&mixed, 1);
    if leaves != 3 {
        let id = leaves.to_string();
        mixed
            .kfleet(leaves, &["quorum", "remove-controller", "-i", &id, "--yes"], "")
            .exits(0);
        let left: Vec<i64> = mixed.others(leaves).iter().map(|id| i64::from(*id)).collect();
        await_voters(&mixed, leaves, &left);
        assert_ne!(leader(&mixed, leaves), leaves);
        mixed.stop(leaves);
        mixed.spawn(leaves);
        mixed.wait_until_alive(&[1, 2, 3]);
        wait_until("it observes", || {
            seats(&mixed, 1) == (left.clone(), vec![i64::from(leaves)])
        });
        assert_eq!(add(&mixed, leaves, leaves)["changed"], true);
        await_voters(&mixed, 1, &[1, 2, 3]);
    }

    // One that joins by itself, and lost its disk, takes out what it was before.
    mixed.stop(3);
    mixed.wipe_dynamic(3);
    mixed.spawn(3);
    mixed.wait_until_alive(&[1, 2, 3]);
    let directory = std::fs::read_to_string(mixed.data_dir(3).join("meta.properties")).unwrap();
    wait_until("node 3 votes with its new directory", || {
        let status = mixed.data(1, &["quorum", "status"]).unwrap_or_default();
        let voters = status["voters"].as_array().cloned().unwrap_or_default();
        let own = voters.iter().find(|voter| voter["id"] == 3);
        let known = own.and_then(|voter| voter["directory_id"].as_str());
        voters.len() == 3 && known.is_some_and(|id| directory.contains(id))
    });
}

#[test]
fn static_voters_of_three_nodes_become_dynamic_and_one_leaves() {
    let mixed = Mixed::start([Kfleet; 3], |_| "");
    let up = ["features", "upgrade", "--feature", "kraft.version=1", "--yes"];
    // Voters tell a leader who they are soon after it leads.
    wait_until("the voters are dynamic", || mixed.kfleet(2, &up, "").code == 0);
    wait_until("all voters have directories", || {
        let status = mixed.data(3, &["quorum", "status"]).unwrap_or_default();
        let voters = status["voters"].as_array().cloned().unwrap_or_default();
        voters.len() == 3 && voters.iter().all(|voter| voter["directory_id"].is_string())
    });
    let remove = ["quorum", "remove-controller", "-i", "1", "--yes"];
    mixed.kfleet(2, &remove, "").exits(0);
    await_voters(&mixed, 1, &[2, 3]);
    // What the log says counts, and not controller.quorum.voters.
    let mut mixed = mixed;
    mixed.stop(1);
    mixed.spawn(1);
    mixed.wait_until_alive(&[1, 2, 3]);
    wait_until("it observes", || seats(&mixed, 1) == (vec![2, 3], vec![1]));
}

#[test]
fn a_controller_that_moved_is_found_where_it_is() {
    let mut mixed = Mixed::start_dynamic([Kfleet; 3], "");
    for id in [2, 3] {
        mixed.spawn(id);
        mixed.wait_until_alive(&(1..=id).collect::<Vec<_>>());
        add(&mixed, 1, id);
    }
    let moves = mixed.others(leader(&mixed, 1))[0];
    mixed.stop(moves);
    // It listens on the same address, which goes by another name.
    let file = mixed.properties(moves);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replace("CONTROLLER://127.0.0.1:", "CONTROLLER://localhost:"),
    )
    .unwrap();
    mixed.spawn(moves);
    mixed.wait_until_alive(&[1, 2, 3]);
    wait_until("the voters say where it is", || {
        let status = mixed.data(1, &["quorum", "status"]).unwrap_or_default();
        let voters = status["voters"].as_array().cloned().unwrap_or_default();
        let own = voters.iter().find(|voter| voter["id"] == moves);
        own.is_some_and(|voter| voter["endpoints"].to_string().contains("localhost"))
    });
}

#[test]
fn a_quorum_that_was_formatted_with_all_its_controllers_elects_one() {
    let mut mixed = Mixed::start_with_initial_controllers([Kfleet; 3]);
    assert_eq!(seats(&mixed, 1), (vec![1, 2, 3], vec![]));
    let first = leader(&mixed, 1);
    mixed.kill(first);
    let asked = mixed.others(first)[0];
    wait_until("another one leads", || leader(&mixed, asked) != first);
}
