//! What arrives where all is well.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use timestamp_repo::async_nats::jetstream::consumer::pull::OrderedConfig;
use timestamp_repo::{Nats, NatsStream, Relay, Sink as _, SinkError, StoredEvent};

use crate::server::Server;
use crate::setup::{STREAM, arrived, assert_all, relay, save, store, stream, until};

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn every_event_arrives_once_and_in_order() {
    let server = Server::start();
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    let store = store().await;
    let names: Vec<String> = (0..40).map(|number| format!("task-{number}")).collect();
    let running = relay(&store, &nats).start();
    for name in &names {
        save(&store, name, 5).await;
    }
    let status = until(&running, |status| status.delivered == 200).await;
    running.stop().await.unwrap();
    assert_eq!((status.parked, status.sink_unavailable), (0, None));

    // As a consumer reads it.
    let consumer = stream(&server).await.create_consumer(OrderedConfig::default()).await.unwrap();
    let mut messages = consumer.messages().await.unwrap().take(200);
    let mut read = 0;
    while let Some(message) = messages.next().await {
        let message = message.unwrap();
        let headers = message.headers.as_ref().unwrap();
        assert_eq!(headers.get("Nats-Msg-Id"), headers.get("ce-id"));
        assert!(message.subject.starts_with("events.Task."), "{}", message.subject);
        read += 1;
    }
    assert_eq!(read, 200);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_all(&arrived(&server).await, &names, 5);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn event_that_is_published_again_is_in_the_stream_once() {
    let server = Server::start();
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 3).await;
    save(&store, "b", 3).await;
    // Published, and then the program ends before the relay knows.
    let published = Arc::new(AtomicUsize::new(0));
    let crashes = {
        let (nats, published) = (nats.clone(), Arc::clone(&published));
        move |event: Arc<StoredEvent>| {
            let (nats, published) = (nats.clone(), Arc::clone(&published));
            async move {
                nats.deliver(event).await?;
                published.fetch_add(1, Ordering::Relaxed);
                std::future::pending::<Result<(), SinkError>>().await
            }
        }
    };
    let crashing = Relay::new(store.clone(), crashes).lease(Duration::from_millis(300));
    let running = tokio::spawn(async move { crashing.deliver_all().await });
    while published.load(Ordering::Relaxed) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.abort();
    // Until its lease has run out.
    tokio::time::sleep(Duration::from_millis(400)).await;

    let status = relay(&store, &nats).deliver_all().await.unwrap();
    assert_eq!((status.delivered, status.parked), (6, 0), "the two of before too");
    assert_all(&arrived(&server).await, &["a", "b"], 3);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn any_text_as_an_id_makes_a_subject_of_its_own() {
    let server = Server::start();
    let options = Nats::options().subject("shop.{type}.{id}.{kind}").create_stream(NatsStream::new(STREAM));
    let nats = options.connect(&server.url()).await.unwrap();
    let store = store().await;
    let ids = ["a.b", "a*", ">", "a b", "50%", "grüße €", "line\nbreak\t", "", "%", "\"q\"", "$SYS"];
    for id in ids {
        save(&store, id, 2).await;
    }
    let status = relay(&store, &nats).deliver_all().await.unwrap();
    assert_eq!((status.delivered, status.parked), (22, 0));
    let subjects: Vec<String> = arrived(&server)
        .await
        .into_iter()
        .map(|message| message.subject)
        .filter(|it| it.ends_with("created"))
        .collect();
    let expected = [
        "a%2Eb",
        "a%2A",
        "%3E",
        "a%20b",
        "50%25",
        "gr%C3%BC%C3%9Fe%20%E2%82%AC",
        "line%0Abreak%09",
        "%",
        "%25",
        "\"q\"",
        "$SYS",
    ];
    let mut expected = expected.map(|id| format!("shop.Task.{id}.created")).to_vec();
    let mut subjects = subjects;
    subjects.sort();
    expected.sort();
    assert_eq!(subjects, expected);
}
