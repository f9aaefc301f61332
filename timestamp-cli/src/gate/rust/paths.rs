//! Paths as text, and where they stand.
//!
//! `syn` tells where something stands by making tokens of all of it; for a path whose arguments are types with arguments
//! of their own that is done again at each level. So places are put together from their two ends.

use proc_macro2::Span;
use syn::{Expr, Path, PathArguments, QSelf, Type};

use crate::gate::rust::imports::plain;

/// Returns a path as it is written, without arguments of types: `std::vec::Vec::new`.
pub(crate) fn as_written(path: &Path) -> String {
    let mut written = String::new();
    for segment in &path.segments {
        if !written.is_empty() || path.leading_colon.is_some() {
            written.push_str("::");
        }
        written.push_str(&plain(&segment.ident));
    }
    written
}

/// Returns the path that names a type, also behind references, parentheses and invisible brackets of macros.
pub(crate) fn type_path(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Path(path) if path.qself.is_none() => Some(&path.path),
        Type::Reference(reference) => type_path(&reference.elem),
        Type::Paren(paren) => type_path(&paren.elem),
        Type::Group(group) => type_path(&group.elem),
        _ => None,
    }
}

/// Returns `T::name` for `<T>::name`; `None` if the path is of a trait, as in `<T as Trait>::name`.
pub(crate) fn qualified(of: &QSelf, path: &Path) -> Option<String> {
    match of.as_token {
        None => Some(format!("{}::{}", as_written(type_path(&of.ty)?), as_written(path).trim_start_matches("::"))),
        Some(_) => None,
    }
}

/// Returns the first and the last token of a path.
pub(super) fn ends(path: &Path) -> Option<(Span, Span)> {
    let (first, last) = (path.segments.first()?, path.segments.last()?);
    let begin = path.leading_colon.map_or(first.ident.span(), |colons| colons.spans[0]);
    let end = match &last.arguments {
        PathArguments::None => last.ident.span(),
        PathArguments::AngleBracketed(arguments) => arguments.gt_token.spans[0],
        PathArguments::Parenthesized(arguments) => match &arguments.output {
            syn::ReturnType::Default => arguments.paren_token.span.close(),
            // `Fn() -> T` goes on, and is no path that anything is asked by.
            syn::ReturnType::Type(arrow, _) => arrow.spans[1],
        },
    };
    Some((begin, end))
}

/// Returns the first token of an expression, if it is near: `a` of `a.b(..)?.c`.
pub(super) fn first_token(expression: &Expr) -> Option<Span> {
    /// Deeper than that nobody needs to see where it began.
    const NEAR: usize = 16;
    let mut expression = expression;
    for _ in 0..NEAR {
        expression = match expression {
            Expr::MethodCall(call) => &call.receiver,
            Expr::Field(field) => &field.base,
            Expr::Try(inner) => &inner.expr,
            Expr::Await(inner) => &inner.base,
            Expr::Call(call) => &call.func,
            Expr::Index(inner) => &inner.expr,
            Expr::Cast(inner) => &inner.expr,
            Expr::Path(path) if path.qself.is_none() => return ends(&path.path).map(|(first, _)| first),
            Expr::Paren(inner) => return Some(inner.paren_token.span.open()),
            Expr::Reference(inner) => return Some(inner.and_token.spans[0]),
            Expr::Unary(syn::ExprUnary { op: syn::UnOp::Deref(star), .. }) => return Some(star.spans[0]),
            Expr::Macro(call) => return ends(&call.mac.path).map(|(first, _)| first),
            _ => return None,
        };
    }
    None
}
