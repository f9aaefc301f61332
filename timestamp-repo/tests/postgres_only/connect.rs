use std::time::{Duration, Instant};

use timestamp_repo::{ConnectError, Postgres, RepositoryError, SaveError};
use uuid::Uuid;

use crate::cluster::Cluster;
use crate::database::{Place, Task, assert_says, server, with};
use crate::warnings::Warnings;

async fn refused(url: &str) -> ConnectError {
    let begun = Instant::now();
    let error = Postgres::connect(url).await.expect_err("it was connected");
    assert!(begun.elapsed() < Duration::from_secs(8), "it took too long to say no");
    let debug = format!("{error:?}");
    assert!(!error.to_string().contains("hunter2") && !debug.contains("hunter2"), "{debug}");
    // What a `main` prints that returns it: one line, and no parts of what the driver said.
    assert!(debug.len() < 300 && !debug.contains("Some(") && !debug.contains('\n'), "{debug}");
    error
}

fn replaced(from: &str, to: &str) -> String {
    let server = server();
    assert!(server.contains(from), "the server's URL has another shape than this test can change");
    server.replace(from, to)
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_url_that_leads_nowhere_is_told_why() {
    assert!(matches!(refused("postgres://ada:hunter2@db:many/app").await, ConnectError::Url { .. }));
    let error = refused("postgres://ada:hunter2@127.0.0.1:1/app").await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    assert_says(&error, &["127.0.0.1:1/app", "refused"]);
    let error = refused("postgres://ada:hunter2@host.invalid/app").await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    assert_says(&error, &["host.invalid:5432/app"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_database_that_is_missing_is_named() {
    let url = replaced("/postgres", "/nothing_here");
    // The user of that URL has the database's name too, in `postgres://postgres@`.
    let url = url.replacen("/nothing_here", "/postgres", usize::from(url.matches("/nothing_here").count() > 1));
    let error = refused(&url).await;
    assert!(matches!(error, ConnectError::NoDatabase { .. }), "{error:?}");
    assert_says(&error, &["`nothing_here`"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_user_who_is_not_let_in_is_named() {
    let error = refused(&replaced("postgres://postgres", "postgres://nobody_here:hunter2")).await;
    assert!(matches!(error, ConnectError::Authentication { .. }), "{error:?}");
    assert_says(&error, &["`nobody_here`"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_server_that_says_nothing_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let error = refused(&format!("postgres://ada:hunter2@127.0.0.1:{port}/app?sslmode=disable")).await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn tls_that_the_server_does_not_offer_is_missed() {
    let error = refused(&with(&server(), "sslmode=require")).await;
    assert!(matches!(error, ConnectError::Tls { .. }), "{error:?}");
    let error = refused(&with(&server(), "sslmode=verify-full&sslrootcert=/nowhere/ca.pem")).await;
    assert_says(&error, &["/nowhere/ca.pem"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_user_who_may_not_create_tables_is_told_so() {
    let place = Place::new().await;
    let role = place.role("").await;
    let error = refused(&role.url).await;
    assert!(matches!(error, ConnectError::Privilege { .. }), "{error:?}");
    assert_says(&error, &[&role.name, &place.schema]);
    role.remove(&place).await;
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_user_who_may_not_read_the_framework_tables_is_told_which() {
    let place = Place::new().await;
    place.store().await;
    for (grant, missing) in
        [("", "timestamp_migrations"), ("GRANT SELECT ON timestamp_migrations TO", "timestamp_store")]
    {
        let role = place.role(grant).await;
        for options in [Postgres::options(), Postgres::options().read_only()] {
            let error = options.connect(&role.url).await.unwrap_err();
            assert!(matches!(error, ConnectError::Privilege { .. }), "{error:?}");
            assert_says(&error, &[&role.name, "can not be read", missing]);
        }
        role.remove(&place).await;
    }
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_search_path_that_leads_nowhere_is_told() {
    let error = refused(&with(&server(), "options=-c%20search_path%3Dnowhere")).await;
    assert_says(&error, &["`search_path` leads to no schema"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_server_that_may_lose_what_it_acknowledged_is_warned_of_once() {
    let (warnings, _guard) = Warnings::of_this_thread();
    let place = Place::new().await;
    place.store().await;
    assert_eq!(warnings.take(), [""; 0]);

    // By the URL, and by what the database says of the user.
    let role = place.role("").await;
    place.sql(&format!("GRANT ALL ON ALL TABLES IN SCHEMA {} TO {}", place.schema, role.name)).await;
    place.sql(&format!("ALTER ROLE {} SET synchronous_commit = off", role.name)).await;
    let by_url = place.url.replace("options=", "options=-c%20synchronous_commit%3Doff%20");
    for url in [&by_url, &role.url] {
        let store = Postgres::connect(url).await.unwrap();
        // Two further connections.
        let (mut one, mut two) = (store.begin().await.unwrap(), store.begin().await.unwrap());
        one.connection().await.unwrap();
        two.connection().await.unwrap();
        let said = warnings.take();
        assert!(said.len() == 1 && said[0].contains("`synchronous_commit` is off"), "{said:?}");
    }
    role.remove(&place).await;
    place.remove().await;

    let cluster = Cluster::start();
    cluster.sql("ALTER SYSTEM SET fsync = off").await;
    cluster.crash();
    cluster.start_again();
    cluster.store().await;
    let said = warnings.take();
    assert!(said.len() == 1 && said[0].contains("`fsync` is off"), "{said:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn programs_that_start_at_once_take_turns() {
    let place = Place::new().await;
    let starts = (0..6).map(|_| {
        let url = place.url.clone();
        tokio::spawn(async move {
            let store = Postgres::options().pool_size(2).connect(&url).await.unwrap();
            store.repository::<Task>().await.unwrap().save(&mut Task::new("a")).await.unwrap();
        })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap();
    }
    assert_eq!(place.list("SELECT version FROM timestamp_migrations ORDER BY version").await, "1, 2, 3");
    assert_eq!(place.list("SELECT count(*) FROM tasks").await, "6");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn failed_migration_releases_the_lock() {
    let place = Place::new().await;
    place.sql("CREATE TABLE timestamp_outbox (mine text)").await;
    let error = refused(&place.url).await;
    assert!(matches!(error, ConnectError::Backend { .. }), "{error:?}");
    assert_eq!(place.list("SELECT to_regclass('timestamp_migrations')").await, "NULL", "it is undone whole");
    place.sql("DROP TABLE timestamp_outbox").await;
    let begun = Instant::now();
    place.store().await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn tables_of_a_newer_program_are_refused() {
    let place = Place::new().await;
    place.store().await;
    place.sql("INSERT INTO timestamp_migrations VALUES (99, 'later', 'x', 0)").await;
    let error = refused(&place.url).await;
    assert!(matches!(error, ConnectError::Migration { .. }), "{error:?}");
    assert_says(&error, &["99", "`later`"]);
    place
        .sql("DELETE FROM timestamp_migrations WHERE version = 99; UPDATE timestamp_migrations SET fingerprint = 'y'")
        .await;
    assert_says(&refused(&place.url).await, &["migration 1", "another form"]);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_read_only_store_reads_and_writes_nothing() {
    let place = Place::new().await;
    let read_only = || Postgres::options().read_only().pool_size(2).connect(place.url.clone());
    assert!(matches!(read_only().await, Err(ConnectError::NotMigrated { expected: 3, .. })));
    assert_eq!(place.list("SELECT to_regclass('timestamp_outbox')").await, "NULL");
    let writing = place.store().await;
    let reading = read_only().await.unwrap();
    assert!(matches!(reading.repository::<Task>().await, Err(RepositoryError::Missing { .. })));
    let mut task = Task::new("a");
    writing.repository::<Task>().await.unwrap().save(&mut task).await.unwrap();
    let tasks = reading.repository::<Task>().await.unwrap();
    let mut found = tasks.find(&task.id).await.unwrap().unwrap();
    timestamp_core::Timestamped::touch(&mut found, "looked at");
    assert!(matches!(tasks.save(&mut found).await, Err(SaveError::ReadOnly)));
    assert!(matches!(tasks.save_all(std::slice::from_mut(&mut found)).await.unwrap_err().error, SaveError::ReadOnly));
    assert!(matches!(tasks.touch_all("true", (), "x").await, Err(SaveError::ReadOnly)));
    let mut unit = reading.begin().await.unwrap();
    assert!(matches!(unit.save(&mut found).await, Err(SaveError::ReadOnly)));
    assert!(matches!(unit.delete(&mut found, "x").await, Err(SaveError::ReadOnly)));
    assert!(matches!(unit.connection().await, Err(SaveError::ReadOnly)));
    drop(unit);
    assert_eq!(reading.outbox().of(&task).await.unwrap().len(), 1);
    // Not even a filter writes.
    let sneaky = "(SELECT count(*) FROM (SELECT set_config('a.b', 'c', false)) AS x) = 1 AND nextval('numbers') > 0";
    place.sql("CREATE SEQUENCE numbers").await;
    assert!(tasks.filter(sneaky, ()).await.is_err());
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn sessions_are_set_up_whatever_the_database_says() {
    let place = Place::new().await;
    let role = format!("set_{}", Uuid::now_v7().simple());
    place
        .sql(&format!(
            "CREATE ROLE {role} LOGIN SUPERUSER; ALTER ROLE {role} SET default_transaction_isolation = 'serializable'; \
             ALTER ROLE {role} SET lock_timeout = 0; ALTER ROLE {role} SET default_transaction_read_only = on; ALTER \
             ROLE {role} SET search_path = pg_catalog"
        ))
        .await;
    let url = place.url.replace("postgres://postgres@", &format!("postgres://{role}@"));
    let options = Postgres::options().lock_timeout(Duration::from_millis(1_234)).application_name("the shop's own");
    let store = options.pool_size(2).connect(&url).await.unwrap();
    let mut unit = store.begin().await.unwrap();
    let connection = unit.connection().await.unwrap();
    let mut said = Vec::new();
    for setting in
        ["default_transaction_isolation", "lock_timeout", "statement_timeout", "application_name", "search_path"]
    {
        let row = connection.query_one("SELECT current_setting($1)", &[&setting]).await.unwrap();
        said.push(row.get::<_, String>(0));
    }
    assert_eq!(said[..4], ["read committed", "1234ms", "30s", "the shop's own"]);
    assert_eq!(said[4], place.schema);
    // What a user sets is gone with the unit.
    connection.batch_execute("SET search_path = pg_catalog; SET lock_timeout = 0").await.unwrap();
    unit.commit().await.unwrap();
    drop(unit_settings(&store).await);
    store.repository::<Task>().await.unwrap().save(&mut Task::new("a")).await.unwrap();
    drop(store);
    place.sql(&format!("DROP SCHEMA {} CASCADE", place.schema)).await;
    let _ = place.connection().await.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

/// The settings of every session that is free.
async fn unit_settings(store: &Postgres) -> Vec<String> {
    let mut settings = Vec::new();
    let mut unit = store.begin().await.unwrap();
    let connection = unit.connection().await.unwrap();
    let row = connection.query_one("SELECT current_setting('lock_timeout')", &[]).await.unwrap();
    settings.push(row.get::<_, String>(0));
    assert_eq!(settings, ["1234ms"]);
    settings
}
