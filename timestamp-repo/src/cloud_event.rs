//! `CloudEvent`: a stored event as CloudEvents 1.0 spell it, for consumers that know nothing of this crate.
//!
//! An envelope has attributes, which are text, and data, which is the event's payload as it is stored. It travels in
//! one of two ways: *binary*, each attribute a header and the data the body, as [`Nats`](crate::Nats) sends it; or
//! *structured*, all of it one JSON object.
//!
//! # Attributes
//!
//! Which attribute comes from where stands in `of_source` and `of_event`, and nowhere else. None is ever empty: one without a value is
//! left out.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;

use uuid::Uuid;

use crate::outbox::{StoredEvent, push_escaped};

/// The media type of every payload.
const JSON: &str = "application/json";

/// What stands before the name of an attribute where it is a header.
const HEADER_PREFIX: &str = "ce-";

/// Who speaks: what the envelopes of one service have in common.
///
/// ```
/// use timestamp_repo::CloudEventSource;
///
/// let source = CloudEventSource::new("https://shop.example/orders")?.type_prefix("example.shop.")?;
/// # Ok::<(), timestamp_repo::CloudEventError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudEventSource {
    uri: String,
    type_prefix: String,
}

impl CloudEventSource {
    /// Returns a source with this URI reference: the attribute `source` of every envelope. An absolute one, such as
    /// `https://shop.example/orders` or `urn:example:shop`, tells services apart that share a broker.
    ///
    /// # Errors
    ///
    /// [`CloudEventError::Source`] for a text that is no URI reference.
    pub fn new(uri: impl Into<String>) -> Result<Self, CloudEventError> {
        let uri = uri.into();
        if is_uri_reference(&uri) {
            Ok(Self { uri, type_prefix: String::new() })
        } else {
            Err(CloudEventError::Source { uri })
        }
    }

    /// Sets what stands before the event's type in the attribute `type`: nothing unless set. The specification
    /// recommends a reversed domain name, such as `example.shop.`, which makes `example.shop.Task.updated`.
    ///
    /// # Errors
    ///
    /// [`CloudEventError::TypePrefix`] for one with control characters.
    pub fn type_prefix(mut self, prefix: impl Into<String>) -> Result<Self, CloudEventError> {
        self.type_prefix = prefix.into();
        if self.type_prefix.chars().any(char::is_control) {
            return Err(CloudEventError::TypePrefix);
        }
        Ok(self)
    }
}

/// `/timestamp-repo`, and no prefix.
impl Default for CloudEventSource {
    fn default() -> Self {
        Self { uri: "/timestamp-repo".to_owned(), type_prefix: String::new() }
    }
}

/// Why a [`CloudEventSource`] is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloudEventError {
    /// The source is no URI reference.
    #[error("`{}` is no URI reference: write one such as `https://shop.example/orders` or `/orders`", .uri.escape_debug())]
    Source {
        /// What was given.
        uri: String,
    },
    /// The prefix of the types has control characters.
    #[error("the prefix of the event types has control characters: write one such as `example.shop.`")]
    TypePrefix,
}

/// A stored event as an envelope of CloudEvents 1.0.
///
/// | attribute | from |
/// |---|---|
/// | `specversion` | `1.0` |
/// | `id` | the event's id |
/// | `source` | [`CloudEventSource::new`] |
/// | `type` | the prefix and the event's type, such as `Task.updated` |
/// | `subject` | the entity's id |
/// | `time` | when it happened: RFC 3339, UTC, with `Z` |
/// | `datacontenttype` | `application/json` |
/// | `sequence` | the entity's version after the event, with leading zeros to 20 digits, so that text sorts as numbers do |
/// | `partitionkey` | entity type, `/`, entity id |
/// | `recordedtime` | when it was stored |
/// | `correlationid`, `causationid`, `traceparent`, `tenantid` | [`EventContext`](crate::EventContext), if anybody has said |
///
/// `sequence` and all after it but `tenantid` are extensions that the specification documents. `sequence` counts per
/// entity, not per source, since that is the order in which events are delivered: a consumer finds a gap, or an event that
/// it has left behind, by comparing it within one `partitionkey`.
#[derive(Clone, Copy)]
pub struct CloudEvent<'a> {
    source: &'a CloudEventSource,
    event: &'a StoredEvent,
}

impl<'a> CloudEvent<'a> {
    /// Puts an event into an envelope.
    #[must_use]
    pub fn new(source: &'a CloudEventSource, event: &'a StoredEvent) -> Self {
        Self { source, event }
    }

