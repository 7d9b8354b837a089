//! What shells are told when somebody presses TAB: names of the cluster on the line, at once or not at all.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::admin_mock::{AdminMock, Made as MadeTopics};
use crate::support::mock::{Made, Mock};
use crate::support::{KFLEET, Ran, isolated};

/// How long a shell may be kept waiting, on a machine that has other work.
const WAIT_MAX: Duration = Duration::from_secs(4);

/// Somebody with a home of their own.
struct User {
    home: tempfile::TempDir,
}

impl User {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { home }
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Words that are proposed for a line, as fish is told them. Nothing is ever said on stderr, and no exit code complains.
    #[track_caller]
    fn complete(&self, line: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let mut command = isolated(KFLEET);
        command.args(["complete", "fish", "--", line]).stdin(Stdio::null());
        command
            .env_clear()
            .env("HOME", self.home.path())
            .envs(variables.iter().copied());
        let since = Instant::now();
        let ran = Ran::of(&command.output().unwrap()).exits(0);
        assert!(since.elapsed() < WAIT_MAX, "{line}: {:?}", since.elapsed());
        assert_eq!(ran.stderr, "", "{line}");
        let mut lines = ran.lines().into_iter().map(str::to_owned);
        assert_eq!(lines.next().as_deref(), Some("words"), "{line}");
        lines.collect()
    }
}

fn groups() -> Mock {
    Mock::start(Made {
        groups: ["billing", "my group", "it's"].map(str::to_owned).to_vec(),
        partitions: 2,
        ..Made::default()
    })
}

#[test]
fn names_come_from_the_cluster_that_the_line_the_environment_or_a_profile_names() {
    let (topics, groups, user) = (AdminMock::start(MadeTopics::default()), groups(), User::new());
    let (topics, groups) = (&topics.address, &groups.address);
    let none: &[(&str, &str)] = &[];
    let complete = |line: &str, variables: &[(&str, &str)]| user.complete(line, variables);
    assert_eq!(
        complete(&format!("kfleet -b {topics} topics describe "), none),
        ["t", "u"]
    );
    assert_eq!(complete(&format!("kfleet topics describe -b {topics} t"), none), ["t"]);
    assert_eq!(
        complete("kfleet topics delete ", &[("KFLEET_BOOTSTRAP_SERVER", topics)]),
        ["t", "u"]
    );
    assert_eq!(
        complete(&format!("kfleet -b {groups} groups describe my"), none),
        ["my group"]
    );
    assert_eq!(
        complete(&format!("kfleet -b {topics} log-dirs describe --brokers "), none),
        ["1"]
    );
    let settings = format!("kfleet -b {topics} configs set broker-logger 1 --set r");
    assert_eq!(complete(&settings, none), ["root="]);
    let properties = user.write("client.properties", &format!("bootstrap.servers={groups}\n"));
    let with_properties = format!("kfleet groups members --command-config {properties} b");
    assert_eq!(complete(&with_properties, none), ["billing"]);
    let profile = format!(
        "[profiles.here]\nbootstrap_servers = [\"{topics}\"]\n[profiles.there]\nbootstrap_servers = [\"{groups}\"]\n"
    );
    user.write(".config/kfleet/config.toml", &profile);
    assert_eq!(complete("kfleet --profile ", none), ["here", "there"]);
    assert_eq!(complete("kfleet --profile here topics describe ", none), ["t", "u"]);
    assert_eq!(complete("kfleet --profile=there groups describe it", none), ["it's"]);
    assert_eq!(
        complete("kfleet groups describe it", &[("KFLEET_PROFILE", "there")]),
        ["it's"]
    );
}

