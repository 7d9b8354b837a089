//! What every command has: the global flags, a deadline, a cluster, a way to ask.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

use clap::Args;
use client::{Client, ClientConfig, Limit};
use tokio::time::Instant;

use crate::audit;
use crate::client_properties::ClientProperties;
use crate::color::Color;
use crate::error::CommandError;
use crate::output::{Format, Output};

/// Where the brokers are that are not named on the command line.
const BOOTSTRAP_SERVER_VARIABLE: &str = "KFLEET_BOOTSTRAP_SERVER";

/// The client.properties that is not named on the command line.
pub(crate) const COMMAND_CONFIG_VARIABLE: &str = "KFLEET_COMMAND_CONFIG";

/// The profile that is not named on the command line.
const PROFILE_VARIABLE: &str = "KFLEET_PROFILE";

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Brokers to start from, HOST:PORT[,HOST:PORT...]
    #[arg(
        short,
        long,
        global = true,
        env = BOOTSTRAP_SERVER_VARIABLE,
        value_name = "HOST:PORT[,...]"
    )]
    pub bootstrap_server: Option<String>,
    /// Controllers to start from instead, HOST:PORT[,HOST:PORT...]: quorum, features, configs, acls and most of cluster, while
    /// brokers are down
    #[arg(long, global = true, value_name = "HOST:PORT[,...]")]
    pub bootstrap_controller: Option<String>,
    /// A Java client.properties: TLS, login (SASL), and, if not given here, servers and timeout
    #[arg(long, global = true, env = COMMAND_CONFIG_VARIABLE, value_name = "FILE")]
    pub command_config: Option<PathBuf>,
    /// A cluster of the profile file, which `kfleet profiles list --help` tells of
    #[arg(long, global = true, env = PROFILE_VARIABLE, value_name = "NAME")]
    pub profile: Option<String>,
    /// How results are printed
    #[arg(short, long, global = true, value_enum, default_value = "table")]
    pub output: Format,
    /// Leave out the names of columns
    #[arg(long, global = true)]
    pub no_headers: bool,
    /// Say nothing that is not a result
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more, on stderr: of connections, and with -vv of each request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Whether heads of tables and kinds of messages are coloured
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// How long the whole command may take, as in 500ms, 30s or 5m
    #[arg(long, global = true, default_value = "30s", value_parser = parse_duration, value_name = "DURATION")]
    pub timeout: Duration,
    /// Whether somebody has said how long.
    #[arg(skip)]
    pub has_timeout: bool,
    /// The only cluster that may be changed, by the profile.
    #[arg(skip)]
    pub expected_cluster_id: Option<String>,
}

/// Flags of every command that changes something.
#[derive(Debug, Clone, Args)]
pub struct AskArgs {
    /// Show what would be changed and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Flags of every command that changes something in a cluster.
#[derive(Debug, Clone, Args)]
pub struct SafetyArgs {
    /// Whether to go ahead.
    #[command(flatten)]
    pub ask: AskArgs,
    /// Change nothing unless this is the cluster's id
    #[arg(long, value_name = "ID")]
    pub expect_cluster_id: Option<String>,
}

/// HOST:PORT[,...]
fn addresses(text: &str) -> Result<Vec<String>, CommandError> {
    let addresses = text.split(',').map(str::trim).filter(|address| !address.is_empty());
    let addresses: Vec<String> = addresses.map(str::to_owned).collect();
    let is_bad = |address: &&String| {
        address
            .rsplit_once(':')
            .is_none_or(|(_, port)| port.parse::<u16>().is_err())
    };
    match addresses.iter().find(is_bad) {
        Some(bad) => Err(CommandError::usage(format!("\"{bad}\" is not HOST:PORT"))),
        None => Ok(addresses),
    }
}

/// A duration with its unit.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("\"{text}\" is not a duration such as 500ms, 30s, 5m or 1h");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| invalid())?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(invalid()),
    };
    number
        .checked_mul(millis)
        .map(Duration::from_millis)
        .ok_or_else(invalid)
}

