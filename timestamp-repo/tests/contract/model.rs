//! Random sequences of saves, units of work, deletes, bulk touches, clones and lost answers, beside a naive model of what
//! must come of them.
//!
//! The model knows nothing of versions in rows or of outcome cells: a stored entity is the list of its events, and a save
//! is allowed if that list is the beginning of the saved copy's own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use timestamp_core::{EpochMs, Timestamped};
use timestamp_repo::{CommitError, SaveError, Store, UnitOfWork};
use uuid::Uuid;

use super::entities::{Task, Tasks, assert_books_balance, open_impatient, pending};
use super::harness::Harness;

/// One event. Two copies of an entity have the same one only if a save gave it its number before they parted.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    kind: &'static str,
    reason: Option<String>,
    at: i64,
    number: Option<u64>,
}

#[derive(Clone, Debug)]
struct Stored {
    history: Vec<Token>,
    count: i64,
    alive: bool,
}

type Database = BTreeMap<Uuid, Stored>;

/// An entity in memory, and what must be true of it.
#[derive(Clone, Debug)]
struct Copy {
    task: Task,
    history: Vec<Token>,
    /// How many of the events are known to be stored.
    stored: usize,
    /// The count that is known to be stored with them.
    count: Option<i64>,
    flight: Option<Flight>,
    unknown: Option<(usize, Option<i64>)>,
    unknown_deletion: Option<Token>,
    deleted: bool,
    /// Loaded inside the open unit: it is of a row that may never be stored.
    found_in_unit: bool,
}

/// What the open unit has written of a copy.
#[derive(Clone, Debug)]
struct Flight {
    through: usize,
    count: Option<i64>,
    deletion: Option<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Lost {
    Nothing,
    Answer,
    Commit,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Done,
    Conflict,
    AlreadyExists,
    ChangedWithoutTouch,
    Unknown,
}

impl Answer {
    fn of(result: &Result<(), SaveError>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(SaveError::Conflict) => Self::Conflict,
            Err(SaveError::AlreadyExists) => Self::AlreadyExists,
            Err(SaveError::ChangedWithoutTouch) => Self::ChangedWithoutTouch,
            Err(SaveError::OutcomeUnknown) => Self::Unknown,
            Err(other) => panic!("no such answer was expected: {other:?}"),
        }
    }
}

struct World<'h, H: Harness> {
    harness: &'h H,
    store: H::Store,
    tasks: Tasks<H>,
    title: String,
    committed: Database,
    unit: Option<UnitOfWork<H::Store>>,
    /// What the unit sees, once it has written.
    in_unit: Option<Database>,
    /// Whose rows the unit has saved or deleted, or has found to be so already.
    saved_in_unit: BTreeSet<Uuid>,
    copies: Vec<Copy>,
    numbers: u64,
    random: u64,
    log: Vec<String>,
}

impl Copy {
    fn base(&self) -> (usize, Option<i64>) {
        self.flight.as_ref().map_or((self.stored, self.count), |flight| (flight.through, flight.count))
    }

    fn untouchable(&self) -> bool {
        self.deleted || self.unknown_deletion.is_some() || self.flight.as_ref().is_some_and(|it| it.deletion.is_some())
    }

    fn last_at(&self) -> i64 {
        self.history[self.history.len() - 1].at
    }

    /// How many of the events after `base` are stored already, by their numbers.
    fn recognised(&self, base: usize, more: Option<&Token>, row: Option<&Stored>) -> usize {
        let theirs = row.map_or(&[][..], |row| row.history.get(base..).unwrap_or(&[]));
        let mine = self.history[base..].iter().chain(more);
        mine.zip(theirs).take_while(|(mine, theirs)| mine.number.is_some() && mine.number == theirs.number).count()
    }

    fn count_at(&self, through: usize) -> Option<i64> {
        self.unknown.filter(|unknown| unknown.0 == through).and_then(|unknown| unknown.1)
    }

    fn number(&mut self, from: usize, numbers: &mut u64) {
        for token in &mut self.history[from..] {
            token.number.get_or_insert_with(|| {
                *numbers += 1;
                *numbers
            });
        }
    }

    fn is_stored(&mut self, through: usize, count: Option<i64>) {
        self.stored = through;
        self.count = count;
        self.unknown = None;
        self.flight = None;
    }

