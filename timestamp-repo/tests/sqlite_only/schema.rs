use timestamp_core::{EpochMs, Timestamped, Timestamps};
use timestamp_repo::{Sqlite, rusqlite};
use uuid::Uuid;

use crate::database::{Place, TASKS, Task};

fn text(place: &Place, sql: &str) -> String {
    place.value(sql)
}

#[derive(Debug, Timestamped)]
#[timestamped(table = "everything")]
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

#[tokio::test]
async fn table_is_created_with_the_documented_columns() {
    let place = Place::new();
    let store = place.store().await;
    store.repository::<Everything>().await.unwrap();
    assert_eq!(
        text(
            &place,
            "SELECT group_concat(name || ' ' || type || iif(\"notnull\", ' NOT NULL', '') || iif(pk, ' KEY', ''), ', ') FROM pragma_table_info('everything')"
        ),
        "id TEXT NOT NULL KEY, flag INTEGER NOT NULL, count INTEGER NOT NULL, price REAL NOT NULL, name TEXT NOT NULL, \
         bytes BLOB NOT NULL, due BIGINT NOT NULL, other TEXT, labels TEXT NOT NULL, created_at_ms BIGINT NOT NULL, \
         updated_at_ms BIGINT NOT NULL, version BIGINT NOT NULL"
    );
    assert_eq!(
        text(&place, "SELECT group_concat(name) FROM pragma_index_info('everything_updated_at_ms')"),
        "updated_at_ms,id"
    );
}

#[tokio::test]
async fn created_table_is_accepted_by_the_next_program() {
    let place = Place::new();
    for _ in 0..2 {
        let store = place.store().await;
        store.repository::<Everything>().await.unwrap();
        store.repository::<Everything>().await.unwrap();
    }
    assert_eq!(
        place.value::<i64>("SELECT count(*) FROM sqlite_schema WHERE tbl_name = 'everything' AND sql NOT NULL"),
        2
    );
}

#[tokio::test]
async fn users_query_the_columns_in_their_own_sql() {
    let place = Place::new();
    let everything = place.store().await.repository::<Everything>().await.unwrap();
    let due = EpochMs::from_millis(1_769_862_896_789).unwrap();
    let mut one = Everything::create(|timestamps| Everything {
        id: Uuid::from_u128(7),
        flag: true,
        count: 3,
        price: 2.0,
        name: "it's".to_owned(),
        bytes: vec![0, 255],
        due,
        other: None,
        labels: vec!["b".to_owned(), "a".to_owned()],
        timestamps,
    })
    .unwrap();
    everything.save(&mut one).await.unwrap();
    assert_eq!(
        text(
            &place,
            "SELECT id||'|'||flag||'|'||count||'|'||price||'|'||name||'|'||hex(bytes)||'|'||due||'|'||coalesce(other,'-')||'|'||labels||'|'||version FROM everything"
        ),
        "00000000-0000-0000-0000-000000000007|1|3|2.0|it's|00FF|1769862896789|-|[\"b\",\"a\"]|1"
    );
    let found = everything.find(&Uuid::from_u128(7)).await.unwrap().unwrap();
    assert_eq!((found.flag, found.count, found.price, found.due), (true, 3, 2.0, due));
    assert_eq!((found.name.as_str(), &found.bytes[..], found.other), ("it's", &[0, 255][..], None));
    assert_eq!(found.labels, ["b", "a"]);
}

