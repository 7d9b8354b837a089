//! shims list

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::table::SHIMS;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List the scripts that a link to kfleet can be.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet shims list -o json")]
pub(crate) struct ListArgs {}

/// A script.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShimRow {
    /// Its name; Apache's end with .sh.
    name: &'static str,
    /// What does the same among kfleet's own commands.
    kfleet: &'static str,
    /// Its flags.
    flags: Vec<String>,
}

impl Shown for Vec<ShimRow> {
    const SCHEMA: &'static str = "shims-list/1";

    fn table(&self, wide: bool) -> Table {
        let row = |shim: &ShimRow| {
            let mut cells = vec![shim.name.to_owned(), shim.kfleet.to_owned()];
            if wide {
                cells.push(shim.flags.join(" "));
            }
            cells
        };
        let mut headers = vec!["SCRIPT", "KFLEET"];
        if wide {
            headers.push("FLAGS");
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(_: &ListArgs, context: &Context) -> Result<(), CommandError> {
    let shims = SHIMS.iter().map(|shim| ShimRow {
        name: shim.name,
        kfleet: shim.ours,
        flags: shim.flags.names(),
    });
    context.out.show(None, &shims.collect::<Vec<_>>(), &[])
}
