//! Messages for a reader that is not from here: `scripts/test` gives them to the Python package `cloudevents`.

use std::fmt::Write as _;

use serde::Serialize;
use timestamp_repo::{CloudEvent, CloudEventSource, EventContext, Nats, NatsStream};

use crate::server::Server;
use crate::setup::{STREAM, arrived, relay, save, store};

/// One message as it came out of the stream, and the event in the structured mode.
#[derive(Serialize)]
struct Line<'a> {
    headers: Vec<(String, String)>,
    body: &'a str,
    structured: String,
    /// What a reader must find.
    id: String,
    entity_id: &'a str,
    version: u64,
    correlation_id: Option<&'a str>,
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn messages_are_written_down_for_another_reader() {
    let server = Server::start();
    let source = || CloudEventSource::new("https://shop.example/tasks").unwrap().type_prefix("example.shop.").unwrap();
    let options = Nats::options().source(source()).create_stream(NatsStream::new(STREAM));
    let nats = options.connect(&server.url()).await.unwrap();
    let store = store().await;
    for id in ["plain", "Euro € 😀", "50% \"off\"", "a.b/c?d=e", "%41 is no A", "tab\tand\\backslash"] {
        let context = EventContext::new().correlation_id(format!("request for {id}")).tenant_id("acme");
        context.scope(save(&store, id, 3)).await;
    }
    relay(&store, &nats).deliver_all().await.unwrap();

    let arrived = arrived(&server).await;
    let events = store.outbox().after(0, 100).await.unwrap();
    assert_eq!(arrived.len(), events.len());
    let mut lines = String::new();
    for event in &events {
        let id = event.id.to_string();
        let message = arrived.iter().find(|message| message.header("Nats-Msg-Id") == id).unwrap();
        assert_eq!(message.body, event.payload);
        let headers = message.headers.iter().map(|(name, values)| (name.to_string(), values[0].to_string())).collect();
        let structured = CloudEvent::new(&source(), event).to_json();
        let (entity_id, version) = (&*event.entity_id, event.version);
        let correlation_id = event.correlation_id.as_deref();
        let line = Line { headers, body: &message.body, structured, id, entity_id, version, correlation_id };
        writeln!(lines, "{}", serde_json::to_string(&line).unwrap()).unwrap();
    }
    if let Some(file) = std::env::var_os("TIMESTAMP_TEST_MESSAGES") {
        std::fs::write(file, lines).unwrap();
    }
}
