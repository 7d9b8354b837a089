//! What a profile gives to a command: whatever the command line and the environment leave open.

use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::file::{Found, Profile};
use crate::context::{GlobalArgs, parse_duration};
use crate::error::CommandError;

/// Which values of the command line somebody has given, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sources {
    profile: Option<ValueSource>,
    servers: Option<ValueSource>,
    has_controllers: bool,
    has_output: bool,
    has_timeout: bool,
    has_config: bool,
}

impl Sources {
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let source = |id: &str| matches.value_source(id);
        let is_given = |id: &str| source(id).is_some_and(|source| source != ValueSource::DefaultValue);
        Self {
            profile: source("profile"),
            servers: source("bootstrap_server"),
            has_controllers: is_given("bootstrap_controller"),
            has_output: is_given("output"),
            has_timeout: is_given("timeout"),
            has_config: is_given("command_config"),
        }
    }
}

/// Takes from the file what nobody has given.
pub(crate) fn apply(global: &mut GlobalArgs, sources: Sources, found: Option<&Found>) -> Result<(), CommandError> {
    let Some(found) = found else {
        return match &global.profile {
            Some(name) => Err(
                CommandError::not_found(format!("there is no file that could have a profile {name}"))
                    .hint("kfleet profiles --help says where it is looked for"),
            ),
            None => Ok(()),
        };
    };
    let name = global
        .profile
        .clone()
        .or_else(|| found.profiles.default_profile.clone());
    let profile = match &name {
        Some(name) => Some(found.profiles.get(name, &found.path)?),
        None => None,
    };
    let profile = profile.filter(|_| is_of_this_cluster(sources));
    if let Some(profile) = profile {
        refuse_two_clusters(global, sources, profile)?;
        take_cluster(global, sources, profile, found);
    }
    let defaults = &found.profiles.defaults;
    if !sources.has_output {
        let output = profile.and_then(|profile| profile.output).or(defaults.output);
        global.output = output.unwrap_or(global.output);
    }
    if !sources.has_timeout
        && let Some(text) = profile
            .and_then(|profile| profile.timeout.as_ref())
            .or(defaults.timeout.as_ref())
    {
        let wrong = |reason| CommandError::data(format!("{}: timeout: {reason}", found.path.display()));
        (global.timeout, global.has_timeout) = (parse_duration(text).map_err(wrong)?, true);
    }
    Ok(())
}

/// Whoever names servers, and no profile in the same breath, means another cluster than the profile's: its login and
/// its id are none of that cluster's.
fn is_of_this_cluster(sources: Sources) -> bool {
    sources.profile == Some(ValueSource::CommandLine) || (sources.servers.is_none() && !sources.has_controllers)
}

/// The environment may be of another shell's work, and --profile says what is meant: neither is taken for the other.
fn refuse_two_clusters(global: &GlobalArgs, sources: Sources, profile: &Profile) -> Result<(), CommandError> {
    let (Some(ValueSource::EnvVariable), Some(servers)) = (sources.servers, &global.bootstrap_server) else {
        return Ok(());
    };
    let of_profile = profile.bootstrap_servers.join(",");
    if *servers == of_profile {
        return Ok(());
    }
    let message = format!("KFLEET_BOOTSTRAP_SERVER is {servers}, and the servers of --profile are {of_profile}");
    Err(CommandError::usage(message).hint("unset the variable, or name the servers by --bootstrap-server"))
}

