//! What only a person can mend: the events wait where nothing is wrong with them, and are parked where there is.

use std::time::Duration;

use timestamp_repo::{Nats, NatsStream, RelayError, RelayStatus, Sqlite};

use crate::server::Server;
use crate::setup::{STREAM, arrived, assert_all, client, relay, save, save_large, store, stream, versions};

async fn away(store: &Sqlite, nats: &Nats) -> String {
    match relay(store, nats).deliver_all().await {
        Err(RelayError::SinkUnavailable { message }) => message,
        other => panic!("{other:?}"),
    }
}

/// Relays, and returns how it went and why the first event was parked.
async fn parked(store: &Sqlite, nats: &Nats) -> (RelayStatus, String) {
    let status = relay(store, nats).deliver_all().await.unwrap();
    let list = store.parking("default").list(0, 100).await.unwrap();
    assert_eq!(u64::try_from(list.len()).unwrap(), status.parked);
    (status, list[0].reason.clone().unwrap())
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn missing_stream_is_told_and_waited_for() {
    let server = Server::start();
    let nats = Nats::connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 2).await;
    assert_eq!(
        away(&store, &nats).await,
        "the sink is unavailable: no stream takes the subject `events.Task.created`: create one with \
         `nats stream add EVENTS --subjects 'events.>'`, or with `NatsOptions::create_stream`"
    );
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    relay(&store, &nats).deliver_all().await.unwrap();
    assert_all(&arrived(&server).await, &["a"], 2);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn stream_that_goes_missing_is_created_again_where_that_was_asked_for() {
    let server = Server::start();
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 2).await;
    relay(&store, &nats).deliver_all().await.unwrap();
    client(&server).await.delete_stream(STREAM).await.unwrap();
    save(&store, "b", 2).await;
    assert!(away(&store, &nats).await.contains("no stream takes the subject"));
    relay(&store, &nats).deliver_all().await.unwrap();
    assert_all(&arrived(&server).await, &["b"], 2);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn stream_that_goes_missing_while_somebody_listens_is_created_again() {
    let server = Server::start();
    let options = Nats::options().create_stream(NatsStream::new(STREAM)).publish_timeout(Duration::from_millis(300));
    let nats = options.connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 2).await;
    relay(&store, &nats).deliver_all().await.unwrap();
    let somebody = timestamp_repo::async_nats::connect(server.url()).await.unwrap();
    let _listens = somebody.subscribe("events.>").await.unwrap();
    somebody.flush().await.unwrap();
    client(&server).await.delete_stream(STREAM).await.unwrap();
    save(&store, "b", 2).await;
    // Somebody has got the message, so the server sees nothing wrong.
    assert!(away(&store, &nats).await.contains("has not acknowledged"));
    relay(&store, &nats).deliver_all().await.unwrap();
    assert_all(&arrived(&server).await, &["b"], 2);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn stream_that_is_sealed_or_another_makes_events_wait() {
    let server = Server::start();
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 1).await;
    let elsewhere = Nats::options().stream("OTHER").connect(&server.url()).await.unwrap();
    let message = away(&store, &elsewhere).await;
    assert!(message.contains("a stream that is not `OTHER` takes the subject `events.Task.created`"), "{message}");

    let mut config = stream(&server).await.cached_info().config.clone();
    config.sealed = true;
    client(&server).await.update_stream(config).await.unwrap();
    let message = away(&store, &nats).await;
    assert!(message.contains("the stream that takes `events.Task.created` is sealed"), "{message}");
    assert_eq!(store.parking("default").list(0, 10).await.unwrap(), []);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn switched_off_jetstream_is_told_and_waited_for() {
    let server = Server::with("");
    let nats = Nats::connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 1).await;
    let message = away(&store, &nats).await;
    assert!(
        message.contains("JetStream is off on this server, which `nats-server --jetstream` switches on"),
        "{message}"
    );
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn subject_that_may_not_be_published_to_is_told_and_waited_for() {
    let server = Server::with(
        r#"jetstream { store_dir: data }
           authorization { users: [
             { user: ada, password: hunter2, permissions: { publish: { deny: "events.>" } } },
             { user: admin, password: hunter3 } ] }"#,
    );
    let admin = Nats::options().user_and_password("admin", "hunter3").create_stream(NatsStream::new(STREAM));
    admin.connect(&server.url()).await.unwrap();
    let ada = Nats::options().user_and_password("ada", "hunter2").publish_timeout(Duration::from_millis(500));
    let nats = ada.connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 1).await;
    let message = away(&store, &nats).await;
    let words = message.to_lowercase();
    assert!(words.contains("permissions violation for publish to \"events.task.created\""), "{message}");
    assert_eq!(store.parking("default").list(0, 10).await.unwrap(), []);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn message_over_the_servers_limit_is_parked_and_others_go_on() {
    let server = Server::with("jetstream { store_dir: data }\nmax_payload: 8KB");
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    oversized(&server, &nats, "larger than the 8192 bytes that the server takes").await;
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn message_over_the_streams_limit_is_parked_and_others_go_on() {
    let server = Server::start();
    let wanted = NatsStream::new(STREAM).max_message_size(8_192);
    let nats = Nats::options().create_stream(wanted).connect(&server.url()).await.unwrap();
    oversized(&server, &nats, "the stream takes no message as large as this one").await;
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn message_that_even_the_empty_stream_has_no_room_for_is_parked() {
    let server = Server::start();
    let wanted = NatsStream::new(STREAM).max_bytes(8_192);
    let nats = Nats::options().create_stream(wanted).connect(&server.url()).await.unwrap();
    oversized(&server, &nats, "than the whole stream").await;
}

/// The second event of `b` is too large.
async fn oversized(server: &Server, nats: &Nats, reason: &str) {
    let store = store().await;
    save(&store, "a", 2).await;
    let mut b = save_large(&store, "b", 9_000).await;
    save(&store, "c", 2).await;
    timestamp_core::Timestamped::touch(&mut b, "shrunk");
    store.repository().await.unwrap().save(&mut b).await.unwrap();
    let (status, said) = parked(&store, nats).await;
    assert_eq!((status.delivered, status.parked), (5, 2), "the later one of the same entity is parked with it");
    assert!(said.contains(reason), "{said}");
    let arrived = versions(&arrived(server).await);
    assert_eq!((&*arrived["a"], &*arrived["b"], &*arrived["c"]), (&[1, 2][..], &[1][..], &[1, 2][..]));
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn subject_that_would_be_too_long_is_parked_and_others_go_on() {
    let server = Server::start();
    let options = Nats::options().subject("events.{type}.{id}").create_stream(NatsStream::new(STREAM));
    let nats = options.connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 1).await;
    // The server would close the connection at it, again and again.
    save(&store, &"ü".repeat(900), 1).await;
    // As long as may be.
    let longest = "x".repeat(2_000 - "events.Task.".len());
    save(&store, &longest, 1).await;
    let (status, said) = parked(&store, &nats).await;
    assert_eq!((status.delivered, status.parked), (2, 1));
    assert!(said.contains("its subject would have 5412 bytes, and 2000 are the most"), "{said}");
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn headers_over_the_limit_of_jetstream_are_parked_and_others_go_on() {
    let server = Server::start();
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, &"x".repeat(40_000), 1).await;
    save(&store, "a", 1).await;
    let (status, said) = parked(&store, &nats).await;
    assert_eq!((status.delivered, status.parked), (1, 1));
    assert!(said.contains("headers are larger than JetStream takes"), "{said}");
}
