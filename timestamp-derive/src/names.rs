//! Every word of `#[timestamped(...)]` and every path of generated code, spelled once.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

/// The name of the attribute.
pub(crate) const ATTRIBUTE: &str = "timestamped";

/// The type that a timestamps field is found by: the last segment of its path.
pub(crate) const TIMESTAMPS: &str = "Timestamps";

/// The columns that the repository keeps for every entity.
pub(crate) const KEPT_COLUMNS: [KeptColumn; 3] = [
    KeptColumn { key: CREATED_AT, name: "created_at_ms" },
    KeptColumn { key: UPDATED_AT, name: "updated_at_ms" },
    KeptColumn { key: VERSION, name: "version" },
];

/// A column that the repository keeps: the key that renames it, which is also the method that tells what is in it, and
/// its name where that key is not given.
pub(crate) struct KeptColumn {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
}

pub(crate) const TABLE: &str = "table";
pub(crate) const ENTITY: &str = "entity";
pub(crate) const VALIDATE: &str = "validate";
pub(crate) const CREATED_AT: &str = "created_at";
pub(crate) const UPDATED_AT: &str = "updated_at";
pub(crate) const VERSION: &str = "version";
pub(crate) const EVENTS: &str = "events";
pub(crate) const CRATE: &str = "crate";

/// The one value of `events`.
pub(crate) const STATE: &str = "state";

/// The keys of a struct, in the order in which messages list them.
pub(crate) const STRUCT_KEYS: [&str; 8] = [TABLE, ENTITY, VALIDATE, CREATED_AT, UPDATED_AT, VERSION, EVENTS, CRATE];

pub(crate) const ID: &str = "id";
pub(crate) const TIMESTAMPS_KEY: &str = "timestamps";
pub(crate) const COLUMN: &str = "column";
pub(crate) const JSON: &str = "json";
pub(crate) const TEXT: &str = "text";
pub(crate) const SKIP: &str = "skip";

/// The keys of a field, in the order in which messages list them.
pub(crate) const FIELD_KEYS: [&str; 6] = [ID, TIMESTAMPS_KEY, COLUMN, JSON, TEXT, SKIP];

/// What other derives call our keys.
const WORDS_OF_OTHERS: [(&str, &str); 8] = [
    ("table_name", TABLE),
    ("entity_type", ENTITY),
    ("primary_key", ID),
    ("pk", ID),
    ("rename", COLUMN),
    ("column_name", COLUMN),
    ("ignore", SKIP),
    ("transient", SKIP),
];

