//! Collects what is refused, so that one run of the compiler shows all of it.
//!
//! Every message has the same two parts: what is wrong, and after a blank line `help:` with what to type. This is the
//! only place that builds a `syn::Error`.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The refusals of one struct, in the order in which they were found.
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
    read: bool,
}

impl Diagnostics {
    pub(crate) fn new() -> Self {
        Self { errors: Vec::new(), read: false }
    }

    /// Refuses the code `at`, the smallest piece that must change.
    pub(crate) fn refuse(&mut self, at: impl ToTokens, problem: impl Display, help: impl Display) {
        self.errors.push(syn::Error::new_spanned(at, message(problem, help)));
    }

    /// Refuses an item that could not be read at all.
    ///
    /// rustc reads it before the derive does, so this happens only to syntax that is newer than the derive.
    pub(crate) fn refuse_unreadable(&mut self, error: &syn::Error) {
        let problem = format!("`#[derive(Timestamped)]` can not read this item: {error}");
        let help = "write it without syntax that is newer than this version of `timestamp-derive`";
        self.errors.push(syn::Error::new(error.span(), message(problem, help)));
    }

    /// Returns one `compile_error!` per refusal; nothing if nothing was refused.
    pub(crate) fn into_compile_errors(mut self) -> Option<TokenStream> {
        self.read = true;
        (!self.errors.is_empty()).then(|| self.errors.iter().map(syn::Error::to_compile_error).collect())
    }
}

fn message(problem: impl Display, help: impl Display) -> String {
    // rustc offers macros no stable way to add a help note; a second paragraph is shown as written.
    format!("{problem}\n\nhelp: {help}")
}

impl Drop for Diagnostics {
    #[expect(clippy::panic, reason = "a refusal that nobody reads would let wrong code pass; this is a defect of ours")]
    fn drop(&mut self) {
        if !self.read && !std::thread::panicking() {
            panic!("the diagnostics were dropped without being read");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "dropped without being read")]
    fn unread_diagnostics_are_a_defect() {
        drop(Diagnostics::new());
    }

    #[test]
    fn every_refusal_becomes_an_error() {
        let mut diagnostics = Diagnostics::new();
        diagnostics.refuse(quote::quote!(a), "`a` is wrong", "remove it");
        diagnostics.refuse(quote::quote!(b), "`b` is wrong", "remove it");
        let errors = diagnostics.into_compile_errors().unwrap().to_string();
        assert_eq!(errors.matches("compile_error").count(), 2);
        assert!(errors.contains(r"`a` is wrong\n\nhelp: remove it"), "{errors}");
    }

    #[test]
    fn nothing_refused_is_no_error() {
        assert!(Diagnostics::new().into_compile_errors().is_none());
    }
}
