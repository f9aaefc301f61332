//! The judge: compares what was tried and told, what is stored, what was delivered and what the consumer made of it, as
//! sets.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use uuid::Uuid;

use crate::database::Failed;
use crate::database_faults::REFUSAL;
use crate::faults::Fault;
use crate::finding::{Charge, Finding};
use crate::ledger::{self, Attempt, Book, End, Event};
use crate::relay::LEASE;
use crate::sink::Delivery;
use crate::stored::{OutboxEvent, Row, Stored};
use crate::tally::Figures;

/// Faults that errors tell of, and what they say then.
pub(crate) const TELLING: [(Fault, &str); 3] = [
    (Fault::DiskFull, "disk is full"),
    (Fault::RowsRefused, REFUSAL),
    (Fault::ClientsCut, "answer to COMMIT was lost"),
];

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
        let (skipped, reordered) = self.order();
        let (twice, missing) = self.receipts();
        let findings = [
            ("lost", self.lost()),
            ("unexpected", self.unexpected()),
            ("torn", self.torn()),
            ("wrong answers", self.wrong_answers()),
            ("skipped", skipped),
            ("reordered", reordered),
            ("set back", self.set_back()),
            ("stuck", self.stuck()),
            ("phantoms", self.phantoms()),
            ("two leaders", self.two_leaders()),
            ("taken in twice", twice),
            ("not taken in", missing),
        ];
        let findings = findings.map(|(name, against)| Finding { name, against }).to_vec();
        (findings, self.figures())
    }

    fn lost(&self) -> Vec<Charge> {
        let acknowledged = |(_, attempt): &(&Book, &Attempt)| {
            attempt.ends.iter().any(|(end, _)| matches!(end, End::Acknowledged | End::ResolvedStored))
        };
        let lost = self.attempts.iter().filter(|(event, of)| of.iter().any(acknowledged) && !self.is_stored(event));
        lost.map(|(event, _)| charge(event, "")).collect()
    }

    fn unexpected(&self) -> Vec<Charge> {
        let mut against = Vec::new();
        for event in &self.in_outbox {
            match self.attempts.get(*event) {
                None => against.push(charge(event, ": nobody tried to store it")),
                Some(of) if of.iter().all(|(book, attempt)| was_refused(book, attempt)) => {
                    against.push(charge(event, ": stored, and its writer was told that it is not"));
                }
                Some(_) => {}
            }
        }
        against
    }

    fn torn(&self) -> Vec<Charge> {
        let mut against = Vec::new();
        let mut events: HashMap<Uuid, BTreeMap<u64, &Event>> = HashMap::new();
        for event in self.in_outbox.iter().chain(&self.pruned) {
            if let Some(other) = events.entry(event.id).or_default().insert(event.version, event) {
                against.push(charge(event, &format!(" and {}: two events of one version", words(other))));
            }
        }
        let last_in_outbox: HashMap<Uuid, &OutboxEvent> =
            self.stored.events.iter().map(|stored| (stored.event.id, stored)).collect();
        let rows: HashMap<Uuid, &Row> = self.stored.rows.iter().map(|row| (row.id, row)).collect();
        for row in rows.values() {
            let of_row = events.get(&row.id).cloned().unwrap_or_default();
            let name = format!("the row {} of version {}", row.id, row.version);
            if !of_row.keys().copied().eq(1..=row.version) {
                against.push(Charge::about(row.id, format!("{name} has the events {:?}", of_row.keys())));
            } else if row.version > 1 && of_row.get(&row.version).is_none_or(|event| event.token != row.last) {
                against.push(Charge::about(row.id, format!("{name} is of another save than its last event")));
            }
            if row.touches + 1 != row.version {
                against.push(Charge::about(row.id, format!("{name} was touched {} times", row.touches)));
            }
            let last = last_in_outbox.get(&row.id).filter(|last| last.event.version == row.version);
            if last.is_some_and(|last| last.at != row.updated_at) {
                against.push(Charge::about(row.id, format!("{name} was changed at another time than its last event")));
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
                (false, true) => {
                    against.push(Charge::about(*id, format!("the deleted {id} has the events {:?}", of_entity.keys())))
                }
                (false, false) => against.push(Charge::about(*id, format!("{id} has events and no row"))),
                (true, true) => against.push(Charge::about(*id, format!("{id} has a row and was deleted"))),
            }
        }
        // What was tried again elsewhere may have been stored there.
        for ((writer, unit), of_unit) in &self.units {
            if of_unit.iter().all(|event| self.attempts.get(*event).is_some_and(|of| of.len() == 1)) {
                let stored = of_unit.iter().filter(|event| self.is_stored(event)).count();
                let refused_in_unit = self.refused_in_unit(of_unit);
                if stored != 0 && stored + refused_in_unit < of_unit.len() {
                    let words = format!("unit {unit} of {writer}: {stored} of {} events are stored", of_unit.len());
                    let missing = of_unit.iter().find(|event| !self.is_stored(event));
                    against.push(Charge { entity: missing.map(|event| event.id), words });
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

    fn wrong_answers(&self) -> Vec<Charge> {
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
                        against.push(charge(event, &format!(": {}: {said}", end.name())));
                    }
                }
            }
        }
        against
    }

    /// By the first delivery of each event: gaps, and events that came too late.
    fn order(&self) -> (Vec<Charge>, Vec<Charge>) {
        let (mut skipped, mut reordered) = (Vec::new(), Vec::new());
        let mut last: HashMap<Uuid, u64> = HashMap::new();
        let mut seen = HashSet::new();
        for delivery in self.deliveries.iter().filter(|delivery| seen.insert(delivery.event_id)) {
            let (event, last) = (&delivery.event, last.entry(delivery.event.id).or_default());
            if event.version < *last {
                reordered.push(charge(event, &format!(" came after version {last}")));
            } else if event.version > *last + 1 {
                skipped.push(charge(event, &format!(" came after version {last}")));
            }
            *last = event.version.max(*last);
        }
        (skipped, reordered)
    }

    /// Events of an entity whose time is before that of an earlier version.
    fn set_back(&self) -> Vec<Charge> {
        let mut times: HashMap<Uuid, BTreeMap<u64, i64>> = HashMap::new();
        for OutboxEvent { event, at, .. } in &self.stored.events {
            times.entry(event.id).or_default().insert(event.version, *at);
        }
        let goes_back =
            |times: &BTreeMap<u64, i64>| times.values().zip(times.values().skip(1)).any(|(at, next)| next < at);
        let set_back = times.iter().filter(|(_, times)| goes_back(times));
        set_back.map(|(id, times)| Charge::about(*id, format!("{id} was changed at {times:?}"))).collect()
    }

    fn stuck(&self) -> Vec<Charge> {
        let delivered: HashSet<Uuid> = self.deliveries.iter().map(|delivery| delivery.event_id).collect();
        let stuck = self.stored.events.iter().filter(|event| !delivered.contains(&event.event_id));
        let mut against: Vec<Charge> = stuck.map(|stored| charge(&stored.event, "")).collect();
        if self.stored.parked > 0 {
            let words = format!("{} events are parked, and the sink has refused none for good", self.stored.parked);
            against.push(words.into());
        }
        against
    }

    fn phantoms(&self) -> Vec<Charge> {
        let delivered: HashSet<&Event> = self.deliveries.iter().map(|delivery| &delivery.event).collect();
        delivered.into_iter().filter(|event| !self.is_stored(event)).map(|event| charge(event, "")).collect()
    }

    /// Two relays that bring events side by side, for longer than one takes to notice that its lease has ended.
    fn two_leaders(&self) -> Vec<Charge> {
        const STEP: i64 = 300;
        let mut relays: BTreeMap<i64, HashSet<&str>> = BTreeMap::new();
        for delivery in self.deliveries {
            relays.entry(delivery.at / STEP).or_default().insert(&delivery.relay);
        }
        let longest = i64::try_from(LEASE.as_millis()).unwrap_or(0);
        let begun = self.deliveries.first().map_or(0, |delivery| delivery.at / STEP);
        let (mut against, mut since) = (Vec::new(), None);
        for (step, of_step) in relays {
            if of_step.len() < 2 {
                since = None;
            } else if (step - *since.get_or_insert(step)) * STEP > longest {
                let after = (step - begun) * STEP;
                against.push(format!("{of_step:?} bring events side by side, {after} ms after the first event").into());
                since = None;
            }
        }
        against
    }

    fn receipts(&self) -> (Vec<Charge>, Vec<Charge>) {
        let twice = self.stored.receipts.iter().filter(|(_, count)| **count > 1);
        let twice: Vec<_> = twice.map(|(event, count)| self.receipt(event, &format!(", {count} times"))).collect();
        let missing = to_be_taken(self.deliveries).filter(|event| !self.stored.receipts.contains_key(event));
        (twice, missing.map(|event| self.receipt(&event, "")).collect())
    }

    fn receipt(&self, event_id: &Uuid, said: &str) -> Charge {
        let of = self.deliveries.iter().find(|delivery| delivery.event_id == *event_id);
        let entity = of.map(|delivery| delivery.event.id);
        Charge { entity, words: format!("event {event_id}{said}") }
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
                *figures.ends.entry("cut off".to_owned()).or_default() += 1;
            }
            for (end, said) in &attempt.ends {
                for (_, telling) in TELLING.iter().filter(|(_, telling)| said.contains(telling)) {
                    *figures.said.entry((*telling).to_owned()).or_default() += 1;
                }
                figures.acknowledged += usize::from(*end == End::Acknowledged) * attempt.events.len();
                *figures.ends.entry(end.name().to_owned()).or_default() += 1;
            }
        }
        figures
    }
}

/// Events that a consumer can have. What a stream held that was deleted since is lost for whoever had not read it.
pub(crate) fn to_be_taken(deliveries: &[Delivery]) -> impl Iterator<Item = Uuid> + use<> {
    let there = deliveries.iter().filter(|delivery| !delivery.is_gone).map(|delivery| delivery.event_id);
    there.collect::<HashSet<_>>().into_iter()
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

fn charge(event: &Event, said: &str) -> Charge {
    Charge::about(event.id, words(event) + said)
}

fn words(event: &Event) -> String {
    format!("{} v{} `{}`", event.id, event.version, event.token)
}
