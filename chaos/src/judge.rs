//! The judge: compares what was tried and told, what is stored, what was delivered and what the consumer made of it, as
//! sets.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use uuid::Uuid;

use crate::database::Failed;
use crate::ledger::{self, Attempt, Book, End, Event};
use crate::outside::Databases;
use crate::relay::LEASE;
use crate::sink::Delivery;

/// What the databases hold.
#[derive(Debug)]
pub(crate) struct Stored {
    rows: Vec<Row>,
    /// The outbox, in the order of its numbers.
    events: Vec<OutboxEvent>,
    parked: usize,
    /// How often the consumer has done the work of an event.
    receipts: HashMap<Uuid, u64>,
}

#[derive(Debug)]
struct Row {
    id: Uuid,
    version: u64,
    last: String,
    touches: u64,
    updated_at: i64,
}

#[derive(Debug)]
struct OutboxEvent {
    event: Event,
    kind: String,
    at: i64,
    event_id: Uuid,
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

    /// Events that are stored and were not delivered, and delivered ones that the consumer has not taken in.
    pub(crate) fn waiting(&self, deliveries: &[Delivery]) -> [usize; 2] {
        let delivered: HashSet<Uuid> = deliveries.iter().map(|delivery| delivery.event_id).collect();
        let undelivered = self.events.iter().filter(|event| !delivered.contains(&event.event_id)).count();
        let untaken = delivered.iter().filter(|id| !self.receipts.contains_key(id)).count();
        [undelivered, untaken]
    }
}

fn fields<const N: usize>(row: Vec<String>) -> Result<[String; N], Failed> {
    row.try_into().map_err(|row| format!("a row has other fields than were asked for: {row:?}").into())
}

/// What one promise came to: what speaks against it.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) promise: &'static str,
    pub(crate) name: &'static str,
    pub(crate) against: Vec<String>,
}

/// What happened, in figures. They do not say whether it is right, but whether there was something to judge.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) attempted: usize,
    pub(crate) acknowledged: usize,
    pub(crate) stored: usize,
    pub(crate) pruned: usize,
    pub(crate) deliveries: usize,
    pub(crate) duplicates: usize,
    pub(crate) ends: BTreeMap<&'static str, usize>,
}

/// Reads the ledgers in the folder, and judges.
pub(crate) fn judge(
    folder: &Path,
    stored: &Stored,
    deliveries: &[Delivery],
) -> Result<(Vec<Finding>, Figures), Failed> {
    let books = ledger::read_all(folder)?;
    Ok(Case::new(&books, stored, deliveries).judge())
}

struct Case<'a> {
    stored: &'a Stored,
    deliveries: &'a [Delivery],
    /// Every attempt at each event.
    attempts: HashMap<&'a Event, Vec<(&'a Book, &'a Attempt)>>,
    units: HashMap<(&'a str, u64), Vec<&'a Event>>,
    in_outbox: HashSet<&'a Event>,
    /// Delivered, and deleted by retention since.
    pruned: HashSet<&'a Event>,
    books: &'a [Book],
}

impl<'a> Case<'a> {
    fn new(books: &'a [Book], stored: &'a Stored, deliveries: &'a [Delivery]) -> Self {
        let mut attempts: HashMap<_, Vec<_>> = HashMap::new();
        let mut units: HashMap<_, Vec<_>> = HashMap::new();
        for book in books {
            for (number, attempt) in &book.attempts {
                // A save of its own is a unit of its own.
                let unit = if attempt.unit == 0 { *number } else { attempt.unit };
                for event in &attempt.events {
                    attempts.entry(event).or_default().push((book, attempt));
                    units.entry((&*book.writer, unit)).or_default().push(event);
                }
            }
        }
        let in_outbox: HashSet<_> = stored.events.iter().map(|stored| &stored.event).collect();
        let may_be_deleted =
            |event: &Event| attempts.get(event).is_some_and(|of| of.iter().any(|(book, _)| book.is_behind));
        let delivered = deliveries.iter().map(|delivery| &delivery.event);
        let pruned = delivered.filter(|event| !in_outbox.contains(event) && may_be_deleted(event)).collect();
        Self { stored, deliveries, attempts, units, in_outbox, pruned, books }
    }

    fn is_stored(&self, event: &Event) -> bool {
        self.in_outbox.contains(event) || self.pruned.contains(event)
    }

    fn judge(&self) -> (Vec<Finding>, Figures) {
        let finding = |promise, name, against| Finding { promise, name, against };
        let (skipped, reordered) = self.order();
        let (twice, missing) = self.receipts();
        let findings = vec![
            finding("What was acknowledged is stored", "lost", self.lost()),
            finding("What is stored was asked for, and was not refused", "unexpected", self.unexpected()),
            finding("A row and its events are stored together, a unit whole", "torn", self.torn()),
            finding("An error says what became of the save", "wrong answers", self.wrong_answers()),
            finding("No event is skipped", "skipped", skipped),
            finding("The events of an entity arrive in their order", "reordered", reordered),
            finding("Every event is delivered, in time", "stuck", self.stuck()),
            finding("Only what is stored is delivered", "phantoms", self.phantoms()),
            finding("One relay leads", "two leaders", self.two_leaders()),
            finding("With an inbox, each event counts once", "taken in twice", twice),
            finding("With an inbox, each event counts", "not taken in", missing),
        ];
        (findings, self.figures())
    }