    fn is_deleted(&mut self, deletion: Token) {
        self.history.push(deletion);
        self.stored = self.history.len();
        (self.deleted, self.unknown_deletion, self.unknown, self.flight) = (true, None, None, None);
    }

    fn check(&self) {
        let task = &self.task;
        assert_eq!(task.version(), self.history.len() as u64, "{self:?}");
        assert_eq!(pending(task), self.history.len() - self.stored, "{self:?}");
        assert_eq!(task.updated_at().as_millis(), self.last_at(), "{self:?}");
        for (event, token) in task.pending_events().zip(&self.history[self.stored..]) {
            assert_eq!((event.kind().as_str(), event.reason()), (token.kind, token.reason.as_deref()));
            assert_eq!(event.at().as_millis(), token.at);
        }
    }
}

impl<'h, H: Harness> World<'h, H> {
    async fn new(harness: &'h H, seed: u64) -> Self {
        let (store, tasks) = open_impatient(harness).await;
        let (committed, copies, title) = (Database::new(), Vec::new(), format!("of seed {seed}"));
        let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let (unit, in_unit, saved_in_unit) = (None, None, BTreeSet::new());
        let (numbers, log) = (0, Vec::new());
        Self { harness, store, tasks, title, committed, unit, in_unit, saved_in_unit, copies, numbers, random, log }
    }

    /// A number below `limit`, by xorshift.
    fn below(&mut self, limit: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as usize % limit
    }

    fn view(&self) -> &Database {
        self.in_unit.as_ref().unwrap_or(&self.committed)
    }

    fn view_mut(&mut self) -> &mut Database {
        self.in_unit.as_mut().unwrap_or(&mut self.committed)
    }

    fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn lose(&mut self) -> Lost {
        let lost = [Lost::Nothing, Lost::Nothing, Lost::Nothing, Lost::Answer, Lost::Commit][self.below(5)];
        match lost {
            Lost::Nothing => {}
            Lost::Answer => self.harness.faults().lose_next_answer(),
            Lost::Commit => self.harness.faults().lose_next_commit(),
        }
        lost
    }

    async fn step(&mut self) {
        let copies = self.copies.len();
        if copies == 0 || (copies < 6 && self.below(8) == 0) {
            return self.create();
        }
        let which = self.below(copies);
        let step = self.below(100);
        self.log.push(format!("{step} on {which}"));
        match step {
            0..20 => self.touch(which),
            20..27 => self.find(which).await,
            27..33 if copies < 8 => self.copies.push(self.copies[which].clone()),
            33..38 if copies > 3 => drop(self.copies.remove(which)),
            38..43 => self.move_clock(),
            43..48 => self.touch_all().await,
            48..53 => self.resolve(which).await,
            53..58 => self.change_without_touch(which).await,
            58..66 if self.unit.is_none() => self.unit = Some(self.store.begin().await.unwrap()),
            58..66 => self.end_unit().await,
            66..72 => self.delete(which).await,
            _ => self.save(which).await,
        }
    }

    fn create(&mut self) {
        let task = Task::new(self.harness.clock(), &self.title);
        let at = task.created_at().as_millis();
        let history = vec![Token { kind: "created", reason: None, at, number: None }];
        let (stored, count, flight, unknown, unknown_deletion) = (0, None, None, None, None);
        let (deleted, found_in_unit) = (false, false);
        let copy = Copy { task, history, stored, count, flight, unknown, unknown_deletion, deleted, found_in_unit };
        self.copies.push(copy);
    }

    fn touch(&mut self, which: usize) {
        let reason = format!("touch {}", self.next_number());
        let now = self.harness.clock().now().as_millis();
        let copy = &mut self.copies[which];
        if !copy.untouchable() {
            copy.task.count += 1;
            copy.task.touch(reason.clone());
            let at = now.max(copy.last_at());
            copy.history.push(Token { kind: "updated", reason: Some(reason), at, number: None });
        }
    }

