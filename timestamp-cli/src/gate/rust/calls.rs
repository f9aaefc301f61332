//! Calls that are refused by what they are given or called on.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};
use syn::{Expr, ExprCall, ExprMethodCall, Lit, Member};

use crate::gate::finding::Fix;
use crate::gate::rust::format::{description_lacks_zone, strftime_lacks_zone};
use crate::gate::rust::imports::plain;
use crate::gate::rust::paths::{as_written, first_token};
use crate::gate::rust::reader::Reader;
use crate::gate::rust::rules;
use crate::gate::rust::sketch::Place;

/// The longest expression that a finding shows from its beginning.
const SHOWN: usize = 64;

/// Clocks of the system that tell no time of day, but only how much has passed.
const MONOTONIC: &[&str] =
    &["MONOTONIC", "BOOTTIME", "CPUTIME", "Monotonic", "Boottime", "ProcessCPUTime", "ThreadCPUTime"];

/// The functions of the `time` crate that read a description of a format.
const PARSERS: &[&str] = &["parse", "parse_borrowed", "parse_owned"];

/// Looks at the call of a function; returns whether its path needs no further look.
pub(super) fn function(reader: &mut Reader<'_>, call: &ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else { return false };
    let Some(name) = path.path.segments.last().map(|segment| &segment.ident) else { return false };
    if name == "format" && as_written(&path.path).ends_with("strtime::format") {
        pattern(reader, call.args.first(), strftime_lacks_zone);
    }
    if PARSERS.iter().any(|parser| name == parser) && as_written(&path.path).contains("format_description") {
        pattern(reader, call.args.first(), description_lacks_zone);
    }
    // `clock_gettime(CLOCK_MONOTONIC, ..)` measures, and the rest of the call is code like any other.
    if name == "clock_gettime" && call.args.first().is_some_and(|clock| is_monotonic(reader, clock)) {
        call.args.iter().for_each(|argument| syn::visit::Visit::visit_expr(reader, argument));
        return true;
    }
    false
}

/// Whether an argument names such a clock: `libc::CLOCK_MONOTONIC as _`, `ClockId::Monotonic.into()`.
fn is_monotonic(reader: &Reader<'_>, clock: &Expr) -> bool {
    match clock {
        Expr::Path(path) => {
            let words = reader.source(&reader.path_range(&path.path));
            MONOTONIC.iter().any(|name| words.contains(name))
        }
        Expr::Cast(cast) => is_monotonic(reader, &cast.expr),
        Expr::Paren(inner) => is_monotonic(reader, &inner.expr),
        Expr::Group(inner) => is_monotonic(reader, &inner.expr),
        Expr::Reference(inner) => is_monotonic(reader, &inner.expr),
        Expr::MethodCall(call) if call.args.is_empty() => is_monotonic(reader, &call.receiver),
        _ => false,
    }
}

/// Looks at the call of a method; returns what is left to look at, if not all of it.
pub(super) fn method<'a>(reader: &mut Reader<'_>, call: &'a ExprMethodCall) -> Option<&'a Expr> {
    let at = reader.range(call.method.span());
    match (call.method.to_string().as_str(), call.args.len()) {
        ("elapsed", 0) => elapsed(reader, call),
        ("and_utc", 0) => {
            if let Expr::MethodCall(inner) = &*call.receiver
                && inner.method == "naive_utc"
                && inner.args.is_empty()
            {
                let at = reader.range(inner.method.span()).start..at.end;
                let fix = to_utc(reader, at.clone());
                reader.refuse(&rules::MADE_NAIVE, at, fix);
                return Some(&inner.receiver);
            }
        }
        ("naive_utc" | "naive_local", 0) => reader.refuse(&rules::MADE_NAIVE, at, None),
        ("to_rfc3339_opts", 2) => {
            if let Some(Expr::Lit(syn::ExprLit { lit: Lit::Bool(z), .. })) = call.args.last()
                && !z.value
            {
                let at = reader.range(z.span);
                let fix =
                    call.args.first().is_some_and(is_chronos).then(|| Fix { at: at.clone(), text: "true".to_owned() });
                reader.refuse(&rules::FORMAT_WITHOUT_Z, at, fix);
            }
        }
        ("format" | "strftime" | "format_localized", 1 | 2) => {
            pattern(reader, call.args.first(), strftime_lacks_zone);
        }
        _ => {}
    }
    None
}