    fn lost(&self) -> Vec<String> {
        let acknowledged = |(_, attempt): &(&Book, &Attempt)| {
            attempt.ends.iter().any(|(end, _)| matches!(end, End::Acknowledged | End::ResolvedStored))
        };
        let lost = self.attempts.iter().filter(|(event, of)| of.iter().any(acknowledged) && !self.is_stored(event));
        lost.map(|(event, _)| words(event)).collect()
    }

    fn unexpected(&self) -> Vec<String> {
        let mut against = Vec::new();
        for event in &self.in_outbox {
            match self.attempts.get(*event) {
                None => against.push(format!("{}: nobody tried to store it", words(event))),
                Some(of) if of.iter().all(|(book, attempt)| was_refused(book, attempt)) => {
                    against.push(format!("{}: stored, and its writer was told that it is not", words(event)));
                }
                Some(_) => {}
            }
        }
        against
    }

    fn torn(&self) -> Vec<String> {
        let mut against = Vec::new();
        let mut events: HashMap<Uuid, BTreeMap<u64, &Event>> = HashMap::new();
        for event in self.in_outbox.iter().chain(&self.pruned) {
            if let Some(other) = events.entry(event.id).or_default().insert(event.version, event) {
                against.push(format!("{} and {}: two events of one version", words(event), words(other)));
            }
        }
        let last_in_outbox: HashMap<Uuid, &OutboxEvent> =
            self.stored.events.iter().map(|stored| (stored.event.id, stored)).collect();
        let rows: HashMap<Uuid, &Row> = self.stored.rows.iter().map(|row| (row.id, row)).collect();
        for row in rows.values() {
            let of_row = events.get(&row.id).cloned().unwrap_or_default();
            let name = format!("the row {} of version {}", row.id, row.version);
            if !of_row.keys().copied().eq(1..=row.version) {
                against.push(format!("{name} has the events {:?}", of_row.keys()));
            } else if row.version > 1 && of_row.get(&row.version).is_none_or(|event| event.token != row.last) {
                against.push(format!("{name} is of another save than its last event"));
            }
            if row.touches + 1 != row.version {
                against.push(format!("{name} was touched {} times", row.touches));
            }
            let last = last_in_outbox.get(&row.id).filter(|last| last.event.version == row.version);
            if last.is_some_and(|last| last.at != row.updated_at) {
                against.push(format!("{name} was changed at another time than its last event"));
            }
        }
        let deleted: HashSet<Uuid> = (self.stored.events.iter().map(|stored| (&stored.kind, stored.event.id)))
            .chain(self.deliveries.iter().map(|delivery| (&delivery.kind, delivery.event.id)))
            .filter(|(kind, _)| *kind == "deleted")
            .map(|(_, id)| id)
            .collect();
        for (id, of_entity) in &events {
            match (rows.contains_key(id), deleted.contains(id)) {
                (true, false) => {}
                (false, true) if of_entity.keys().copied().eq(1..=of_entity.len() as u64) => {}
                (false, true) => against.push(format!("the deleted {id} has the events {:?}", of_entity.keys())),
                (false, false) => against.push(format!("{id} has events and no row")),
                (true, true) => against.push(format!("{id} has a row and was deleted")),
            }
        }
        // What was tried again elsewhere may have been stored there.
        for ((writer, unit), of_unit) in &self.units {
            if of_unit.iter().all(|event| self.attempts.get(*event).is_some_and(|of| of.len() == 1)) {
                let stored = of_unit.iter().filter(|event| self.is_stored(event)).count();
                let refused_in_unit = self.refused_in_unit(of_unit);
                if stored != 0 && stored + refused_in_unit < of_unit.len() {
                    against.push(format!("unit {unit} of {writer}: {stored} of {} events are stored", of_unit.len()));
                }
            }
        }
        against
    }

    /// Saves that a unit refused, and went on without.
    fn refused_in_unit(&self, of_unit: &[&Event]) -> usize {
        let refused = of_unit.iter().filter(|event| {
            let of = self.attempts.get(**event).map_or(&[][..], Vec::as_slice);
            of.iter().any(|(_, attempt)| attempt.ends.last().is_some_and(|(end, _)| *end == End::NotStored))
        });
        refused.count()
    }

