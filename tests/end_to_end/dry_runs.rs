//! `--dry-run` of every command that has it changes nothing: not in a cluster, which a broker that is made up tells, and not
//! in any file. A command that is new has to be in this list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use protocol::api::ApiKey;

use crate::support::admin_mock::{AdminMock, Made as MadeTopics};
use crate::support::mock::{Made, Mock};
use crate::support::quorum_mock::{QuorumMock, directory};
use crate::support::{KFLEET, Ran, isolated, run_with_input};

/// Where a change would go.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// Topics, settings, leaders.
    Topics,
    /// Groups, access, transactions.
    Groups,
    /// The quorum, features, nodes.
    Quorum,
    /// Files below DIR.
    Files,
}

use Target::{Files, Groups, Quorum, Topics};

/// Each command, where it changes something, and with what. FILE is a file of offsets, ACLS one of ACLs, DIR a directory.
const COMMANDS: &[(&str, Target, &str)] = &[
    ("acls apply", Groups, "ACLS --prune"),
    (
        "acls create",
        Groups,
        "--allow-principal User:carol --operation read --topic t",
    ),
    ("acls delete", Groups, "--all"),
    ("cluster unregister", Quorum, "4"),
    ("configs set", Topics, "topic t --set retention.ms=1"),
    ("configs unset", Topics, "topic t --key segment.ms"),
    ("features downgrade", Quorum, "--feature metadata.version=24"),
    ("features upgrade", Quorum, "--feature metadata.version=26"),
    ("groups delete", Groups, "g h"),
    ("host tune", Files, "--root DIR/root"),
    ("host undo", Files, "--root DIR/root"),
    ("leaders elect", Topics, "--topic t"),
    ("offsets copy", Groups, "g new --delete-source"),
    ("offsets delete", Groups, "g --all-topics"),
    ("offsets reset", Groups, "g --to-earliest --all-topics"),
    ("offsets restore", Groups, "FILE --group g"),
    ("offsets set", Groups, "busy t:0=11 --remove-members"),
    ("offsets shift", Groups, "g --by 5 --topic t"),
    ("profiles import", Files, "DIR/discovery"),
    (
        "quorum add-controller",
        Quorum,
        "--controller-id 3 --directory-id DIRECTORY --endpoint CONTROLLER://c3:9093",
    ),
    ("quorum remove-controller", Quorum, "--controller-id 2"),
    ("quotas set", Groups, "--user alice producer_byte_rate=2000"),
    ("quotas unset", Groups, "--user alice --all"),
    ("shims install", Files, "DIR/shims"),
    ("tokens create", Groups, "--owner User:alice"),
    ("tokens expire", Groups, "the-token"),
    ("tokens renew", Groups, "the-token"),
    ("topics alter", Topics, "t --partitions 4"),
    ("topics create", Topics, "new --partitions 2"),
    ("topics delete", Topics, "u"),
    ("topics records-delete", Topics, "t:1=20"),
    ("transactions abort", Groups, "--transactional-id shop"),
    ("users delete", Groups, "alice bob"),
    ("users set", Groups, "alice --password-file -"),
];

/// Commands whose dry run and whose change are looked at on running clusters (`moves`, `roll_run`, `mirror`); those that only ask a
/// process that carries a plan out have nothing to try on a cluster that is made up.
const ON_CLUSTERS: [&str; 15] = [
    "decommission",
    "leaders evacuate",
    "mirror run",
    "reassign cancel",
    "reassign execute",
    "rebalance apply",
    "rebalance cancel",
    "rebalance pause",
    "rebalance resume",
    "rebalance rollback",
    "roll abort",
    "roll resume",
    "roll run",
    "throttle clear",
    "throttle set",
];

/// What asks and changes nothing, of all that a broker may be asked.
const READS: [ApiKey; 17] = [
    ApiKey::ApiVersions,
    ApiKey::Metadata,
    ApiKey::FindCoordinator,
    ApiKey::ListGroups,
    ApiKey::DescribeGroups,
    ApiKey::OffsetFetch,
    ApiKey::ListOffsets,
    ApiKey::DescribeAcls,
    ApiKey::DescribeUserScramCredentials,
    ApiKey::DescribeClientQuotas,
    ApiKey::DescribeDelegationToken,
    ApiKey::ListTransactions,
    ApiKey::DescribeTransactions,
    ApiKey::DescribeProducers,
    ApiKey::DescribeCluster,
    ApiKey::DescribeConfigs,
    ApiKey::ConsumerGroupDescribe,
];