/// Saves, loads, pages, touches and deletes: what every table must be able to do.
async fn works_in_full(place: &Place) {
    let (store, tasks) = place.tasks().await;
    let mut many = Task::many(25);
    tasks.save_all(&mut many).await.unwrap();
    let mut one = Task::new("alone");
    tasks.save(&mut one).await.unwrap();
    one.complete();
    tasks.save(&mut one).await.unwrap();

    assert_eq!(tasks.find(one.id()).await.unwrap().unwrap().version(), 2);
    assert_eq!(tasks.find_all(many.iter().map(Timestamped::id)).await.unwrap().len(), 25);
    assert_eq!(tasks.filter("id = ?", (*one.id(),)).await.unwrap().len(), 1);
    assert_eq!(tasks.filter("done = ? AND title = ?", (true, "alone")).await.unwrap().len(), 1);

    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = tasks.recent(after.as_ref(), 7).await.unwrap();
        seen.extend(page.items.iter().map(|task| *task.id()));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    let mut ids: Vec<Uuid> = many.iter().map(|task| *task.id()).collect();
    ids.push(*one.id());
    ids.sort();
    seen.sort();
    assert_eq!(seen, ids, "each entity is on one page, once");

    assert_eq!(tasks.touch_all("done = ?", (false,), "all").await.unwrap(), 25);
    assert_eq!(tasks.touch_all("id = ?", (*one.id(),), "by id").await.unwrap(), 1);
    let events = store.outbox().of(&one).await.unwrap();
    assert_eq!(events.iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(events[2].entity_id, one.id().to_string());

    let mut unit = store.begin().await.unwrap();
    let mut found: Task = unit.find(one.id()).await.unwrap().unwrap();
    found.touch("in a unit");
    unit.save(&mut found).await.unwrap();
    assert_eq!(unit.filter::<Task>("id = ?", (*one.id(),)).await.unwrap().len(), 1);
    assert_eq!(unit.recent::<Task>(None, 1).await.unwrap().items[0].id(), one.id());
    unit.delete(&mut found, "done with").await.unwrap();
    unit.commit().await.unwrap();
    assert!(tasks.find(one.id()).await.unwrap().is_none());
    assert_eq!(store.outbox().of_id::<Task>(one.id()).await.unwrap().len(), 5);
    assert!(tasks.delete(&mut found, "again").await.unwrap_err().is_conflict());
}

#[tokio::test]
async fn new_table_works_in_full() {
    let place = Place::new();
    works_in_full(&place).await;
    place.assert_rows_and_events_agree();
}

#[tokio::test]
async fn uuid_may_be_kept_as_16_bytes() {
    let place = Place::with(&TASKS.replace("id TEXT", "id BLOB"));
    works_in_full(&place).await;
    assert_eq!(text(&place, "SELECT DISTINCT typeof(id) || length(id) FROM tasks"), "blob16");
    // As text in the outbox all the same.
    assert_eq!(
        text(&place, "SELECT DISTINCT typeof(aggregateid) || length(aggregateid) FROM timestamp_outbox"),
        "text36"
    );
}

#[tokio::test]
async fn table_without_rowid_works_in_full() {
    let place = Place::with(&format!("{TASKS} WITHOUT ROWID"));
    works_in_full(&place).await;
    place.assert_rows_and_events_agree();
}

#[tokio::test]
async fn strict_table_works_in_full() {
    let sql = TASKS.replace("BIGINT", "INTEGER");
    let place = Place::with(&format!("{sql} STRICT"));
    works_in_full(&place).await;
    place.assert_rows_and_events_agree();
}

#[tokio::test]
async fn names_are_compared_without_case() {
    let place = Place::with(
        "CREATE TABLE Tasks (ID varchar(36) UNIQUE, Title VARCHAR(80) NOT NULL, DONE BOOLEAN NOT NULL DEFAULT 0, \
         Created_At_Ms INTEGER, UPDATED_AT_MS INTEGER, Version INT)",
    );
    works_in_full(&place).await;
}

#[tokio::test]
async fn columns_of_the_users_own_are_left_alone() {
    let place = Place::with(&TASKS.replace(
        "version BIGINT NOT NULL",
        "version BIGINT NOT NULL, note TEXT, colour TEXT NOT NULL DEFAULT 'red', upper TEXT AS (upper(title))",
    ));
    works_in_full(&place).await;
    let (_store, tasks) = place.tasks().await;
    let mut task = Task::new("mine");
    tasks.save(&mut task).await.unwrap();
    place.sql("UPDATE tasks SET note = 'by hand', colour = 'blue' WHERE title = 'mine'");
    task.complete();
    tasks.save(&mut task).await.unwrap();
    assert_eq!(text(&place, "SELECT note || colour || upper FROM tasks WHERE title = 'mine'"), "by handblueMINE");
}

/// Triggers have names of their own, and one may be that of the table.
#[tokio::test]
async fn trigger_with_the_name_of_the_table_is_not_taken_for_it() {
    let place = Place::with(&format!(
        "CREATE TABLE other (x); CREATE TRIGGER tasks AFTER INSERT ON other BEGIN SELECT 1; END; {TASKS}"
    ));
    works_in_full(&place).await;
}

#[derive(Debug, Timestamped)]
#[timestamped(table = "order")]
struct Order {
    #[timestamped(id, column = "select")]
    id: i64,
    #[timestamped(column = "my \"quoted\" column")]
    note: String,
    #[timestamped(column = "größe")]
    size: Option<i64>,
    timestamps: Timestamps,
}

#[derive(Debug, Timestamped)]
#[timestamped(table = "my table; --")]
struct Odd {
    #[timestamped(id)]
    id: String,
    #[timestamped(column = "日本")]
    group: String,
    timestamps: Timestamps,
}

#[tokio::test]
async fn any_name_is_quoted() {
    let place = Place::new();
    for _ in 0..2 {
        let store = place.store().await;
        let orders = store.repository::<Order>().await.unwrap();
        let new = orders.filter("1", ()).await.unwrap().len() as i64;
        let mut order =
            Order::create(|timestamps| Order { id: new, note: "a".into(), size: None, timestamps }).unwrap();
        orders.save(&mut order).await.unwrap();
        order.size = Some(4);
        order.touch("measured");
        orders.save(&mut order).await.unwrap();
        assert_eq!(orders.find(&new).await.unwrap().unwrap().size, Some(4));
        assert_eq!(orders.find(&new).await.unwrap().unwrap().note, "a");
        assert_eq!(
            orders.filter("\"größe\" = ? AND \"my \"\"quoted\"\" column\" = ?", (4, "a")).await.unwrap().len(),
            1 + new as usize
        );
        orders.touch_all("\"select\" = ?", (new,), "all").await.unwrap();
        orders.recent(None, 3).await.unwrap();

        let odd = store.repository::<Odd>().await.unwrap();
        let mut one =
            Odd::create(|timestamps| Odd { id: format!("{new}'; --"), group: "x".into(), timestamps }).unwrap();
        odd.save(&mut one).await.unwrap();
        assert_eq!(odd.touch_all("日本 = ?", ("x",), "all").await.unwrap(), 1 + new as u64);
        let mut one = odd.find(one.id()).await.unwrap().unwrap();
        assert_eq!(one.group, "x");
        if new == 1 {
            odd.delete(&mut one, "enough").await.unwrap();
        }
    }
    assert_eq!(place.value::<i64>("SELECT count(*) FROM \"my table; --\""), 1);
}

/// As text, 9 comes after 10; as an integer it does not.
#[tokio::test]
async fn integer_ids_are_paged_as_integers() {
    let place = Place::new();
    let clock = timestamp_core::Clock::manual(EpochMs::from_millis(5_000).unwrap());
    let store = Sqlite::options().open(place.file()).await.unwrap();
    let orders = store.repository::<Order>().await.unwrap();
    for id in (-3..120).chain([i64::MAX, i64::MIN]) {
        let mut order =
            Order::create_with(&clock, |timestamps| Order { id, note: String::new(), size: None, timestamps }).unwrap();
        orders.save(&mut order).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = orders.recent(after.as_ref(), 10).await.unwrap();
        seen.extend(page.items.iter().map(|order| *order.id()));
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    let mut expected: Vec<i64> = (-3..120).chain([i64::MAX, i64::MIN]).collect();
    expected.sort();
    expected.reverse();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn text_ids_hold_any_text() {
    let place = Place::new();
    let odd = place.store().await.repository::<Odd>().await.unwrap();
    let ids = ["", " ", "a~b", "~", "'; DROP TABLE x; --", "nul\0inside", "日本", "10", "9", "1e3"];
    for id in ids {
        let mut one = Odd::create(|timestamps| Odd { id: id.into(), group: "x".into(), timestamps }).unwrap();
        odd.save(&mut one).await.unwrap();
        one.touch("again");
        odd.save(&mut one).await.unwrap();
        assert_eq!(odd.find(&id.to_owned()).await.unwrap().unwrap().id(), id);
    }
    assert_eq!(odd.touch_all("1", (), "all").await.unwrap(), ids.len() as u64);
    let mut seen = 0;
    let mut after = None;
    loop {
        let page = odd.recent(after.as_ref(), 3).await.unwrap();
        seen += page.items.len();
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(seen, ids.len());
    let mut one = odd.find(&"nul\0inside".to_owned()).await.unwrap().unwrap();
    odd.delete(&mut one, "gone").await.unwrap();
    assert!(odd.find(&"nul\0inside".to_owned()).await.unwrap().is_none());
}

/// The index serves "recent first" without sorting, on its first page and on any other.
#[tokio::test]
async fn recent_is_read_from_the_index() {
    let place = Place::new();
    let (_store, _tasks) = place.tasks().await;
    let connection = place.connection();
    for condition in ["", "WHERE (updated_at_ms, id) < (5, 'x')"] {
        let sql =
            format!("EXPLAIN QUERY PLAN SELECT * FROM tasks {condition} ORDER BY updated_at_ms DESC, id DESC LIMIT 5");
        let mut statement = connection.prepare(&sql).unwrap();
        let plan = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let plan = plan.collect::<rusqlite::Result<Vec<_>>>().unwrap().join("; ");
        assert!(plan.contains("USING INDEX tasks_updated_at_ms") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}
