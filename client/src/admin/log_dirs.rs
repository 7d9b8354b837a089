//! Log directories, as the brokers that have them tell of them.

use protocol::api::ErrorCode;
use protocol::api::messages::DescribeLogDirsRequest;
use protocol::api::messages::describe_log_dirs_request::DescribableLogDirTopic;

use crate::cluster::Client;
use crate::error::ClientError;
use crate::sharded::Sharded;
use crate::together;

/// A broker's log directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDir {
    /// Its path.
    pub path: String,
    /// Why it is offline, if it is.
    pub error: Option<ErrorCode>,
    /// Bytes of its volume; none where the broker does not say (KIP-827).
    pub total_bytes: Option<u64>,
    /// Bytes of its volume that are free for it; none where the broker does not say.
    pub usable_bytes: Option<u64>,
}

impl Client {
    /// Log directories of these brokers without what is in them, asked of all of them at the same time; by broker.
    pub async fn log_dirs(&self, brokers: &[i32]) -> Sharded<(i32, Vec<LogDir>)> {
        let asked = brokers
            .iter()
            .map(async |broker| (*broker, self.log_dirs_of(*broker).await));
        let mut results = Sharded::default();
        for (broker, answer) in together::all(asked).await {
            match answer {
                Ok(dirs) => results.ok.push((broker, dirs)),
                Err(error) => results.fail(format!("broker {broker}"), error),
            }
        }
        results
    }

    async fn log_dirs_of(&self, broker: i32) -> Result<Vec<LogDir>, ClientError> {
        // No partition is asked for, as their list may be long.
        let none: Option<Vec<DescribableLogDirTopic>> = Some(Vec::new());
        let request = DescribeLogDirsRequest::default().with_topics(none);
        let response = self.send_to(broker, &request).await?;
        if response.error_code != 0 {
            return Err(ClientError::rejected(
                format!("broker {broker}"),
                response.error_code,
                None,
            ));
        }
        let known = |bytes: i64| u64::try_from(bytes).ok();
        let dirs = response.results.into_iter().map(|dir| LogDir {
            path: dir.log_dir.to_string(),
            error: (dir.error_code != 0)
                .then(|| ErrorCode::try_from_code(dir.error_code).unwrap_or(ErrorCode::Unknown(dir.error_code))),
            total_bytes: known(dir.total_bytes),
            usable_bytes: known(dir.usable_bytes),
        });
        Ok(dirs.collect())
    }
}
