//! kafka-configs

mod entities;
mod pairs;
mod quotas;
mod resources;
mod scram;

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::options::{Parsed, Syntax, flag, valued};
use entities::Entities;

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-configs",
    options: &[
        valued("add-config", "String"),
        valued("add-config-file", "String"),
        flag("all"),
        flag("alter"),
        valued("bootstrap-controller", "String"),
        valued("bootstrap-server", "String"),
        valued("broker", "String"),
        flag("broker-defaults"),
        valued("broker-logger", "String"),
        valued("client", "String"),
        flag("client-defaults"),
        valued("client-metrics", "String"),
        valued("command-config", "String"),
        valued("delete-config", "String"),
        flag("describe"),
        flag("entity-default"),
        valued("entity-name", "String"),
        valued("entity-type", "String"),
        valued("group", "String"),
        valued("ip", "String"),
        flag("ip-defaults"),
        valued("topic", "String"),
        valued("user", "String"),
        flag("user-defaults"),
    ],
};

/// Why it stopped: a report that what was asked about is not there goes to stdout, and all else to stderr.
#[derive(Debug)]
enum Stopped {
    Thrown(Throwable),
    /// Apache's script exits with 0.
    NotThere(String),
}

impl From<Throwable> for Stopped {
    fn from(error: Throwable) -> Self {
        Self::Thrown(error)
    }
}

impl From<client::ClientError> for Stopped {
    fn from(error: client::ClientError) -> Self {
        Self::Thrown(error.into())
    }
}

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let parsed = SYNTAX.parse_or_help(args)?;
    if parsed.has("alter") == parsed.has("describe") {
        return Err(parsed.usage("Command must include exactly one action: --describe, --alter"));
    }
    parsed.exclude("describe", &["add-config", "delete-config"])?;
    act(&parsed, io).await.map_err(|stopped| match stopped {
        Stopped::NotThere(text) => Failed::on_stdout(text).apache_exits_with_0(),
        // What makes no sense is told as it is, what failed with its class.
        Stopped::Thrown(error) if error.class == "java.lang.IllegalArgumentException" => {
            Failed::on_stderr(error.message)
        }
        // The arguments, which Apache's script repeats here, may have a password in them.
        Stopped::Thrown(error) => Failed::on_stderr(format!(
            "Error while executing config command
{error}"
        )),
    })
}

async fn act(parsed: &Parsed, io: &mut Io) -> Result<(), Stopped> {
    let entities = Entities::of(parsed)?;
    let servers = parsed.value("bootstrap-server")?;
    let controllers = parsed.value("bootstrap-controller")?;
    let (servers, is_controller) = match (servers, controllers) {
        (Some(servers), None) => (servers, false),
        (None, Some(controllers)) => (controllers, true),
        (None, None) => {
            let message = "Either --bootstrap-server or --bootstrap-controller must be specified.";
            return Err(Throwable::illegal(message).into());
        }
        (Some(_), Some(_)) => {
            let message = "Only one of --bootstrap-server or --bootstrap-controller can be specified";
            return Err(Throwable::illegal(message).into());
        }
    };
    let is_alter = parsed.has("alter");
    entities.check(parsed, is_alter)?;
    if is_alter && entities.types.len() != entities.names.len() {
        return Err(Throwable::illegal("An entity name must be specified for every entity type").into());
    }
    let changes = if is_alter { Some(pairs::changes(parsed)?) } else { None };
    let cluster = Where::new(servers, is_controller, parsed.value("command-config")?)?;
    let client = cluster.connect("describeConfigs").await?;
    let first = entities.types.first().map_or("", String::as_str);
    match (changes, first) {
        (Some(changes), "users" | "clients" | "ips") => quotas::alter(&client, &entities, &changes).await?,
        (Some(changes), _) => resources::alter(&client, &entities, &changes).await?,
        (None, "users" | "clients" | "ips") => return quotas::describe(&client, &entities, io).await,
        (None, _) => return resources::describe(&client, &entities, parsed.has("all"), io).await,
    }
    let singular = first.strip_suffix('s').unwrap_or(first);
    match entities.names.first().filter(|name| !name.is_empty()) {
        Some(name) => io.line(format!("Completed updating config for {singular} {name}.")),
        None => io.line(format!("Completed updating default config for {first} in the cluster.")),
    }
    Ok(())
}