/// Returns the key that `word` was probably meant to be.
pub(crate) fn meant_by(word: &str, keys: &[&'static str]) -> Option<&'static str> {
    let word = word.to_lowercase();
    let foreign = WORDS_OF_OTHERS.iter().find(|(other, key)| *other == word && keys.contains(key));
    if let Some((_, key)) = foreign {
        return Some(key);
    }
    keys.iter()
        .map(|key| (distance(&word, key), *key))
        // A third of the word may be wrong: `tabel` is `table`, and `text` is not `table`.
        .filter(|(distance, key)| distance * 3 <= key.len().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

/// Counts the letters to add, to take away, to replace or to swap with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=from.len()).collect();
    let mut above = None;
    for (row, letter) in to.chars().enumerate() {
        let mut current = vec![row + 1];
        let mut left = row + 1;
        let mut behind = None;
        let diagonals = last.iter().zip(last.iter().skip(1));
        // The cell two rows up and two columns left, for swapped neighbours; there is none in the first column.
        let swaps = std::iter::once(None).chain(before_last.iter().copied().map(Some)).chain(std::iter::repeat(None));
        for ((&other, (&diagonal, &up)), swap) in from.iter().zip(diagonals).zip(swaps) {
            let mut best = (diagonal + usize::from(other != letter)).min(up + 1).min(left + 1);
            if let (Some(swap), true) = (swap, behind == Some(letter) && above == Some(other)) {
                best = best.min(swap + 1);
            }
            current.push(best);
            left = best;
            behind = Some(other);
        }
        before_last = last;
        last = current;
        above = Some(letter);
    }
    last.last().copied().unwrap_or_default()
}

/// The items of `timestamp-core` that generated code names.
pub(crate) struct Paths {
    pub(crate) access: TokenStream,
    pub(crate) column: TokenStream,
    pub(crate) column_definition: TokenStream,
    pub(crate) define_column: TokenStream,
    pub(crate) define_id_column: TokenStream,
    pub(crate) define_json_column: TokenStream,
    pub(crate) define_text_column: TokenStream,
    pub(crate) entity: TokenStream,
    pub(crate) entity_id: TokenStream,
    pub(crate) fallback_id: TokenStream,
    pub(crate) in_column: TokenStream,
    pub(crate) json_field: TokenStream,
    pub(crate) read: TokenStream,
    pub(crate) read_id: TokenStream,
    pub(crate) record: TokenStream,
    pub(crate) row_error: TokenStream,
    pub(crate) row_reader: TokenStream,
    pub(crate) row_writer: TokenStream,
    pub(crate) skipped_field: TokenStream,
    pub(crate) text_field: TokenStream,
    pub(crate) timestamps: TokenStream,
    pub(crate) timestamps_field: TokenStream,
    pub(crate) validate: TokenStream,
    pub(crate) validation_error: TokenStream,
    pub(crate) write: TokenStream,
    pub(crate) write_id: TokenStream,
}

impl Paths {
    /// The paths below `core`: what `crate = ..` says, or `::timestamp_core`.
    pub(crate) fn below(core: Option<&Path>) -> Self {
        let core = core.map_or_else(|| quote!(::timestamp_core), |path| quote!(#path));
        let private = quote!(#core::__private);
        Self {
            access: quote!(#private::Access),
            column: quote!(#core::Column),
            column_definition: quote!(#core::ColumnDefinition),
            define_column: quote!(#private::column),
            define_id_column: quote!(#private::id_column),
            define_json_column: quote!(#private::json_column),
            define_text_column: quote!(#private::text_column),
            entity: quote!(#private::Entity),
            entity_id: quote!(#private::EntityId),
            fallback_id: quote!(#private::Uuid),
            in_column: quote!(#private::in_column),
            json_field: quote!(#private::JsonField),
            read: quote!(#private::read),
            read_id: quote!(#private::read_id),
            record: quote!(#core::Record),
            row_error: quote!(#core::RowError),
            row_reader: quote!(#core::RowReader),
            row_writer: quote!(#core::RowWriter),
            skipped_field: quote!(#private::SkippedField),
            text_field: quote!(#private::TextField),
            timestamps: quote!(#core::Timestamps),
            timestamps_field: quote!(#private::TimestampsField),
            validate: quote!(#private::validate),
            validation_error: quote!(#core::ValidationError),
            write: quote!(#private::write),
            write_id: quote!(#private::write_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_keys_are_recognized() {
        for (word, key) in [
            ("tabel", "table"),
            ("tables", "table"),
            ("Table", "table"),
            ("validade", "validate"),
            ("entitty", "entity"),
            ("craet", "crate"),
            ("table_name", "table"),
        ] {
            assert_eq!(meant_by(word, &STRUCT_KEYS), Some(key), "{word}");
        }
        for (word, key) in [
            ("timestamp", "timestamps"),
            ("colunm", "column"),
            ("jsno", "json"),
            ("di", "id"),
            ("skipped", "skip"),
            ("rename", "column"),
        ] {
            let expected = if word == "skipped" { None } else { Some(key) };
            assert_eq!(meant_by(word, &FIELD_KEYS), expected, "{word}");
        }
        for word in ["", "x", "something", "default", "flatten"] {
            assert_eq!(meant_by(word, &FIELD_KEYS), None, "{word}");
        }
    }

    #[test]
    fn distance_counts_edits_and_swaps() {
        for (from, to, edits) in [
            ("", "", 0),
            ("", "id", 2),
            ("id", "", 2),
            ("table", "table", 0),
            ("tabel", "table", 1),
            ("tble", "table", 1),
            ("taable", "table", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), edits, "{from} -> {to}");
        }
    }
}
