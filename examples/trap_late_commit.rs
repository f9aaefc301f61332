//! The trap: events are numbered when they are written, and can be seen when they are committed.
//!
//! You will see two ways to read an outbox on by hand, beside a transaction that begins early and commits late: `seq > last`
//! never sees one of its events, and the order of transactions turns another one's entity around. The relay does neither.
//!
//! ```text
//! $ scripts/services run --only postgres -- cargo run -p examples --features postgres --example trap_late_commit
//! seq > last:    task v1, task v2, task v3
//! by (xid, seq): note v1, task v3, task v1, task v2
//! the relay:     task v1, task v2, note v1, task v3
//! ```

use std::error::Error;
use std::sync::{Arc, Mutex};

use timestamp_core::{Timestamped, Timestamps, ValidationError};
use timestamp_repo::{Postgres, Relay, SinkError, StoredEvent};
use uuid::Uuid;

#[derive(Timestamped)]
#[timestamped(table = "late_items", entity = "LateItem")]
struct Item {
    #[timestamped(id)]
    id: String,
    timestamps: Timestamps,
}

impl Item {
    fn new(name: &str) -> Result<Self, ValidationError> {
        Self::create(|timestamps| Self { id: format!("{name} {}", Uuid::now_v7()), timestamps })
    }
}

/// What somebody finds who asks by hand.
async fn by_hand(store: &Postgres, last: i64, order: &str) -> Result<Vec<(i64, String)>, Box<dyn Error>> {
    let mut unit = store.begin().await?;
    let sql = format!(
        "SELECT seq, split_part(aggregateid, ' ', 1) || ' v' || version FROM timestamp_outbox WHERE aggregatetype = \
         'LateItem' AND seq > $1 ORDER BY {order}"
    );
    let rows = unit.connection().await?.query(&sql, &[&last]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn line(found: impl IntoIterator<Item = (i64, String)>) -> String {
    found.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Ok(url) = std::env::var("TIMESTAMP_TEST_POSTGRES") else {
        println!("TIMESTAMP_TEST_POSTGRES names no server: see the first lines of this file");
        return Ok(());
    };
    let store = Postgres::connect(url).await?;
    let items = store.repository::<Item>().await?;
    let relayed = Arc::new(Mutex::new(Vec::new()));
    let taken = Arc::clone(&relayed);
    let relay = Relay::new(store.clone(), move |event: Arc<StoredEvent>| {
        let name = event.entity_id.split(' ').next().unwrap_or_default().to_owned();
        taken.lock().map(|mut all| all.push((event.seq, format!("{name} v{}", event.version)))).unwrap_or_default();
        async { Ok::<_, SinkError>(()) }
    });
    let relay = relay.name("trap_late_commit").only::<Item>();
    let begin = by_hand(&store, 0, "seq").await?.last().map_or(0, |(seq, _)| *seq);

    let mut early = store.begin().await?;
    early.save(&mut Item::new("note")?).await?; // takes the first number
    let mut task = Item::new("task")?;
    items.save(&mut task).await?;
    task.touch("by another transaction");
    items.save(&mut task).await?;

    let mut seen = by_hand(&store, begin, "seq").await?; // the note is not committed
    relay.deliver_all().await?;

    task.touch("by the early one");
    early.save(&mut task).await?;
    early.commit().await?; // late

    let last = seen.last().map_or(begin, |(seq, _)| *seq);
    seen.extend(by_hand(&store, last, "seq").await?);
    relay.deliver_all().await?;

    let seen = line(seen);
    println!("seq > last:    {seen}");
    assert_eq!(seen, "task v1, task v2, task v3", "the trap: the note is never seen");
    let ordered = line(by_hand(&store, begin, "xid, seq").await?);
    println!("by (xid, seq): {ordered}");
    assert_eq!(ordered, "note v1, task v3, task v1, task v2", "the trap: v3 comes before v1");
    let relayed = line(relayed.lock().map(|all| all.clone()).unwrap_or_default());
    println!("the relay:     {relayed}");
    assert!(relayed.ends_with("task v1, task v2, note v1, task v3"), "{relayed}");
    Ok(())
}
