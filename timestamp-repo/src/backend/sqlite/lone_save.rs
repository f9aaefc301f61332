//! One entity, in a transaction of its own.

use std::sync::Arc;

use timestamp_core::__private::Outcome;
use timestamp_core::Record;
use tokio::sync::MutexGuard;

use super::failure::InFile as _;
use super::row::Collector;
use super::store::{Sqlite, Write};
use super::table::Table;
use super::write::Fields;
use super::writer::Writer;
use crate::error::SaveError;
use crate::fingerprint::Fingerprint;
use crate::save::{self, Change, Entrusted, Written};

/// Writes a copy of the entity's row, on the thread that writes.
pub(super) async fn queued<E: Record>(
    store: &Sqlite,
    table: &Arc<Table>,
    entity: &mut E,
    change: Change,
) -> Result<Written, SaveError> {
    let write = store.write_side()?;
    store.holder().same_task().map_err(SaveError::Busy)?;
    let mut columns = Collector::of::<E>();
    entity.encode(&mut columns).map_err(|error| save::invalid_column::<E>(&error))?;
    let (change, outcome) = (Arc::new(change), Outcome::in_flight());
    let entrusted = Entrusted::new(entity, &change, &outcome, columns.digest());
    let ticket = write.queue.save(table, &change, columns.values, &outcome);
    let answer = ticket.wait(store.busy_timeout()).await;
    let answer = answer.unwrap_or_else(|| Err(SaveError::Busy(store.holder().busy())));
    entrusted.conclude(&answer);
    answer.map_err(|error| error.in_file(store.path()))
}

/// The writer, in a transaction that is not left open if the user's code panics while the row is written.
struct OpenTransaction<'w>(MutexGuard<'w, Writer>);

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        self.0.rollback();
    }
}

/// Writes a change here and now, if nobody else is at it. `None` if somebody is.
pub(super) fn inline<E: Record>(
    write: &Write,
    table: &Table,
    entity: &mut E,
    change: &Change,
) -> Option<Result<Written, SaveError>> {
    let writer = write.writer.try_lock().ok()?;
    match writer.try_begin() {
        Ok(true) => {}
        Ok(false) => return None,
        Err(error) => return Some(Err(error)),
    }
    let open = OpenTransaction(writer);
    let answer = open.0.finish_alone(table, change, &Fields(&*entity));
    drop(open);
    let digest = match &answer {
        Ok(Written::Now { digest }) => {
            write.checkpoints.note(change.pages());
            *digest
        }
        Err(SaveError::OutcomeUnknown) => Fingerprint::of(entity).unwrap_or_default(),
        Ok(Written::Before { .. }) | Err(_) => 0,
    };
    save::conclude(entity, change, &answer, digest);
    Some(answer)
}
