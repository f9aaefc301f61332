//! Paths as text.

use syn::{Path, QSelf, Type};

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
