//! How shims reach a cluster: as Apache's scripts do, which go on trying while nobody answers.

use std::path::Path;
use std::time::Duration;

use client::{Client, ClientConfig, ClientError, Limit};
use protocol::api::messages::MetadataRequest;
use protocol::api::messages::metadata_request::MetadataRequestTopic;
use protocol::api::{ErrorCode, StrBytes, TopicName};
use tokio::time::{Instant, sleep};

use super::failed::{Failed, Throwable};
use super::options::Parsed;
use crate::client_properties::ClientProperties;

/// default.api.timeout.ms of Apache's admin client.
const API_TIMEOUT: Duration = Duration::from_secs(60);
/// Wait before nodes are tried again.
const AGAIN: Duration = Duration::from_millis(200);

/// Where a cluster is.
#[derive(Debug, Clone)]
pub(super) struct Where {
    servers: Vec<String>,
    is_controller: bool,
    pub(super) properties: ClientProperties,
}

impl Where {
    /// Brokers or controllers and the file that tells how to reach them.
    pub(super) fn new(servers: &str, is_controller: bool, command_config: Option<&str>) -> Result<Self, Throwable> {
        let properties = match command_config {
            Some(path) => read(path)?,
            None => ClientProperties::default(),
        };
        Self::with_properties(servers, is_controller, properties)
    }

    /// The same with what is known already.
    pub(super) fn with_properties(
        servers: &str,
        is_controller: bool,
        properties: ClientProperties,
    ) -> Result<Self, Throwable> {
        let servers: Vec<String> = servers.split(',').map(|server| server.trim().to_owned()).collect();
        let is_bad = |server: &&String| {
            server
                .rsplit_once(':')
                .is_none_or(|(_, port)| port.parse::<u16>().is_err())
        };
        if let Some(bad) = servers.iter().find(is_bad) {
            let message = format!("Failed to create new KafkaAdminClient: Invalid url in bootstrap.servers: {bad}");
            return Err(Throwable::new(
                "org.apache.kafka.common.config.ConfigException",
                message,
            ));
        }
        Ok(Self {
            servers,
            is_controller,
            properties,
        })
    }

    /// Of --bootstrap-server and --command-config. What is wrong with them goes to stderr.
    pub(super) fn of(parsed: &Parsed) -> Result<Self, Failed> {
        let to_stderr = |wrong: Throwable| Failed::on_stderr(wrong.message);
        let servers = parsed.value("bootstrap-server").map_err(to_stderr)?;
        let Some(servers) = servers else {
            return Err(Failed::on_stderr("--bootstrap-server must be specified"));
        };
        let config = parsed.value("command-config").map_err(to_stderr)?;
        Self::new(servers, false, config).map_err(to_stderr)
    }

    /// Bounds each call, as a flag of the script's own has it.
    pub(super) fn limit_ms(&mut self, timeout_ms: i64) {
        self.properties.default_api_timeout = Some(Duration::from_millis(timeout_ms.max(0).cast_unsigned()));
    }

    fn api_timeout(&self) -> Duration {
        self.properties.default_api_timeout.unwrap_or(API_TIMEOUT)
    }

    fn config(&self, limit: Limit) -> ClientConfig {
        ClientConfig {
            bootstrap: self.servers.clone(),
            client_id: self
                .properties
                .client_id
                .clone()
                .unwrap_or_else(|| "kfleet-shim".to_owned()),
            security: self.properties.security.clone(),
            limit,
        }
    }

    /// Connects for one call, which `call` names, and what belongs to it.
    pub(super) async fn connect(&self, call: &str) -> Result<Client, Throwable> {
        let deadline = Instant::now() + self.api_timeout();
        self.connect_with(Limit::Until(deadline), call).await
    }

    /// Connects for work without an end of its own.
    pub(super) async fn connect_for_long(&self, call: &str) -> Result<Client, Throwable> {
        self.connect_with(Limit::Each(self.api_timeout()), call).await
    }

    async fn connect_with(&self, limit: Limit, call: &str) -> Result<Client, Throwable> {
        let deadline = Instant::now() + self.api_timeout();
        loop {
            let config = self.config(limit);
            let connected = if self.is_controller {
                Client::connect_to_controllers(config).await
            } else {
                Client::connect(config).await
            };
            match connected {
                Ok(client) => return Ok(client),
                Err(ClientError::Unreachable { .. } | ClientError::Closed { .. })
                    if Instant::now() + AGAIN < deadline =>
                {
                    sleep(AGAIN).await;
                }
                Err(error) if error.is_retriable() || matches!(error, ClientError::TimedOut { .. }) => {
                    return Err(Throwable::new(
                        "org.apache.kafka.common.errors.TimeoutException",
                        format!("Timed out waiting for a node assignment. Call: {call}"),
                    ));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Partitions of a topic, which the cluster makes if it makes topics by itself.
pub(super) async fn make_topic(client: &Client, topic: &str) -> Result<u32, Throwable> {
    let asked = MetadataRequestTopic::default().with_name(Some(TopicName(StrBytes::from_string(topic.to_owned()))));
    let request = MetadataRequest::default()
        .with_topics(Some(vec![asked]))
        .with_allow_auto_topic_creation(true);
    let deadline = client.deadline();
    loop {
        let topics = client.send_any(&request).await?.topics;
        let found = topics.first();
        let is_ready = found.is_some_and(|topic| {
            topic.error_code == 0 && !topic.partitions.is_empty() && topic.partitions.iter().all(|p| p.leader_id.0 >= 0)
        });
        if is_ready {
            return Ok(found.map_or(0, |topic| topic.partitions.len() as u32));
        }
        let code = found.map_or(0, |topic| topic.error_code);
        let error = match code {
            0 => ClientError::rejected(topic, ErrorCode::LeaderNotAvailable.code(), None),
            code => ClientError::rejected(topic, code, None),
        };
        if !error.is_retriable() || Instant::now() + AGAIN >= deadline {
            return Err(error.into());
        }
        sleep(AGAIN).await;
    }
}

/// A client.properties, with what is wrong with it in one sentence.
pub(super) fn read(path: &str) -> Result<ClientProperties, Throwable> {
    ClientProperties::read(Path::new(path))
        .map_err(|error| Throwable::new("java.nio.file.NoSuchFileException", error.message))
}