    async fn find(&mut self, which: usize) {
        let id = self.copies[which].task.id;
        let found = match &mut self.unit {
            Some(unit) => unit.find::<Task>(&id).await.unwrap(),
            None => self.tasks.find(&id).await.unwrap(),
        };
        let row = self.view().get(&id).filter(|row| row.alive).cloned();
        assert_eq!(found.is_some(), row.is_some());
        if let (Some(task), Some(row)) = (found, row) {
            assert_eq!((task.version(), task.count), (row.history.len() as u64, row.count));
            let (history, stored, count) = (row.history.clone(), row.history.len(), Some(row.count));
            let (flight, unknown, unknown_deletion, deleted) = (None, None, None, false);
            let found_in_unit = self.in_unit.is_some();
            self.copies[which] =
                Copy { task, history, stored, count, flight, unknown, unknown_deletion, deleted, found_in_unit };
        }
    }

    fn move_clock(&mut self) {
        let clock = self.harness.clock();
        let by = self.below(2_000) as i64 - 600;
        clock.set(EpochMs::from_millis(clock.now().as_millis() + by).unwrap());
    }

    async fn touch_all(&mut self) {
        let reason = format!("bulk {}", self.next_number());
        let now = self.harness.clock().now().as_millis();
        let limit = self.below(4) as i64;
        let condition = ("title = ? AND count >= ?", (self.title.clone(), limit));
        let lost = if self.unit.is_some() { Lost::Nothing } else { self.lose() };
        let touched = match &mut self.unit {
            Some(unit) => unit.touch_all::<Task>(condition.0, condition.1, reason.clone()).await,
            None => self.tasks.touch_all(condition.0, condition.1, reason.clone()).await,
        };
        self.harness.faults().lose_nothing();
        self.unit_has_written();
        if lost != Lost::Nothing {
            assert!(touched.as_ref().is_err_and(SaveError::is_unknown), "{touched:?}");
        }
        let mut numbers = self.numbers;
        let rows = self.view_mut().values_mut().filter(|row| row.alive && row.count >= limit);
        let mut count = 0;
        if lost != Lost::Commit {
            for row in rows {
                numbers += 1;
                let at = now.max(row.history[row.history.len() - 1].at);
                let reason = Some(reason.clone());
                row.history.push(Token { kind: "updated", reason, at, number: Some(numbers) });
                count += 1;
            }
        }
        self.numbers = numbers;
        if lost == Lost::Nothing {
            assert_eq!(touched.unwrap(), count);
        }
    }

    fn unit_has_written(&mut self) {
        if self.unit.is_some() && self.in_unit.is_none() {
            self.in_unit = Some(self.committed.clone());
        }
    }

    async fn save(&mut self, which: usize) {
        if self.in_unit.is_some() && self.below(6) == 0 {
            return self.save_past_the_unit(which).await;
        }
        let in_unit = self.unit.is_some();
        let lost = if in_unit { Lost::Nothing } else { self.lose() };
        let is_known = self.is_known(which);
        let copy = &mut self.copies[which];
        let before = copy.clone();
        let result = match &mut self.unit {
            Some(unit) => unit.save(&mut copy.task).await,
            None => self.tasks.save(&mut copy.task).await,
        };
        if in_unit && (is_known || result.is_ok() && before.base().0 < before.history.len()) {
            self.saved_in_unit.insert(before.task.id);
        }
        self.harness.faults().lose_nothing();
        let expected = self.expect_save(which, lost);
        assert_eq!(
            Answer::of(&result),
            expected,
            "{before:?}, lost {lost:?}, row {:?}",
            self.view().get(&before.task.id)
        );
    }

    /// Whether events of a copy that it takes for pending are stored already; a unit that finds them keeps the row.
    fn is_known(&self, which: usize) -> bool {
        let copy = &self.copies[which];
        copy.recognised(copy.base().0, None, self.view().get(&copy.task.id)) > 0
    }

    /// Past a unit that has written. Refused, and no harm done, where the unit has what it needs: everything if there is
    /// one writer, else the rows that it wrote. Any other row is saved as if there were no unit, which sees it at once.
    async fn save_past_the_unit(&mut self, which: usize) {
        let copy = &mut self.copies[which];
        let id = copy.task.id;
        if H::ONE_WRITER || self.saved_in_unit.contains(&id) || copy.flight.is_some() || copy.found_in_unit {
            let error = self.tasks.save(&mut copy.task).await.err();
            let harmless = copy.deleted || copy.unknown_deletion.is_some() || copy.stored == copy.history.len();
            return match error {
                Some(SaveError::Busy(busy)) => assert!(busy.is_same_task() && copy.flight.is_none()),
                Some(SaveError::InFlight) => assert!(copy.flight.is_some() || copy.found_in_unit),
                other => assert!(harmless, "{other:?} {copy:?}"),
            };
        }
        let (unit, in_unit) = (self.unit.take(), self.in_unit.take());
        let row = |database: &Database| database.get(&id).map(|row| (row.history.clone(), row.alive));
        let touched = in_unit.as_ref().map(row) != Some(row(&self.committed));
        if touched {
            self.save_a_row_touched_by_the_unit(which).await;
        } else {
            Box::pin(self.save(which)).await;
        }
        (self.unit, self.in_unit) = (unit, in_unit);
        if let (false, Some(in_unit), Some(row)) = (touched, &mut self.in_unit, self.committed.get(&id)) {
            in_unit.insert(id, row.clone());
        }
    }

