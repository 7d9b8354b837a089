//! The profile file: which cluster a command is about, and which it is not.

use std::fs;

use crate::support::{Cluster, Engine, KFLEET, Ran, isolated, run_with_input};

/// A directory with a profile file.
struct Home(tempfile::TempDir);

impl Home {
    fn new(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("config.toml"), text).unwrap();
        Self(dir)
    }

    fn kfleet(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = isolated(KFLEET);
        command.args(args).env_remove("KFLEET_BOOTSTRAP_SERVER");
        command.env("KFLEET_CONFIG", self.0.path().join("config.toml"));
        command.envs(variables.iter().copied());
        run_with_input(&mut command, "")
    }
}

#[test]
fn a_profile_says_which_cluster_and_a_change_of_any_other_is_refused() {
    let cluster = Cluster::start(Engine::Kfleet);
    let servers = &cluster.bootstrap;
    let home = Home::new(&format!(
        "default_profile = \"good\"\n\
         [profiles.good]\nbootstrap_servers = [\"{servers}\"]\n\
         [profiles.other]\nbootstrap_servers = [\"{servers}\"]\ncluster_id = \"AAAAAAAAAAAAAAAAAAAAAQ\"\noutput = \"json\"\n\
         [profiles.gone]\nbootstrap_servers = [\"127.0.0.1:1\"]\n"
    ));
    home.kfleet(&["topics", "create", "t", "--yes"], &[]).exits(0);
    let other = &[("KFLEET_PROFILE", "other")];
    assert_eq!(home.kfleet(&["topics", "list"], other).exits(0).data()[0]["name"], "t");
    home.kfleet(&["topics", "delete", "t", "--yes"], other).exits(77);
    home.kfleet(&["topics", "list", "--profile", "gone"], other).exits(69);
    // What is named counts, whatever the default is.
    home.kfleet(&["topics", "list", "-b", "127.0.0.1:1"], &[]).exits(69);
    home.kfleet(
        &["topics", "list"],
        &[("KFLEET_PROFILE", "gone"), ("KFLEET_BOOTSTRAP_SERVER", servers)],
    )
    .exits(0);
    // The cluster of another shell is not taken for the one that was asked for.
    home.kfleet(
        &["topics", "list", "--profile", "gone"],
        &[("KFLEET_BOOTSTRAP_SERVER", servers)],
    )
    .exits(64);
    let unknown = home.kfleet(&["topics", "list", "--profile", "goot"], &[]).exits(66);
    assert!(unknown.stderr.contains("did you mean good?"), "{}", unknown.stderr);
}

#[test]
fn a_broken_file_is_named_with_its_place_where_it_counts() {
    let home = Home::new("[profiles.a]\nbootstrap_servers = 1\n");
    let ran = home.kfleet(&["topics", "list"], &[]).exits(65);
    assert!(ran.stderr.contains("config.toml:2:21: "), "{}", ran.stderr);
    home.kfleet(&["check", "all"], &[]).exits(3);
    home.kfleet(&["storage", "random-uuid"], &[]).exits(0);
}

#[test]
fn clusters_of_kafka_utils_are_taken_over() {
    let home = Home::new("");
    let discovery = home.0.path().join("discovery");
    fs::create_dir(&discovery).unwrap();
    fs::write(
        discovery.join("logs.yaml"),
        "---\nclusters:\n  a:\n    broker_list:\n      - \"127.0.0.1:1\"\n    zookeeper: zk:2181\nlocal_config:\n  cluster: a\n",
    )
    .unwrap();
    let dir = discovery.to_str().unwrap();
    home.kfleet(&["profiles", "import", dir], &[]).exits(77);
    home.kfleet(&["profiles", "import", dir, "--dry-run"], &[]).exits(0);
    assert_eq!(
        home.kfleet(&["profiles", "list", "-o", "json"], &[])
            .exits(0)
            .data()
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let added = home
        .kfleet(&["profiles", "import", dir, "--yes", "-o", "json"], &[])
        .exits(0);
    assert_eq!(added.data()[0]["outcome"], "added");
    let again = home
        .kfleet(&["profiles", "import", dir, "--yes", "-o", "json"], &[])
        .exits(0);
    assert_eq!(again.data()[0]["outcome"], "kept");
    let listed = home.kfleet(&["profiles", "list", "-o", "json"], &[]).exits(0);
    assert_eq!(
        (&listed.data()[0]["profile"], &listed.data()[0]["is_default"]),
        (&"logs-a".into(), &true.into())
    );
    home.kfleet(&["topics", "list"], &[]).exits(69);
}
