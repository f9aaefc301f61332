//! Tables: created, accepted as they are, or refused with the reason.

use timestamp_core::{EpochMs, Timestamped, Timestamps};
use timestamp_repo::RepositoryError;
use uuid::Uuid;

use crate::database::{Place, Task};

#[derive(Debug, Timestamped)]
#[timestamped(table = "every \"thing\"")]
struct Everything {
    #[timestamped(id)]
    id: Uuid,
    flag: bool,
    count: u32,
    price: f64,
    name: String,
    bytes: Vec<u8>,
    due: EpochMs,
    other: Option<Uuid>,
    #[timestamped(json)]
    labels: Vec<String>,
    timestamps: Timestamps,
}

fn everything() -> Everything {
    let (id, labels) = (Uuid::now_v7(), vec!["a".to_owned()]);
    let (name, bytes, due, other) = ("é".to_owned(), vec![0, 255], EpochMs::MAX, Some(Uuid::nil()));
    Everything::create(|timestamps| Everything {
        id,
        flag: true,
        count: u32::MAX,
        price: -0.1,
        name,
        bytes,
        due,
        other,
        labels,
        timestamps,
    })
    .unwrap()
}

const STAMPS: &str = "created_at_ms bigint NOT NULL, updated_at_ms bigint NOT NULL, version bigint NOT NULL";

