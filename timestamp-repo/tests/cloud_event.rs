//! Envelopes as the specification of CloudEvents 1.0 asks for them.
//!
//! `tests/cloud_event.txt` is what a consumer sees; after a change, run `BLESS=1 cargo test -p timestamp-repo --test
//! cloud_event`, and read the difference as a consumer would. Another reader, not from here, has its say in `scripts/test`.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "clippy takes only `#[test]` functions for tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::{CloudEvent, CloudEventError, CloudEventSource, Sqlite, StoredEvent};

#[derive(Timestamped)]
#[timestamped(table = "tasks")]
struct Task {
    #[timestamped(id)]
    id: String,
    timestamps: Timestamps,
}

/// An event of the entity with this id, as it is stored, but for what is new in each run.
async fn stored(id: &str) -> StoredEvent {
    let store = Sqlite::in_memory().await.unwrap();
    let mut task = Task::create(|timestamps| Task { id: id.to_owned(), timestamps }).unwrap();
    task.touch("completed");
    store.repository().await.unwrap().save(&mut task).await.unwrap();
    let mut event = store.outbox().of(&task).await.unwrap().pop().unwrap();
    event.id = "01938b5a-0000-7000-8000-000000000001".parse().unwrap();
    event.at = "2026-01-31T12:34:56.789Z".parse().unwrap();
    event.recorded_at = "2026-01-31T12:34:57Z".parse().unwrap();
    event.payload = r#"{"kind":"updated","version":2,"reason":"completed","at":"2026-01-31T12:34:56.789Z"}"#.to_owned();
    event
}

fn headers(event: &StoredEvent) -> BTreeMap<String, String> {
    let source = CloudEventSource::default();
    CloudEvent::new(&source, event).headers().map(|(name, value)| (name.to_owned(), value.into_owned())).collect()
}

#[tokio::test]
async fn envelope_is_the_one_that_consumers_know() {
    let source = CloudEventSource::new("https://shop.example/tasks").unwrap().type_prefix("example.shop.").unwrap();
    let mut text = String::new();
    for id in ["42", "Euro € 😀", "50% \"off\"\n"] {
        let event = stored(id).await;
        let envelope = CloudEvent::new(&source, &event);
        writeln!(text, "# {id:?}\n").unwrap();
        for (name, value) in envelope.headers() {
            writeln!(text, "{name}: {value}").unwrap();
        }
        writeln!(text, "\n{}\n\n{}\n", envelope.data(), envelope.to_json()).unwrap();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cloud_event.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&file).unwrap());
}

#[tokio::test]
async fn context_of_an_event_travels_with_it() {
    let mut event = stored("42").await;
    event.correlation_id = Some("request 4711".to_owned());
    event.causation_id = Some("01938b5a-0000-7000-8000-000000000002".to_owned());
    event.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    event.tenant_id = Some("acme".to_owned());
    let all = headers(&event);
    assert_eq!(all["ce-correlationid"], "request%204711");
    assert_eq!(all["ce-causationid"], "01938b5a-0000-7000-8000-000000000002");
    assert_eq!(all["ce-traceparent"], "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_eq!(all["ce-tenantid"], "acme");
    event.correlation_id = None;
    event.tenant_id = Some(String::new());
    let some = headers(&event);
    assert!(!some.contains_key("ce-correlationid") && !some.contains_key("ce-tenantid"), "{some:?}");
}

#[tokio::test]
async fn required_attributes_are_there_and_names_are_legal() {
    let mut event = stored("42").await;
    for context in [&mut event.correlation_id, &mut event.causation_id, &mut event.traceparent, &mut event.tenant_id] {
        *context = Some("there".to_owned());
    }
    let source = CloudEventSource::default();
    let envelope = CloudEvent::new(&source, &event);
    let attributes: BTreeMap<_, _> = envelope.attributes().collect();
    assert_eq!(attributes.len(), 14);
    assert_eq!(attributes.len(), envelope.attributes().count(), "a name is there twice");
    for required in ["specversion", "id", "source", "type"] {
        assert!(attributes.contains_key(required), "{required}");
    }
    for (name, value) in attributes {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{name}");
        assert!(name.len() <= 20, "{name}");
        assert!(!value.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn header_values_are_printable_ascii_and_can_be_decoded() {
    // The example of the specification, and everything that it says must be encoded.
    assert_eq!(headers(&stored("Euro € 😀").await)["ce-subject"], "Euro%20%E2%82%AC%20%F0%9F%98%80");
    let id: String = (0..=0x2ff_u32).filter_map(char::from_u32).collect();
    let event = stored(&id).await;
    let headers = headers(&event);
    for value in headers.values() {
        assert!(value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'), "{value}");
    }
    assert_eq!(decoded(&headers["ce-subject"]), id);
    assert_eq!(decoded(&headers["ce-partitionkey"]), format!("Task/{id}"));
}

/// By hand, so that the encoder does not judge itself.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut pieces = value.split('%');
    bytes.extend(pieces.next().unwrap().bytes());
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend(piece[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn structured_mode_says_the_same_as_the_headers() {
    for id in ["42", "Euro € 😀", "50% \"off\"\n\u{1}"] {
        let event = stored(id).await;
        let source = CloudEventSource::default();
        let envelope = CloudEvent::new(&source, &event);
        let json: serde_json::Value = serde_json::from_str(&envelope.to_json()).unwrap();
        let mut json = json.as_object().unwrap().clone();
        let data: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
        assert_eq!(json.remove("data").unwrap(), data);
        let attributes: BTreeMap<_, _> = envelope.attributes().collect();
        assert_eq!(json.len(), attributes.len());
        for (name, value) in attributes {
            assert_eq!(json[name], *value, "{name}");
        }
    }
}

#[tokio::test]
async fn text_of_sequences_sorts_as_versions_do() {
    let mut event = stored("42").await;
    let mut sequences = Vec::new();
    for version in [1, 2, 9, 10, 99, 100, 1 << 40, u64::MAX] {
        event.version = version;
        sequences.push(headers(&event)["ce-sequence"].clone());
    }
    assert!(sequences.is_sorted(), "{sequences:?}");
}

#[tokio::test]
async fn attribute_without_a_value_is_left_out() {
    let headers = headers(&stored("").await);
    assert!(!headers.contains_key("ce-subject"));
    assert_eq!(headers["ce-partitionkey"], "Task/");
}

#[test]
fn source_is_a_uri_reference() {
    for good in ["/", "/orders", "https://shop.example/orders?x=%20#y", "urn:example:shop", "orders", "//host/[::1]"] {
        CloudEventSource::new(good).unwrap();
    }
    for bad in ["", "two words", "grün", "%", "%2", "%zz", "a\nb", "a\"b", "<a>", "a\\b"] {
        let error = CloudEventSource::new(bad).unwrap_err();
        assert!(matches!(error, CloudEventError::Source { .. }), "{bad}");
    }
    assert_eq!(
        CloudEventSource::new("two words\n").unwrap_err().to_string(),
        "`two words\\n` is no URI reference: write one such as `https://shop.example/orders` or `/orders`"
    );
    assert_eq!(CloudEventSource::default().type_prefix("a\n"), Err(CloudEventError::TypePrefix));
}
