//! The names of entity types, of which many events have few.

use std::sync::Arc;

/// Names that are kept; a program has few entity types, and one more is only not shared.
const KEPT: usize = 16;

/// The entity types of events that are read together, so that each name is in memory once.
#[derive(Default)]
pub(crate) struct EntityTypes(Vec<Arc<str>>);

impl EntityTypes {
    /// Returns the name, the same one as before if it was there.
    pub(crate) fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| &***known == name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        if self.0.len() < KEPT {
            self.0.push(Arc::clone(&new));
        }
        new
    }
}