#[test]
fn ten_thousand_topics_are_proposed_at_once_and_cached() {
    let topics = (0..10_000).map(|at| (format!("topic-{at:05}"), 1)).collect();
    let mock = AdminMock::start(MadeTopics {
        topics,
        ..MadeTopics::default()
    });
    let line = format!("kfleet -b {} topics describe ", mock.address);
    // A debug build on a busy machine may give up on the cluster once, and keeps for a while that it did.
    let told = (0..5).find_map(|_| {
        let (user, since) = (User::new(), Instant::now());
        let all = user.complete(&line, &[]);
        (!all.is_empty()).then(|| (user, all, since.elapsed()))
    });
    let (user, all, first) = told.expect("the cluster is asked within its time");
    assert_eq!(all.len(), 10_000);
    let since = Instant::now();
    let some = user.complete(&format!("{line}topic-0123"), &[]);
    say!("10,000 topics: {first:?}, {:?} from the cache", since.elapsed());
    assert_eq!(some.len(), 10, "{some:?}");
}

#[test]
fn what_was_told_a_moment_ago_is_not_asked_again() {
    let (mock, user) = (groups(), User::new());
    let line = format!("kfleet -b {} groups describe ", mock.address);
    let first = user.complete(&line, &[]);
    assert_eq!(first.len(), 3);
    assert!(!mock.asked().is_empty());
    assert_eq!(user.complete(&line, &[]), first);
    assert_eq!(user.complete(&format!("{line}b"), &[]), ["billing"]);
    assert_eq!(mock.asked(), [], "it was kept");
    let caches = user.home.path().join("other");
    let elsewhere = [("XDG_CACHE_HOME", caches.to_str().unwrap())];
    assert_eq!(user.complete(&line, &elsewhere), first);
    assert!(!mock.asked().is_empty(), "another cache knows nothing");
    assert!(caches.join("kfleet/completion").is_dir());
    // Nowhere to keep anything.
    user.write("file", "");
    let nowhere = user.home.path().join("file");
    assert_eq!(
        user.complete(&line, &[("XDG_CACHE_HOME", nowhere.to_str().unwrap())]),
        first
    );
}

#[test]
fn whoever_does_not_answer_is_not_waited_for_and_nothing_is_said() {
    let user = User::new();
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    // It is connected to by the system and never heard by anybody.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mute = mute.local_addr().unwrap().to_string();
    let broken = user.write("broken.properties", "security.protocol=NONE\n");
    for flags in [
        format!("-b {nobody}"),
        format!("-b {mute}"),
        format!("--bootstrap-controller {mute}"),
        "-b nonsense".to_owned(),
        format!("-b {mute} --command-config {broken}"),
        "--command-config /nowhere".to_owned(),
        "--profile nobody".to_owned(),
        String::new(),
    ] {
        for value in [
            "topics describe ",
            "groups describe ",
            "cluster unregister ",
            "configs set topic t --set x",
        ] {
            let proposed = user.complete(&format!("kfleet {flags} {value}"), &[]);
            let names: Vec<&String> = proposed.iter().filter(|word| !word.starts_with('-')).collect();
            assert!(names.is_empty(), "{flags} {value}: {names:?}");
        }
    }
    // That it does not answer is remembered for a moment.
    let line = format!("kfleet -b {mute} topics describe ");
    user.complete(&line, &[]);
    user.write(".config/kfleet/config.toml", "broken");
    user.complete(&line, &[]);
}

#[test]
fn names_with_spaces_and_quotes_stay_one_word_in_bash() {
    let mock = groups();
    let complete = |typed: &str, current: &str| {
        let home = User::new();
        let line = format!("kfleet -b {} groups describe {typed}", mock.address);
        let mut command = isolated(KFLEET);
        command.args(["complete", "bash", "--", &line, current]);
        let output = command
            .env("HOME", home.home.path())
            .env_remove("XDG_CACHE_HOME")
            .output();
        let ran = Ran::of(&output.unwrap()).exits(0);
        ran.lines().into_iter().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("my", "my"), ["my\\ group"]);
    assert_eq!(complete("'my g", "my g"), ["my group"]);
    assert_eq!(complete("\"it", "it"), ["it's"]);
    assert_eq!(complete("it\\'", "it\\'"), ["it\\'s"]);
}
