//! quorum-state: the epoch a node is in and whom it voted for, as one line of JSON. Version 0 goes with
//! kraft.version 0, version 1 with kraft.version 1 (KIP-853).

use serde_json::{Value, json};

use super::FileError;
use crate::Uuid;

/// The candidate a vote went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VotedFor {
    /// Its id.
    pub id: i32,
    /// Its directory id; zero where kraft.version is 0.
    pub directory_id: Uuid,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuorumState {
    /// The leader, if one is known.
    pub leader_id: Option<i32>,
    /// The epoch.
    pub leader_epoch: i32,
    /// The vote given in this epoch.
    pub voted: Option<VotedFor>,
    /// The voters (version 0 only).
    pub current_voters: Vec<i32>,
}

impl QuorumState {
    /// Reads the file.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let json: Value = serde_json::from_str(text).map_err(|error| FileError::content(error.to_string()))?;
        let int = |name: &str| {
            json.get(name)
                .and_then(Value::as_i64)
                .and_then(|value| i32::try_from(value).ok())
        };
        match int("data_version") {
            Some(0 | 1) => {}
            other => {
                return Err(FileError::Version {
                    version: other.map_or("none".into(), |v| v.to_string()),
                });
            }
        }
        let leader_epoch = int("leaderEpoch").ok_or_else(|| FileError::content("leaderEpoch is missing"))?;
        let id = |name: &str| int(name).filter(|id| *id >= 0);
        let directory_id = match json.get("votedDirectoryId").and_then(Value::as_str) {
            None => Uuid::ZERO,
            Some(text) => text
                .parse()
                .map_err(|error: crate::ParseUuidError| FileError::content(error.to_string()))?,
        };
        let voters = json
            .get("currentVoters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let voter = |voter: &Value| {
            voter
                .get("voterId")
                .and_then(Value::as_i64)
                .and_then(|id| i32::try_from(id).ok())
        };
        Ok(Self {
            leader_id: id("leaderId"),
            leader_epoch,
            voted: id("votedId").map(|id| VotedFor { id, directory_id }),
            current_voters: voters.filter_map(voter).collect(),
        })
    }

    /// Writes the file for this kraft.version.
    pub fn format(&self, kraft_version: i16) -> String {
        let leader_id = self.leader_id.unwrap_or(-1);
        let voted_id = self.voted.map_or(-1, |voted| voted.id);
        let json = if kraft_version == 0 {
            let voters: Vec<Value> = self.current_voters.iter().map(|id| json!({ "voterId": id })).collect();
            json!({
                "clusterId": "",
                "leaderId": leader_id,
                "leaderEpoch": self.leader_epoch,
                "votedId": voted_id,
                "appliedOffset": 0,
                "currentVoters": voters,
                "data_version": 0,
            })
        } else {
            let directory_id = self.voted.map_or(Uuid::ZERO, |voted| voted.directory_id);
            json!({
                "leaderId": leader_id,
                "leaderEpoch": self.leader_epoch,
                "votedId": voted_id,
                "votedDirectoryId": directory_id.to_string(),
                "data_version": 1,
            })
        };
        json.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_round_trip() {
        let voted = VotedFor {
            id: 1,
            directory_id: "J8aAPcfLQt2bqs1JT_rMgQ".parse().unwrap(),
        };
        let state = QuorumState {
            leader_id: None,
            leader_epoch: 2,
            voted: Some(voted),
            current_voters: vec![],
        };
        assert_eq!(QuorumState::parse(&state.format(1)).unwrap(), state);
        let apache = r#"{"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}"#;
        let parsed = QuorumState::parse(apache).unwrap();
        assert_eq!(
            parsed,
            QuorumState {
                leader_id: Some(1),
                leader_epoch: 2,
                voted: None,
                current_voters: vec![1]
            }
        );
        assert_eq!(QuorumState::parse(&parsed.format(0)).unwrap(), parsed);
        assert!(QuorumState::parse("{}").is_err());
        assert!(QuorumState::parse(r#"{"data_version":2,"leaderEpoch":0}"#).is_err());
    }
}
