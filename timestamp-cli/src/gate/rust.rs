//! Finds what is refused in Rust.
//!
//! A path means what its imports say, and those may stand in another file. So each file is first read on its own, into a
//! sketch: which modules and names it has, and which paths it mentions where. When all files are read, each mention is
//! followed through the names of all of them, and judged by where it ends.
//!
//! Nothing is expanded and nothing compiled: code for another system, behind a feature that is off, or under an `allow`
//! is read like any other. Paths in macro calls are read as code where they parse as code, and else word by word.

mod calls;
mod declarations;
mod depth;
mod filter;
mod format;
mod handed_on;
mod imports;
mod literal;
mod module_path;
mod names;
mod paths;
mod reader;
pub(crate) mod rules;
mod sketch;
mod strings;
#[cfg(test)]
mod tests;
mod tokens;
mod variables;
pub(crate) mod watched;
mod words;

use std::collections::HashMap;

pub(crate) use filter::Filter;
pub(crate) use handed_on::HandedOn;
pub(crate) use module_path::Packages;
pub(crate) use names::Names;
use names::Origin;
use proc_macro2::TokenStream;
use sketch::Place;
pub(crate) use sketch::Sketch;

use crate::gate::finding::{Finding, Unreadable};
use watched::{Watched, Where};
pub(crate) use words::Words;

/// Reads a file that is the module with this path.
///
/// # Errors
///
/// Where the file is no Rust, or nested too deeply to be read.
pub(crate) fn read(text: &str, module: &str) -> Result<Sketch, Unreadable> {
    // Each text that a thread parses is kept for its spans; those of the last file are not needed any more.
    proc_macro2::extra::invalidate_current_thread_spans();
    let base = prelude(text);
    let at = |span: proc_macro2::Span| span.byte_range().start + base;
    let code = text.get(base..).unwrap_or_default();
    let tokens: TokenStream = code.parse().map_err(|error: proc_macro2::LexError| Unreadable {
        at: at(error.span()),
        why: "no Rust: a word, literal or bracket does not end".to_owned(),
    })?;
    if let Some((span, why)) = depth::beyond_limits(code, &tokens) {
        return Err(Unreadable { at: at(span), why });
    }
    let file: syn::File =
        syn::parse2(tokens).map_err(|error| Unreadable { at: at(error.span()), why: format!("no Rust: {error}") })?;
    Ok(reader::read(text, base, &file, module))
}

/// Returns how long a byte order mark and a `#!` line are, which are no code.
fn prelude(text: &str) -> usize {
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    let rest = text.get(mark..).unwrap_or_default();
    let is_attribute = rest.strip_prefix("#!").is_none_or(|rest| rest.trim_start().starts_with('['));
    if is_attribute { mark } else { mark + rest.find('\n').unwrap_or(rest.len()) }
}

/// Judges what a file mentions by the names of all files, and returns its findings.
pub(crate) fn judge(text: &str, sketch: &Sketch, names: &Names, watched: &[Watched]) -> Vec<Finding> {
    let mut findings = sketch.findings.clone();
    let mut judged: HashMap<(&str, &str), Vec<&Watched>> = HashMap::new();
    for mention in &sketch.mentions {
        let broken =
            || broken(&names.origins_in_block(&mention.path, &mention.module, &mention.globs, watched), watched);
        let fits =
            |broken: &[&Watched]| broken.iter().find(|watched| stands(&mention.place, watched.place)).map(|w| w.rule);
        // The same few paths are mentioned again and again.
        let rule = if mention.globs.is_empty() {
            fits(judged.entry((&mention.path, &mention.module)).or_insert_with(broken))
        } else {
            fits(&broken())
        };
        if let Some(rule) = rule {
            let mut finding = Finding::new(rule, text, mention.at.clone());
            finding.within.clone_from(&mention.within);
            findings.push(finding);
        }
    }
    findings
}

/// Returns which watched paths a path may be, the longest first.
fn broken<'a>(origins: &[Origin], watched: &'a [Watched]) -> Vec<&'a Watched> {
    let is = |watched: &Watched, origin: &Origin| match origin {
        Origin::Crate(path) => watched.is(path),
        Origin::Item(path) => watched.own && watched.is(path),
        Origin::Unknown(path) => watched.looks_like(path) || watched.own && watched.is(path),
    };
    let mut broken: Vec<_> =
        watched.iter().filter(|watched| origins.iter().any(|origin| is(watched, origin))).collect();
    broken.sort_by_key(|watched| std::cmp::Reverse(watched.end.len()));
    broken
}

/// Whether a mention stands where it breaks the rule.
fn stands(place: &Place, broken: Where) -> bool {
    match (broken, place) {
        (Where::Anywhere, _) | (Where::InSignature, Place::Signature(_)) => true,
        (Where::NamedAsInstant, Place::Signature(Some(name))) => says_when(name),
        (Where::InSignature | Where::NamedAsInstant, Place::Code | Place::Signature(None)) => false,
    }
}

/// Whether a name says when something happened.
fn says_when(name: &str) -> bool {
    const WORDS: &[&str] = &["timestamp", "created", "updated", "modified", "deleted", "now"];
    name.ends_with("_at") || name.split('_').any(|word| WORDS.contains(&word))
}
