//! Active controllers of either engine die under load; the other engine's nodes go on, and the dead come back.

use super::mixed::{await_active, create, let_lead, read, wait_until_in_sync};
use super::mixed_load::{Load, assert_nothing_lost};
use crate::support::Engine;
use crate::support::Engine::{Apache, Kfleet};
use crate::support::mixed_nodes::Mixed;

/// The active controller is of one engine and is killed, and what follows is of the other.
fn leaders_die(engines: [Engine; 3], first: Engine, then: Engine) {
    let mut mixed = Mixed::start(engines, |_| "");
    let leader = let_lead(&mut mixed, first);
    create(&mixed, mixed.others(leader)[0], "t", "6");
    wait_until_in_sync(&mixed, &["t"]);
    let load = Load::start(&mixed, "t");
    for (step, engine) in [first, then].into_iter().enumerate() {
        let leader = let_lead(&mut mixed, engine);
        mixed.kill(leader);
        let others = mixed.others(leader);
        let next = await_active(&mixed, &others);
        // The controller hears of the death, and what it decides is heard of.
        mixed.wait_until_alive(&others);
        let topic = format!("without-{step}");
        let asked = others.iter().copied().find(|id| *id != next).unwrap();
        let args = [
            "topics",
            "create",
            &topic,
            "--partitions",
            "2",
            "--replication-factor",
            "2",
            "-y",
        ];
        mixed.kfleet(asked, &args, "").exits(0);
        mixed.kfleet(next, &["produce", &topic], "1\n").exits(0);
        assert_eq!(read(&mixed, asked, &topic), [1]);
        mixed.spawn(leader);
        mixed.wait_until_alive(&[1, 2, 3]);
        wait_until_in_sync(&mixed, &["t"]);
    }
    let written = load.stop();
    assert_nothing_lost(&mixed, "t", 6, written);
    // In order, too: nobody waits for anyone.
    mixed.stop_all();
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn ours_then_apaches_die_with_two_of_ours() {
    leaders_die([Kfleet, Kfleet, Apache], Kfleet, Apache);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn apaches_then_ours_die_with_two_of_apaches() {
    leaders_die([Kfleet, Apache, Apache], Apache, Kfleet);
}
