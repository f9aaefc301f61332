//! The outbox as other programs read it: Debezium's outbox event router, or whoever else decodes what PostgreSQL wrote.
//!
//! They need the server that `TIMESTAMP_TEST_POSTGRES` names, with `wal_level = logical`, as `scripts/services` starts
//! it. Each test works in a database of its own: a publication of all tables would be felt by every other test.

#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "clippy takes only `#[test]` functions for tests")]

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::tokio_postgres::{Client, Config, NoTls};
use timestamp_repo::{Postgres, StoredEvent};
use uuid::Uuid;

/// What Debezium's outbox event router reads, by the names it looks for unless it is told others.
const ROUTED: &str = "id, aggregatetype, aggregateid, type, payload";

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "tasks")]
struct Task {
    #[timestamped(id)]
    id: Uuid,
    title: String,
    timestamps: Timestamps,
}

impl Task {
    fn new(title: &str) -> Self {
        let title = title.to_owned();
        Self::create(|timestamps| Self { id: Uuid::now_v7(), title, timestamps }).unwrap()
    }
}

/// A database of its own, and somebody else's connection to it.
struct Place {
    name: String,
    url: String,
    outsider: Client,
}

fn server() -> String {
    std::env::var("TIMESTAMP_TEST_POSTGRES").expect("TIMESTAMP_TEST_POSTGRES names no server")
}

async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Place {
    async fn new() -> Self {
        let name = format!("outbox_{}", Uuid::now_v7().simple());
        let mut config: Config = server().parse().unwrap();
        connect(&config).await.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        // The path of the URL is the database; what follows it are options.
        let server = server();
        let (address, options) = server.split_at(server.find('?').unwrap_or(server.len()));
        let (host, _) = address.rsplit_once('/').unwrap();
        let url = format!("{host}/{name}{options}");
        config.dbname(&name);
        let outsider = connect(&config).await;
        Self { name, url, outsider }
    }

    async fn store(&self) -> Postgres {
        Postgres::options().pool_size(4).connect(&self.url).await.unwrap()
    }

    async fn sql(&self, sql: &str) {
        self.outsider.batch_execute(sql).await.unwrap();
    }

    /// The first column of every row.
    async fn list(&self, sql: &str) -> Vec<String> {
        self.outsider.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// What the server says about SQL that it refuses.
    async fn refusal(&self, sql: &str) -> String {
        let error = self.outsider.batch_execute(sql).await.unwrap_err();
        error.as_db_error().unwrap().message().to_owned()
    }

    /// From here on, what is written is kept for a reader; until the end of this connection.
    async fn follow(&self) {
        self.sql(&format!("SELECT pg_create_logical_replication_slot('{}', 'pgoutput', true)", self.name)).await;
    }

    /// What was written since, in the messages in which Debezium reads it.
    async fn changes(&self, publication: &str) -> Vec<Change> {
        let sql = format!(
            "SELECT data FROM pg_logical_slot_get_binary_changes('{}', NULL, NULL, 'proto_version', '1', \
             'publication_names', '{publication}')",
            self.name
        );
        let rows = self.outsider.query(&sql, &[]).await.unwrap();
        let mut relations = Vec::new();
        rows.iter().filter_map(|row| Change::read(row.get(0), &mut relations)).collect()
    }

    async fn remove(self) {
        // FORCE ends sessions, and is refused while a slot is in use.
        let slots = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ";
        self.sql(&format!("{slots}'{}'", self.name)).await;
        let Self { name, outsider, .. } = self;
        drop(outsider);
        let config: Config = server().parse().unwrap();
        connect(&config).await.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    }
}

/// One row that was written: how, where, and the columns that are published.
#[derive(Debug)]
struct Change {
    /// `I`, `U`, `D` or `T`.
    action: char,
    table: String,
    columns: Vec<(String, Option<String>)>,
}

/// A table, as it is described before its first row: its number, its name, its columns.
type Relation = (i32, String, Vec<String>);

impl Change {
    /// Reads one message of the protocol; nothing if it is about no row.
    fn read(message: &[u8], relations: &mut Vec<Relation>) -> Option<Self> {
        let mut message = Message(message);
        let action = char::from(message.byte());
        match action {
            'R' => {
                let number = message.int32();
                message.text();
                let table = message.text();
                message.byte();
                let columns = (0..message.int16()).map(|_| {
                    message.byte();
                    let name = message.text();
                    message.int32();
                    message.int32();
                    name
                });
                let columns = columns.collect();
                relations.push((number, table, columns));
                None
            }
            'I' => {
                let number = message.int32();
                let (_, table, names) = relations.iter().rfind(|relation| relation.0 == number).unwrap();
                assert_eq!(message.byte(), b'N');
                assert_eq!(usize::from(message.int16()), names.len());
                let columns = names.iter().map(|name| {
                    let value = match message.byte() {
                        b'n' => None,
                        b't' => Some(message.bytes()),
                        other => panic!("a column of kind {other}"),
                    };
                    (name.clone(), value)
                });
                Some(Self { action, table: table.clone(), columns: columns.collect() })
            }
            'U' | 'D' => {
                let number = message.int32();
                let (_, table, _) = relations.iter().rfind(|relation| relation.0 == number).unwrap();
                Some(Self { action, table: table.clone(), columns: Vec::new() })
            }
            'T' => Some(Self { action, table: String::new(), columns: Vec::new() }),
            _ => None,
        }
    }

    fn get(&self, column: &str) -> &str {
        self.columns.iter().find(|(name, _)| name == column).unwrap().1.as_deref().unwrap()
    }
}

struct Message<'m>(&'m [u8]);

