//! All nodes are restarted in order, one after the other, while records are written.

use super::mixed::{create, wait_until_in_sync};
use super::mixed_load::{Load, assert_nothing_lost};
use crate::support::Engine;
use crate::support::Engine::{Apache, Kfleet};
use crate::support::mixed_nodes::Mixed;

fn all_restart(engines: [Engine; 3]) {
    let mut mixed = Mixed::start(engines, |_| "");
    create(&mixed, 1, "t", "6");
    wait_until_in_sync(&mixed, &["t"]);
    let load = Load::start(&mixed, "t");
    for id in 1..=3 {
        mixed.stop(id);
        mixed.wait_until_alive(&mixed.others(id));
        mixed.spawn(id);
        mixed.wait_until_alive(&[1, 2, 3]);
        wait_until_in_sync(&mixed, &["t"]);
    }
    let written = load.stop();
    assert_nothing_lost(&mixed, "t", 6, written);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn two_of_ours_and_one_of_apaches_restart() {
    all_restart([Kfleet, Kfleet, Apache]);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn one_of_ours_and_two_of_apaches_restart() {
    all_restart([Kfleet, Apache, Apache]);
}
