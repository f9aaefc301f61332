//! Stored events on their way to NATS JetStream, and a consumer that gets them.
//!
//! You will see the messages of two tasks: one subject for each kind of event, CloudEvents headers, and the versions of a
//! task in order. What is published twice is in the stream once.
//!
//! ```text
//! $ scripts/services run --only nats -- cargo run -p examples --features nats --example relay_to_nats
//! example.Task.created  Task.created  of write  #00000000000000000001  {"kind":"created","version":1,"at":"..."}
//! example.Task.created  Task.created  of print  #00000000000000000001  {"kind":"created","version":1,"at":"..."}
//! example.Task.updated  Task.updated  of write  #00000000000000000002  {"kind":"updated","version":2,"reason":"completed",..}
//! 3 events were delivered again, and the stream has each once
//! ```

use std::error::Error;

use futures_util::StreamExt;
use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::async_nats::jetstream::{self, consumer::pull::OrderedConfig};
use timestamp_repo::{CloudEventSource, Nats, NatsStream, Relay, Sqlite, async_nats};

/// Of this example alone.
const STREAM: &str = "EXAMPLE_RELAY_TO_NATS";

#[derive(Timestamped)]
#[timestamped(table = "tasks")]
struct Task {
    #[timestamped(id)]
    id: String,
    done: bool,
    timestamps: Timestamps,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Ok(url) = std::env::var("TIMESTAMP_TEST_NATS") else {
        println!("scripts/services run --only nats -- cargo run -p examples --features nats --example relay_to_nats");
        return Ok(());
    };
    let broker = jetstream::new(async_nats::connect(&url).await?);
    if broker.get_stream(STREAM).await.is_ok() {
        broker.delete_stream(STREAM).await?; // of an earlier run
    }

    let store = Sqlite::in_memory().await?;
    let nats = Nats::options()
        .subject("example.{type}.{kind}")
        .source(CloudEventSource::new("/examples/relay_to_nats")?)
        .create_stream(NatsStream::new(STREAM))
        .connect(&url)
        .await?;
    let relay = Relay::new(store.clone(), nats.clone()).start();

    let tasks = store.repository::<Task>().await?;
    for id in ["write", "print"] {
        let mut task = Task::create(|timestamps| Task { id: id.to_owned(), done: false, timestamps })?;
        tasks.save(&mut task).await?;
    }
    let mut task = tasks.find(&"write".to_owned()).await?.ok_or("it was saved")?;
    task.done = true;
    task.touch("completed");
    tasks.save(&mut task).await?;

    // Any program with a client of NATS can do this.
    let consumer = broker.get_stream(STREAM).await?.create_consumer(OrderedConfig::default()).await?;
    let mut messages = consumer.messages().await?.take(3);
    let mut versions = Vec::new();
    while let Some(message) = messages.next().await {
        let message = message?;
        let headers = message.headers.as_ref().ok_or("CloudEvents have headers")?;
        let header = |name: &str| headers.get(name).map_or("", |value| value.as_str());
        let (event, id, sequence) = (header("ce-type"), header("ce-subject"), header("ce-sequence"));
        println!("{}  {event}  of {id}  #{sequence}  {}", message.subject, std::str::from_utf8(&message.payload)?);
        versions.push((id.to_owned(), sequence.parse::<u64>()?));
    }
    let written: Vec<u64> = versions.iter().filter(|(id, _)| id == "write").map(|(_, version)| *version).collect();
    assert_eq!(written, [1, 2], "in order");
    relay.stop().await?;

    // A relay of another name begins with the oldest event. JetStream knows them all by their ids.
    let again = Relay::new(store, nats).name("again").deliver_all().await?;
    let stored = broker.get_stream(STREAM).await?.cached_info().state.messages;
    assert_eq!((again.delivered, stored), (3, 3));
    println!("{} events were delivered again, and the stream has each once", again.delivered);
    Ok(())
}