    /// Returns the attributes, names and values, in a fixed order.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> + use<'a> {
        let of_source = of_source(self.source).map(|(name, value)| (name, Cow::Borrowed(value)));
        let of_event = self.of_event().map(|(name, value, _)| (name, value));
        of_source.into_iter().chain(of_event).map(|(name, value)| (&name[HEADER_PREFIX.len()..], value))
    }

    /// Returns the attributes as headers of the binary mode: names with `ce-` before them, and values in which
    /// everything but printable ASCII is percent-encoded, and the space, the double quote and the percent sign too, as
    /// the bindings for HTTP and NATS ask.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> + use<'a> {
        Self::headers_of(self.source).chain(self.own_headers())
    }

    /// The headers that all events of a source have in common.
    pub(crate) fn headers_of(source: &'a CloudEventSource) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> {
        of_source(source).into_iter().map(|(name, value)| (name, encoded(Cow::Borrowed(value))))
    }

    /// The others.
    pub(crate) fn own_headers(&self) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> + use<'a> {
        self.of_event().map(|(name, value, letters)| match letters {
            Letters::Plain => (name, value),
            Letters::Any => (name, encoded(value)),
        })
    }

    fn of_event(&self) -> impl Iterator<Item = (&'static str, Cow<'a, str>, Letters)> + use<'a> {
        let Self { source, event } = *self;
        let event_type = [&*source.type_prefix, &*event.entity_type, ".", event.kind.as_str()].concat();
        let partition_key = [&*event.entity_type, "/", &*event.entity_id].concat();
        let plain = |text: &str| Cow::Owned(text.to_owned());
        [
            ("ce-id", plain(event.id.hyphenated().encode_lower(&mut Uuid::encode_buffer())), Letters::Plain),
            ("ce-type", Cow::Owned(event_type), Letters::Any),
            ("ce-subject", Cow::Borrowed(&*event.entity_id), Letters::Any),
            ("ce-time", plain(&event.at.to_text()), Letters::Plain),
            ("ce-sequence", Cow::Owned(twenty_digits(event.version)), Letters::Plain),
            ("ce-partitionkey", Cow::Owned(partition_key), Letters::Any),
            ("ce-recordedtime", plain(&event.recorded_at.to_text()), Letters::Plain),
            ("ce-correlationid", or_empty(event.correlation_id.as_deref()), Letters::Any),
            ("ce-causationid", or_empty(event.causation_id.as_deref()), Letters::Any),
            ("ce-traceparent", or_empty(event.traceparent.as_deref()), Letters::Any),
            ("ce-tenantid", or_empty(event.tenant_id.as_deref()), Letters::Any),
        ]
        .into_iter()
        .filter(|(_, value, _)| !value.is_empty())
    }

    /// Returns the data: the event's payload, a JSON object.
    #[must_use]
    pub fn data(&self) -> &'a str {
        &self.event.payload
    }

    /// Returns the whole envelope as one JSON object, for the structured mode; its media type is
    /// `application/cloudevents+json`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(512 + self.event.payload.len());
        json.push('{');
        for (name, value) in self.attributes() {
            // Writing to a string does not fail.
            let _ = write!(json, r#""{name}":"#);
            push_escaped(&mut json, &value);
            json.push(',');
        }
        json.push_str(r#""data":"#);
        json.push_str(&self.event.payload);
        json.push('}');
        json
    }
}

impl fmt::Debug for CloudEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.attributes()).finish()
    }
}

/// What a value may have in it.
#[derive(Clone, Copy)]
enum Letters {
    /// Nothing that a header would have to encode.
    Plain,
    Any,
}

/// The attributes that all events of a source have in common, by the names of their headers, which need no memory of their
/// own then.
fn of_source(source: &CloudEventSource) -> [(&'static str, &str); 3] {
    [("ce-specversion", "1.0"), ("ce-source", &source.uri), ("ce-datacontenttype", JSON)]
}

/// With leading zeros. Events are many, and `format!` takes twice as long.
fn twenty_digits(mut number: u64) -> String {
    let mut digits = [b'0'; 20];
    for digit in digits.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    digits.map(char::from).iter().collect()
}

/// What is empty is left out.
fn or_empty(value: Option<&str>) -> Cow<'_, str> {
    Cow::Borrowed(value.unwrap_or_default())
}

fn encoded(value: Cow<'_, str>) -> Cow<'_, str> {
    if value.bytes().all(is_plain) {
        return value;
    }
    let mut encoded = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            push_percent(&mut encoded, byte);
        }
    }
    Cow::Owned(encoded)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'%'
}

/// A byte as `%` and two upper-case digits.
pub(crate) fn push_percent(text: &mut String, byte: u8) {
    // Writing to a string does not fail.
    let _ = write!(text, "%{byte:02X}");
}

/// Whether only characters of RFC 3986 occur, and `%` only before two digits. What the parts mean is not looked at.
fn is_uri_reference(uri: &str) -> bool {
    let bytes = uri.as_bytes();
    let is_digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_hexdigit);
    !bytes.is_empty()
        && bytes.iter().enumerate().all(|(index, byte)| match byte {
            b'%' => is_digit(index + 1) && is_digit(index + 2),
            byte => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(byte),
        })
}