/// A place with files that commands read, and that they could change.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = Self { dir };
        place.write("offsets.csv", "t,0,20\nt,1,30\n");
        let acl = "{\"resource_type\":\"group\",\"resource\":\"g\",\"pattern_type\":\"literal\",\"principal\":\"User:x\",\
                   \"host\":\"*\",\"operation\":\"read\",\"permission\":\"allow\"}";
        place.write("acls.json", &format!("{{\"data\":[{acl}]}}"));
        place.write(
            "discovery/kafka.yaml",
            "---\nclusters:\n  main:\n    broker_list: [\"b1:9092\"]\n    zookeeper: \"z1:2181\"\n",
        );
        place.write("root/proc/sys/vm/swappiness", "60\n");
        std::fs::create_dir_all(place.dir.path().join("root/etc/sysctl.d")).unwrap();
        place
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// All files, with what is in them.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn walk(dir: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    files.insert(path.clone(), Vec::new());
                    walk(&path, files);
                } else {
                    files.insert(path.clone(), std::fs::read(&path).unwrap());
                }
            }
        }
        let mut files = BTreeMap::new();
        walk(self.dir.path(), &mut files);
        files
    }

    fn run(&self, command: &str, args: &str, flags: &[&str]) -> Ran {
        let dir = self.dir.path().to_str().unwrap();
        let args = args
            .replace("DIRECTORY", &directory(3).to_string())
            .replace("DIR", dir)
            .replace("FILE", &format!("{dir}/offsets.csv"))
            .replace("ACLS", &format!("{dir}/acls.json"));
        let mut line = isolated(KFLEET);
        line.args(command.split(' '))
            .args(args.split(' '))
            .args(flags)
            .env("HOME", dir);
        for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "KFLEET_CONFIG"] {
            line.env_remove(variable);
        }
        run_with_input(&mut line, "a-password\n")
    }
}

#[test]
fn every_command_with_a_dry_run_is_in_the_list() {
    let mut there = BTreeSet::new();
    let root = commands::definition();
    for noun in root.get_subcommands() {
        let verbs = noun
            .get_subcommands()
            .map(|verb| (format!("{} {}", noun.get_name(), verb.get_name()), verb));
        for (name, command) in verbs.chain([(noun.get_name().to_owned(), noun)]) {
            assert!(
                name == noun.get_name() || command.get_subcommands().next().is_none(),
                "{name} has commands below it"
            );
            if command.get_arguments().any(|arg| arg.get_id() == "dry_run") {
                there.insert(name);
            }
        }
    }
    let listed = COMMANDS.iter().map(|(name, ..)| *name).chain(ON_CLUSTERS);
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    assert_eq!(listed, there);
    // Whatever asks for a yes can be tried first.
    for noun in root.get_subcommands() {
        for command in noun.get_subcommands().chain([noun]) {
            let has = |id: &str| command.get_arguments().any(|arg| arg.get_id() == id);
            assert_eq!(has("yes"), has("dry_run"), "{} {}", noun.get_name(), command.get_name());
        }
    }
}

/// Runs a command on a cluster that is made up; what it sent that changes something.
fn writes(place: &Place, (command, target, args): &(&str, Target, &str), flag: &str) -> (Ran, Vec<ApiKey>) {
    let run = |address: &str| place.run(command, args, &[flag, "-b", address]);
    match target {
        Topics => {
            let mock = AdminMock::start(MadeTopics::default());
            let ran = run(&mock.address);
            let writes = mock.writes().into_iter().filter(|write| !write.validate_only);
            (ran, writes.map(|write| write.api).collect())
        }
        Groups => {
            let mock = Mock::start(Made {
                groups: ["g", "h", "busy"].map(str::to_owned).to_vec(),
                with_member: Some("busy".to_owned()),
                partitions: 2,
                ..Made::default()
            });
            let ran = run(&mock.address);
            let mut asked = mock.asked();
            assert!(!asked.is_empty(), "{command}: nobody came: {ran:?}");
            asked.retain(|api| !READS.contains(api));
            (ran, asked)
        }
        Quorum => {
            let mock = QuorumMock::start();
            let ran = run(&mock.address);
            (ran, mock.writes())
        }
        Files => (place.run(command, args, &[flag]), Vec::new()),
    }
}

#[test]
fn a_dry_run_changes_nothing_and_yes_would() {
    for row in COMMANDS {
        let (place, (command, target, _)) = (Place::new(), row);
        let before = place.files();
        let (dry, written) = writes(&place, row, "--dry-run");
        assert!([0, 1].contains(&dry.code), "{command}: {dry:?}");
        assert_eq!(written, [], "{command} --dry-run sends a write");
        assert_eq!(place.files(), before, "{command} --dry-run writes a file");
        // The list is worth something only where the same without it does change something.
        let (done, written) = writes(&place, row, "--yes");
        match target {
            // There is nothing to undo.
            Files if row.0 == "host undo" => {}
            Files => assert_ne!(place.files(), before, "{command} --yes: {done:?}"),
            _ => assert!(!written.is_empty(), "{command} --yes: {done:?}"),
        }
    }
}
