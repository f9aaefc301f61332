//! Saves that travel together: they are few statements, and nobody pays for a neighbour.

use std::time::{Duration, Instant};

use timestamp_core::Timestamped;
use timestamp_repo::{Postgres, Repository, SaveError};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::database::{Place, Task};

pub(crate) type Tasks = Repository<Task, Postgres>;
pub(crate) type Saved = (Result<(), SaveError>, Task);

/// Saves all of them at once.
pub(crate) fn start(tasks: &Tasks, all: Vec<Task>) -> Vec<JoinHandle<Saved>> {
    let save = |mut task: Task| {
        let tasks = tasks.clone();
        tokio::spawn(async move { (tasks.save(&mut task).await, task) })
    };
    all.into_iter().map(save).collect()
}

pub(crate) async fn save_at_once(tasks: &Tasks, all: Vec<Task>) -> Vec<Saved> {
    let mut saved = Vec::new();
    for task in start(tasks, all) {
        saved.push(task.await.unwrap());
    }
    saved
}

pub(crate) fn stored(saved: Vec<Saved>) -> Vec<Task> {
    let each = saved.into_iter().map(|(answer, task)| {
        answer.unwrap();
        assert_eq!(task.pending_events().len(), 0);
        task
    });
    each.collect()
}

pub(crate) fn new(count: usize) -> Vec<Task> {
    (0..count).map(|_| Task::new("a")).collect()
}

pub(crate) fn touched(mut all: Vec<Task>) -> Vec<Task> {
    all.iter_mut().for_each(|task| task.touch("touched"));
    all
}

const TRANSACTIONS: &str = "SELECT count(DISTINCT xid) FROM timestamp_outbox";

pub(crate) async fn number(place: &Place, sql: &str) -> usize {
    place.list(sql).await.parse().unwrap()
}

/// Every row has an event for each of its versions, in their order, and the last is the row's.
pub(crate) async fn assert_books_balance(place: &Place) {
    let wrong = "SELECT tasks.id FROM tasks LEFT JOIN (SELECT aggregateid, array_agg(version ORDER BY seq) AS versions \
                 FROM timestamp_outbox GROUP BY 1) AS event ON event.aggregateid = tasks.id::text WHERE versions IS \
                 DISTINCT FROM ARRAY(SELECT generate_series(1, tasks.version))";
    assert_eq!(place.list(wrong).await, "");
    let events = number(place, "SELECT count(*) FROM timestamp_outbox").await;
    assert_eq!(number(place, "SELECT coalesce(sum(version), 0) FROM tasks").await, events);
}

async fn saves_at_once_share_transactions() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    let all = stored(save_at_once(&tasks, new(200)).await);
    let inserts = number(&place, TRANSACTIONS).await;
    let all = stored(save_at_once(&tasks, touched(all)).await);
    let updates = number(&place, TRANSACTIONS).await - inserts;
    assert!(inserts <= 20 && updates <= 20, "{inserts} and {updates} transactions for 200 saves each");
    // Several events each: a touch that was not saved, and another one.
    stored(save_at_once(&tasks, touched(touched(all))).await);
    let mut more = touched(new(50));
    more.iter_mut().for_each(|task| task.title = "it's \"new\"\n\\ {NULL}, ,".to_owned());
    let more = stored(save_at_once(&tasks, more).await);
    let found = tasks.find(&more[49].id).await.unwrap().unwrap();
    assert_eq!((found.title.as_str(), found.version()), ("it's \"new\"\n\\ {NULL}, ,", 2));
    assert_books_balance(&place).await;
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn saves_at_once_share_transactions_on_one_thread() {
    saves_at_once_share_transactions().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn saves_at_once_share_transactions_on_many_threads() {
    saves_at_once_share_transactions().await;
}

/// A disk that takes a quarter of a second for each commit: whoever comes meanwhile waits for no lane to come back, and goes
/// together with all who wait.
#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn saves_share_transactions_while_earlier_ones_stand_still() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    place
        .sql(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.25); RETURN NULL; END \
             $$; CREATE TRIGGER slow AFTER INSERT ON tasks FOR EACH STATEMENT EXECUTE FUNCTION slow()",
        )
        .await;
    let mut saving = Vec::new();
    for _ in 0..20 {
        saving.extend(start(&tasks, new(10)));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for save in saving {
        save.await.unwrap().0.unwrap();
    }
    let transactions = number(&place, TRANSACTIONS).await;
    assert!(transactions <= 20, "{transactions} transactions for 200 saves");
    assert_books_balance(&place).await;
    place.remove().await;
}

