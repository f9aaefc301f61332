//! `ValidationError`: what is wrong with an entity, without repeating its values.

use std::borrow::Cow;
use std::fmt;

/// What is wrong with an entity: one or more fields, each with a message.
///
/// It names fields and rules, never the rejected value, so it can be logged without logging personal data; keep your
/// own messages to that.
///
/// # Example: every broken field at once
///
/// ```
/// use timestamp_core::ValidationError;
///
/// # struct Task { title: String, estimate: u32 }
/// # impl Task {
/// fn check(&self) -> Result<(), ValidationError> {
///     let mut wrong = ValidationError::none();
///     if self.title.is_empty() {
///         wrong.add("title", "must not be empty");
///     }
///     if self.estimate > 100 {
///         wrong.add("estimate", "must be at most 100 hours");
///     }
///     wrong.into_result()
/// }
/// # }
/// let error = Task { title: String::new(), estimate: 101 }.check().unwrap_err();
/// assert_eq!(error.to_string(), "title: must not be empty; estimate: must be at most 100 hours");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "a validation error that is not returned refuses nothing"]
pub struct ValidationError {
    fields: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

impl ValidationError {
    /// Returns the error for one field.
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { fields: vec![(field.into(), message.into())] }
    }

    /// Returns a collector in which nothing is wrong yet; [`add`](Self::add) to it, then
    /// [`into_result`](Self::into_result).
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a field that is wrong.
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        self.fields.push((field.into(), message.into()));
    }

    /// Returns `Ok` if nothing was added.
    ///
    /// # Errors
    ///
    /// Itself, if a field is wrong.
    pub fn into_result(self) -> Result<(), Self> {
        if self.fields.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Returns field and message of everything that is wrong, in the order in which it was added.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.fields.iter().map(|(field, message)| (&**field, &**message))
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (field, message)) in self.fields.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{field}: {message}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ValidationError {}
