//! Which types say what something is, and what that something is called.
//!
//! A naive type in a field or a parameter is met by others, in the code of a function it is the function's own affair; and
//! a date is refused by the name of what it is the type of.

use syn::Pat;

use crate::gate::rust::imports::plain;
use crate::gate::rust::reader::Reader;
use crate::gate::rust::sketch::Place;

impl Reader<'_> {
    /// Visits types of which people say that something has them.
    pub(super) fn in_signature(&mut self, name: Option<String>, visit: impl FnOnce(&mut Self)) {
        let outer = self.signature.replace(name);
        visit(self);
        self.signature = outer;
    }

    /// Visits what is code, also where it stands in a signature, as the length of an array does.
    pub(super) fn in_code(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = self.signature.take();
        visit(self);
        self.signature = outer;
    }

    /// Returns where the path stands that is visited.
    pub(super) fn place(&self) -> Place {
        self.signature.clone().map_or(Place::Code, Place::Signature)
    }
}

/// Returns the name that a pattern binds, if it is but one.
pub(super) fn bound_name(pattern: &Pat) -> Option<String> {
    match pattern {
        Pat::Ident(pattern) => Some(plain(&pattern.ident)),
        Pat::Paren(pattern) => bound_name(&pattern.pat),
        Pat::Reference(pattern) => bound_name(&pattern.pat),
        _ => None,
    }
}

/// `CreatedAt` as `created_at`.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}