fn take_cluster(global: &mut GlobalArgs, sources: Sources, profile: &Profile, found: &Found) {
    if sources.servers.is_none() && !sources.has_controllers {
        global.bootstrap_server = Some(profile.bootstrap_servers.join(","));
    }
    if !sources.has_config {
        let resolved = |path: &PathBuf| found.resolve(path);
        global.command_config = profile.command_config.as_ref().map(resolved);
    }
    global.expected_cluster_id.clone_from(&profile.cluster_id);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::{Args as _, FromArgMatches as _};

    use super::super::file::Profiles;
    use super::*;
    use crate::output::Format;

    const FILE: &str = r#"
default_profile = "dev"
[defaults]
output = "wide"
timeout = "7s"
[profiles.dev]
bootstrap_servers = ["dev:9092"]
[profiles.prod]
bootstrap_servers = ["p1:9092", "p2:9092"]
command_config = "prod.properties"
cluster_id = "abc"
output = "json"
"#;

    fn applied(line: &str) -> Result<GlobalArgs, CommandError> {
        let command = GlobalArgs::augment_args(clap::Command::new("kfleet"));
        let matches = command.try_get_matches_from(line.split(' ')).unwrap();
        let mut global = GlobalArgs::from_arg_matches(&matches).unwrap();
        let path = Path::new("/conf/config.toml").to_owned();
        let profiles = Profiles::parse(FILE, &path).unwrap();
        apply(&mut global, Sources::of(&matches), Some(&Found { path, profiles })).map(|()| global)
    }

    #[test]
    fn flags_stand_above_the_profile_and_that_above_what_goes_for_all() {
        let dev = applied("kfleet").unwrap();
        assert_eq!(dev.bootstrap_server.as_deref(), Some("dev:9092"));
        assert_eq!((dev.output, dev.timeout.as_secs()), (Format::Wide, 7));
        let prod = applied("kfleet --profile prod --timeout 1s").unwrap();
        assert_eq!(prod.bootstrap_server.as_deref(), Some("p1:9092,p2:9092"));
        assert_eq!(prod.command_config.as_deref(), Some(Path::new("/conf/prod.properties")));
        assert_eq!(prod.expected_cluster_id.as_deref(), Some("abc"));
        assert_eq!((prod.output, prod.timeout.as_secs()), (Format::Json, 1));
        let both = applied("kfleet --profile prod -b p9:9092 -o table").unwrap();
        assert_eq!(both.bootstrap_server.as_deref(), Some("p9:9092"));
        assert_eq!(both.command_config.as_deref(), Some(Path::new("/conf/prod.properties")));
        assert_eq!(both.output, Format::Table);
    }

    #[test]
    fn servers_that_are_named_are_not_the_default_profiles() {
        let other = applied("kfleet -b elsewhere:9092").unwrap();
        assert_eq!(other.bootstrap_server.as_deref(), Some("elsewhere:9092"));
        assert_eq!((other.expected_cluster_id, other.command_config), (None, None));
        let controllers = applied("kfleet --bootstrap-controller c:9093").unwrap();
        assert_eq!(controllers.bootstrap_server, None);
    }

    #[test]
    fn another_cluster_in_the_environment_is_not_taken_for_the_profiles() {
        let of_environment = Sources {
            profile: Some(ValueSource::CommandLine),
            servers: Some(ValueSource::EnvVariable),
            has_controllers: false,
            has_output: false,
            has_timeout: false,
            has_config: false,
        };
        let path = Path::new("/conf/config.toml").to_owned();
        let profiles = Profiles::parse(FILE, &path).unwrap();
        let found = Found { path, profiles };
        let code = |servers: &str| {
            let mut global = applied("kfleet --profile prod").unwrap();
            global.bootstrap_server = Some(servers.to_owned());
            apply(&mut global, of_environment, Some(&found)).map_err(|error| error.code)
        };
        assert_eq!(code("localhost:9092"), Err(crate::exit_codes::USAGE));
        assert_eq!(code("p1:9092,p2:9092"), Ok(()));
    }

    #[test]
    fn a_name_that_no_file_can_have_is_not_found() {
        let command = GlobalArgs::augment_args(clap::Command::new("kfleet"));
        let matches = command.try_get_matches_from(["kfleet", "--profile", "x"]).unwrap();
        let mut global = GlobalArgs::from_arg_matches(&matches).unwrap();
        let error = apply(&mut global, Sources::of(&matches), None).unwrap_err();
        assert_eq!(error.code, crate::exit_codes::NOT_FOUND);
    }
}