/// What every command has.
#[derive(Debug, Clone)]
pub struct Context {
    /// The global flags.
    pub global: GlobalArgs,
    /// Where results go.
    pub out: Output,
    /// What --command-config has, once it has been read.
    properties: OnceLock<ClientProperties>,
}

impl Context {
    /// From the global flags.
    pub fn new(global: GlobalArgs) -> Self {
        let out = Output {
            format: global.output,
            no_headers: global.no_headers,
            quiet: global.quiet,
            color: global.color,
            frame: None,
        };
        Self {
            global,
            out,
            properties: OnceLock::new(),
        }
    }

    /// What --command-config has; read when a cluster is first needed.
    fn properties(&self) -> Result<&ClientProperties, CommandError> {
        if let Some(known) = self.properties.get() {
            return Ok(known);
        }
        let read = match &self.global.command_config {
            Some(path) => ClientProperties::read(path)?,
            None => ClientProperties::default(),
        };
        for warning in &read.warnings {
            self.out.note(&format!("warning: {warning}"));
        }
        Ok(self.properties.get_or_init(|| read))
    }

    /// How long a command may take: as the command line says, or else as --command-config does.
    pub(crate) fn timeout(&self) -> Result<Duration, CommandError> {
        if self.global.has_timeout {
            return Ok(self.global.timeout);
        }
        Ok(self.properties()?.request_timeout.unwrap_or(self.global.timeout))
    }

    fn config(&self, bootstrap: Vec<String>, limit: Limit) -> Result<ClientConfig, CommandError> {
        let properties = self.properties()?;
        Ok(ClientConfig {
            bootstrap,
            client_id: properties.client_id.clone().unwrap_or_else(|| "kfleet".to_owned()),
            security: properties.security.clone(),
            limit,
        })
    }

    /// The addresses to start from.
    pub fn bootstrap(&self) -> Result<Vec<String>, CommandError> {
        if self.global.bootstrap_controller.is_some() {
            return Err(
                CommandError::usage("--bootstrap-controller is no help here: brokers have to be asked").hint(
                    "it is for quorum, features, configs, acls, cluster id, endpoints, api-versions and unregister",
                ),
            );
        }
        let given = self.global.bootstrap_server.as_deref();
        let given = match given {
            Some(given) => given,
            None => self.properties()?.bootstrap.as_deref().unwrap_or_default(),
        };
        let addresses = addresses(given)?;
        if addresses.is_empty() {
            return Err(CommandError::usage("no cluster was named")
                .hint("give --bootstrap-server HOST:PORT, or set KFLEET_BOOTSTRAP_SERVER, or name one of the profile file by --profile; bootstrap.servers of --command-config counts, too"));
        }
        Ok(addresses)
    }

    /// The controllers to start from, if those are to be asked.
    fn bootstrap_controllers(&self) -> Result<Option<Vec<String>>, CommandError> {
        let Some(text) = &self.global.bootstrap_controller else {
            return Ok(None);
        };
        // A flag stands above the environment, but two flags contradict each other.
        let given = self.global.bootstrap_server.clone();
        if given.is_some() && given != std::env::var(BOOTSTRAP_SERVER_VARIABLE).ok() {
            return Err(CommandError::usage(
                "give either --bootstrap-server or --bootstrap-controller",
            ));
        }
        match addresses(text)? {
            none if none.is_empty() => Err(CommandError::usage("--bootstrap-controller names no controller")),
            some => Ok(Some(some)),
        }
    }

    /// Connects to the cluster, for a command that --timeout limits as a whole.
    pub async fn connect(&self) -> Result<Client, CommandError> {
        let limit = Limit::Until(client::conn::deadline_in(self.timeout()?));
        self.connect_within(limit).await
    }

    /// The same, to controllers if --bootstrap-controller names some.
    pub async fn connect_to_any_role(&self) -> Result<Client, CommandError> {
        let deadline = client::conn::deadline_in(self.timeout()?);
        self.connect_to_any_role_until(deadline).await
    }

