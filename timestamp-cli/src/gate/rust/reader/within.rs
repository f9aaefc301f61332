//! The function around what is found, by which a project allows it.

use std::sync::Arc;

/// How many bytes tell the function around a finding, with the types and functions around that; a longer name is whole.
const LONGEST_WITHIN: usize = 256;

/// The names of the functions and types around, innermost last.
#[derive(Debug, Default)]
pub(super) struct Within {
    names: Vec<String>,
    /// What they read as, once somebody asked.
    text: Option<Arc<str>>,
}

impl Within {
    /// Begins a function, or what holds functions.
    pub(super) fn enter(&mut self, name: String) {
        self.names.push(name);
        self.text = None;
    }

    /// Ends the innermost.
    pub(super) fn leave(&mut self) {
        self.names.pop();
        self.text = None;
    }

    /// Returns the function around, with its type; all that is found in it shares one text.
    pub(super) fn text(&mut self) -> Option<Arc<str>> {
        if self.names.is_empty() {
            return None;
        }
        let names = &self.names;
        Some(Arc::clone(self.text.get_or_insert_with(|| innermost(names).into())))
    }
}

/// Joins the last of these names, as many as [`LONGEST_WITHIN`] has room for, and one at least.
fn innermost(names: &[String]) -> String {
    let mut length = 0;
    let room = names.iter().rev().take_while(|name| {
        length += name.len() + "::".len();
        length <= LONGEST_WITHIN
    });
    let count = room.count().max(1);
    names.get(names.len().saturating_sub(count)..).unwrap_or_default().join("::")
}
