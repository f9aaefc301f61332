//! What derived entities do, one file per attribute or feature.

#![expect(clippy::unwrap_used, reason = "clippy takes only `#[test]` functions for tests")]

mod column_names;
mod crate_path;
mod entity_name;
mod generics;
mod id;
mod json_text_skip;
mod row;
mod table;
mod timestamps_field;
mod validate;
