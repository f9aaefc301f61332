//! Opens an entity's table: checks the one that exists, or creates it.

use timestamp_core::Record;

use super::failure;
use super::schema::{self, Found};
use super::store::Sqlite;
use super::table::Table;
use super::writer::CommitFailure;
use crate::error::{BackendError, RepositoryError, SaveError};

/// Checks the entity's table; nothing, if it is to be created.
pub(super) fn check<E: Record>(store: &Sqlite) -> Result<Option<Table>, RepositoryError> {
    let backend = |error| RepositoryError::Backend(failure::backend(error));
    let reader = store
        .reader()
        .map_err(|error| RepositoryError::Backend(BackendError::because("the store can not be read", error)))?;
    let found = fitting::<E>(schema::check::<E>(&reader).map_err(backend)?)?;
    if found.is_none() && store.write_side().is_err() {
        return Err(RepositoryError::Missing { table: E::TABLE.to_owned() });
    }
    Ok(found)
}

/// Creates the entity's table, unless another program has meanwhile; then that one is checked.
pub(super) async fn create<E: Record>(store: &Sqlite) -> Result<Table, RepositoryError> {
    let timeout = store.busy_timeout();
    let created = store
        .exclusive(move |writer| {
            writer.begin_waiting(timeout)?;
            // Another program may have created it since it was looked for.
            let connection = writer.connection();
            let created = match schema::check::<E>(connection) {
                Ok(Found::Nothing) => {
                    schema::create::<E>(connection).map(|()| Found::Fits(Box::new(Table::new::<E>(Vec::new()))))
                }
                other => other,
            };
            let created = created.map_err(failure::save_error).and_then(|found| match writer.commit() {
                Ok(()) => Ok(found),
                Err(CommitFailure::Unknown) => Err(SaveError::OutcomeUnknown),
                Err(CommitFailure::NotStored(error)) => Err(failure::save_error(error)),
            });
            writer.rollback();
            created
        })
        .await;
    match created {
        Ok(found) => fitting::<E>(found)?.ok_or_else(|| RepositoryError::Missing { table: E::TABLE.to_owned() }),
        Err(SaveError::Busy(busy)) => Err(RepositoryError::Busy(busy)),
        Err(SaveError::Backend(error)) => Err(RepositoryError::Backend(error)),
        Err(other) => Err(RepositoryError::Backend(BackendError::because("the table could not be created", other))),
    }
}

fn fitting<E: Record>(found: Found) -> Result<Option<Table>, RepositoryError> {
    match found {
        Found::Nothing => Ok(None),
        Found::Fits(table) => Ok(Some(*table)),
        Found::Problems(problems) => {
            Err(RepositoryError::Mismatch { table: E::TABLE.to_owned(), entity: E::ENTITY_TYPE, problems })
        }
    }
}