/// By another index each row would take one more page to find, and the one of the key is written to anyway.
#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn saves_find_their_row_by_its_key() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    place
        .sql(
            "INSERT INTO tasks SELECT gen_random_uuid(), 'many', n, n, 1 FROM generate_series(1, 20000) AS n; ANALYZE \
             tasks",
        )
        .await;
    let mut all = stored(save_at_once(&tasks, new(50)).await);
    for task in &mut all[..10] {
        task.touch("alone");
        tasks.save(task).await.unwrap();
    }
    drop(stored(save_at_once(&tasks, touched(all)).await));
    // A process of the server says at its end, at the latest, what it has looked into.
    drop((tasks, store));
    let scans = |index: &str| {
        format!(
            "SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_user_indexes WHERE schemaname = '{}' AND relname = 'tasks' AND \
             indexrelname {index} 'tasks_pkey'",
            place.schema
        )
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while number(&place, &scans("=")).await < 60 {
        assert!(Instant::now() < deadline, "{} rows looked up by their key", number(&place, &scans("=")).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(number(&place, &scans("<>")).await, 0, "rows looked up by time");
    place.remove().await;
}

/// Compared at milliseconds, and what other programs wrote below them stays.
#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn groups_write_timestamptz_columns_too() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE tasks (id uuid PRIMARY KEY, title text NOT NULL, created_at_ms timestamptz NOT NULL, \
             updated_at_ms timestamptz NOT NULL, version bigint NOT NULL)",
        )
        .await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    let all = stored(save_at_once(&tasks, new(60)).await);
    let inserts = number(&place, TRANSACTIONS).await;
    let micros = "interval '7 microseconds'";
    place
        .sql(&format!(
            "UPDATE tasks SET created_at_ms = created_at_ms + {micros}, updated_at_ms = updated_at_ms + {micros}"
        ))
        .await;
    let all = stored(save_at_once(&tasks, touched(all)).await);
    let updates = number(&place, TRANSACTIONS).await - inserts;
    assert!(inserts <= 20 && updates <= 20, "{inserts} and {updates} transactions for 60 saves each");
    let kept = "SELECT count(*) FROM tasks WHERE extract(microseconds FROM created_at_ms)::bigint % 1000 = 7";
    assert_eq!(place.list(kept).await, "60");
    let found = tasks.find(&all[0].id).await.unwrap().unwrap();
    assert_eq!((found.created_at(), found.updated_at()), (all[0].created_at(), all[0].updated_at()));
    assert_books_balance(&place).await;
    place.remove().await;
}

