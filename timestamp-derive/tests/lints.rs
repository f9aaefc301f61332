//! Generated code is clean in a crate that denies every lint it can.
//!
//! Run with clippy for the second half: `cargo clippy -p timestamp-derive --tests`.

#![deny(
    warnings,
    future_incompatible,
    nonstandard_style,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    unused,
    missing_docs,
    missing_debug_implementations,
    missing_copy_implementations,
    absolute_paths_not_starting_with_crate,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    let_underscore_drop,
    macro_use_extern_crate,
    non_ascii_idents,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::absolute_paths,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::as_conversions,
    clippy::default_trait_access,
    clippy::else_if_without_else,
    clippy::exhaustive_structs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_docs_in_private_items,
    clippy::missing_inline_in_public_items,
    clippy::missing_trait_methods,
    clippy::mod_module_files,
    clippy::panic,
    clippy::pattern_type_mismatch,
    clippy::same_name_method,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::unreachable,
    clippy::unwrap_used,
    clippy::use_self
)]
use std::marker::PhantomData;

use timestamp_core as framework;
use timestamp_core::{Record, Timestamped, Timestamps, ValidationError};

/// A reviewed expansion as ordinary code. Most lints pass over what a derive generates, so the entities below alone would
/// prove little.
#[expect(
    unused_qualifications,
    clippy::absolute_paths,
    reason = "absolute paths keep a derive from depending on names"
)]
mod as_if_written_by_hand {
    use std::fmt::{Display, Formatter, Result as Shown};
    use std::str::FromStr;

    use serde::{Deserialize, Serialize};
    use timestamp_core::{Timestamps as Stamps, ValidationError};

    use crate::framework::__private::Uuid;

    /// JSON.
    #[derive(Serialize, Deserialize)]
    struct Links;

    /// Text.
    struct Status;
    /// Text, too.
    type Kind = Status;
    /// Not stored.
    type Cache = Option<u8>;

    impl Display for Status {
        fn fmt(&self, f: &mut Formatter<'_>) -> Shown {
            f.write_str("open")
        }
    }

    impl FromStr for Status {
        type Err = ();
        fn from_str(text: &str) -> Result<Self, ()> {
            if text == "open" { Ok(Self) } else { Err(()) }
        }
    }

    /// What `expansions/linted.rs` was generated from.
    struct Task {
        /// The id.
        id: Uuid,
        /// Text.
        title: String,
        /// JSON.
        labels: Vec<String>,
        /// JSON that may be missing.
        links: Option<Links>,
        /// Text that is parsed.
        status: Status,
        /// The same, with a raw name.
        r#type: Option<Kind>,
        /// Not stored.
        cache: Cache,
        /// The timestamps.
        stamps: Stamps,
    }

    impl Task {
        /// The invariant.
        fn check(&self) -> Result<(), ValidationError> {
            if self.cache.is_none() { Ok(()) } else { Err(ValidationError::none()) }
        }
    }

    include!("../src/tests/expansions/linted.rs");

    #[test]
    fn reviewed_expansion_is_an_entity() {
        use timestamp_core::{Record, Timestamped};
        let task = Task::create(|stamps| Task {
            id: Uuid::nil(),
            title: String::new(),
            labels: Vec::new(),
            links: None,
            status: Status,
            r#type: None,
            cache: None,
            stamps,
        });
        assert!(task.is_ok_and(|it| it.id().is_nil()));
        assert_eq!(Task::COLUMNS.len(), 6);
    }
}

/// A full entity.
#[derive(Debug, Timestamped)]
#[timestamped(table = "tasks", entity = "task", validate = Self::check)]
#[non_exhaustive]
pub struct Task {
    /// The id.
    #[timestamped(id)]
    id: u64,
    /// Text.
    title: String,
    /// A number that may be missing.
    estimate: Option<f64>,
    /// JSON.
    #[timestamped(json)]
    labels: Vec<String>,
    /// JSON that may be missing.
    #[timestamped(json)]
    links: Option<Vec<String>>,
    /// Text that is parsed.
    #[timestamped(text, column = "letter")]
    initial: char,
    /// Not stored.
    #[timestamped(skip)]
    cache: Option<String>,
    /// The timestamps.
    timestamps: Timestamps,
}

impl Task {
    /// The invariant.
    fn check(&self) -> Result<(), ValidationError> {
        if self.title.is_empty() { Ok(()) } else { Err(ValidationError::none()) }
    }
}

/// An entity without a table.
#[derive(Debug, Timestamped)]
#[non_exhaustive]
pub struct Note {
    /// The id.
    #[timestamped(id)]
    id: u64,
    /// The timestamps.
    timestamps: Timestamps,
}

/// A generic entity.
#[derive(Debug, Timestamped)]
#[timestamped(table = "boxes")]
#[non_exhaustive]
pub struct Boxed<Content, Tag> {
    /// The id.
    #[timestamped(id)]
    id: u64,
    /// What is in it.
    content: Content,
    /// What it is.
    #[timestamped(skip)]
    tag: PhantomData<Tag>,
    /// The timestamps.
    timestamps: Timestamps,
}

#[test]
fn generated_code_is_clean_where_every_lint_is_denied() {
    let task = Task::create(|timestamps| Task {
        id: 7,
        title: String::new(),
        estimate: None,
        labels: Vec::new(),
        links: None,
        initial: 'x',
        cache: None,
        timestamps,
    });
    assert!(task.is_ok_and(|it| it.cache.is_none()));
    let note = Note::create(|timestamps| Note { id: 7, timestamps });
    assert!(note.is_ok_and(|it| *it.id() == 7));
    let boxed = Boxed::create(|timestamps| Boxed { id: 7, content: 'x', tag: PhantomData::<u8>, timestamps });
    assert!(boxed.is_ok_and(|it| it.content == 'x' && it.tag == PhantomData));
    assert_eq!(Boxed::<String, u8>::COLUMNS.len(), 2);
}