    /// Nobody keeps which rows a bulk touch has locked. Who would write one waits for the unit until told to stop; who
    /// has an answer without writing gets it.
    async fn save_a_row_touched_by_the_unit(&mut self, which: usize) {
        let copy = &mut self.copies[which];
        let before = copy.clone();
        let result = self.tasks.save(&mut copy.task).await;
        let row = self.committed.get(&before.task.id).cloned();
        let Err(SaveError::Busy(busy)) = &result else {
            let expected = self.expect_save(which, Lost::Nothing);
            assert_eq!(Answer::of(&result), expected, "{before:?}, row {row:?}");
            let now = self.committed.get(&before.task.id);
            assert_eq!(now.map(|row| &row.history), row.as_ref().map(|row| &row.history), "it was written");
            return;
        };
        assert!(!busy.is_same_task());
        let base = before.stored + before.recognised(before.stored, None, row.as_ref());
        // There was something to write, or to look for behind a row that the unit has changed.
        assert!(before.stored < before.history.len(), "{before:?}, row {row:?}");
        copy.number(before.stored, &mut self.numbers);
        // It may have been told before it waited that a part of it is stored.
        let told = copy.history.len() - pending(&copy.task);
        if told > before.stored {
            assert_eq!(told, base, "{before:?}, row {row:?}");
            copy.is_stored(base, before.count_at(base));
        }
    }

    /// What a save must answer, and what it must change.
    fn expect_save(&mut self, which: usize, lost: Lost) -> Answer {
        let id = self.copies[which].task.id;
        let row = self.view().get(&id).cloned();
        let in_unit = self.unit.is_some();
        let copy = &mut self.copies[which];
        if copy.deleted || copy.flight.as_ref().is_some_and(|it| it.deletion.is_some()) {
            return Answer::Conflict;
        }
        if copy.unknown_deletion.is_some() {
            return Answer::Unknown;
        }
        let (mut base, mut count) = copy.base();
        let all = copy.history.len();
        if base < all {
            if in_unit {
                self.unit_has_written();
            }
            let copy = &mut self.copies[which];
            // Where the row is as it was loaded, nothing of it can be stored already.
            let known = copy.recognised(base, None, row.as_ref());
            if known > 0 {
                (base, count) = (base + known, copy.count_at(base + known));
                if in_unit {
                    copy.flight = Some(Flight { through: base, count, deletion: None });
                } else {
                    copy.is_stored(base, count);
                }
            }
        }
        let copy = &mut self.copies[which];
        if base == all {
            return if count == Some(copy.task.count) { Answer::Done } else { Answer::ChangedWithoutTouch };
        }
        let fits = match &row {
            None => base == 0,
            Some(row) => row.alive && row.history.len() == base,
        };
        if !fits {
            return if base == 0 { Answer::AlreadyExists } else { Answer::Conflict };
        }
        if in_unit || lost != Lost::Nothing {
            copy.number(base, &mut self.numbers);
        }
        let count = Some(copy.task.count);
        match (in_unit, lost) {
            (true, _) => copy.flight = Some(Flight { through: all, count, deletion: None }),
            (false, Lost::Nothing) => copy.is_stored(all, count),
            (false, _) => copy.unknown = Some((all, count)),
        }
        if lost != Lost::Commit {
            let stored = Stored { history: copy.history.clone(), count: copy.task.count, alive: true };
            self.view_mut().insert(id, stored);
        }
        if lost == Lost::Nothing { Answer::Done } else { Answer::Unknown }
    }

