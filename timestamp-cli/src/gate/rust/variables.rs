//! The variables that are bound where a file is being read, with their types where they are written.
//!
//! Whether a name is bound is asked for every path of a file, so the answer must not depend on how deep its blocks are.

use std::collections::HashMap;

/// The variables in scope.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// The types of each name, innermost last.
    bound: HashMap<String, Vec<Option<String>>>,
    /// The names that each open scope binds, innermost last.
    scopes: Vec<Vec<String>>,
}

impl Variables {
    /// Begins a scope.
    pub(super) fn enter(&mut self) {
        self.scopes.push(Vec::new());
    }

    /// Ends the innermost scope, and forgets what it binds.
    pub(super) fn leave(&mut self) {
        for name in self.scopes.pop().unwrap_or_default() {
            if let Some(types) = self.bound.get_mut(&name) {
                types.pop();
                if types.is_empty() {
                    self.bound.remove(&name);
                }
            }
        }
    }

    /// Binds a name in the innermost scope, hiding what it was before. Outside of all scopes nothing is bound.
    pub(super) fn bind(&mut self, name: String, ty: Option<String>) {
        let Some(scope) = self.scopes.last_mut() else { return };
        scope.push(name.clone());
        self.bound.entry(name).or_default().push(ty);
    }

    /// Whether a name is bound.
    pub(super) fn has(&self, name: &str) -> bool {
        self.bound.contains_key(name)
    }

    /// Returns the type of a variable as it was written, if it is bound and its type known.
    pub(super) fn type_of(&self, name: &str) -> Option<&str> {
        self.bound.get(name)?.last()?.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn innermost_binding_counts_until_its_scope_ends() {
        let mut variables = Variables::default();
        variables.bind("nowhere".to_owned(), None);
        assert!(!variables.has("nowhere"));
        variables.enter();
        variables.bind("at".to_owned(), Some("SystemTime".to_owned()));
        variables.enter();
        variables.bind("at".to_owned(), None);
        variables.bind("at".to_owned(), Some("Instant".to_owned()));
        assert_eq!(variables.type_of("at"), Some("Instant"));
        variables.leave();
        assert_eq!(variables.type_of("at"), Some("SystemTime"));
        variables.leave();
        assert!(!variables.has("at"));
        assert_eq!(variables.type_of("at"), None);
    }
}
