//! What the commands that Apache's tool has print as JSON. As text they print what Apache's tool does.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::output::{Shown, Table};

/// A new id.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RandomUuid {
    /// The id.
    pub(super) uuid: String,
}

/// The level of a feature.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FeatureLevel {
    /// Its name.
    pub(super) feature: String,
    /// The level.
    pub(super) level: i16,
}

/// The features that a release starts with.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VersionMapping {
    /// The release, as metadata.version names it.
    pub(super) release: String,
    /// The features, metadata.version first.
    pub(super) features: Vec<FeatureLevel>,
}

/// What a level of a feature needs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Dependencies {
    /// The feature and its level.
    #[serde(flatten)]
    pub(super) of: FeatureLevel,
    /// The levels of others that it needs.
    pub(super) requires: Vec<FeatureLevel>,
    #[serde(skip)]
    pub(super) text: String,
}

/// What log directories are.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StorageInfo {
    /// The directories that are there.
    pub(super) directories: Vec<String>,
    /// What meta.properties of the first says.
    pub(super) metadata: Option<BTreeMap<&'static str, String>>,
    /// What is wrong with them.
    pub(super) problems: Vec<String>,
    #[serde(skip)]
    pub(super) text: String,
}

/// A directory that was formatted.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FormattedDirectory {
    /// Where it is.
    pub(super) path: String,
    /// What it is, in the words of Apache's tool.
    pub(super) kind: &'static str,
}

/// What formatting did.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Formatted {
    /// Whether anything was written.
    pub(super) changed: bool,
    /// The directories that were formatted.
    pub(super) directories: Vec<FormattedDirectory>,
}

impl Shown for RandomUuid {
    const SCHEMA: &'static str = "storage-random-uuid/1";

    fn table(&self, _: bool) -> Table {
        Table::default()
    }

    fn text(&self) -> Option<String> {
        Some(format!("{}\n", self.uuid))
    }
}

impl Shown for VersionMapping {
    const SCHEMA: &'static str = "storage-version-mapping/1";

    fn table(&self, _: bool) -> Table {
        Table::default()
    }

    fn text(&self) -> Option<String> {
        let mut lines = self.features.iter().map(|of| format!("{}={}", of.feature, of.level));
        let first = lines.next().map(|line| format!("{line} ({})", self.release));
        let lines = first.into_iter().chain(lines);
        Some(lines.map(|line| format!("{line}\n")).collect())
    }
}

impl Shown for Vec<Dependencies> {
    const SCHEMA: &'static str = "storage-feature-dependencies/1";

    fn table(&self, _: bool) -> Table {
        Table::default()
    }

    fn text(&self) -> Option<String> {
        Some(self.iter().map(|of| of.text.as_str()).collect())
    }
}

impl Shown for StorageInfo {
    const SCHEMA: &'static str = "storage-info/1";

    fn table(&self, _: bool) -> Table {
        Table::default()
    }

    fn text(&self) -> Option<String> {
        Some(self.text.clone())
    }
}

impl Shown for Formatted {
    const SCHEMA: &'static str = "storage-format/1";

    fn table(&self, _: bool) -> Table {
        Table::default()
    }

    // It was told while it was done.
    fn text(&self) -> Option<String> {
        Some(String::new())
    }
}
