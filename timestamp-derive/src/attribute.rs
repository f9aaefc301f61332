//! The grammar of `#[timestamped(...)]`: tokens to keys with spans.
//!
//! ```text
//! attribute = "#[timestamped(" item { "," item } [","] ")]"
//! item      = word | key "=" value
//! ```
//!
//! What the keys mean is not known here. A mistake in one item leaves the others readable, so that all mistakes of an
//! attribute are reported together.

use std::fmt::Display;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, DeriveInput, ExprPath, Ident, LitStr, Meta, Path, Token};

use crate::diagnostics::Diagnostics;
use crate::names;

/// A key with its value, both as they stand in the source.
pub(crate) struct Given<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

/// What stands in the attributes of the struct.
#[derive(Default)]
pub(crate) struct StructKeys {
    pub(crate) table: Option<Given<LitStr>>,
    /// Whether there is a `table`, be it with a value that was refused.
    pub(crate) means_a_table: bool,
    pub(crate) entity: Option<Given<LitStr>>,
    pub(crate) validate: Option<Given<ExprPath>>,
    /// The names of the columns of the timestamps, in the order of [`names::KEPT_COLUMNS`].
    pub(crate) kept: [Option<Given<LitStr>>; 3],
    pub(crate) events: Option<Given<LitStr>>,
    pub(crate) core: Option<Given<Path>>,
    /// Keys that belong on a field. They are refused already, and speak for what is missing there.
    pub(crate) misplaced: Vec<Ident>,
}

/// What stands in the attributes of one field. A bare word is its own key.
#[derive(Default)]
pub(crate) struct FieldKeys {
    pub(crate) id: Option<Ident>,
    pub(crate) timestamps: Option<Ident>,
    pub(crate) column: Option<Given<LitStr>>,
    pub(crate) json: Option<Ident>,
    pub(crate) text: Option<Ident>,
    pub(crate) skip: Option<Ident>,
    /// Keys that belong on the struct. They are refused already, and speak for what is missing there.
    pub(crate) misplaced: Vec<Ident>,
}

impl StructKeys {
    pub(crate) fn read(input: &DeriveInput, diagnostics: &mut Diagnostics) -> Self {
        let item = &input.ident;
        let mut keys = Self::default();
        for_each_item(&input.attrs, &names::STRUCT_KEYS, diagnostics, |key, input, diagnostics| {
            let word = key.to_string();
            if names::FIELD_KEYS.contains(&word.as_str()) {
                diagnostics.refuse(
                    &key,
                    format_args!("`{word}` is a key for a field, and here it stands on the struct `{item}`"),
                    format_args!("move `#[timestamped({word}{})]` to the field", sample_value(&word)),
                );
                skip_item(input);
                keys.misplaced.push(key);
                return;
            }
            let Some(key) = known(key, &word, "a struct", &names::STRUCT_KEYS, diagnostics) else {
                skip_item(input);
                return;
            };
            match key.to_string().as_str() {
                names::TABLE => {
                    keys.means_a_table = true;
                    once(&mut keys.table, &key, text(&key, input, diagnostics), diagnostics);
                }
                names::ENTITY => once(&mut keys.entity, &key, text(&key, input, diagnostics), diagnostics),
                names::VALIDATE => {
                    let value = path(&key, input, ExprPath::parse, "Self::check", diagnostics);
                    once(&mut keys.validate, &key, value, diagnostics);
                }
                names::EVENTS => once(&mut keys.events, &key, text(&key, input, diagnostics), diagnostics),
                names::CREATED_AT | names::UPDATED_AT | names::VERSION => {
                    let value = text(&key, input, diagnostics);
                    let mut slots = names::KEPT_COLUMNS.iter().zip(&mut keys.kept);
                    if let Some((_, slot)) = slots.find(|(kept, _)| key == kept.key) {
                        once(slot, &key, value, diagnostics);
                    }
                }
                names::CRATE => {
                    let value = path(&key, input, Path::parse_mod_style, "::timestamp_core", diagnostics);
                    once(&mut keys.core, &key, value, diagnostics);
                }
                _ => {}
            }
        });
        keys
    }
}

