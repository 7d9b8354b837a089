//! Invocations of both tools. `{D}` is the case's directory.

/// What may differ, with a reason beside it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Differs {
    /// Whether it succeeds; then there is no sentence to compare either.
    Exit,
    /// What is printed.
    Stdout,
    /// What is written.
    Files,
    /// Ours says this instead.
    Sentence(&'static str),
}

/// One invocation.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    /// server.properties
    pub(super) config: &'static str,
    /// Files that are there before, by path; a directory ends with a slash.
    pub(super) prepared: &'static [(&'static str, &'static str)],
    pub(super) args: &'static [&'static str],
    pub(super) accepted: &'static [(Differs, &'static str)],
}

const fn case(name: &'static str, config: &'static str, args: &'static [&'static str]) -> Case {
    Case {
        name,
        config,
        prepared: &[],
        args,
        accepted: &[],
    }
}

impl Case {
    const fn on(mut self, prepared: &'static [(&'static str, &'static str)]) -> Self {
        self.prepared = prepared;
        self
    }

    const fn except(mut self, accepted: &'static [(Differs, &'static str)]) -> Self {
        self.accepted = accepted;
        self
    }
}

macro_rules! node {
    ($roles:literal, $id:literal, $listeners:literal, $quorum:literal $(, $more:literal)*) => {
        concat!(
            "process.roles=", $roles, "\nnode.id=", $id, "\nlisteners=", $listeners,
            "\ncontroller.listener.names=CONTROLLER\n", $quorum, "\n", $($more, "\n",)*
        )
    };
}

/// A combined node that finds its quorum by itself.
macro_rules! dynamic {
    ($($more:literal),*) => {
        node!("broker,controller", "1", "PLAINTEXT://:9092,CONTROLLER://:9093",
            "controller.quorum.bootstrap.servers=localhost:9093" $(, $more)*)
    };
}

macro_rules! fixed {
    ($($more:literal),*) => {
        node!("broker,controller", "1", "PLAINTEXT://:9092,CONTROLLER://:9093",
            "controller.quorum.voters=1@localhost:9093" $(, $more)*)
    };
}

macro_rules! broker {
    ($($more:literal),*) => {
        node!("broker", "2", "PLAINTEXT://:9092", "controller.quorum.bootstrap.servers=localhost:9093" $(, $more)*)
    };
}

macro_rules! args {
    ($($arg:literal),*) => { &["format", "-c", "{D}/server.properties", "-t", "the-cluster" $(, $arg)*] };
}

const DYNAMIC: &str = dynamic!("log.dirs={D}/a");
const FIXED: &str = fixed!("log.dirs={D}/a");
const BROKER: &str = broker!("log.dirs={D}/a");
const TWO_DIRS: &str = dynamic!("log.dirs={D}/a,{D}/b");
const UNSTABLE: &str = dynamic!("log.dirs={D}/a", "unstable.feature.versions.enable=true");
const INFO: &[&str] = &["info", "-c", "{D}/server.properties"];

const META: &str = "version=1\nnode.id=1\ncluster.id=the-cluster\ndirectory.id=JEXY6aqzQY-32P5TStzaFg\n";
const META_B: &str = "version=1\nnode.id=1\ncluster.id=the-cluster\ndirectory.id=MvDxzVmcRsaTz33bUuRU6A\n";
const META_OTHER: &str = "version=1\nnode.id=1\ncluster.id=other\ndirectory.id=07R5amHmR32VDA6jHkGbTA\n";
const META_NODE_7: &str = "version=1\nnode.id=7\ncluster.id=the-cluster\n";
const OWN_WORDS: &str = "the operating system's words for the fault come from another library";

