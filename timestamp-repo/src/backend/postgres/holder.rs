//! Which unit of work holds which row, for the errors of those who wait for it.
//!
//! Only rows that a unit of this store has saved are known here. Locks of other programs, and those that a unit's own SQL
//! takes, are not.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::backend::task_key::TaskKey;
use crate::error::{Busy, SaveError};

/// A unit of work that has begun to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnitId(u64);

#[derive(Clone, Copy)]
struct Held {
    unit: UnitId,
    begun_at: &'static Location<'static>,
    task: TaskKey,
}

#[derive(Default)]
pub(super) struct Holders {
    rows: Mutex<HashMap<&'static str, HashMap<String, Held>>>,
    /// Rows held; most of the time none is, and nobody has to look.
    count: AtomicUsize,
    next: AtomicU64,
}

impl Holders {
    pub(super) fn unit(&self) -> UnitId {
        UnitId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn hold(&self, unit: UnitId, begun_at: &'static Location<'static>, row: (&'static str, &str)) {
        let held = Held { unit, begun_at, task: TaskKey::current() };
        let new = self.lock().entry(row.0).or_default().insert(row.1.to_owned(), held).is_none();
        self.count.fetch_add(usize::from(new), Ordering::Relaxed);
    }

    pub(super) fn release(&self, unit: UnitId) {
        let mut rows = self.lock();
        for held in rows.values_mut() {
            held.retain(|_, held| held.unit != unit);
        }
        self.count.store(rows.values().map(HashMap::len).sum(), Ordering::Relaxed);
    }

    /// What to tell somebody who wants to write a row and would wait in vain: a unit of the same task has written it.
    pub(super) fn same_task(&self, row: (&'static str, &str), but: Option<UnitId>) -> Result<(), SaveError> {
        match self.held(row) {
            Some(held) if held.task == TaskKey::current() && Some(held.unit) != but => {
                Err(SaveError::Busy(Busy { unit: Some(held.begun_at), same_task: true }))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What to tell somebody who has waited long enough for a row.
    pub(super) fn busy(&self, row: (&'static str, &str), but: Option<UnitId>) -> Busy {
        let held = self.held(row).filter(|held| Some(held.unit) != but);
        Busy { unit: held.map(|held| held.begun_at), same_task: false }
    }

    /// The unit that holds any row of a type, preferably one of this task.
    pub(super) fn of_type(&self, entity_type: &str, but: Option<UnitId>) -> Busy {
        if self.count.load(Ordering::Relaxed) == 0 {
            return Busy { unit: None, same_task: false };
        }
        let task = TaskKey::current();
        let rows = self.lock();
        let held = || rows.get(entity_type).into_iter().flat_map(HashMap::values).filter(|held| Some(held.unit) != but);
        let own = held().find(|held| held.task == task);
        Busy { unit: own.or_else(|| held().next()).map(|held| held.begun_at), same_task: own.is_some() }
    }

    fn held(&self, row: (&'static str, &str)) -> Option<Held> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        self.lock().get(row.0)?.get(row.1).copied()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, HashMap<String, Held>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
