//! Partial failure as a type: what answered, and what did not and why.

use crate::error::ClientError;

/// One part of a request that failed.
#[derive(Debug, Clone)]
pub struct ShardError {
    /// The broker, topic, partition or group it was about.
    pub what: String,
    /// Why it failed.
    pub error: ClientError,
}

/// The results of a request that went to several brokers or was about several things.
#[derive(Debug, Clone)]
pub struct Sharded<T> {
    /// What succeeded.
    pub ok: Vec<T>,
    /// What did not.
    pub errors: Vec<ShardError>,
}

impl<T> Default for Sharded<T> {
    fn default() -> Self {
        Self {
            ok: Vec::new(),
            errors: Vec::new(),
        }
    }
}

impl<T> Sharded<T> {
    /// Whether nothing failed.
    pub fn is_complete(&self) -> bool {
        self.errors.is_empty()
    }

    /// Notes a failure.
    pub fn fail(&mut self, what: impl Into<String>, error: ClientError) {
        self.errors.push(ShardError {
            what: what.into(),
            error,
        });
    }

    /// Everything, or the first failure.
    pub fn into_result(self) -> Result<Vec<T>, ClientError> {
        match self.errors.into_iter().next() {
            None => Ok(self.ok),
            Some(first) => Err(first.error),
        }
    }
}
