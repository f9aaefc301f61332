//! `#[derive(Timestamped)]`, re-exported by `timestamp-core`: depend on that crate, not on this one.
//!
//! The derive goes through five steps, one file each: `attribute.rs` reads the keys, `model.rs` holds what stands in the
//! source and what it means, `rules.rs` refuses what is not an entity, `expand.rs` writes the implementations of a valid
//! one, and `fallback.rs` those that stand beside a refusal. `diagnostics.rs` collects the refusals, and `names.rs` spells
//! every word and path once.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)]

mod attribute;
mod diagnostics;
mod expand;
mod fallback;
mod model;
mod names;
mod rules;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

use crate::attribute::StructKeys;
use crate::diagnostics::Diagnostics;
use crate::model::{Entity, Struct};
use crate::names::Paths;

/// Makes a struct an entity: it has an id, and timestamps that nothing but `touch` moves.
///
/// ```
/// use timestamp_core::{Timestamped, Timestamps, ValidationError};
///
/// #[derive(Debug, Timestamped)]
/// #[timestamped(table = "tasks", validate = Self::check)]
/// pub struct Task {
///     #[timestamped(id)]
///     id: u64,
///     title: String,
///     timestamps: Timestamps,
/// }
///
/// impl Task {
///     pub fn new(id: u64, title: &str) -> Result<Self, ValidationError> {
///         Self::create(|timestamps| Self { id, title: title.to_owned(), timestamps })
///     }
///
///     pub fn rename(&mut self, title: &str) {
///         self.title = title.to_owned();
///         self.touch("renamed");
///     }
///
///     fn check(&self) -> Result<(), ValidationError> {
///         if self.title.is_empty() { Err(ValidationError::new("title", "must not be empty")) } else { Ok(()) }
///     }
/// }
///
/// let mut task = Task::new(1, "write")?;
/// task.rename("write the manual");
/// assert_eq!((task.version(), task.pending_events().len()), (2, 2));
/// assert!(Task::new(2, "").is_err());
/// # Ok::<(), ValidationError>(())
/// ```
///
/// # Attributes
///
/// The page [`attributes`](../timestamp_core/_docs/attributes/index.html) has examples of each, what it refuses, and the
/// words of the refusal.
///
/// | on the struct | meaning |
/// |---|---|
/// | [`table = ".."`](../timestamp_core/_docs/attributes/index.html#table) | The table that the entity is stored in; makes it a `Record`. |
/// | [`entity = ".."`](../timestamp_core/_docs/attributes/index.html#entity) | Its name in events, if not the struct's. |
/// | [`validate = path`](../timestamp_core/_docs/attributes/index.html#validate) | The function that checks its invariants. |
/// | [`crate = path`](../timestamp_core/_docs/attributes/index.html#crate) | Where `timestamp-core` is, if not at `::timestamp_core`. |
///
/// | on a field | meaning |
/// |---|---|
/// | [`id`](../timestamp_core/_docs/attributes/index.html#id) | The id. One field has it. |
/// | [`timestamps`](../timestamp_core/_docs/attributes/index.html#timestamps) | The timestamps, if their type alone does not say so. |
/// | [`column = ".."`](../timestamp_core/_docs/attributes/index.html#column) | The name of the column, if not the field's. |
/// | [`json`](../timestamp_core/_docs/attributes/index.html#json) | Stored as JSON. |
/// | [`text`](../timestamp_core/_docs/attributes/index.html#text) | Stored as text, through `Display` and `FromStr`. |
/// | [`skip`](../timestamp_core/_docs/attributes/index.html#skip) | Not stored; the default value after a load. |
///
/// # What it generates
///
/// Implementations in a nameless scope, with absolute paths: it adds no name to your module and needs none from it. The
/// timestamps are reached through a hidden trait whose methods ask for a token that only `timestamp-core` can make.
#[proc_macro_derive(Timestamped, attributes(timestamped))]
pub fn derive_timestamped(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    timestamped(input.into()).into()
}

/// What the derive does, callable without a compiler around it.
fn timestamped(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let input = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => {
            diagnostics.refuse_unreadable(&error);
            return diagnostics.into_compile_errors().unwrap_or_default();
        }
    };
    let keys = StructKeys::read(&input, &mut diagnostics);
    let paths = Paths::below(keys.core.as_ref().map(|given| &given.value));
    let source = Struct::read(&input, &keys, &mut diagnostics);
    let roles = source.as_ref().and_then(|source| rules::check(source, &mut diagnostics));
    match (source.as_ref().zip(roles), diagnostics.into_compile_errors()) {
        (Some((source, roles)), None) => expand::implementations(&Entity::new(source, roles, &paths)),
        (_, errors) => {
            let fallback = fallback::implementations(&input, source.as_ref(), &keys, &paths);
            errors.into_iter().chain([fallback]).collect()
        }
    }
}