    async fn delete(&mut self, which: usize) {
        let in_unit = self.unit.is_some();
        let lost = if in_unit { Lost::Nothing } else { self.lose() };
        let now = self.harness.clock().now().as_millis();
        let reason = format!("delete {}", self.next_number());
        let number = self.next_number();
        let is_known = self.is_known(which);
        let copy = &mut self.copies[which];
        let before = copy.clone();
        let result = match &mut self.unit {
            Some(unit) => unit.delete(&mut copy.task, reason.clone()).await,
            None => self.tasks.delete(&mut copy.task, reason.clone()).await,
        };
        if in_unit && (is_known || result.is_ok()) {
            self.saved_in_unit.insert(before.task.id);
        }
        self.harness.faults().lose_nothing();
        let at = now.max(copy.last_at());
        let new = Token { kind: "deleted", reason: Some(reason), at, number: Some(number) };
        let deletion = copy.unknown_deletion.clone().unwrap_or(new);
        let expected = self.expect_delete(which, lost, deletion);
        assert_eq!(
            Answer::of(&result),
            expected,
            "{before:?}, lost {lost:?}, row {:?}",
            self.view().get(&before.task.id)
        );
    }

    fn expect_delete(&mut self, which: usize, lost: Lost, deletion: Token) -> Answer {
        let id = self.copies[which].task.id;
        let row = self.view().get(&id).cloned();
        let in_unit = self.unit.is_some();
        let copy = &mut self.copies[which];
        if copy.deleted || copy.flight.as_ref().is_some_and(|it| it.deletion.is_some()) {
            return Answer::Conflict;
        }
        if in_unit {
            self.unit_has_written();
        }
        let copy = &mut self.copies[which];
        let (mut base, _) = copy.base();
        let all = copy.history.len();
        let known = copy.recognised(base, Some(&deletion), row.as_ref());
        if base + known == all + 1 {
            if in_unit {
                copy.flight = Some(Flight { through: all, count: None, deletion: Some(deletion) });
            } else {
                copy.is_deleted(deletion);
            }
            return Answer::Done;
        }
        if known > 0 {
            base += known;
            let count = copy.count_at(base);
            if in_unit {
                copy.flight = Some(Flight { through: base, count, deletion: None });
            } else {
                copy.is_stored(base, count);
            }
        }
        let Some(row) = row.filter(|row| row.alive && row.history.len() == base) else { return Answer::Conflict };
        if in_unit || lost != Lost::Nothing {
            copy.number(base, &mut self.numbers);
        }
        let mut history = copy.history.clone();
        history.push(deletion.clone());
        match (in_unit, lost) {
            (true, _) => copy.flight = Some(Flight { through: all, count: None, deletion: Some(deletion) }),
            (false, Lost::Nothing) => copy.is_deleted(deletion),
            (false, _) => {
                copy.unknown = Some((all, None));
                copy.unknown_deletion = Some(deletion);
            }
        }
        if lost != Lost::Commit {
            self.view_mut().insert(id, Stored { history, count: row.count, alive: false });
        }
        if lost == Lost::Nothing { Answer::Done } else { Answer::Unknown }
    }

    async fn resolve(&mut self, which: usize) {
        let id = self.copies[which].task.id;
        let row = self.committed.get(&id).cloned();
        let copy = &mut self.copies[which];
        let answer = self.tasks.resolve(&mut copy.task).await.unwrap();
        let is_stored =
            |token: &Token| row.as_ref().is_some_and(|row| row.history.iter().any(|it| it.number == token.number));
        let expected = if copy.deleted || copy.flight.is_some() || copy.found_in_unit {
            false
        } else if let Some(deletion) = copy.unknown_deletion.clone() {
            let stored = is_stored(&deletion);
            if stored {
                copy.is_deleted(deletion);
            } else {
                (copy.unknown_deletion, copy.unknown) = (None, None);
            }
            stored
        } else if let Some((through, _)) = copy.unknown {
            let tokens = &copy.history[copy.stored..];
            let known = tokens.iter().take_while(|token| token.number.is_some() && is_stored(token)).count();
            let base = copy.stored + known;
            if known > 0 {
                copy.is_stored(base, copy.count_at(base));
            }
            copy.unknown = None;
            known > 0 && base == through
        } else {
            copy.stored == copy.history.len()
        };
        assert_eq!(answer, expected, "{copy:?}");
    }

