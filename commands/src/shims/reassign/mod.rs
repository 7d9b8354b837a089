//! kafka-reassign-partitions

mod execute;
mod file;
mod moves;
mod throttles;
mod verify;

use client::{Client, ClientError, PartitionKey};

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::options::{Parsed, Syntax, flag, optional, valued};
use file::Wanted;

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-reassign-partitions",
    options: &[
        flag("additional"),
        optional("bootstrap-controller", "String"),
        optional("bootstrap-server", "String"),
        valued("broker-list", "String"),
        flag("cancel"),
        valued("command-config", "String"),
        flag("disable-rack-aware"),
        flag("disallow-replication-factor-change"),
        flag("execute"),
        flag("generate"),
        flag("list"),
        flag("preserve-throttles"),
        valued("reassignment-json-file", "String"),
        valued("replica-alter-log-dirs-throttle", "Long"),
        valued("throttle", "Long"),
        valued("timeout", "Long"),
        valued("topics-to-move-json-file", "String"),
        flag("verify"),
    ],
};

/// What the script does.
struct Action {
    name: &'static str,
    /// Flags that it needs.
    needs: &'static [&'static str],
    /// Flags that it takes besides.
    takes: &'static [&'static str],
    /// Whether controllers can be asked.
    of_controllers: bool,
}

static ACTIONS: [Action; 5] = [
    Action {
        name: "generate",
        needs: &["topics-to-move-json-file", "broker-list"],
        takes: &["disable-rack-aware"],
        of_controllers: false,
    },
    Action {
        name: "execute",
        needs: &["reassignment-json-file"],
        takes: &[
            "additional",
            "throttle",
            "replica-alter-log-dirs-throttle",
            "timeout",
            "disallow-replication-factor-change",
        ],
        of_controllers: false,
    },
    Action {
        name: "verify",
        needs: &["reassignment-json-file"],
        takes: &["preserve-throttles"],
        of_controllers: false,
    },
    Action {
        name: "cancel",
        needs: &["reassignment-json-file"],
        takes: &["preserve-throttles", "timeout"],
        of_controllers: true,
    },
    Action {
        name: "list",
        needs: &[],
        takes: &[],
        of_controllers: true,
    },
];

/// What went wrong, as the script tells it on stdout.
enum Wrong {
    /// In a sentence.
    Sentence(String),
    /// As Java tells of it, with where it was behind it.
    Thrown(Throwable),
}

impl From<Throwable> for Wrong {
    fn from(error: Throwable) -> Self {
        Self::Thrown(error)
    }
}

impl From<ClientError> for Wrong {
    fn from(error: ClientError) -> Self {
        Self::Thrown(error.into())
    }
}

impl From<Wrong> for Failed {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Sentence(sentence) => Self::on_stdout(sentence),
            Wrong::Thrown(error) => {
                let (message, first) = error.waited_for();
                Self::on_stdout(format!("Error: {message}\n{first}\n"))
            }
        }
    }
}

/// A command that Apache's classes give up.
fn given_up(message: impl Into<String>) -> Throwable {
    Throwable::new("org.apache.kafka.tools.AdminCommandFailedException", message)
}

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(SYNTAX.usage("This tool helps to move topic partitions between replicas."));
    }
    let parsed = SYNTAX.parse_or_help(args)?;
    let action = check(&parsed)?;
    if action.name == "generate" {
        return Err(Failed::on_stderr(
            "kfleet's kafka-reassign-partitions does not generate assignments: `kfleet reassign generate` and `kfleet rebalance plan` do; Apache's script does",
        ));
    }
    Ok(act(action, &parsed, io).await?)
}

fn check(parsed: &Parsed) -> Result<&'static Action, Failed> {
    let mut given = ACTIONS.iter().filter(|action| parsed.has(action.name));
    let (Some(action), None) = (given.next(), given.next()) else {
        return Err(
            parsed.usage("Command must include exactly one action: --generate, --execute, --verify, --cancel, --list")
        );
    };
    let is_of_controllers = parsed.has("bootstrap-controller");
    if parsed.has("bootstrap-server") == is_of_controllers {
        return Err(parsed.usage("Please specify either --bootstrap-server or --bootstrap-controller"));
    }
    parsed.require(action.needs)?;
    let is_known = |name: &str| {
        name == action.name
            || action.needs.contains(&name)
            || action.takes.contains(&name)
            || name == "command-config"
            || name == "bootstrap-server"
            || (name == "bootstrap-controller" && action.of_controllers)
    };
    match SYNTAX
        .options
        .iter()
        .find(|option| parsed.has(option.name) && !is_known(option.name))
    {
        Some(option) => Err(parsed.usage(format!(
            "Option \"[{}]\" can't be used with action \"[{}]\"",
            option.name, action.name
        ))),
        None => Ok(action),
    }
}

async fn act(action: &Action, parsed: &Parsed, io: &mut Io) -> Result<(), Wrong> {
    let controller = parsed.value("bootstrap-controller")?;
    let servers = parsed.value("bootstrap-server")?.or(controller).unwrap_or_default();
    let cluster = Where::new(servers, controller.is_some(), parsed.value("command-config")?)?;
    if action.name == "list" {
        let client = cluster.connect_for_long("listPartitionReassignments").await?;
        return list(&client, io).await;
    }
    let path = parsed.value("reassignment-json-file")?.unwrap_or_default();
    let wanted = Wanted::read(path)?;
    match action.name {
        "execute" => execute::run(parsed, &cluster, wanted, io).await,
        "verify" => verify::run(parsed, &cluster, &wanted, io).await,
        _ => execute::cancel(parsed, &cluster, &wanted, io).await,
    }
}

async fn list(client: &Client, io: &mut Io) -> Result<(), Wrong> {
    let running = client.reassignments().await?;
    if running.is_empty() {
        io.line("No partition reassignments found.");
        return Ok(());
    }
    io.line("Current partition reassignments:");
    for (key, reassignment) in running {
        let part = |what: &str, brokers: &[i32]| {
            if brokers.is_empty() {
                String::new()
            } else {
                format!(" {what}: {}.", joined(brokers))
            }
        };
        let (adding, removing) = (
            part("adding", &reassignment.adding),
            part("removing", &reassignment.removing),
        );
        let replicas = joined(&reassignment.replicas);
        io.line(format!("{}: replicas: {replicas}.{adding}{removing}", named(&key)));
    }
    Ok(())
}

/// A partition as Kafka writes it.
fn named((topic, partition): &PartitionKey) -> String {
    format!("{topic}-{partition}")
}

fn joined(ids: &[i32]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(",")
}

/// An ending for more than one.
const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
