//! What commands that change something show: the plan before they ask, and what became of each part of it.

use crate::context::Context;
use crate::output::Table;

/// Lines of a plan that are shown before it is asked about.
const LINES_MAX: usize = 20;

/// What became of a part of a plan, as a cell.
pub(crate) fn result_cell(changed: bool, error: Option<&String>) -> String {
    match (error, changed) {
        (Some(error), _) => error.clone(),
        (None, true) => "done".to_owned(),
        (None, false) => "unchanged".to_owned(),
    }
}

/// Shows a plan to whoever is asked about it.
pub(crate) fn show_plan(context: &Context, mut plan: Table) {
    let more = plan.rows.len().saturating_sub(LINES_MAX);
    plan.rows.truncate(LINES_MAX);
    context.out.note(context.out.text_of(plan).trim_end());
    if more > 0 {
        context.out.note(&format!("and {more} more"));
    }
}
