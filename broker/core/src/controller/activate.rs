//! Becoming the active controller.

use protocol::messages::metadata::{
    BeginTransactionRecord, ConfigRecord, EndTransactionRecord, FeatureLevelRecord, Record,
};

use super::{Controller, ControllerCx, ControllerError, ControllerTimer};
use crate::features::{ELR_VERSION, METADATA_VERSION};
use crate::image::ResourceType;

/// The level of a log without a bootstrap.checkpoint: 4.3-IV0.
const DEFAULT_METADATA_VERSION: i16 = 30;
/// From this level on records can be grouped (KIP-868).
const TRANSACTIONS_FROM: i16 = 13;

impl Controller {
    /// Takes in the log, and writes the first records into an empty one.
    pub(super) fn activate(&mut self, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        self.apply_committed()?;
        self.latest = self.committed.clone();
        self.active = true;
        self.appended_at = cx.now.mono;
        self.sessions.restart(self.latest.brokers(), cx.now.mono);
        // An earlier broker of this node is gone: its log directories were its process's.
        self.sessions.end(self.raft.node_id());
        self.suspect_lost(cx);
        for timer in ControllerTimer::OF_ACTIVE {
            self.arm(timer, cx);
        }
        self.write_first_records(cx)
    }

    /// Drops what is not committed, and tells everybody who waits to ask elsewhere.
    pub(super) fn resign(&mut self, cx: &mut ControllerCx<'_>) {
        self.active = false;
        self.latest = self.committed.clone();
        self.sessions.clear();
        self.contacts.suspect_nobody();
        for timer in ControllerTimer::OF_ACTIVE {
            self.arm(timer, cx);
        }
        for owed in std::mem::take(&mut self.waiting).into_values().flatten() {
            self.refuse(owed.ticket, &owed.call, cx);
        }
    }

    fn write_first_records(&mut self, cx: &ControllerCx<'_>) -> Result<(), ControllerError> {
        if self.latest.features().level(METADATA_VERSION) > 0 {
            return Ok(());
        }
        let default = FeatureLevelRecord {
            name: METADATA_VERSION.into(),
            feature_level: DEFAULT_METADATA_VERSION,
            ..Default::default()
        };
        let bootstrap = self.bootstrap.clone();
        let records = self.first_records(bootstrap.unwrap_or_else(|| vec![default.into()]));
        let level = records
            .iter()
            .find_map(metadata_level)
            .unwrap_or(DEFAULT_METADATA_VERSION);
        // Feature levels decide how the rest is written, so the first batch is written at their level.
        self.append_at(records, level, cx).map(drop)
    }

    fn first_records(&self, bootstrap: Vec<Record>) -> Vec<Record> {
        let level = bootstrap
            .iter()
            .find_map(metadata_level)
            .unwrap_or(DEFAULT_METADATA_VERSION);
        let elr = bootstrap
            .iter()
            .any(|r| matches!(r, Record::FeatureLevel(f) if f.name == ELR_VERSION && f.feature_level > 0));
        let mut records = Vec::with_capacity(bootstrap.len() + 3);
        if level >= TRANSACTIONS_FROM {
            let begin = BeginTransactionRecord {
                name: Some("Bootstrap records".into()),
                ..Default::default()
            };
            records.push(begin.into());
        }
        records.extend(bootstrap);
        if elr {
            let min_isr = ConfigRecord {
                resource_type: ResourceType::Broker as i8,
                resource_name: String::new(),
                name: "min.insync.replicas".into(),
                value: self.config.get("min.insync.replicas").map(str::to_owned),
                ..Default::default()
            };
            records.push(min_isr.into());
        }
        if level >= TRANSACTIONS_FROM {
            records.push(EndTransactionRecord::default().into());
        }
        records
    }
}

fn metadata_level(record: &Record) -> Option<i16> {
    match record {
        Record::FeatureLevel(feature) if feature.name == METADATA_VERSION => Some(feature.feature_level),
        _ => None,
    }
}