/// Locked rows, and rows that somebody is about to insert, hold up nobody but who wants them.
#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_locked_row_does_not_delay_its_neighbours() {
    let place = Place::new().await;
    let store = place.store_with(Postgres::options().lock_timeout(Duration::from_secs(3))).await;
    let tasks = store.repository::<Task>().await.unwrap();
    let all = stored(save_at_once(&tasks, new(40)).await);
    let locked = all[20].id;
    let expected = Task::new("expected");
    let other = place.connection().await;
    let insert = format!(
        "BEGIN; SELECT FROM tasks WHERE id = '{locked}' FOR UPDATE; INSERT INTO tasks SELECT '{}', 'b', created_at_ms, \
         updated_at_ms, version FROM tasks LIMIT 1",
        expected.id
    );
    other.batch_execute(&insert).await.unwrap();
    let mut news = new(40);
    news.insert(20, expected);
    let begun = Instant::now();
    let mut updates = start(&tasks, touched(all));
    let mut inserts = start(&tasks, news);
    let (held_up, not_there_yet) = (updates.remove(20), inserts.remove(20));
    for neighbour in updates.into_iter().chain(inserts) {
        neighbour.await.unwrap().0.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_millis(1_500), "neighbours took {:?}", begun.elapsed());
    assert!(!held_up.is_finished() && !not_there_yet.is_finished());
    let (answer, task) = held_up.await.unwrap();
    assert!(matches!(answer, Err(SaveError::Busy(_))), "{answer:?}");
    assert_eq!(task.pending_events().len(), 1);
    let (answer, _) = not_there_yet.await.unwrap();
    assert!(matches!(answer, Err(SaveError::Busy(_))), "{answer:?}");
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_books_balance(&place).await;
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn each_member_of_a_group_has_its_own_answer() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    place
        .sql(
            "CREATE UNIQUE INDEX one_title ON tasks (title) WHERE title LIKE 'only%'; ALTER TABLE tasks ADD CONSTRAINT \
             no_bad_title CHECK (title <> 'bad'); CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF NEW.title = 'skipped' THEN RETURN NULL; END IF; RETURN NEW; END $$; CREATE TRIGGER skip BEFORE INSERT \
             OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION skip()",
        )
        .await;
    let mut only = Task::new("only one");
    tasks.save(&mut only).await.unwrap();
    for (title, constraint) in [("only one", "one_title"), ("bad", "no_bad_title"), ("skipped", "a trigger on tasks")] {
        let refused = |answer: &Result<(), SaveError>| match answer {
            Err(SaveError::Constraint { name }) => assert_eq!(name, constraint),
            other => panic!("{title}: {other:?}"),
        };
        let mut all = new(30);
        title.clone_into(&mut all[15].title);
        let twin = all[5].clone();
        all.push(twin);
        let mut saved = save_at_once(&tasks, all).await;
        // Of an entity and its clone, one is stored.
        let (twin, _) = saved.pop().unwrap();
        let both = [twin, std::mem::replace(&mut saved[5].0, Ok(()))];
        assert_eq!(both.iter().filter(|it| it.is_ok()).count(), 1, "{both:?}");
        assert!(both.iter().any(|it| matches!(it, Err(SaveError::AlreadyExists))), "{both:?}");
        refused(&saved.remove(15).0);
        let _ = saved.remove(5);
        let mut all = touched(stored(saved));
        title.clone_into(&mut all[15].title);
        let mut stale = tasks.find(&all[7].id).await.unwrap().unwrap();
        stale.touch("stale");
        tasks.save(&mut all[7]).await.unwrap();
        all.push(stale);
        let mut saved = save_at_once(&tasks, all).await;
        let (stale, _) = saved.pop().unwrap();
        assert!(matches!(stale, Err(SaveError::Conflict)), "{stale:?}");
        let (answer, mut task) = saved.remove(15);
        refused(&answer);
        assert_eq!(task.pending_events().len(), 1);
        stored(saved);
        "fine".clone_into(&mut task.title);
        tasks.save(&mut task).await.unwrap();
    }
    assert_books_balance(&place).await;
    place.remove().await;
}

/// An `ON CONFLICT` can not look at a constraint that is checked at COMMIT, and a trigger that changes ids loses events.
#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_table_that_takes_no_groups_is_saved_one_by_one() {
    for table in [
        "ALTER TABLE tasks ADD UNIQUE (id, title) DEFERRABLE INITIALLY DEFERRED",
        "CREATE FUNCTION other_id() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := NEW.id; NEW.id := \
         gen_random_uuid(); RETURN NEW; END $$; CREATE TRIGGER other_id BEFORE INSERT ON tasks FOR EACH ROW EXECUTE \
         FUNCTION other_id()",
    ] {
        let place = Place::new().await;
        let store = place.store().await;
        let tasks = store.repository::<Task>().await.unwrap();
        place.sql(table).await;
        stored(save_at_once(&tasks, new(40)).await);
        stored(save_at_once(&tasks, new(40)).await);
        assert_eq!(place.list("SELECT count(*) FROM tasks").await, "80");
        assert_eq!(place.list("SELECT count(*) FROM timestamp_outbox").await, "80");
        place.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_table_is_grouped_again_when_it_can_be() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    place.sql("ALTER TABLE tasks ADD CONSTRAINT late UNIQUE (id, title) DEFERRABLE INITIALLY DEFERRED").await;
    stored(save_at_once(&tasks, new(40)).await);
    assert_eq!(place.list(TRANSACTIONS).await, "40");
    place.sql("ALTER TABLE tasks DROP CONSTRAINT late").await;
    let begun = Instant::now();
    loop {
        let before = number(&place, TRANSACTIONS).await;
        stored(save_at_once(&tasks, new(40)).await);
        if number(&place, TRANSACTIONS).await - before < 20 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "all still go alone");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_books_balance(&place).await;
    place.remove().await;
}