impl Message<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_first_chunk().unwrap();
        self.0 = rest;
        *taken
    }

    fn byte(&mut self) -> u8 {
        self.take::<1>()[0]
    }

    fn int16(&mut self) -> u16 {
        u16::from_be_bytes(self.take())
    }

    fn int32(&mut self) -> i32 {
        i32::from_be_bytes(self.take())
    }

    fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap();
        let text = String::from_utf8(self.0[..end].to_vec()).unwrap();
        self.0 = &self.0[end + 1..];
        text
    }

    fn bytes(&mut self) -> String {
        let length = usize::try_from(self.int32()).unwrap();
        let (value, rest) = self.0.split_at(length);
        let value = String::from_utf8(value.to_vec()).unwrap();
        self.0 = rest;
        value
    }
}

/// Every way to write an event, and some that end without one. Returns how many events are stored.
async fn write_in_every_way(store: &Postgres) -> usize {
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("a lone save");
    tasks.save(&mut task).await.unwrap();
    let mut late = task.clone();
    task.touch("once");
    task.touch("twice, in one save");
    tasks.save(&mut task).await.unwrap();
    late.touch("too late");
    assert!(tasks.save(&mut late).await.unwrap_err().is_conflict());
    let of_many = format!("of many {}", task.id);
    let mut many: Vec<Task> = (0..20).map(|_| Task::new(&of_many)).collect();
    tasks.save_all(&mut many).await.unwrap();
    assert_eq!(tasks.touch_all("title = ?", (of_many,), "all of them").await.unwrap(), 20);
    tasks.delete(&mut task, "no longer needed").await.unwrap();

    let mut unit = store.begin().await.unwrap();
    unit.save(&mut Task::new("undone")).await.unwrap();
    unit.rollback();
    let mut unit = store.begin().await.unwrap();
    let mut one = unit.find::<Task>(&many[0].id).await.unwrap().unwrap();
    one.touch("in a unit");
    unit.save(&mut one).await.unwrap();
    unit.delete(&mut one, "in the same unit").await.unwrap();
    unit.commit().await.unwrap();
    1 + 2 + 20 + 20 + 1 + 2
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn event_router_finds_its_columns_in_their_types() {
    let place = Place::new().await;
    place.store().await;
    let columns = place
        .list(&format!(
            "SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN '' ELSE '?' END \
             FROM pg_attribute WHERE attrelid = 'timestamp_outbox'::regclass AND attname IN ('{}') ORDER BY attnum",
            ROUTED.replace(", ", "', '")
        ))
        .await;
    // `payload` is json, not jsonb: a string that is handed on as it was written.
    assert_eq!(columns, ["id uuid", "aggregatetype text", "aggregateid text", "type text", "payload json"]);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn publication_of_all_tables_lets_rows_be_deleted() {
    let place = Place::new().await;
    let store = place.store().await;
    let events = write_in_every_way(&store).await;
    place.sql("CREATE PUBLICATION everything FOR ALL TABLES; CREATE TABLE keyless AS SELECT 1 AS number").await;
    // What happens to a table without a primary key, so that the rest of this test can fail.
    assert!(place.refusal("DELETE FROM keyless").await.contains("does not have a replica identity"));
    place.sql("DROP TABLE keyless").await;

    let tables = place.list("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").await;
    // Nothing is in those of a relay, which nobody has; whether a DELETE is refused does not depend on that.
    let filled = ["tasks", "timestamp_migrations", "timestamp_outbox", "timestamp_store"];
    assert!(filled.iter().all(|name| tables.iter().any(|table| table == name)), "{tables:?}");
    for table in &tables {
        let keys = format!("SELECT 'one' FROM pg_index WHERE indrelid = '{table}'::regclass AND indisprimary");
        assert_eq!(place.list(&keys).await, ["one"], "{table}");
        let deleted = place.outsider.execute(&format!("DELETE FROM {table}"), &[]).await.unwrap();
        assert_eq!(deleted > 0, filled.contains(&table.as_str()), "{table}");
        if table == "timestamp_outbox" {
            assert_eq!(deleted, events as u64);
        }
    }
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn saving_touching_and_deleting_only_insert_into_the_outbox() {
    let place = Place::new().await;
    let store = place.store().await;
    // By the statement, not by the row: one that finds nothing to change is refused too.
    place
        .sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '% of an event', TG_OP; END $$; \
             CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON timestamp_outbox \
             FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
        )
        .await;
    for statement in
        ["UPDATE timestamp_outbox SET kind = ''", "DELETE FROM timestamp_outbox", "TRUNCATE timestamp_outbox"]
    {
        assert!(place.refusal(statement).await.ends_with("of an event"), "{statement}");
    }
    let events = write_in_every_way(&store).await;
    assert_eq!(store.outbox().after(0, 1000).await.unwrap().len(), events);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn outsider_reads_exactly_the_stored_events() {
    let place = Place::new().await;
    let store = place.store().await;
    place.sql("CREATE PUBLICATION events FOR TABLE timestamp_outbox").await;
    place.follow().await;
    let events = write_in_every_way(&store).await;
    let changes = place.changes("events").await;
    assert!(changes.iter().all(|change| change.action == 'I' && change.table == "timestamp_outbox"), "{changes:?}");

    let stored = store.outbox().after(0, 1000).await.unwrap();
    assert_eq!((stored.len(), changes.len()), (events, events));
    // One after the other, so the order in which they were stored is that in which they were committed.
    for (change, event) in changes.iter().zip(&stored) {
        assert_read(change, event);
        let payload: serde_json::Value = serde_json::from_str(change.get("payload")).unwrap();
        assert_eq!(payload["version"], event.version);
        assert_eq!(payload["reason"].as_str(), event.reason.as_deref());
        assert_eq!(payload["at"], event.at.to_string());
    }
    place.remove().await;
}

#[track_caller]
fn assert_read(change: &Change, event: &StoredEvent) {
    let read = ROUTED.split(", ").map(|column| change.get(column)).collect::<Vec<_>>();
    let id = event.id.to_string();
    assert_eq!(read, [&*id, &*event.entity_type, &*event.entity_id, &*event.event_type(), &*event.payload]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn outsider_reads_events_in_the_order_of_their_commits() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    place.sql("CREATE PUBLICATION events FOR TABLE timestamp_outbox").await;
    place.follow().await;

    let (mut first, mut second) = (Task::new("written first, committed last"), Task::new("in between"));
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut first).await.unwrap();
    tasks.save(&mut second).await.unwrap();
    first.touch("in the same unit");
    unit.save(&mut first).await.unwrap();
    // What is not committed is not there yet.
    let seen = place.changes("events").await;
    assert_eq!(seen.iter().map(|change| change.get("aggregateid")).collect::<Vec<_>>(), [second.id.to_string()]);
    unit.commit().await.unwrap();
    let seen = place.changes("events").await;
    let seen: Vec<_> = seen.iter().map(|change| (change.get("aggregateid"), change.get("version"))).collect();
    let id = first.id.to_string();
    assert_eq!(seen, [(id.as_str(), "1"), (id.as_str(), "2")]);
    // `seq` has another order: it was given when they were written.
    let stored = store.outbox().after(0, 10).await.unwrap();
    assert_eq!(stored[0].entity_id, id);
    place.remove().await;
}

/// The publication that `docs/postgres.md` shows.
#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn publication_with_a_column_list_is_of_inserts() {
    let place = Place::new().await;
    let store = place.store().await;
    let version: i32 = place.list("SHOW server_version_num").await[0].parse().unwrap();
    if version < 150_000 {
        // There are no column lists before version 15.
        return place.remove().await;
    }
    // Without `publish`, a list that lacks the primary key makes every deletion fail.
    let publication = format!("CREATE PUBLICATION events FOR TABLE timestamp_outbox ({ROUTED})");
    place.sql(&publication).await;
    write_in_every_way(&store).await;
    assert!(!place.refusal("DELETE FROM timestamp_outbox").await.is_empty());
    place.sql("DROP PUBLICATION events").await;

    let page = include_str!("../docs/postgres.md");
    let shown = page.lines().find(|line| line.starts_with("CREATE PUBLICATION")).unwrap();
    assert!(shown.starts_with(&publication), "{shown}");
    place.sql(shown).await;
    place.follow().await;
    let stored = store.outbox().after(0, 1).await.unwrap();
    place.sql("DELETE FROM timestamp_outbox WHERE seq > 1").await;
    let events = write_in_every_way(&store).await;
    let changes = place.changes("events").await;
    assert_eq!((stored.len(), changes.len()), (1, events));
    for change in &changes {
        let names: Vec<_> = change.columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((change.action, names.join(", ").as_str()), ('I', ROUTED));
    }
    place.remove().await;
}
