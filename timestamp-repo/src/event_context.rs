//! `EventContext`: where events come from, as consumers and tracing tools want to know it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::outbox::StoredEvent;

tokio::task_local! {
    static CURRENT: Arc<EventContext>;
}

/// Where events come from: the request that made them, the event that caused them, the tenant. All of it is optional,
/// is stored beside the events, and travels with them.
///
/// Whatever is saved inside of [`scope`](Self::scope) carries it, without a word in the code that saves.
///
/// # Example
///
/// ```
/// use timestamp_core::{Timestamped, Timestamps};
/// use timestamp_repo::{EventContext, Sqlite};
///
/// #[derive(Timestamped)]
/// #[timestamped(table = "tasks")]
/// struct Task {
///     #[timestamped(id)]
///     id: i64,
///     timestamps: Timestamps,
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let store = Sqlite::in_memory().await?;
/// let tasks = store.repository::<Task>().await?;
/// let mut task = Task::create(|timestamps| Task { id: 1, timestamps })?;
///
/// let context = EventContext::new().correlation_id("request-4711").tenant_id("acme");
/// context.scope(tasks.save(&mut task)).await?;
///
/// let events = store.outbox().of(&task).await?;
/// assert_eq!(events[0].correlation_id.as_deref(), Some("request-4711"));
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventContext {
    pub(crate) tenant_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) causation_id: Option<String>,
    pub(crate) traceparent: Option<String>,
}

/// A text that is no `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceparentError {
    text: String,
}

impl fmt::Display for TraceparentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no traceparent: W3C Trace Context writes one as `00-`, 32 and 16 lower-case hexadecimal digits that \
             are not all zero, and 2 more, with `-` between them",
            self.text.escape_debug()
        )
    }
}

impl std::error::Error for TraceparentError {}

impl EventContext {
    /// Returns a context that says nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the context for what is done because of an event: caused by it, of the same correlation (or the first of
    /// one), tenant and trace.
    #[must_use]
    pub fn caused_by(event: &StoredEvent) -> Self {
        let id = event.id.to_string();
        Self {
            tenant_id: event.tenant_id.clone(),
            correlation_id: Some(event.correlation_id.clone().unwrap_or_else(|| id.clone())),
            causation_id: Some(id),
            traceparent: event.traceparent.clone(),
        }
    }

    /// Sets whose data it is.
    #[must_use]
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.tenant_id = Some(id.into());
        self
    }

    /// Sets what everything that follows from one request has in common.
    #[must_use]
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    /// Sets the command or event that caused this.
    #[must_use]
    pub fn causation_id(mut self, id: impl Into<String>) -> Self {
        self.causation_id = Some(id.into());
        self
    }

    /// Sets the place in a distributed trace, as the header of [W3C Trace Context] has it.
    ///
    /// # Errors
    ///
    /// [`TraceparentError`] for a text of another form. Versions that are not known yet are taken as the
    /// recommendation says: their text begins as that of version 00 does.
    ///
    /// [W3C Trace Context]: https://www.w3.org/TR/trace-context/#traceparent-header
    pub fn traceparent(mut self, traceparent: impl Into<String>) -> Result<Self, TraceparentError> {
        let text = traceparent.into();
        if is_traceparent(&text) {
            self.traceparent = Some(text);
            Ok(self)
        } else {
            Err(TraceparentError { text })
        }
    }

    /// Gives what is saved while `work` runs this context. It holds in `work` itself, not in tasks that it spawns. One
    /// scope in another replaces it.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(Arc::new(self), work).await
    }

    /// The columns of the outbox: `tenantid`, `correlationid`, `causationid` and `traceparent`.
    pub(crate) fn columns(&self) -> [Option<&str>; 4] {
        [&self.tenant_id, &self.correlation_id, &self.causation_id, &self.traceparent].map(|it| it.as_deref())
    }

    /// The context of the running task, if it has one that says anything.
    pub(crate) fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(|context| (**context != Self::default()).then(|| Arc::clone(context))).ok().flatten()
    }
}

fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let is_id = |part: &str, length| part.len() == length && is_hex(part) && part.bytes().any(|byte| byte != b'0');
    let mut parts = text.splitn(5, '-');
    let (Some(version), Some(trace), Some(parent), Some(flags)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    version.len() == 2
        && is_hex(version)
        && version != "ff"
        && is_id(trace, 32)
        && is_id(parent, 16)
        && flags.len() == 2
        && is_hex(flags)
        // Of later versions more may follow.
        && (version != "00" || parts.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::is_traceparent;

    #[test]
    fn a_traceparent_is_what_trace_context_says() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        assert!(is_traceparent(&format!("00-{trace}-{parent}-01")));
        assert!(is_traceparent(&format!("cc-{trace}-{parent}-01-what-is-new")));
        for wrong in [
            String::new(),
            format!("00-{trace}-{parent}"),
            format!("00-{trace}-{parent}-01-more"),
            format!("ff-{trace}-{parent}-01"),
            format!("00-{}-{parent}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{}-{parent}-01", trace.to_uppercase()),
            format!("00-{trace}-{parent}-1"),
            format!("0-{trace}-{parent}-01"),
            format!("00-{trace}é-{parent}-01"),
        ] {
            assert!(!is_traceparent(&wrong), "{wrong}");
        }
    }
}