async fn assert_comes_back(place: &Place) {
    let store = place.store().await;
    let all = store.repository::<Everything>().await.unwrap();
    let mut one = everything();
    all.save(&mut one).await.unwrap();
    one.price = 2.5;
    one.other = None;
    one.touch("changed");
    all.save(&mut one).await.unwrap();
    let mut found = all.find(&one.id).await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{one:?}"));
    all.save(&mut found).await.unwrap();
    assert_eq!(all.recent(None, 5).await.unwrap().items.len(), 1);
    assert_eq!(all.find_all([&one.id]).await.unwrap().len(), 1);
    let mut batch: Vec<_> = (0..6).map(|_| everything()).collect();
    all.save_all(&mut batch).await.unwrap();
    assert_eq!(all.filter("other = ? AND flag = ? AND price < ?", (Uuid::nil(), true, 1.0)).await.unwrap().len(), 6);
    assert_eq!(all.touch_all("name = ?", ("é",), "x").await.unwrap(), 7);
    all.delete(&mut batch[0], "gone").await.unwrap_err();
    let mut found = all.find(&batch[0].id).await.unwrap().unwrap();
    all.delete(&mut found, "gone").await.unwrap();
    assert_eq!(store.outbox().of(&batch[0]).await.unwrap().len(), 3);
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn table_is_created_with_the_documented_columns() {
    let place = Place::new().await;
    assert_comes_back(&place).await;
    let columns = "SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN '' ELSE '?' END \
                   FROM pg_attribute WHERE attrelid = '\"every \"\"thing\"\"\"'::regclass AND attnum > 0 ORDER BY attnum";
    assert_eq!(
        place.list(columns).await,
        "id uuid, flag boolean, count bigint, price double precision, name text, bytes bytea, due bigint, other uuid?, \
         labels json, created_at_ms bigint, updated_at_ms bigint, version bigint"
    );
    let indexes = "SELECT pg_get_indexdef(indexrelid, 0, true) FROM pg_index WHERE indrelid = '\"every \
                   \"\"thing\"\"\"'::regclass ORDER BY indisprimary";
    assert!(place.list(indexes).await.contains("(updated_at_ms, id)"));
    // The next program takes it as it is.
    place.store().await.repository::<Everything>().await.unwrap();
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_table_of_other_types_is_accepted_where_they_fit() {
    let place = Place::new().await;
    place
        .sql(&format!(
            "CREATE DOMAIN amount AS double precision CHECK (value > -5); CREATE TABLE \"every \"\"thing\"\"\" (id text \
             UNIQUE NOT NULL, flag boolean, count bigint NOT NULL, price amount NOT NULL, name varchar(10) DEFAULT 'x', \
             bytes bytea NOT NULL, due int8 NOT NULL, other varchar, labels jsonb NOT NULL, {STAMPS}, number int \
             GENERATED ALWAYS AS IDENTITY, note text, twice bigint GENERATED ALWAYS AS (count * 2) STORED, at \
             timestamptz NOT NULL DEFAULT now()) "
        ))
        .await;
    assert_comes_back(&place).await;
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_table_that_does_not_fit_is_refused_with_every_reason() {
    let place = Place::new().await;
    let store = place.store().await;
    place
        .sql(
            "CREATE TABLE \"every \"\"thing\"\"\" (id uuid NOT NULL, flag int, count numeric NOT NULL, price \
             numeric(10, 2), name char(5), bytes text[], due date, other uuid NOT NULL, created_at_ms timestamp NOT NULL, \
             updated_at_ms timestamptz(2) NOT NULL, version int NOT NULL, tenant text NOT NULL)",
        )
        .await;
    let error = store.repository::<Everything>().await.unwrap_err();
    let RepositoryError::Mismatch { problems, .. } = &error else { panic!("{error:?}") };
    assert_eq!(
        problems.join("\n"),
        "column `flag` has the type `integer`, and the field needs boolean\n\
         column `count` has the type `numeric`, and the field needs bigint, integer or smallint\n\
         column `price` has the type `numeric(10,2)`, and the field needs double precision or real\n\
         column `name` has the type `character(5)`, and the field needs text or varchar\n\
         column `bytes` has the type `text[]` (arrays are not supported), and the field needs bytea\n\
         column `due` has the type `date`, and the field needs bigint (epoch milliseconds, UTC) or timestamptz\n\
         column `other` is NOT NULL, and the field is an `Option`\n\
         column `labels` is missing: add `labels json NOT NULL`\n\
         column `created_at_ms` has the type `timestamp without time zone`, which does not say which instant it means: find \
         out in which time zone its values were written, and if that was UTC, `ALTER TABLE \"every \"\"thing\"\"\" ALTER \
         COLUMN \"created_at_ms\" TYPE timestamptz USING \"created_at_ms\" AT TIME ZONE 'UTC'`\n\
         column `updated_at_ms` has the type `timestamp(2) with time zone`, which rounds milliseconds away: `ALTER TABLE \
         \"every \"\"thing\"\"\" ALTER COLUMN \"updated_at_ms\" TYPE timestamptz`\n\
         column `version` has the type `integer`, and must be bigint\n\
         column `tenant` is NOT NULL without a default, and `Everything` has no field for it\n\
         column `id` is neither the primary key nor UNIQUE, and it holds the id"
    );
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn what_is_no_table_is_refused() {
    let place = Place::new().await;
    let store = place.store().await;
    place
        .sql(&format!(
            "CREATE TABLE base (id uuid PRIMARY KEY, title text, {STAMPS}); CREATE VIEW tasks AS SELECT * FROM base"
        ))
        .await;
    let error = store.repository::<Task>().await.unwrap_err().to_string();
    assert_eq!(error, "table `tasks` does not fit `Task`: it is a view, and an entity needs a table");
    place.sql(&format!("DROP VIEW tasks; CREATE TABLE tasks (id uuid PRIMARY KEY, title text GENERATED ALWAYS AS ('x') STORED, {STAMPS})")).await;
    let error = store.repository::<Task>().await.unwrap_err().to_string();
    assert_eq!(error, "table `tasks` does not fit `Task`: column `title` is generated, and can not be written");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn rows_changed_by_hand_are_told_by_their_column() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("a");
    tasks.save(&mut task).await.unwrap();
    for (change, column) in [
        ("updated_at_ms = 9223372036854775807", "`updated_at_ms`"),
        ("updated_at_ms = 0, version = 0", "`version`"),
        ("version = 4294967295", "`version`"),
    ] {
        place.sql(&format!("UPDATE tasks SET {change}")).await;
        let error = tasks.touch_all("true", (), "x").await.unwrap_err().to_string();
        assert!(error.contains(column) && error.contains(&task.id.to_string()), "{error}");
        if !change.contains("4294967295") {
            let error = tasks.find(&task.id).await.unwrap_err().to_string();
            assert!(error.contains(column) && error.contains(&task.id.to_string()), "{error}");
        }
    }
    assert_eq!(place.list("SELECT count(*) FROM timestamp_outbox").await, "1");
    place.remove().await;
}
