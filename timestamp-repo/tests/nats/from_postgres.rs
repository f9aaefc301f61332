//! From one server to another: events that are saved in PostgreSQL arrive in NATS, whatever happens on the way.

use std::time::Duration;

use timestamp_core::Timestamped as _;
use timestamp_repo::tokio_postgres::NoTls;
use timestamp_repo::{Nats, NatsStream, Postgres, Relay};
use uuid::Uuid;

use crate::server::Server;
use crate::setup::{STREAM, Task, arrived, assert_all, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and NATS; scripts/test starts them"]
async fn events_of_postgresql_arrive_in_order_also_when_both_servers_hang_up() {
    let url = std::env::var("TIMESTAMP_TEST_POSTGRES").expect("TIMESTAMP_TEST_POSTGRES names no server");
    let schema = format!("nats_{}", Uuid::now_v7().simple());
    let (client, connection) = timestamp_repo::tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.unwrap();
    let sign = if url.contains('?') { '&' } else { '?' };
    let store = Postgres::options().application_name(&schema).pool_size(4);
    let store = store.connect(format!("{url}{sign}options=-c%20search_path%3D{schema}")).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();

    let mut server = Server::start();
    let nats = Nats::options().create_stream(NatsStream::new(STREAM)).publish_timeout(Duration::from_secs(1));
    let nats = nats.connect(&server.url()).await.unwrap();
    let relay = Relay::new(store.clone(), nats).start();
    let ids = ["a", "b", "c", "d"];
    let mut all = ids.map(Task::new);
    for round in 0..30 {
        for task in &mut all {
            if round > 0 {
                task.touch("changed");
            }
            // The server ends sessions in between, so an answer may be lost.
            while let Err(error) = tasks.save(task).await {
                assert!(error.is_retryable() || task.pending_events().len() == 1, "{error:?}");
            }
        }
        match round {
            10 => server.kill(),
            15 => server.start_again(),
            20 => {
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
                client.query(end, &[&schema]).await.unwrap();
            }
            _ => {}
        }
    }
    until(&relay, |status| status.waiting == 0 && status.in_flight == 0 && status.delivered > 0).await;
    relay.stop().await.unwrap();
    let status = Relay::new(store, Nats::connect(&server.url()).await.unwrap()).deliver_all().await.unwrap();
    assert_eq!(status.parked, 0);
    assert_all(&arrived(&server).await, &ids, 30);
    client.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).await.unwrap();
}