    fn wrong_answers(&self) -> Vec<String> {
        let mut against = Vec::new();
        for (event, of) in &self.attempts {
            for (book, attempt) in of {
                for (end, said) in &attempt.ends {
                    // Whose clock is behind by two days, his events may be gone when he asks for them.
                    let is_false = *end == End::ResolvedStored && !self.is_stored(event)
                        || *end == End::ResolvedNotStored
                            && !book.is_behind
                            && of.len() == 1
                            && self.in_outbox.contains(*event);
                    if *end == End::Wrong || is_false {
                        against.push(format!("{}: {}: {said}", words(event), end.name()));
                    }
                }
            }
        }
        against
    }

    /// By the first delivery of each event: gaps, and events that came too late.
    fn order(&self) -> (Vec<String>, Vec<String>) {
        let (mut skipped, mut reordered) = (Vec::new(), Vec::new());
        let mut last: HashMap<Uuid, u64> = HashMap::new();
        let mut seen = HashSet::new();
        for delivery in self.deliveries.iter().filter(|delivery| seen.insert(delivery.event_id)) {
            let (event, last) = (&delivery.event, last.entry(delivery.event.id).or_default());
            if event.version < *last {
                reordered.push(format!("{} came after version {last}", words(event)));
            } else if event.version > *last + 1 {
                skipped.push(format!("{} came after version {last}", words(event)));
            }
            *last = event.version.max(*last);
        }
        (skipped, reordered)
    }

    fn stuck(&self) -> Vec<String> {
        let delivered: HashSet<Uuid> = self.deliveries.iter().map(|delivery| delivery.event_id).collect();
        let stuck = self.stored.events.iter().filter(|event| !delivered.contains(&event.event_id));
        let mut against: Vec<String> = stuck.map(|stored| words(&stored.event)).collect();
        if self.stored.parked > 0 {
            against.push(format!("{} events are parked, and the sink has refused none for good", self.stored.parked));
        }
        against
    }

    fn phantoms(&self) -> Vec<String> {
        let delivered: HashSet<&Event> = self.deliveries.iter().map(|delivery| &delivery.event).collect();
        delivered.into_iter().filter(|event| !self.is_stored(event)).map(words).collect()
    }

    /// Two relays that bring events side by side, for longer than one takes to notice that its lease has ended.
    fn two_leaders(&self) -> Vec<String> {
        const STEP: u64 = 100;
        let mut relays: BTreeMap<u64, HashSet<&str>> = BTreeMap::new();
        for delivery in self.deliveries {
            relays.entry(delivery.at / STEP).or_default().insert(&delivery.relay);
        }
        let longest = u64::try_from(LEASE.as_millis()).unwrap_or(0);
        let (mut against, mut since) = (Vec::new(), None);
        for (step, of_step) in relays {
            if of_step.len() < 2 {
                since = None;
            } else if (step - *since.get_or_insert(step)) * STEP > longest {
                against.push(format!("{of_step:?} bring events side by side, {} ms after the start", step * STEP));
                since = None;
            }
        }
        against
    }

    fn receipts(&self) -> (Vec<String>, Vec<String>) {
        let twice = self.stored.receipts.iter().filter(|(_, count)| **count > 1);
        let twice = twice.map(|(event, count)| format!("event {event}, {count} times")).collect();
        let delivered: HashSet<Uuid> = self.deliveries.iter().map(|delivery| delivery.event_id).collect();
        let missing = delivered.iter().filter(|event| !self.stored.receipts.contains_key(event));
        (twice, missing.map(|event| format!("event {event}")).collect())
    }

    fn figures(&self) -> Figures {
        let distinct: HashSet<Uuid> = self.deliveries.iter().map(|delivery| delivery.event_id).collect();
        let mut figures = Figures {
            attempted: self.attempts.len(),
            stored: self.in_outbox.len() + self.pruned.len(),
            pruned: self.pruned.len(),
            deliveries: self.deliveries.len(),
            duplicates: self.deliveries.len() - distinct.len(),
            ..Figures::default()
        };
        for attempt in self.books.iter().flat_map(|book| book.attempts.values()) {
            if attempt.ends.is_empty() {
                *figures.ends.entry("cut off").or_default() += 1;
            }
            for (end, _) in &attempt.ends {
                figures.acknowledged += usize::from(*end == End::Acknowledged) * attempt.events.len();
                *figures.ends.entry(end.name()).or_default() += 1;
            }
        }
        figures
    }
}

/// The writer was told that nothing was stored, and was never left in doubt.
fn was_refused(book: &Book, attempt: &Attempt) -> bool {
    !attempt.ends.is_empty()
        && attempt.ends.iter().all(|(end, _)| match end {
            End::NotStored => true,
            End::Unknown => attempt.ends.iter().any(|(end, _)| *end == End::ResolvedNotStored),
            End::ResolvedNotStored => !book.is_behind,
            End::Acknowledged | End::Dropped | End::ResolvedStored | End::Wrong => false,
        })
}

fn words(event: &Event) -> String {
    format!("{} v{} `{}`", event.id, event.version, event.token)
}
