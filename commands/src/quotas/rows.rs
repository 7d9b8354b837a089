//! Quotas as they are shown.

use client::{QuotaEntity, QuotaValues};
use schemars::JsonSchema;
use serde::Serialize;

use super::entity::{CLIENT_ID, IP, USER};
use crate::change::result_cell;
use crate::output::{Shown, Table};

/// A quota.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QuotaRow {
    /// Whose: names by user, client-id or ip; null is each that has none of its own.
    entity: QuotaEntity,
    /// The key.
    key: String,
    /// The value.
    value: f64,
}

fn entity_cells(entity: &QuotaEntity) -> Vec<String> {
    let cell = |kind: &str| match entity.get(kind) {
        Some(Some(name)) => name.clone(),
        Some(None) => "<default>".to_owned(),
        None => "-".to_owned(),
    };
    [USER, CLIENT_ID, IP].map(cell).to_vec()
}

const ENTITY_HEADERS: [&str; 3] = ["USER", "CLIENT-ID", "IP"];

impl Shown for Vec<QuotaRow> {
    const SCHEMA: &'static str = "quotas-list/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &QuotaRow| {
            let mut cells = entity_cells(&row.entity);
            cells.extend([row.key.clone(), row.value.to_string()]);
            cells
        };
        let mut headers = ENTITY_HEADERS.to_vec();
        headers.extend(["KEY", "VALUE"]);
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

/// A row for each key.
pub(super) fn rows<'a>(quotas: impl IntoIterator<Item = (&'a QuotaEntity, &'a QuotaValues)>) -> Vec<QuotaRow> {
    let of_entity = |(entity, values): (&'a QuotaEntity, &'a QuotaValues)| {
        values.iter().map(move |(key, value)| QuotaRow {
            entity: entity.clone(),
            key: key.clone(),
            value: *value,
        })
    };
    quotas.into_iter().flat_map(of_entity).collect()
}

/// A row for a key that counts, with whose it is.
pub(super) fn row((key, (entity, value)): (String, (QuotaEntity, f64))) -> QuotaRow {
    QuotaRow { entity, key, value }
}

/// What became of a quota.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QuotaChange {
    /// Whose: names by user, client-id or ip; null is each that has none of its own.
    pub(super) entity: QuotaEntity,
    /// The key.
    pub(super) key: String,
    /// What was set before; none if nothing was.
    pub(super) current: Option<f64>,
    /// What is to be set; none if nothing is.
    pub(super) new: Option<f64>,
    /// Whether it was changed.
    pub(super) changed: bool,
    /// Why not, if it was to be.
    pub(super) error: Option<String>,
}

impl Shown for Vec<QuotaChange> {
    const SCHEMA: &'static str = "quotas-change/1";

    fn table(&self, _: bool) -> Table {
        table(self, true)
    }
}

/// Columns of a plan, or of what became of it.
pub(super) fn table(changes: &[QuotaChange], with_results: bool) -> Table {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let row = |change: &QuotaChange| {
        let mut cells = entity_cells(&change.entity);
        cells.extend([change.key.clone(), number(change.current), number(change.new)]);
        if with_results {
            cells.push(result_cell(change.changed, change.error.as_ref()));
        }
        cells
    };
    let mut headers = ENTITY_HEADERS.to_vec();
    headers.extend(["KEY", "CURRENT", "NEW"]);
    if with_results {
        headers.push("RESULT");
    }
    Table {
        headers,
        rows: changes.iter().map(row).collect(),
    }
}