impl FieldKeys {
    pub(crate) fn read(attributes: &[Attribute], field: &Ident, item: &Ident, diagnostics: &mut Diagnostics) -> Self {
        let mut keys = Self::default();
        for_each_item(attributes, &names::FIELD_KEYS, diagnostics, |key, input, diagnostics| {
            let word = key.to_string();
            if names::STRUCT_KEYS.contains(&word.as_str()) {
                diagnostics.refuse(
                    &key,
                    format_args!("`{word}` is a key for the struct, and here it stands on the field `{field}`"),
                    format_args!("move `#[timestamped({word}{})]` to `{item}`", sample_value(&word)),
                );
                skip_item(input);
                keys.misplaced.push(key);
                return;
            }
            let Some(key) = known(key, &word, "a field", &names::FIELD_KEYS, diagnostics) else {
                skip_item(input);
                return;
            };
            match key.to_string().as_str() {
                names::ID => once(&mut keys.id, &key, bare(&key, input, diagnostics), diagnostics),
                names::TIMESTAMPS_KEY => {
                    once(&mut keys.timestamps, &key, bare(&key, input, diagnostics), diagnostics);
                }
                names::COLUMN => once(&mut keys.column, &key, text(&key, input, diagnostics), diagnostics),
                names::JSON => once(&mut keys.json, &key, bare(&key, input, diagnostics), diagnostics),
                names::TEXT => once(&mut keys.text, &key, bare(&key, input, diagnostics), diagnostics),
                names::SKIP => once(&mut keys.skip, &key, bare(&key, input, diagnostics), diagnostics),
                _ => {}
            }
        });
        keys
    }
}

/// Calls `read` with each key, and with the input right behind it.
fn for_each_item(
    attributes: &[Attribute],
    keys: &[&str],
    diagnostics: &mut Diagnostics,
    mut read: impl FnMut(Ident, ParseStream<'_>, &mut Diagnostics),
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(names::ATTRIBUTE)) {
        let tokens = match &attribute.meta {
            Meta::List(list) if !list.tokens.is_empty() => list.tokens.clone(),
            Meta::List(_) | Meta::Path(_) => {
                diagnostics.refuse(
                    &attribute.meta,
                    "`#[timestamped]` says nothing without a key",
                    format_args!("write one of {} in it, or remove it", listed(keys)),
                );
                continue;
            }
            Meta::NameValue(_) => {
                diagnostics.refuse(
                    &attribute.meta,
                    "the keys of `#[timestamped(...)]` stand in parentheses",
                    format_args!("write `#[timestamped(..)]`, with one of {}", listed(keys)),
                );
                continue;
            }
        };
        let read_items = |input: ParseStream<'_>| {
            items(input, keys, diagnostics, &mut read);
            Ok(())
        };
        // The items are read to the end whatever is in them, so there is no error left to report.
        let _: syn::Result<()> = read_items.parse2(tokens);
    }
}

