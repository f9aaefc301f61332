//! Copies of a database, on a server that the framework's tables were not made on.

use std::process::Command;

use timestamp_core::Timestamped;
use timestamp_repo::{ConnectError, Postgres, SaveError};

use crate::cluster::Cluster;
use crate::database::{Place, Task, assert_says};
use crate::proxy::{Line, Proxy};
use crate::warnings::Warnings;

/// What `pg_dump` writes about a whole database, for a client that knows no commands of `psql`. Nothing where the
/// server's programs are not on this machine.
pub(crate) async fn dump(place: &Place) -> Option<String> {
    let folder = place.list("SELECT setting FROM pg_config WHERE name = 'BINDIR'").await;
    let pg_dump = std::path::Path::new(&folder).join("pg_dump");
    if !pg_dump.exists() {
        eprintln!("not tested: there is no {}", pg_dump.display());
        return None;
    }
    let output = Command::new(pg_dump).arg("--inserts").arg(format!("--dbname={}", place.url)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().filter(|line| !line.starts_with('\\')).collect::<Vec<_>>().join("\n"))
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_dump_restored_on_another_server_is_refused_until_it_is_rebased() {
    let (old, new) = (Cluster::start(), Cluster::start());
    let place = Place::on(&old.url).await;
    let mut task = Task::new("a");
    place.store().await.repository::<Task>().await.unwrap().save(&mut task).await.unwrap();
    let Some(dump) = dump(&place).await else { return };
    new.sql(&dump).await;
    let url = place.url.replace(&old.url, &new.url);

    let error = Postgres::connect(&url).await.unwrap_err();
    assert!(matches!(error, ConnectError::OtherServer { .. }), "{error:?}");
    assert_says(&error, &["restored dump", "`Postgres::options().rebase()`"]);
    // Copies are made to be read.
    let reading = Postgres::options().read_only().rebase().connect(&url).await.unwrap();
    let mut found = reading.repository::<Task>().await.unwrap().find(&task.id).await.unwrap().unwrap();
    assert!(Postgres::connect(&url).await.is_err(), "a store that only reads has rebased it");

    Postgres::options().rebase().connect(&url).await.unwrap();
    let tasks = Postgres::connect(&url).await.unwrap().repository::<Task>().await.unwrap();
    found.touch("on the new server");
    tasks.save(&mut found).await.unwrap();
    // The old one is as it was.
    Postgres::connect(&place.url).await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_store_whose_name_leads_to_another_server_takes_no_connection_of_it() {
    let (old, new) = (Cluster::start(), Cluster::start());
    let proxy = Proxy::to(&old.url).await;
    let url = proxy.url(&old.url);
    let tasks = Postgres::connect(&url).await.unwrap().repository::<Task>().await.unwrap();
    new.store().await.repository::<Task>().await.unwrap();
    tasks.save(&mut Task::new("a")).await.unwrap();

    proxy.lead_to(&new.url);
    proxy.line.send(Line::Cut).unwrap();
    let mut task = Task::new("b");
    let error = loop {
        // The session that was cut may be found out by the first save.
        match tasks.save(&mut task).await.unwrap_err() {
            SaveError::OutcomeUnknown => {}
            error => break error,
        }
    };
    assert_says(&error, &["no connection to PostgreSQL could be opened", "is not the server that"]);
    proxy.lead_to(&old.url);
    tasks.save(&mut task).await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn tables_are_rebased_by_programs_that_take_turns() {
    let place = Place::new().await;
    place.store().await;
    let here = place.list("SELECT system_identifier FROM timestamp_store").await;
    place.sql("UPDATE timestamp_store SET system_identifier = 7").await;
    let starts = (0..4).map(|_| {
        let url = place.url.clone();
        tokio::spawn(async move { Postgres::options().rebase().connect(&url).await.unwrap() })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap();
    }
    assert_eq!(place.list("SELECT system_identifier FROM timestamp_store").await, here);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_user_who_may_not_ask_for_the_server_is_warned() {
    let (warnings, _guard) = Warnings::of_this_thread();
    let cluster = Cluster::start();
    let place = Place::on(&cluster.url).await;
    place.sql("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC").await;
    let role = place.role("").await;
    place.sql(&format!("GRANT ALL ON SCHEMA {} TO {}", place.schema, role.name)).await;
    let url = role.url;

    Postgres::connect(&url).await.unwrap().repository::<Task>().await.unwrap().save(&mut Task::new("a")).await.unwrap();
    let said = warnings.take();
    assert!(said.len() == 1 && said[0].contains("may not call `pg_control_system()`"), "{said:?}");
    assert_eq!(place.list("SELECT count(*) FROM timestamp_store").await, "0");
    let error = Postgres::options().rebase().connect(&url).await.unwrap_err();
    assert!(matches!(error, ConnectError::Privilege { .. }), "{error:?}");

    // Somebody who may ask finds nothing to compare with, and can make it good.
    Postgres::connect(&place.url).await.unwrap();
    let said = warnings.take();
    assert!(said.len() == 1 && said[0].contains("do not say which server"), "{said:?}");
    Postgres::options().rebase().connect(&place.url).await.unwrap();
    Postgres::connect(&place.url).await.unwrap();
    assert_eq!(warnings.take(), [""; 0]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_user_who_may_not_change_the_tables_can_not_rebase_them() {
    let place = Place::new().await;
    place.store().await;
    place.sql("UPDATE timestamp_store SET system_identifier = 7").await;
    let role = place.role("GRANT SELECT ON timestamp_migrations, timestamp_store TO").await;
    let error = Postgres::options().rebase().connect(&role.url).await.unwrap_err();
    assert!(matches!(error, ConnectError::Privilege { .. }), "{error:?}");
    assert_says(&error, &["rebased", "timestamp_outbox", &role.name]);
    assert_eq!(place.list("SELECT system_identifier FROM timestamp_store").await, "7");
    role.remove(&place).await;
    place.remove().await;
}
