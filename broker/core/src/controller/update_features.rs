//! UpdateFeatures (57), versions 0 to 2: finalises levels of features that every node knows.

use std::collections::BTreeMap;

use protocol::api::messages::update_features_request::UpdateFeaturesRequest;
use protocol::api::messages::update_features_response::{UpdatableFeatureResult, UpdateFeaturesResponse};
use protocol::api::{ErrorCode, StrBytes};
use protocol::messages::metadata::{ConfigRecord, FeatureLevelRecord, Record};

use super::configs::MIN_ISR;
use super::controller_registration::CONTROLLERS_FROM;
use super::{Controller, Handled, Plan};
use crate::call::Call;
use crate::features::{ELR_VERSION, KRAFT_VERSION, METADATA_VERSION, SUPPORTED_FEATURES};
use crate::image::ResourceType;

/// Last version that answers feature by feature.
const RESULTS_UNTIL: i16 = 1;
/// Codes of kinds of updates.
const UPGRADE: i8 = 1;
const SAFE_DOWNGRADE: i8 = 2;
const UNSAFE_DOWNGRADE: i8 = 3;
/// The level of metadata.version that brought the records of eligible leader replicas.
const ELR_FROM: i16 = 23;
/// Levels of metadata.version that brought records or fields: there is no way back below one that is in force.
const RECORDS_CHANGED_AT: [i16; 9] = [7, 8, 11, 13, 14, 15, 17, 23, 30];

impl Controller {
    pub(super) fn update_features(&mut self, call: &Call) -> Handled {
        let request: UpdateFeaturesRequest = call.decode()?;
        let asked = request.feature_updates.iter();
        let updates: BTreeMap<String, (i16, i8)> = asked
            .map(|update| {
                (
                    update.feature.to_string(),
                    (update.max_version_level, update.upgrade_type),
                )
            })
            .collect();
        let response = UpdateFeaturesResponse::default();
        let mut records = match self.feature_records(&updates) {
            Ok(records) => records,
            Err(message) => {
                let message =
                    format!("The update failed for all features since the following feature had an error: {message}");
                let response = response
                    .with_error_code(ErrorCode::InvalidUpdateVersion.code())
                    .with_error_message(Some(StrBytes::from_string(message)));
                return Ok(Plan::answer(call.reply(&response)?));
            }
        };
        if request.validate_only {
            records.clear();
        } else if updates
            .get(KRAFT_VERSION)
            .is_some_and(|(level, _)| *level > self.raft.kraft_version())
        {
            // It was checked that there are some.
            self.make_dynamic = self.raft.dynamic_voters().ok();
        }
        let mut response = response.with_error_message(None);
        if call.header.api_version <= RESULTS_UNTIL {
            let names = request.feature_updates.into_iter().map(|update| update.feature);
            response.results = names
                .map(|feature| {
                    UpdatableFeatureResult::default()
                        .with_feature(feature)
                        .with_error_message(None)
                })
                .collect();
        }
        let reply = call.reply(&response)?;
        Ok(Plan { records, reply })
    }

    fn feature_records(&self, updates: &BTreeMap<String, (i16, i8)>) -> Result<Vec<Record>, String> {
        let mut records = Vec::new();
        for (name, (level, kind)) in updates {
            let checked = self.check_feature(name, *level, *kind, updates);
            checked.map_err(|why| format!("Invalid update version {level} for feature {name}. {why}"))?;
            match name.as_str() {
                METADATA_VERSION => {
                    let current = self.latest.features().level(METADATA_VERSION);
                    check_downgrade(current, *level, *kind == UNSAFE_DOWNGRADE)?;
                }
                // The quorum writes it down, and not in a record of the metadata.
                KRAFT_VERSION => continue,
                _ => {}
            }
            let record = FeatureLevelRecord {
                name: name.clone(),
                feature_level: *level,
                ..Default::default()
            };
            records.push(record.into());
        }
        if updates.get(ELR_VERSION).is_some_and(|(level, _)| *level > 0) {
            let mut with_min_isr = self.agreed_min_isr();
            with_min_isr.extend(records);
            return Ok(with_min_isr);
        }
        Ok(records)
    }

