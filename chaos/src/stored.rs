//! What the databases hold at the end, read with `sqlite3` and `psql`.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::database::Failed;
use crate::judge::to_be_taken;
use crate::ledger::Event;
use crate::outside::Databases;
use crate::sink::Delivery;

/// What the databases hold.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) rows: Vec<Row>,
    /// The outbox, in the order of its numbers.
    pub(crate) events: Vec<OutboxEvent>,
    pub(crate) parked: usize,
    /// How often the consumer has done the work of an event.
    pub(crate) receipts: HashMap<Uuid, u64>,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) version: u64,
    pub(crate) last: String,
    pub(crate) touches: u64,
    pub(crate) updated_at: i64,
}

#[derive(Debug)]
pub(crate) struct OutboxEvent {
    pub(crate) event: Event,
    pub(crate) kind: String,
    pub(crate) at: i64,
    pub(crate) event_id: Uuid,
}

impl Stored {
    pub(crate) fn read(databases: &Databases) -> Result<Self, Failed> {
        let of_writers = |sql: &str| databases.query(&databases.writers, sql);
        let mut rows = Vec::new();
        for row in of_writers("SELECT id, version, last, touches, updated_at_ms FROM tasks")? {
            let [id, version, last, touches, at] = fields(row)?;
            let (version, touches, updated_at) = (version.parse()?, touches.parse()?, at.parse()?);
            rows.push(Row { id: id.parse()?, version, last, touches, updated_at });
        }
        let mut events = Vec::new();
        let sql = "SELECT aggregateid, version, coalesce(reason, ''), kind, occurred_at_ms, id FROM timestamp_outbox WHERE \
                   aggregatetype = 'Task' ORDER BY seq";
        for row in of_writers(sql)? {
            let [id, version, token, kind, at, event_id] = fields(row)?;
            let event = Event { id: id.parse()?, version: version.parse()?, token };
            events.push(OutboxEvent { event, kind, at: at.parse()?, event_id: event_id.parse()? });
        }
        let parked = of_writers("SELECT seq FROM timestamp_parked")?.len();
        let mut receipts = HashMap::new();
        for row in databases.query(&databases.consumer, "SELECT event_id, count(*) FROM receipts GROUP BY event_id")? {
            let [event_id, count] = fields(row)?;
            receipts.insert(event_id.parse()?, count.parse()?);
        }
        Ok(Self { rows, events, parked, receipts })
    }

    /// What there is of an entity, in words.
    pub(crate) fn about(&self, entity: Uuid) -> String {
        let row = self.rows.iter().find(|row| row.id == entity);
        let row = row.map_or("no row".to_owned(), |row| format!("the row v{} {}", row.version, row.last));
        let events = self.events.iter().filter(|stored| stored.event.id == entity);
        let events: Vec<String> = events.map(|it| format!("v{} {}", it.event.version, it.event.token)).collect();
        if events.is_empty() { format!("{row}, no events") } else { format!("{row}, the events {}", events.join(", ")) }
    }

    /// Events that are stored and were not delivered, and delivered ones that the consumer has not taken in.
    pub(crate) fn waiting(&self, deliveries: &[Delivery]) -> [usize; 2] {
        let delivered: HashSet<Uuid> = deliveries.iter().map(|delivery| delivery.event_id).collect();
        let undelivered = self.events.iter().filter(|event| !delivered.contains(&event.event_id)).count();
        let untaken = to_be_taken(deliveries).filter(|id| !self.receipts.contains_key(id)).count();
        [undelivered, untaken]
    }
}

fn fields<const N: usize>(row: Vec<String>) -> Result<[String; N], Failed> {
    row.try_into().map_err(|row| format!("a row has other fields than were asked for: {row:?}").into())
}