/// All of them; the first one makes the archive of classes, so it has to load many.
pub(super) const CASES: &[Case] = &[
    case("one node", DYNAMIC, args!("--standalone")),
    // How arguments are taken.
    case(
        "long flags",
        TWO_DIRS,
        &[
            "format",
            "--config",
            "{D}/server.properties",
            "--cluster-id",
            "x",
            "--standalone",
            "--ignore-formatted",
        ],
    )
    .on(&[("b/meta.properties", "version=1\nnode.id=1\ncluster.id=x\n")]),
    case(
        "abbreviated flags",
        DYNAMIC,
        &[
            "format",
            "--conf",
            "{D}/server.properties",
            "--cluster",
            "x",
            "--stand",
            "--release=4.1",
        ],
    ),
    case(
        "values that stick",
        DYNAMIC,
        &["format", "-c{D}/server.properties", "--cluster-id=-abc", "-s"],
    ),
    case(
        "a value like a flag",
        DYNAMIC,
        &["format", "-c", "{D}/server.properties", "-t", "-abc", "-s"],
    ),
    case(
        "the last one counts",
        DYNAMIC,
        &["format", "-c", "{D}/server.properties", "-t", "a", "-t", "b", "-s"],
    ),
    case(
        "an empty cluster id",
        DYNAMIC,
        &["format", "-c", "{D}/server.properties", "-t", "", "-s"],
    ),
    case(
        "a cluster id to escape",
        DYNAMIC,
        &["format", "-c", "{D}/server.properties", "-t", " a:b=c#d!\t\\", "-s"],
    ),
    case(
        "a cluster id beyond ASCII",
        DYNAMIC,
        &["format", "-c", "{D}/server.properties", "-t", "\u{e9}", "-s"],
    )
    .except(&[(
        Differs::Files,
        "Apache writes UTF-8 and reads Latin-1, so it cannot read what it wrote; ours escapes it",
    )]),
    case("arguments in a file", DYNAMIC, &["format", "@{D}/args"]).on(&[
        ("args", "-c\n{D}/server.properties\n@{D}/more\n"),
        ("more", "-t\nx\n-s"),
    ]),
    case("no such file of arguments", DYNAMIC, &["format", "@{D}/args"]),
    case(
        "no cluster id",
        DYNAMIC,
        &["format", "-c", "{D}/server.properties", "-s"],
    ),
    case("no configuration", DYNAMIC, &["format", "-t", "x", "-s"]),
    case("flags that exclude each other", DYNAMIC, args!("-s", "-N")),
    case("an unknown flag", DYNAMIC, args!("-s", "--bogus")),
    case("no such command", DYNAMIC, &["frobnicate"]),
    case("an id", DYNAMIC, &["random-uuid"]),
    case("an id of something", DYNAMIC, &["random-uuid", "x"]),
    // Who forms the quorum.
    case("not said", DYNAMIC, args!()),
    case("nobody yet", DYNAMIC, args!("--no-initial-controllers")),
    case("fixed voters", FIXED, args!()),
    case("fixed voters, alone", FIXED, args!("-s")),
    case("fixed voters and a list", FIXED, args!("-I", "nonsense")),
    case("fixed voters and nobody", FIXED, args!("-N")),
    case("a broker", BROKER, args!()),
    case("a broker, alone", BROKER, args!("-s")),
    case("a broker, nobody", BROKER, args!("-N")),
    case(
        "a broker and a list",
        BROKER,
        args!("-I", "1@a:9093:JEXY6aqzQY-32P5TStzaFg"),
    ),
    case(
        "a controller",
        node!(
            "controller",
            "5",
            "CONTROLLER://c.example:9093",
            "controller.quorum.bootstrap.servers=c.example:9093",
            "log.dirs={D}/a"
        ),
        args!("-s"),
    ),
    case(
        "a controller elsewhere",
        node!(
            "controller",
            "5",
            "CONTROLLER://:9093",
            "controller.quorum.bootstrap.servers=c.example:9093",
            "log.dirs={D}/a",
            "advertised.listeners=CONTROLLER://h.example:7777"
        ),
        args!("-s"),
    ),
    case(
        "all addresses",
        node!(
            "controller",
            "5",
            "CONTROLLER://0.0.0.0:9093",
            "controller.quorum.bootstrap.servers=c.example:9093",
            "log.dirs={D}/a"
        ),
        args!("-s"),
    ),
    case(
        "an IPv6 listener",
        node!(
            "controller",
            "5",
            "CONTROLLER://[::1]:9093",
            "controller.quorum.bootstrap.servers=[::1]:9093",
            "log.dirs={D}/a"
        ),
        args!("-s"),
    )
    .except(&[
        (
            Differs::Exit,
            "Apache trips over its own colons: Failed to parse port in dynamic voter string.",
        ),
        (Differs::Stdout, "so it formats nothing"),
        (Differs::Files, "so it formats nothing"),
    ]),
    case(
        "two controller listeners",
        "process.roles=controller\nnode.id=1\nlisteners=CONTROLLER://c:9093,X://x:9094\ncontroller.listener.names=X,CONTROLLER\ncontroller.quorum.bootstrap.servers=c:9093\nlog.dirs={D}/a\n",
        args!("-s"),
    ),
    case(
        "several voters",
        DYNAMIC,
        args!(
            "-I",
            "3@[::1]:9093:07R5amHmR32VDA6jHkGbTA,1@localhost:9093:JEXY6aqzQY-32P5TStzaFg,2@b.example:9094:MvDxzVmcRsaTz33bUuRU6A"
        ),
    ),
    case(
        "voters in the order of Java's tables, without this node",
        DYNAMIC,
        args!(
            "-I",
            "3000@a:1:07R5amHmR32VDA6jHkGbTA, 17@:2:MvDxzVmcRsaTz33bUuRU6A,,2000@B:3:JEXY6aqzQY-32P5TStzaFh,100@[::ffff:1.2.3.4]:4:JEXY6aqzQY-32P5TStzaFg"
        ),
    ),
    case("no voters", DYNAMIC, args!("-I", " , ")),
    case("no at sign", DYNAMIC, args!("-I", "0")),
    case("a negative voter", DYNAMIC, args!("--initial-controllers=-1@a:1:x")),
    case("a voter without a number", DYNAMIC, args!("-I", "x@a:1:x")),
    case("a voter without a host", DYNAMIC, args!("-I", "0@")),
    case("no right bracket", DYNAMIC, args!("-I", "0@[::1:1:x")),
    case("no colon after the host", DYNAMIC, args!("-I", "0@a")),
    case("no colon before the port", DYNAMIC, args!("-I", "0@[::1]9:x")),
    case("no colon after the port", DYNAMIC, args!("-I", "0@a:9")),
    case("a port without a number", DYNAMIC, args!("-I", "0@a:x:x")),
    case(
        "a port too high",
        DYNAMIC,
        args!("-I", "0@a:99999:JEXY6aqzQY-32P5TStzaFg"),
    ),
    case("no directory id", DYNAMIC, args!("-I", "0@a:1:x")),
    case(
        "a voter twice",
        DYNAMIC,
        args!("-I", "1@a:1:JEXY6aqzQY-32P5TStzaFg,1@b:1:MvDxzVmcRsaTz33bUuRU6A"),
    ),
    // Releases and features.
    case("3.3", DYNAMIC, args!("-s", "-r", "3.3-IV3")),
    case("3.9", DYNAMIC, args!("-s", "--release-version", "3.9.1")),
    case("4.0", FIXED, args!("-r", "4.0")),
    case("4.2-IV0", BROKER, args!("-r", "4.2-IV0")),
    case("a release too old", DYNAMIC, args!("-s", "-r", "3.2")),
    case("an unknown release", DYNAMIC, args!("-s", "-r", "foo")),
    case("an unstable release", DYNAMIC, args!("-s", "-f", "metadata.version=31")),
    case("an unstable release by name", DYNAMIC, args!("-s", "-r", "4.4-IV0")),
    case("an unstable release allowed", UNSTABLE, args!("-s")),
    case(
        "an unstable release by its short name",
        UNSTABLE,
        args!("-s", "-r", "4.4"),
    ),
    case(
        "a level",
        DYNAMIC,
        args!(
            "-s",
            "--feature",
            "metadata.version=25",
            "-f",
            "group.version=0",
            "-f",
            "streams.version=1"
        ),
    ),
    case("a level too low", DYNAMIC, args!("-s", "-f", "metadata.version=6")),
    case(
        "a release and a level",
        DYNAMIC,
        args!("-s", "-f", "metadata.version=30", "-r", "4.3"),
    ),
    case("an unknown feature", DYNAMIC, args!("-s", "-f", "foo=1")),
    case("no equals sign", DYNAMIC, args!("-s", "-f", "foo")),
    case(
        "a level without a number",
        DYNAMIC,
        args!("-s", "-f", "group.version=one"),
    ),
    case(
        "a level that is not there",
        DYNAMIC,
        args!("-s", "-f", "transaction.version=3"),
    ),
    case(
        "a dependency",
        DYNAMIC,
        args!("-s", "-r", "3.9", "-f", "eligible.leader.replicas.version=1"),
    ),
    case("kraft.version 1", DYNAMIC, args!("-s", "-f", "kraft.version=1")),
    case(
        "kraft.version 0 with voters",
        DYNAMIC,
        args!("-s", "-f", "kraft.version=0"),
    ),
    case(
        "kraft.version 1 with fixed voters",
        FIXED,
        args!("-f", "kraft.version=1"),
    ),
    case("kraft.version 2", DYNAMIC, args!("-s", "-f", "kraft.version=2")),
    // SCRAM.
    case(
        "made-up salts",
        DYNAMIC,
        args!(
            "-s",
            "--add-scram",
            "SCRAM-SHA-256=[name=alice,password=alice-secret]",
            "-S",
            "SCRAM-SHA-512=[name=\"bob\",password=b=c,iterations=8192]"
        ),
    ),
    case(
        "given salts",
        FIXED,
        args!(
            "-S",
            "SCRAM-SHA-256=[name=a,password=b,salt=YQ]",
            "-S",
            "SCRAM-SHA-512=[name=b,password=\"x y\",salt=\"N3E=\",iterations=16384]",
            "-S",
            "SCRAM-SHA-256=[name=c,iterations=8192,salt=\"N3E=\",saltedpassword=\"YCE=\"]"
        ),
    ),
    case("too old for SCRAM", DYNAMIC, args!("-s", "-r", "3.5-IV1", "-S", "bad")),
    case("no mechanism", DYNAMIC, args!("-s", "-S", "SCRAM-SHA-256")),
    case(
        "an unknown mechanism",
        DYNAMIC,
        args!("-s", "-S", "SCRAM-SHA-1=[name=a,password=b]"),
    ),
    case("no left bracket", DYNAMIC, args!("-s", "-S", "SCRAM-SHA-256=name=a")),
    case(
        "no right bracket in SCRAM",
        DYNAMIC,
        args!("-s", "-S", "SCRAM-SHA-256=[name=a"),
    ),
    case("no name", DYNAMIC, args!("-s", "-S", "SCRAM-SHA-256=[password=b]")),
    case("no password", DYNAMIC, args!("-s", "-S", "SCRAM-SHA-256=[name=a]")),
    case(
        "an empty password",
        DYNAMIC,
        args!("-s", "-S", "SCRAM-SHA-256=[name=a,password=]"),
    )
    .except(&[(
        Differs::Sentence("The password of user 'a' is empty"),
        "Apache dies of Java's \"Empty key\", which says nothing of passwords",
    )]),
    case(
        "no salt",
        DYNAMIC,
        args!("-s", "-S", "SCRAM-SHA-256=[name=a,saltedpassword=YCE=]"),
    ),
    case(
        "a salt that is not base64",
        DYNAMIC,
        args!("-s", "-S", "SCRAM-SHA-256=[name=a,password=b,salt=???]"),
    ),
    case(
        "iterations without a number",
        DYNAMIC,
        args!("-s", "-S", "SCRAM-SHA-256=[name=a,password=b,iterations=x]"),
    ),
    case(
        "too few iterations",
        DYNAMIC,
        args!("-s", "-S", "SCRAM-SHA-512=[name=a,password=b,iterations=4095]"),
    ),
    case(
        "too many iterations",
        DYNAMIC,
        args!("-s", "-S", "SCRAM-SHA-256=[name=a,password=b,iterations=16385]"),
    ),
    case(
        "unknown parts",
        DYNAMIC,
        args!("-s", "-S", "SCRAM-SHA-256=[name=a,password=b,foo=1,bar=2]"),
    ),
    case(
        "a part without a value",
        DYNAMIC,
        args!("-s", "-S", "SCRAM-SHA-256=[name=a,password]"),
    ),
    // Directories.
    case("two directories", TWO_DIRS, args!("-s")),
    case(
        "metadata elsewhere",
        dynamic!(
            "log.dirs={D}/d4, {D}/d2,{D}/disk/1,{D}/disk/0,{D}/d1",
            "metadata.log.dir={D}/m"
        ),
        args!("-s"),
    ),
    case("log.dir", dynamic!("log.dir={D}/z/"), args!("-s")),
    case("formatted already", TWO_DIRS, args!("-s")).on(&[("a/meta.properties", META), ("b/meta.properties", META_B)]),
    case("one formatted already", TWO_DIRS, args!("-s")).on(&[("b/meta.properties", META)]),
    case("all formatted, ignored", TWO_DIRS, args!("-s", "-g"))
        .on(&[("a/meta.properties", META), ("b/meta.properties", META_B)]),
    case("a new disk", TWO_DIRS, args!("-s", "-g")).on(&[("a/meta.properties", META)]),
    case("a new disk for metadata", TWO_DIRS, args!("-s", "-g")).on(&[("b/meta.properties", META)]),
    case("another cluster's", TWO_DIRS, args!("-s", "-g"))
        .on(&[("a/meta.properties", META), ("b/meta.properties", META_OTHER)]),
    case("another node's", DYNAMIC, args!("-s", "-g")).on(&[("a/meta.properties", META_NODE_7)]),
    case("a directory id twice", TWO_DIRS, args!("-s", "-g"))
        .on(&[("a/meta.properties", META), ("b/meta.properties", META)])
        .except(&[(
            Differs::Sentence("Duplicate directory ID JEXY6aqzQY-32P5TStzaFg found. It was the ID of "),
            "Apache prints Java's Optional around the id",
        )]),
    case("a reserved directory id", DYNAMIC, args!("-s", "-g")).on(&[(
        "a/meta.properties",
        "version=1\nnode.id=1\ncluster.id=the-cluster\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAQ\n",
    )]),
    case("a file from before KRaft", DYNAMIC, args!("-s", "-g")).on(&[("a/meta.properties", "broker.id=1\n")]),
    case("an empty file", DYNAMIC, args!("-s")).on(&[("a/meta.properties", "")]),
    case("a file from the future", DYNAMIC, args!("-s")).on(&[("a/meta.properties", "version=2\n")]),
    case("unreadable beside new", TWO_DIRS, args!("-s")).on(&[("a/meta.properties/", "")]),
    case("a file in its place", TWO_DIRS, args!("-s")).on(&[("b", "x")]),
    case("nothing but files in their places", TWO_DIRS, args!("-s")).on(&[("a", "x"), ("b", "x")]),
    case("leftovers", DYNAMIC, args!("-s")).on(&[
        ("a/bootstrap.checkpoint.tmp", "x"),
        ("a/meta.properties.tmp", "x"),
        ("a/t-0/x", "x"),
        ("a/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint", "x"),
    ]),
    case("a directory in the way", DYNAMIC, args!("-s"))
        .on(&[("a/bootstrap.checkpoint/x/", "")])
        .except(&[(
            Differs::Sentence("Error while writing meta.properties file "),
            OWN_WORDS,
        )]),
    case("a file in the way", DYNAMIC, args!("-s"))
        .on(&[("a/__cluster_metadata-0", "x")])
        .except(&[(
            Differs::Sentence("Error while writing meta.properties file "),
            "Apache dies with a stack trace here, but says this where another file is in the way",
        )]),
    // Configurations.
    case(
        "no such configuration",
        DYNAMIC,
        &["format", "-c", "{D}/nope", "-t", "x", "-s"],
    ),
    case(
        "a directory for a configuration",
        DYNAMIC,
        &["format", "-c", "{D}", "-t", "x", "-s"],
    ),
    case("no roles", "node.id=1\n", args!("-s")),
    case(
        "no role",
        "process.roles=\nnode.id=1\ncontroller.listener.names=CONTROLLER\n",
        args!("-s"),
    ),
    case(
        "an unknown role",
        node!("foo", "1", "PLAINTEXT://:9092", "", "log.dirs={D}/a"),
        args!("-s"),
    ),
    case(
        "no node id",
        "process.roles=controller\ncontroller.listener.names=CONTROLLER\n",
        args!("-s"),
    ),
    case(
        "broker.id",
        "process.roles=broker\nbroker.id=3\ncontroller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers=c:1\nlog.dirs={D}/a\n",
        args!(),
    ),
    case("two ids", dynamic!("broker.id=2", "log.dirs={D}/a"), args!("-s")),
    case(
        "no quorum",
        node!("controller", "1", "CONTROLLER://:1", "", "log.dirs={D}/a"),
        args!("-s"),
    ),
    case(
        "not among the voters",
        node!(
            "controller",
            "1",
            "CONTROLLER://:1",
            "controller.quorum.voters=2@c:1,3@d:1",
            "log.dirs={D}/a"
        ),
        args!(),
    ),
    case(
        "a voter in the file without a number",
        node!(
            "controller",
            "1",
            "CONTROLLER://:1",
            "controller.quorum.voters=x@c:1",
            "log.dirs={D}/a"
        ),
        args!(),
    ),
    case(
        "a voter in the file without a port",
        node!(
            "controller",
            "1",
            "CONTROLLER://:1",
            "controller.quorum.voters=1@c",
            "log.dirs={D}/a"
        ),
        args!(),
    ),
    case("no directories", dynamic!("log.dirs="), args!("-s")),
    case(
        "a gap among directories",
        dynamic!("log.dirs={D}/a,,{D}/b"),
        args!("-s"),
    ),
    case(
        "a number that is none",
        dynamic!("log.dirs={D}/a", "num.partitions=x"),
        args!("-s"),
    ),
    case(
        "a listener that is none",
        node!(
            "controller",
            "1",
            "CONTROLLER:1",
            "controller.quorum.bootstrap.servers=c:1",
            "log.dirs={D}/a"
        ),
        args!("-s"),
    ),
    case(
        "an unmapped listener",
        node!(
            "broker,controller",
            "1",
            "X://:1,CONTROLLER://:2",
            "controller.quorum.bootstrap.servers=c:1",
            "log.dirs={D}/a"
        ),
        args!("-s"),
    ),
    case(
        "a port twice",
        node!(
            "broker,controller",
            "1",
            "PLAINTEXT://:1,CONTROLLER://:1",
            "controller.quorum.bootstrap.servers=c:1",
            "log.dirs={D}/a"
        ),
        args!("-s"),
    ),
    case(
        "a broker's listener on a controller",
        node!(
            "controller",
            "1",
            "PLAINTEXT://:1,CONTROLLER://:2",
            "controller.quorum.bootstrap.servers=c:1",
            "log.dirs={D}/a"
        ),
        args!("-s"),
    ),
    case(
        "a controller's listener on a broker",
        node!(
            "broker",
            "1",
            "PLAINTEXT://:1,CONTROLLER://:2",
            "controller.quorum.bootstrap.servers=c:1",
            "log.dirs={D}/a"
        ),
        args!(),
    ),
    // What is there.
    case("info: nothing", TWO_DIRS, INFO),
    case("info: formatted", DYNAMIC, INFO).on(&[("a/meta.properties", META)]),
    case("info: both formatted", TWO_DIRS, INFO).on(&[("a/meta.properties", META), ("b/meta.properties", META_B)]),
    case("info: one not formatted", TWO_DIRS, INFO).on(&[("a/meta.properties", META), ("b/", "")]),
    case("info: one is missing, one a file", TWO_DIRS, INFO).on(&[("b", "x")]),
    case("info: other cluster", TWO_DIRS, INFO).on(&[("a/meta.properties", META), ("b/meta.properties", META_OTHER)]),
    case("info: other node", TWO_DIRS, INFO).on(&[("a/meta.properties", META), ("b/meta.properties", META_NODE_7)]),
    case("info: from before KRaft", DYNAMIC, INFO).on(&[("a/meta.properties", "broker.id=1\n")]),
    case("info: from the future", DYNAMIC, INFO).on(&[("a/meta.properties", "version=2\n")]),
    case("info: a version without a number", DYNAMIC, INFO).on(&[("a/meta.properties", "version=x\n")]),
    case("info: no cluster id", DYNAMIC, INFO).on(&[("a/meta.properties", "version=1\nnode.id=1\n")]),
    case("info: no node id", DYNAMIC, INFO).on(&[("a/meta.properties", "version=1\ncluster.id=1\n")]),
    case("info: a node id without a number", DYNAMIC, INFO)
        .on(&[("a/meta.properties", "version=1\ncluster.id=1\nnode.id=x\n")]),
    case("info: a directory id that is none", DYNAMIC, INFO)
        .on(&[("a/meta.properties", "directory.id=x\n")])
        .except(&[(Differs::Stdout, "what is wrong with an id is said in our words")]),
    case("info: unreadable", DYNAMIC, INFO)
        .on(&[("a/meta.properties/", "")])
        .except(&[
            (
                Differs::Stdout,
                "Apache dies with a stack trace, ours reports it as a problem",
            ),
            (Differs::Sentence("Error loading "), "the same"),
        ]),
    case(
        "info: slashes at the end",
        dynamic!("log.dirs={D}/a/", "metadata.log.dir={D}//m/"),
        INFO,
    )
    .on(&[("a/meta.properties", META)]),
    case("info: no configuration", DYNAMIC, &["info"]),
    // What goes with what.
    case("the latest mapping", DYNAMIC, &["version-mapping"]),
    case("the mapping of 3.3", DYNAMIC, &["version-mapping", "-r", "3.3"]),
    case(
        "the mapping of 3.9.1",
        DYNAMIC,
        &["version-mapping", "--release-version", "3.9.1"],
    ),
    case("the mapping of 4.0", DYNAMIC, &["version-mapping", "-r", "4.0-IV1"]),
    case("the mapping of 4.1", DYNAMIC, &["version-mapping", "-r", "4.1"]),
    case(
        "the mapping of what is unstable",
        DYNAMIC,
        &["version-mapping", "-r", "4.4-IV0"],
    ),
    case("the mapping of nothing", DYNAMIC, &["version-mapping", "-r", "4.5"]),
    case(
        "needs",
        DYNAMIC,
        &[
            "feature-dependencies",
            "-f",
            "eligible.leader.replicas.version=1",
            "--feature",
            "group.version=1",
            "-f",
            "kraft.version=0",
            "-f",
            "metadata.version=17",
        ],
    ),
    case(
        "needs of what is unknown",
        DYNAMIC,
        &["feature-dependencies", "-f", "group.version=1", "-f", "foo=1"],
    ),
    case(
        "needs of no level",
        DYNAMIC,
        &["feature-dependencies", "-f", "share.version=2"],
    ),
    case(
        "needs of no metadata.version",
        DYNAMIC,
        &["feature-dependencies", "-f", "metadata.version=6"],
    ),
    case(
        "needs without a number",
        DYNAMIC,
        &["feature-dependencies", "-f", "foo=x"],
    ),
    case("needs without a level", DYNAMIC, &["feature-dependencies", "-f", "foo"]),
    case("needs of nothing", DYNAMIC, &["feature-dependencies"]),
];