    /// An error says why a feature cannot get a level.
    fn check_feature(
        &self,
        name: &str,
        level: i16,
        kind: i8,
        updates: &BTreeMap<String, (i16, i8)>,
    ) -> Result<(), String> {
        if ![UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE].contains(&kind) {
            return Err("The controller does not support the given upgrade type.".to_owned());
        }
        let current = match name {
            KRAFT_VERSION => self.raft.kraft_version(),
            name => self.latest.features().level(name),
        };
        if level < 0 {
            return Err("A feature version cannot be less than 0.".to_owned());
        }
        self.check_supported(name, level)?;
        if level < current && kind == UPGRADE {
            return Err(
                "Can't downgrade the version of this feature without setting the upgrade type to either safe or \
                 unsafe downgrade."
                    .to_owned(),
            );
        }
        if level > current && kind != UPGRADE {
            return Err("Can't downgrade to a newer version.".to_owned());
        }
        match name {
            METADATA_VERSION => Ok(()),
            KRAFT_VERSION if level == current => Ok(()),
            KRAFT_VERSION if level < current => Err("Can't downgrade the version of this feature.".to_owned()),
            KRAFT_VERSION => self.raft.dynamic_voters().map(drop),
            name => {
                let proposed = updates.get(METADATA_VERSION).map(|(level, _)| *level);
                let metadata = proposed.unwrap_or_else(|| self.latest.features().level(METADATA_VERSION));
                check_dependencies(name, level, metadata)
            }
        }
    }

    /// Everybody who is registered has to support the level.
    fn check_supported(&self, name: &str, level: i16) -> Result<(), String> {
        let own = self.config.node_id;
        let range = SUPPORTED_FEATURES.iter().find(|feature| feature.name == name);
        let range = range.map_or((0, 0), |feature| (feature.min, feature.max));
        check_range(&format!("Local controller {own}"), level, range)?;
        for broker in self.latest.brokers().iter() {
            let range = broker.features.iter().find(|(known, _, _)| known == name);
            let range = range.map_or((0, 0), |(_, min, max)| (*min, *max));
            check_range(&format!("Broker {}", broker.id), level, range)?;
        }
        if self.latest.features().level(METADATA_VERSION) < CONTROLLERS_FROM {
            return Ok(());
        }
        let mut found = vec![own];
        for controller in self
            .latest
            .controllers()
            .filter(|controller| controller.controller_id != own)
        {
            let range = controller.features.iter().find(|feature| feature.name == name);
            let range = range.map_or((0, 0), |f| (f.min_supported_version, f.max_supported_version));
            check_range(&format!("Controller {}", controller.controller_id), level, range)?;
            found.push(controller.controller_id);
        }
        match self.raft.voters().ids().find(|id| !found.contains(id)) {
            Some(id) => Err(format!(
                "controller {id} has not registered, and may not support this feature"
            )),
            None => Ok(()),
        }
    }

    /// min.insync.replicas for the cluster as a whole, and for no broker in particular.
    fn agreed_min_isr(&self) -> Vec<Record> {
        let record = |name: &str, value: Option<String>| ConfigRecord {
            resource_type: ResourceType::Broker as i8,
            resource_name: name.to_owned(),
            name: MIN_ISR.to_owned(),
            value,
            ..Default::default()
        };
        let brokers = self
            .latest
            .configs()
            .filter(|(kind, _, _)| *kind == ResourceType::Broker);
        let set: Vec<&str> = brokers
            .filter(|(_, _, values)| values.contains_key(MIN_ISR))
            .map(|(_, name, _)| name)
            .collect();
        let for_all = (!set.contains(&"")).then(|| record("", self.config.get(MIN_ISR).map(str::to_owned)));
        let of_brokers = set.into_iter().filter(|name| !name.is_empty());
        let records = for_all.into_iter().chain(of_brokers.map(|name| record(name, None)));
        records.map(Record::from).collect()
    }
}

fn check_range(who: &str, level: i16, (min, max): (i16, i16)) -> Result<(), String> {
    if (min..=max).contains(&level) {
        return Ok(());
    }
    Err(match (min, max) {
        (_, 0) => format!("{who} does not support this feature."),
        (min, max) if min == max => format!("{who} only supports versions {min}"),
        (min, max) => format!("{who} only supports versions {min}-{max}"),
    })
}

fn check_downgrade(current: i16, level: i16, is_unsafe: bool) -> Result<(), String> {
    let changed = RECORDS_CHANGED_AT.iter().any(|at| level < *at && *at <= current);
    if !changed {
        return Ok(());
    }
    let why = if is_unsafe {
        "Unsafe metadata downgrade is not supported in this version."
    } else {
        "Refusing to perform the requested downgrade because it might delete metadata information."
    };
    Err(format!(
        "Unsupported metadata.version downgrade from {current} to {level}. {why}"
    ))
}

fn check_dependencies(name: &str, level: i16, metadata: i16) -> Result<(), String> {
    if !SUPPORTED_FEATURES.iter().any(|feature| feature.name == name) {
        return Err(format!("Feature {name} not found."));
    }
    if name == ELR_VERSION && level > 0 && metadata < ELR_FROM {
        return Err(format!(
            "{name} could not be set to {level} because it depends on {METADATA_VERSION} level {ELR_FROM}"
        ));
    }
    Ok(())
}
