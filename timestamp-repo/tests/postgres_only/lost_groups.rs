//! Groups whose connection is lost while the server goes on: each member is told that nobody knows.

use std::time::{Duration, Instant};

use timestamp_core::Timestamped as _;
use timestamp_repo::{Postgres, SaveError};

use crate::database::{Place, Task};
use crate::grouped_saves::{assert_books_balance, new, number, save_at_once, start, stored, touched};
use crate::proxy::{Line, Proxy};

/// Handed back instead, its members would write again beside the statement that is on its way, and be told what became of
/// the second attempt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn members_of_a_group_that_commits_unheard_are_unknown_and_stored_once() {
    let place = Place::new().await;
    let proxy = Proxy::to(&place.url).await;
    let store =
        Postgres::options().application_name(&place.schema).pool_size(6).connect(&proxy.url(&place.url)).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let all = stored(save_at_once(&tasks, new(40)).await);
    place
        .sql(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END \
             $$; CREATE TRIGGER slow AFTER UPDATE ON tasks FOR EACH STATEMENT EXECUTE FUNCTION slow()",
        )
        .await;
    let saving = start(&tasks, touched(all));
    let sleeping = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND wait_event = 'PgSleep' AND query LIKE \
         '%timestamp_locked%'",
        place.schema
    );
    let begun = Instant::now();
    while number(&place, &sleeping).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "no group is on its way");
    }
    proxy.line.send(Line::Cut).unwrap();
    let (mut unknown, mut ended) = (0, Vec::new());
    for save in saving {
        let (answer, task) = save.await.unwrap();
        match answer {
            Err(SaveError::OutcomeUnknown) => {
                unknown += 1;
                assert_eq!(task.pending_events().len(), 1);
            }
            // It was not on its way yet, and went over a new connection.
            Ok(()) => assert_eq!(task.pending_events().len(), 0),
            Err(other) => panic!("{other:?}"),
        }
        ended.push(task);
    }
    assert!(unknown > 10, "{unknown} of 40 are unknown: no group was met");
    // All of it goes through.
    let begun = Instant::now();
    while number(&place, "SELECT count(*) FROM timestamp_outbox").await < 80 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the server has given up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    place.sql("DROP TRIGGER slow ON tasks").await;
    for task in &mut ended {
        tasks.save(task).await.unwrap();
        assert_eq!((task.pending_events().len(), task.version()), (0, 2));
    }
    assert_eq!(number(&place, "SELECT count(*) FROM timestamp_outbox").await, 80);
    assert_books_balance(&place).await;
    place.remove().await;
}
