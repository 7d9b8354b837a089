//! .kafka_cleanshutdown: written last by a clean shutdown, with the broker's epoch.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CleanShutdown {
    version: i64,
    broker_epoch: i64,
}

/// The broker epoch in the file, if it says one. The file's mere presence tells of a clean shutdown;
/// an empty or older file is no error.
pub fn parse_clean_shutdown(text: &str) -> Option<i64> {
    let parsed: CleanShutdown = serde_json::from_str(text).ok()?;
    (parsed.version == 0).then_some(parsed.broker_epoch)
}

/// The file of a broker with this epoch.
pub fn format_clean_shutdown(broker_epoch: i64) -> String {
    format!("{{\"version\":0,\"brokerEpoch\":{broker_epoch}}}\n")
}