/// Two programs that save the same entities in opposite orders do not lock each other out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn two_stores_at_the_same_rows_take_turns() {
    let place = Place::new().await;
    let stores = [place.store().await, place.store().await];
    let tasks = stores[0].repository::<Task>().await.unwrap();
    let ids: Vec<Uuid> = stored(save_at_once(&tasks, new(60)).await).iter().map(|task| task.id).collect();
    let mut programs = JoinSet::new();
    for (program, store) in stores.iter().enumerate() {
        let tasks = store.repository::<Task>().await.unwrap();
        let mut ids = ids.clone();
        if program == 1 {
            ids.reverse();
        }
        programs.spawn(async move {
            let mut stored = 0;
            for _ in 0..10 {
                let all = touched(tasks.find_all(&ids).await.unwrap());
                for (answer, _) in save_at_once(&tasks, all).await {
                    match answer {
                        Ok(()) => stored += 1,
                        Err(SaveError::Conflict) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }
            stored
        });
    }
    let stored: usize = programs.join_all().await.into_iter().sum();
    assert_eq!(number(&place, "SELECT count(*) FROM timestamp_outbox").await, stored + 60);
    assert_books_balance(&place).await;
    place.remove().await;
}

/// Dropped in the queue, on its way or after it: the entity says what is so.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_dropped_save_stops_no_neighbour_and_lies_to_nobody() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    let mut all = stored(save_at_once(&tasks, new(60)).await);
    for round in 0..12 {
        let mut saves = JoinSet::new();
        for (nth, mut task) in touched(all).into_iter().enumerate() {
            let tasks = tasks.clone();
            saves.spawn(async move {
                let patience = Duration::from_micros(if nth % 3 == 0 { 300 * round } else { 10_000_000 });
                let answer = tokio::time::timeout(patience, tasks.save(&mut task)).await;
                if let Ok(answer) = answer {
                    answer.unwrap();
                }
                task
            });
        }
        all = saves.join_all().await;
        tokio::time::sleep(Duration::from_millis(30)).await;
        for task in &mut all {
            while let Err(error) = tasks.save(task).await {
                assert!(matches!(error, SaveError::InFlight), "{error:?}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    assert_eq!(place.list("SELECT DISTINCT version FROM tasks").await, "13");
    assert_books_balance(&place).await;
    place.remove().await;
}

/// The server ends the process that writes a group.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_group_whose_process_dies_is_unknown_and_saved_again() {
    let place = Place::new().await;
    let name = place.schema.clone();
    let store = place.store_with(Postgres::options().application_name(&name)).await;
    let tasks = store.repository::<Task>().await.unwrap();
    let mut all = stored(save_at_once(&tasks, new(60)).await);
    place
        .sql(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END \
             $$; CREATE TRIGGER slow BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION slow()",
        )
        .await;
    let mut unknown = 0;
    for round in 0..3 {
        let saving = start(&tasks, touched(all));
        tokio::time::sleep(Duration::from_millis(100 + 40 * round)).await;
        place
            .list(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'"))
            .await;
        all = Vec::new();
        for save in saving {
            let (answer, task) = save.await.unwrap();
            match answer {
                Ok(()) => assert_eq!(task.pending_events().len(), 0),
                Err(SaveError::OutcomeUnknown) => {
                    unknown += 1;
                    assert_eq!(task.pending_events().len(), 1);
                }
                // Nothing was sent.
                Err(SaveError::Backend(_)) => assert_eq!(task.pending_events().len(), 1),
                Err(other) => panic!("{other:?}"),
            }
            all.push(task);
        }
        // A process that is told to end while it is idle may take a save with it, too.
        for task in &mut all {
            while let Err(error) = tasks.save(task).await {
                assert!(matches!(error, SaveError::OutcomeUnknown | SaveError::Backend(_)), "{error:?}");
            }
        }
    }
    assert!(unknown > 0, "no group was met");
    assert_eq!(place.list("SELECT DISTINCT version FROM tasks").await, "4");
    assert_books_balance(&place).await;
    place.remove().await;
}
