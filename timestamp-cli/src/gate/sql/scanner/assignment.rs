//! Columns that a trigger assigns, which may stamp rows without a call that this file shows.

use super::super::rules;
use super::super::source::Lower;
use super::Scanner;

impl Scanner<'_, '_> {
    /// Notes a column such as `updated_at` that a trigger assigns, until it is known what to.
    pub(super) fn assigned_column(&mut self, index: usize) {
        if !self.in_trigger() || !(self.source.is_symbol(index + 1, "=") || self.source.is_symbol(index + 1, ":=")) {
            return;
        }
        let column = self.source.slice(index).trim_matches(['"', '`', '\'']);
        if !is_time_of_row(column) {
            return;
        }
        let source = &self.source;
        let mut first = index;
        if index >= 2 && source.is_symbol(index - 1, ".") {
            first = index - 2;
        }
        let assigns = source.is_symbol(index + 1, ":=")
            || first.checked_sub(1).is_none_or(|before| {
                (source.is_symbol(before, ",") && self.statement.setting)
                    || source.is_symbol(before, ";")
                    || matches!(source.word(before).as_str(), "set" | "begin" | "then" | "else" | "loop")
            });
        if assigns {
            self.statement.assigned = Some(index);
        }
    }

    /// Reports a column that a trigger assigned to something which is neither the old row's nor the new one's.
    pub(super) fn end_assignment(&mut self) {
        if let Some(column) = self.statement.assigned.take() {
            self.report(&rules::TRIGGER, column..column + 1);
        }
    }
}

/// Whether a column holds when its row was made or changed, by its name.
fn is_time_of_row(column: &str) -> bool {
    let column = Lower::new(column);
    matches!(
        column.as_str().trim_end_matches("_ms"),
        "created_at"
            | "updated_at"
            | "modified_at"
            | "changed_at"
            | "createdat"
            | "updatedat"
            | "last_modified"
            | "last_updated"
    )
}
