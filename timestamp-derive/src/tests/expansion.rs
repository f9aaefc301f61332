//! Generated code under review: `BLESS=1 cargo test -p timestamp-derive expansion`, and read the difference.

use std::path::Path;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::quote;

fn generated(input: TokenStream) -> String {
    let generated = crate::timestamped(input).to_string();
    prettyplease::unparse(&syn::parse_file(&generated).unwrap())
}

fn is_as_reviewed(name: &str, generated: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/expansions").join(name);
    if env::var_os("BLESS").is_some() {
        fs::write(&file, generated).unwrap();
    }
    let reviewed = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(generated, reviewed, "{name} is out of date: run again with BLESS=1, and review the difference");
}

#[test]
fn minimal_entity() {
    is_as_reviewed(
        "minimal.rs",
        &generated(quote! {
            struct Task {
                #[timestamped(id)]
                id: u64,
                timestamps: Timestamps,
            }
        }),
    );
}

fn with_every_attribute() -> TokenStream {
    quote! {
        #[timestamped(table = "tasks", entity = "task", validate = Self::check, created_at = "born",
            version = "revision", events = "state", crate = crate::framework)]
        pub struct Task {
            #[timestamped(id, column = "task_id")]
            pub id: Uuid,
            pub title: String,
            #[timestamped(json)]
            labels: Vec<String>,
            #[timestamped(json)]
            links: Option<Links>,
            #[timestamped(text)]
            status: Status,
            #[timestamped(text)]
            r#type: Option<Kind>,
            #[timestamped(skip)]
            cache: Cache,
            #[timestamped(timestamps)]
            stamps: Stamps,
        }
    }
}

#[test]
fn entity_with_every_attribute() {
    is_as_reviewed("full.rs", &generated(with_every_attribute()));
}

/// Most lints pass over an implementation that says it is derived; `tests/lints.rs` includes this one, which does not.
#[test]
fn entity_with_every_attribute_as_ordinary_code() {
    is_as_reviewed("linted.rs", &generated(with_every_attribute()).replace("    #[automatically_derived]\n", ""));
}

#[test]
fn generic_entity() {
    is_as_reviewed(
        "generic.rs",
        &generated(quote! {
            #[timestamped(table = "boxes")]
            struct Boxed<Id, Content: Clone, Tag = u8, const SIZE: usize = 3>
            where
                Content: Debug,
            {
                #[timestamped(id)]
                id: Id,
                content: Content,
                #[timestamped(json)]
                more: Option<[Content; SIZE]>,
                #[timestamped(skip)]
                tag: PhantomData<Tag>,
                count: u32,
                timestamps: Timestamps,
            }
        }),
    );
}

#[test]
fn refused_entity() {
    is_as_reviewed(
        "refused.rs",
        &generated(quote! {
            #[timestamped(table = "tasks")]
            struct Task<T> {
                #[timestamped(id)]
                id: u64,
                pub timestamps: Timestamps,
                content: T,
            }
        }),
    );
}