    async fn change_without_touch(&mut self, which: usize) {
        let copy = &mut self.copies[which];
        if copy.untouchable() || copy.base().0 < copy.history.len() {
            return;
        }
        copy.task.count += 100;
        let result = match &mut self.unit {
            Some(unit) => unit.save(&mut copy.task).await,
            None => self.tasks.save(&mut copy.task).await,
        };
        copy.task.count -= 100;
        assert_eq!(Answer::of(&result), Answer::ChangedWithoutTouch);
    }

    async fn end_unit(&mut self) {
        let Some(unit) = self.unit.take() else { return };
        let wrote = self.in_unit.take();
        self.saved_in_unit.clear();
        if self.below(3) == 0 {
            unit.rollback();
            return self.unit_ended(None, None);
        }
        let lost = self.lose();
        let result = unit.commit().await;
        self.harness.faults().lose_nothing();
        let Some(wrote) = wrote else {
            result.unwrap();
            return;
        };
        match lost {
            Lost::Nothing => {
                result.unwrap();
                self.unit_ended(Some(wrote), Some(true));
            }
            Lost::Answer | Lost::Commit => {
                assert!(matches!(result, Err(CommitError::OutcomeUnknown)), "{result:?}");
                self.unit_ended((lost == Lost::Answer).then_some(wrote), Some(false));
            }
        }
    }

    /// `known`: committed, and known to be; or unknown; or rolled back.
    fn unit_ended(&mut self, stored: Option<Database>, known: Option<bool>) {
        if let Some(stored) = stored {
            self.committed = stored;
        }
        if known == Some(false) {
            self.copies.retain(|copy| !copy.found_in_unit);
        }
        for copy in &mut self.copies {
            if std::mem::take(&mut copy.found_in_unit) && known.is_none() {
                // What it was loaded from never was; it is refused as one whose row is gone.
                (copy.flight, copy.deleted) = (None, true);
                continue;
            }
            let Some(flight) = copy.flight.take() else { continue };
            match (known, flight.deletion) {
                (None, _) => {}
                (Some(true), None) => copy.is_stored(flight.through, flight.count),
                (Some(true), Some(deletion)) => copy.is_deleted(deletion),
                (Some(false), deletion) => {
                    copy.unknown = Some((flight.through, flight.count));
                    copy.unknown_deletion = deletion.or(copy.unknown_deletion.take());
                }
            }
        }
    }

    /// What the database holds is what the model says, row by row and event by event.
    async fn compare(&self) {
        let rows = self.tasks.filter("title = ?", (self.title.clone(),)).await.unwrap();
        assert_eq!(rows.len(), self.committed.values().filter(|row| row.alive).count());
        for row in rows {
            let expected = &self.committed[&row.id];
            assert_eq!((row.count, row.version()), (expected.count, expected.history.len() as u64));
        }
        let events = self.harness.events().await;
        for (id, expected) in &self.committed {
            let id = id.to_string();
            let own = events.iter().filter(|event| event.entity_id == id);
            let stored: Vec<_> = own.map(|event| (event.kind.as_str(), event.reason.as_deref(), event.at)).collect();
            let tokens = expected.history.iter();
            assert_eq!(stored, tokens.map(|it| (it.kind, it.reason.as_deref(), it.at)).collect::<Vec<_>>());
        }
    }
}

/// Prints what was done when a step panics.
impl<H: Harness> Drop for World<'_, H> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let steps = self.log.join("; ");
            eprintln!("{}, steps: {steps}", self.title);
        }
    }
}

pub(crate) async fn any_sequence_ends_as_the_naive_model_says<H: Harness>(harness: &H) {
    // `CONTRACT_SEEDS=7..8` repeats one sequence, `1..2000` takes a while longer.
    let seeds = std::env::var("CONTRACT_SEEDS").unwrap_or_else(|_| "1..60".to_owned());
    let (first, end) = seeds.split_once("..").unwrap();
    for seed in first.parse::<u64>().unwrap()..end.parse().unwrap() {
        let mut world = World::new(harness, seed).await;
        for _ in 0..80 {
            world.step().await;
            world.copies.iter().for_each(Copy::check);
        }
        world.end_unit().await;
        world.copies.iter().for_each(Copy::check);
        world.compare().await;
        harness.clock().advance(Duration::from_secs(1));
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}
