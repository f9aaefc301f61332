//! NATS goes away, hangs or is full: events wait, and then go on by themselves.

use std::time::Duration;

use timestamp_repo::async_nats::jetstream::stream::Config;
use timestamp_repo::{Nats, NatsStream, RelayError};

use crate::server::Server;
use crate::setup::{STREAM, arrived, assert_all, client, relay, save, save_large, store, stream, until};
use crate::warnings::Warnings;

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn server_that_restarts_loses_nothing() {
    let (warnings, _guard) = Warnings::of_this_thread();
    let mut server = Server::start();
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    let store = store().await;
    let running = relay(&store, &nats).start();
    let names = ["a", "b", "c", "d", "e", "f"];
    for name in &names[..2] {
        save(&store, name, 10).await;
    }
    until(&running, |status| status.delivered == 20).await;
    server.kill();
    for name in &names[2..] {
        save(&store, name, 10).await;
    }
    let status = until(&running, |status| status.sink_unavailable.is_some()).await;
    assert!(status.sink_unavailable.unwrap().contains(&server.url()["nats://".len()..]));
    tokio::time::sleep(Duration::from_millis(700)).await;
    server.start_again();
    let status = until(&running, |status| status.delivered == 60).await;
    running.stop().await.unwrap();
    assert_eq!((status.parked, status.sink_unavailable), (0, None));
    assert_all(&arrived(&server).await, &names, 10);
    let warnings = warnings.take();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn connection_that_breaks_under_load_loses_nothing() {
    let mut server = Server::start();
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    let store = store().await;
    let names: Vec<String> = (0..300).map(|number| format!("task-{number}")).collect();
    for name in &names {
        save(&store, name, 3).await;
    }
    let running = relay(&store, &nats).start();
    until(&running, |status| status.delivered > 100).await;
    server.kill();
    server.start_again();
    let status = until(&running, |status| status.delivered == 900).await;
    running.stop().await.unwrap();
    assert_eq!(status.parked, 0);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_all(&arrived(&server).await, &names, 3);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn server_that_hangs_is_waited_for() {
    let server = Server::start();
    let options = Nats::options().create_stream(NatsStream::new(STREAM)).publish_timeout(Duration::from_millis(300));
    let nats = options.connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 2).await;
    let running = relay(&store, &nats).start();
    until(&running, |status| status.delivered == 2).await;
    server.freeze();
    save(&store, "b", 2).await;
    let status = until(&running, |status| status.sink_unavailable.is_some()).await;
    let said = status.sink_unavailable.unwrap();
    assert!(said.contains("has not acknowledged a message to `events.Task.created` within 0.3 s"), "{said}");
    server.thaw();
    until(&running, |status| status.delivered == 4).await;
    running.stop().await.unwrap();
    assert_all(&arrived(&server).await, &["a", "b"], 2);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn full_stream_makes_events_wait_until_there_is_room() {
    let server = Server::start();
    let wanted = NatsStream::new(STREAM).max_messages(5);
    let nats = Nats::options().create_stream(wanted).connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 8).await;
    let running = relay(&store, &nats).start();
    let status = until(&running, |status| status.sink_unavailable.is_some()).await;
    assert_eq!((status.delivered, status.parked), (5, 0));
    let said = status.sink_unavailable.unwrap();
    assert!(said.contains("JetStream does not store the message") && said.contains("maximum messages"), "{said}");

    let config = stream(&server).await.cached_info().config.clone();
    client(&server).await.update_stream(Config { max_messages: 100, ..config }).await.unwrap();
    let status = until(&running, |status| status.delivered == 8).await;
    running.stop().await.unwrap();
    assert_eq!(status.parked, 0);
    assert_all(&arrived(&server).await, &["a"], 8);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn full_server_makes_events_wait() {
    let server = Server::with("jetstream { store_dir: data, max_file_store: 100KB }");
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    let store = store().await;
    for name in ["a", "b", "c", "d"] {
        save_large(&store, name, 40_000).await;
    }
    let running = relay(&store, &nats).window(1).start();
    let status = until(&running, |status| status.sink_unavailable.is_some()).await;
    assert_eq!(status.parked, 0);
    let said = status.sink_unavailable.unwrap();
    assert!(said.contains("JetStream does not store the message"), "{said}");
    // A consumer has read them.
    stream(&server).await.purge().await.unwrap();
    let status = until(&running, |status| status.delivered > 5).await;
    assert_eq!(status.parked, 0);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn program_that_starts_before_nats_does_not_wait_for_it() {
    let mut server = Server::not_yet_started();
    let options = Nats::options().create_stream(NatsStream::new(STREAM));
    let nats = options.connect_later().connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 3).await;
    let error = relay(&store, &nats).deliver_all().await.unwrap_err();
    assert!(matches!(error, RelayError::SinkUnavailable { .. }), "{error:?}");
    let running = relay(&store, &nats).start();
    until(&running, |status| status.sink_unavailable.is_some()).await;
    server.start_again();
    until(&running, |status| status.delivered == 3).await;
    running.stop().await.unwrap();
    assert_all(&arrived(&server).await, &["a"], 3);
}