    /// The same, for work that is to be done by then.
    pub(crate) async fn connect_to_any_role_until(&self, deadline: Instant) -> Result<Client, CommandError> {
        let limit = Limit::Until(deadline);
        let Some(bootstrap) = self.bootstrap_controllers()? else {
            return self.connect_within(limit).await;
        };
        Ok(Client::connect_to_controllers(self.config(bootstrap, limit)?).await?)
    }

    /// Connects to the cluster, for a command that runs as long as it has something to do; --timeout limits each
    /// request.
    pub async fn connect_for_long(&self) -> Result<Client, CommandError> {
        self.connect_within(Limit::Each(self.timeout()?)).await
    }

    /// The same, to a cluster that an argument of the command names and --bootstrap-server does not.
    pub(crate) async fn connect_for_long_to(&self, bootstrap: &str) -> Result<Client, CommandError> {
        let addresses = addresses(bootstrap)?;
        if addresses.is_empty() {
            return Err(CommandError::usage("an empty list of brokers names no cluster"));
        }
        let limit = Limit::Each(self.timeout()?);
        Ok(Client::connect(self.config(addresses, limit)?).await?)
    }

    /// Connects to controllers that the cluster itself named, for a command that runs as long as it has something to do.
    pub(crate) async fn connect_to_controllers_at(&self, addresses: Vec<String>) -> Result<Client, CommandError> {
        let limit = Limit::Each(self.timeout()?);
        Ok(Client::connect_to_controllers(self.config(addresses, limit)?).await?)
    }

    async fn connect_within(&self, limit: Limit) -> Result<Client, CommandError> {
        Ok(Client::connect(self.config(self.bootstrap()?, limit)?).await?)
    }

    /// Whether a change may go ahead: the cluster is the expected one, and somebody said yes. False under
    /// --dry-run.
    pub fn may_change(&self, safety: &SafetyArgs, cluster_id: &str, plan: &str) -> Result<bool, CommandError> {
        self.expect_cluster(safety, cluster_id)?;
        self.may_go_ahead(&safety.ask, plan)
    }

    /// Refuses any other cluster than the expected one.
    pub fn expect_cluster(&self, safety: &SafetyArgs, cluster_id: &str) -> Result<(), CommandError> {
        audit::is_about(cluster_id);
        let of_profile = self.global.expected_cluster_id.as_deref();
        let expected = safety.expect_cluster_id.as_deref().or(of_profile);
        if let Some(expected) = expected.filter(|expected| *expected != cluster_id) {
            let message = format!("this is cluster {cluster_id}, and {expected} was expected; nothing was changed");
            return Err(CommandError::refused(message));
        }
        Ok(())
    }

    /// Whether a change may go ahead: somebody said yes. False under --dry-run.
    pub fn may_go_ahead(&self, ask: &AskArgs, plan: &str) -> Result<bool, CommandError> {
        let goes_ahead = self.is_agreed(ask, plan)?;
        if goes_ahead {
            audit::begin(Some(plan))?;
        }
        Ok(goes_ahead)
    }

    fn is_agreed(&self, ask: &AskArgs, plan: &str) -> Result<bool, CommandError> {
        if ask.dry_run {
            self.out.note(&format!("would {plan}"));
            return Ok(false);
        }
        if ask.yes {
            return Ok(true);
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(CommandError::refused(format!("will not {plan} without being asked to"))
                .hint("give --yes, or run it on a terminal, where it asks"));
        }
        self.out.note(&format!("This will {plan}. Go ahead? [y/N]"));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            Ok(true)
        } else {
            Err(CommandError::declined())
        }
    }
}

/// Runs a future of a client's command.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T, CommandError> {
    let mut result = None;
    drive(Box::pin(async { result = Some(future.await) }))?;
    result.ok_or_else(|| CommandError::bug("a command ended without a result"))
}

/// The same for all of them: what drives futures is compiled for each type of theirs, which in sum was a tenth of the program.
fn drive(future: Pin<Box<dyn Future<Output = ()> + '_>>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(future);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("5m"), Ok(Duration::from_secs(300)));
        for bad in ["", "5", "s", "5d", "-1s", "99999999999999999999s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