fn items(
    input: ParseStream<'_>,
    keys: &[&str],
    diagnostics: &mut Diagnostics,
    read: &mut impl FnMut(Ident, ParseStream<'_>, &mut Diagnostics),
) {
    while !input.is_empty() {
        let Ok(key) = input.call(Ident::parse_any) else {
            let found = match input.parse::<Token![,]>() {
                Ok(comma) => comma.to_token_stream(),
                Err(_) => skip_item(input),
            };
            diagnostics.refuse(
                &found,
                format_args!("`{found}` is not a key of `#[timestamped(...)]`"),
                format_args!("expected {}", listed(keys)),
            );
            continue;
        };
        read(key.clone(), input, diagnostics);
        if input.peek(Token![,]) {
            let _: syn::Result<Token![,]> = input.parse();
        } else if input.peek(Ident::peek_any) {
            let fork = input.fork();
            if let Ok(next) = fork.call(Ident::parse_any) {
                diagnostics.refuse(
                    &next,
                    format_args!("there is no comma between `{key}` and `{next}`"),
                    format_args!("write `,` before `{next}`"),
                );
            }
        } else if !input.is_empty() {
            let found = skip_item(input);
            diagnostics.refuse(
                &found,
                format_args!("`{found}` does not belong behind `{key}`"),
                "write `,` between two keys, and nothing else",
            );
        }
    }
}

/// Keeps a value, unless its key was given before.
fn once<T>(place: &mut Option<T>, key: &Ident, value: Option<T>, diagnostics: &mut Diagnostics) {
    if place.is_some() {
        diagnostics.refuse(key, format_args!("`{key}` is given twice"), format_args!("remove one of the two `{key}`"));
    } else {
        *place = value;
    }
}

/// Reads a key that takes no value.
fn bare(key: &Ident, input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Option<Ident> {
    if input.peek(Token![=]) || input.peek(syn::token::Paren) {
        let value = skip_item(input);
        let help = format!("write `#[timestamped({key})]`");
        diagnostics.refuse(value, format_args!("`{key}` takes no value"), help);
    }
    Some(key.clone())
}

/// Reads `= "..."`.
fn text(key: &Ident, input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Option<Given<LitStr>> {
    let sample = sample_value(&key.to_string());
    if !equals(key, input, sample, diagnostics) {
        return None;
    }
    let fork = input.fork();
    if let Ok(value) = fork.parse::<LitStr>()
        && value.suffix().is_empty()
    {
        let _: syn::Result<LitStr> = input.parse();
        return Some(Given { key: key.clone(), value });
    }
    let found = skip_item(input);
    let quoted = match found.clone().into_iter().next() {
        Some(TokenTree::Ident(word)) => format!(" = \"{word}\""),
        _ => sample.to_owned(),
    };
    refuse_value(key, &found, "the value of `{key}` is not a text in quotes", &quoted, diagnostics);
    None
}

/// Reads `= path`, without quotes.
fn path<T>(
    key: &Ident,
    input: ParseStream<'_>,
    parse: fn(ParseStream<'_>) -> syn::Result<T>,
    sample: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Given<T>> {
    let sample = format!(" = {sample}");
    if !equals(key, input, &sample, diagnostics) {
        return None;
    }
    // The value must end where the item ends: `a::b()` begins with a path and is none.
    let fork = input.fork();
    if parse(&fork).is_ok()
        && (fork.is_empty() || fork.peek(Token![,]) || fork.peek(Ident::peek_any))
        && let Ok(value) = parse(input)
    {
        return Some(Given { key: key.clone(), value });
    }
    let fork = input.fork();
    let unquoted = match fork.parse::<LitStr>() {
        Ok(quoted) => format!(" = {}", quoted.value()),
        Err(_) => sample,
    };
    let found = skip_item(input);
    refuse_value(key, &found, "the value of `{key}` is not a path", &unquoted, diagnostics);
    None
}

/// Reads the `=` between a key and its value.
fn equals(key: &Ident, input: ParseStream<'_>, sample: &str, diagnostics: &mut Diagnostics) -> bool {
    if input.parse::<Token![=]>().is_ok() {
        return true;
    }
    let found = if input.peek(syn::token::Paren) { skip_item(input) } else { key.to_token_stream() };
    diagnostics.refuse(found, format_args!("`{key}` needs a value"), format_args!("write `{key}{sample}`"));
    false
}

fn refuse_value(key: &Ident, found: &TokenStream, problem: &str, sample: &str, diagnostics: &mut Diagnostics) {
    let problem = problem.replace("{key}", &key.to_string());
    let help = format!("write `{key}{sample}`");
    if found.is_empty() {
        diagnostics.refuse(key, format_args!("`{key}` needs a value"), help);
    } else {
        diagnostics.refuse(found, problem, help);
    }
}

/// Returns the key that `word` is, or was probably meant to be: refused as it is spelt, but read on as what it means, so
/// that what follows from the misspelling is not refused as well.
fn known(key: Ident, word: &str, on: &str, keys: &[&'static str], diagnostics: &mut Diagnostics) -> Option<Ident> {
    if keys.contains(&word) {
        return Some(key);
    }
    let problem = format!("unknown key `{word}` in `#[timestamped(...)]` on {on}");
    let Some(meant) = names::meant_by(word, keys) else {
        diagnostics.refuse(key, problem, format_args!("expected {}", listed(keys)));
        return None;
    };
    diagnostics.refuse(&key, problem, format_args!("expected {}; did you mean `{meant}`?", listed(keys)));
    Some(Ident::new(meant, key.span()))
}

/// Takes everything up to the next comma, or to the end.
fn skip_item(input: ParseStream<'_>) -> TokenStream {
    let mut skipped = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        match input.parse::<TokenTree>() {
            Ok(token) => skipped.extend([token]),
            Err(_) => break,
        }
    }
    skipped
}

/// What to write behind a key in a sample.
fn sample_value(key: &str) -> &'static str {
    match key {
        names::TABLE | names::ENTITY | names::CREATED_AT | names::UPDATED_AT | names::VERSION | names::COLUMN => {
            " = \"..\""
        }
        names::EVENTS => " = \"state\"",
        names::VALIDATE | names::CRATE => " = ..",
        _ => "",
    }
}

/// `a`, `b` or `c`.
fn listed(keys: &[impl Display]) -> String {
    let mut text = String::new();
    for (index, key) in keys.iter().enumerate() {
        let separator = match keys.len() - index {
            _ if index == 0 => "",
            1 => " or ",
            _ => ", ",
        };
        text.push_str(&format!("{separator}`{key}`"));
    }
    text
}