/// `to_utc` for `naive_utc().and_utc`, where the file names chrono, whose methods of these names mean the same.
///
/// A comment between the two stays where it is, and so does the rest.
fn to_utc(reader: &Reader<'_>, at: Range<usize>) -> Option<Fix> {
    let written: String = reader.source(&at).split_whitespace().collect();
    (reader.names_chrono() && written == "naive_utc().and_utc").then(|| Fix { at, text: "to_utc".to_owned() })
}

/// Whether an argument says that the method is chrono's: `SecondsFormat::Millis`.
///
/// Then `true` for `false` writes the same instant, and differs in UTC only.
fn is_chronos(argument: &Expr) -> bool {
    matches!(argument, Expr::Path(path) if path.path.segments.iter().any(|segment| segment.ident == "SecondsFormat"))
}

/// Looks at the text of a `format_description!`.
pub(super) fn description(reader: &mut Reader<'_>, body: &TokenStream) {
    for token in body.clone() {
        if let TokenTree::Literal(literal) = token {
            let at = reader.range(literal.span());
            if reader.literal(&at).is_some_and(|pattern| description_lacks_zone(&pattern.value)) {
                reader.refuse(&rules::FORMAT_WITHOUT_ZONE, at, None);
            }
        }
    }
}

/// Refuses a pattern that lacks a zone.
///
/// Nothing mends it: `Z` at its end would be wrong where the text around it says the zone, or where it is read again.
fn pattern(reader: &mut Reader<'_>, argument: Option<&Expr>, lacks_zone: fn(&str) -> bool) {
    match argument {
        Some(Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. })) => {
            let at = reader.range(text.span());
            pattern_literal(reader, at, lacks_zone);
        }
        Some(Expr::Path(path)) => {
            let at = reader.path_range(&path.path);
            let name = path.path.segments.last().map(|segment| plain(&segment.ident));
            if name.and_then(|name| reader.constant(&name).map(lacks_zone)) == Some(true) {
                reader.refuse(&rules::FORMAT_WITHOUT_ZONE, at, None);
            }
        }
        Some(Expr::Reference(reference)) => pattern(reader, Some(&reference.expr), lacks_zone),
        _ => {}
    }
}

/// The same for a literal.
pub(super) fn pattern_literal(reader: &mut Reader<'_>, at: Range<usize>, lacks_zone: fn(&str) -> bool) {
    if reader.literal(&at).is_some_and(|literal| lacks_zone(&literal.value)) {
        reader.refuse(&rules::FORMAT_WITHOUT_ZONE, at, None);
    }
}

/// Looks at `.elapsed()`, which asks for the time where it is called on a `SystemTime`.
fn elapsed(reader: &mut Reader<'_>, call: &ExprMethodCall) {
    let end = reader.range(call.method.span());
    let whole = first_token(&call.receiver).map_or(end.start, |first| reader.range(first).start)..end.end;
    let at = if whole.len() <= SHOWN && !reader.source(&whole).contains('\n') { whole } else { end };
    match value(&call.receiver) {
        Expr::Path(path) if path.qself.is_none() => {
            let written = as_written(&path.path);
            let ty = reader.variable(&written).map_or(written, str::to_owned);
            reader.mention(format!("{ty}::elapsed"), Place::Code, at);
        }
        Expr::Field(syn::ExprField { member: Member::Named(name), .. }) => {
            if let Some(ty) = reader.field(&plain(name)).map(|ty| format!("{ty}::elapsed")) {
                reader.mention(ty, Place::Code, at);
            }
        }
        // Times of files are `SystemTime`s, and only those are asked for in this way.
        Expr::MethodCall(inner)
            if inner.args.is_empty() && ["modified", "accessed", "created"].iter().any(|name| inner.method == name) =>
        {
            reader.refuse(&rules::SYSTEM_TIME, at, None);
        }
        _ => {}
    }
}

/// Returns what a value is taken from: `a` of `(&a)?`, `a.unwrap()`, `a.clone()`.
fn value(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => value(&inner.expr),
        Expr::Group(inner) => value(&inner.expr),
        Expr::Reference(inner) => value(&inner.expr),
        Expr::Try(inner) => value(&inner.expr),
        Expr::Await(inner) => value(&inner.base),
        Expr::Unary(inner) if matches!(inner.op, syn::UnOp::Deref(_)) => value(&inner.expr),
        Expr::MethodCall(call)
            if ["unwrap", "expect", "clone", "to_owned", "unwrap_or_default"]
                .iter()
                .any(|name| call.method == name) =>
        {
            value(&call.receiver)
        }
        other => other,
    }
}
