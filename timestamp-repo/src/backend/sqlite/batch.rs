//! Many entities in one transaction: all of them or none.
//!
//! The rows are written here and now, from the entities themselves: copying them for another thread would cost half as
//! much again. After every few, other tasks of the executor get their turn.

use std::sync::Arc;

use timestamp_core::Record;

use super::options::Durability;
use super::store::Sqlite;
use super::table::Table;
use super::unit::Transaction;
use super::write::{Fields, apply, explain};
use crate::batch::{Entrusted, second_time};
use crate::error::{BackendError, CommitError, SaveAllError, SaveError};
use crate::save::{self, Change};

/// Entities that are written between two turns of other tasks: less than a millisecond.
const TURN: usize = 64;

/// An entity of which an earlier attempt turned out to be stored up to a version; nothing of the batch was.
struct StoredBefore {
    index: usize,
    change: Change,
    version: u64,
}

pub(super) async fn save_all<E: Record>(
    store: &Sqlite,
    table: &Arc<Table>,
    entities: &mut [E],
) -> Result<(), SaveAllError> {
    store.write_side().map_err(|error| SaveAllError { index: 0, error })?;
    // Each round finds one more, so this ends.
    while let Some(StoredBefore { index, change, version }) = write_all(store, table, entities).await? {
        save::stored_before(&mut entities[index], &change, version);
    }
    Ok(())
}

async fn write_all<E: Record>(
    store: &Sqlite,
    table: &Table,
    entities: &mut [E],
) -> Result<Option<StoredBefore>, SaveAllError> {
    let count = entities.len();
    let mut entrusted = Entrusted::new(entities);
    // Begun by the first change, so that a batch in which nothing changed takes no lock.
    let mut transaction: Option<Transaction> = None;
    for index in 0..count {
        let at = |error| SaveAllError { index, error };
        let Some(change) = save::prepare(&mut entrusted.entities()[index], None).map_err(at)? else { continue };
        let open = match &mut transaction {
            Some(open) => open,
            None => transaction.insert(Transaction::begin(store, entrusted.outcome(), None).await.map_err(at)?),
        };
        if let Some(stored_before) = write(&mut entrusted, index, change, open, table)? {
            return Ok(Some(stored_before));
        }
        if entrusted.written().is_multiple_of(TURN) {
            tokio::task::yield_now().await;
        }
    }
    let Some(transaction) = transaction else { return Ok(None) };
    entrusted.give();
    let committed = match store.durability() {
        Durability::Normal => transaction.commit(),
        // As for a unit of work: a sync must not block an executor, and a dropped future leaves nothing half done.
        Durability::Full => {
            let committed = tokio::task::spawn_blocking(move || transaction.commit()).await;
            committed.unwrap_or(Err(CommitError::OutcomeUnknown))
        }
    };
    let committed = committed.map_err(not_committed);
    entrusted.conclude(committed.as_ref().err());
    match committed {
        Ok(()) => Ok(None),
        Err(error) => Err(SaveAllError { index: 0, error }),
    }
}

fn not_committed(error: CommitError) -> SaveError {
    match error {
        CommitError::Constraint { name } => SaveError::Constraint { name },
        CommitError::OutcomeUnknown => SaveError::OutcomeUnknown,
        CommitError::Backend(error) => SaveError::Backend(error),
        CommitError::RolledBack | CommitError::EndedElsewhere { .. } => {
            SaveError::Backend(BackendError::because("the batch was not committed", error))
        }
    }
}

/// Writes one entity. If it is refused, nothing is left of the whole batch.
fn write<E: Record>(
    entrusted: &mut Entrusted<'_, E>,
    index: usize,
    change: Change,
    open: &mut Transaction,
    table: &Table,
) -> Result<Option<StoredBefore>, SaveAllError> {
    let columns = Fields(entrusted.entity(index));
    match apply(open.writer().connection(), table, &change, &columns, open.recorded_at()) {
        Ok(digest) => {
            open.note(change.pages());
            entrusted.add(index, &change, digest);
            Ok(None)
        }
        Err(refused) => {
            open.writer().rollback();
            match explain(open.writer().connection(), table, &change, &columns, refused) {
                Ok(version) => Ok(Some(StoredBefore { index, change, version })),
                Err(error) if entrusted.has_written_id_of(index) => {
                    Err(SaveAllError { index, error: second_time(&change, error) })
                }
                Err(error) => Err(SaveAllError { index, error }),
            }
        }
    }
}
