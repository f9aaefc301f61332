//! SQLite's side of what repositories and units of work ask a store for.
//!
//! Each call goes to the file that is named after what is asked; this is where its error learns which file was meant.

use std::any::TypeId;
use std::panic::Location;
use std::sync::{Arc, PoisonError};

use timestamp_core::__private::Outcome;
use timestamp_core::{EpochMs, Record};
use uuid::Uuid;

use super::failure::InFile as _;
use super::options::Durability;
use super::store::Sqlite;
use super::table::Table;
use super::unit::SqliteUnit;
use super::writer::CommitFailure;
use super::{batch, entity_table, failure, inbox, lone_save, read};
use crate::backend::{Backend, BulkTouch, Query};
use crate::error::{BackendError, BeginError, CommitError, FindError, RepositoryError, SaveAllError, SaveError};
use crate::outbox::{EventQuery, StoredEvent};
use crate::page::Selected;
use crate::save::{Change, Written};

impl Backend for Sqlite {
    type Table = Table;
    type Unit = SqliteUnit;

    async fn open_table<E: Record>(&self) -> Result<Arc<Table>, RepositoryError> {
        let store = self.clone();
        let opened = tokio::task::spawn_blocking(move || entity_table::check::<E>(&store)).await;
        let failed = |error| RepositoryError::Backend(BackendError::because("opening the table panicked", error));
        let found = opened.map_err(failed)?.map_err(|error| error.in_file(&self.inner.path))?;
        let table = match found {
            Some(table) => table,
            None => entity_table::create::<E>(self).await?,
        };
        let mut tables = self.inner.tables.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(tables.entry(TypeId::of::<E>()).or_insert_with(|| Arc::new(table))))
    }

    fn known_table<E: Record>(&self) -> Option<Arc<Table>> {
        let tables = self.inner.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.get(&TypeId::of::<E>()).cloned()
    }

    async fn write<E: Record>(&self, table: &Arc<Table>, entity: &mut E, change: Change) -> Result<Written, SaveError> {
        let write = self.write_side()?;
        if self.durability() == Durability::Normal
            && let Some(answer) = lone_save::inline(write, table, entity, &change)
        {
            return answer.map_err(|error| error.in_file(&self.inner.path));
        }
        lone_save::queued(self, table, entity, change).await
    }

    async fn save_all<E: Record>(&self, table: &Arc<Table>, entities: &mut [E]) -> Result<(), SaveAllError> {
        batch::save_all(self, table, entities).await.map_err(|error| error.in_file(&self.inner.path))
    }

    async fn touch_all<E: Record>(&self, table: &Arc<Table>, touch: BulkTouch) -> Result<u64, SaveError> {
        let (table, timeout) = (Arc::clone(table), self.busy_timeout());
        let count = self
            .exclusive(move |writer| {
                writer.begin_waiting(timeout)?;
                let touched = writer.touch_in_savepoint(&table, E::ENTITY_TYPE, &touch);
                let committed = touched.and_then(|count| match writer.commit() {
                    Ok(()) => Ok(count),
                    Err(CommitFailure::Unknown) => Err(SaveError::OutcomeUnknown),
                    Err(CommitFailure::NotStored(error)) => Err(failure::save_error(error)),
                });
                writer.rollback();
                committed
            })
            .await?;
        self.checkpoints().note(4 * count);
        Ok(count)
    }

    async fn find<E: Record>(&self, table: &Arc<Table>, id: &E::Id) -> Result<Option<E>, FindError> {
        let found = self.reader().and_then(|reader| read::find(&reader, table, id, self.loading()));
        found.map_err(|error| error.in_file(&self.inner.path))
    }

    async fn select<E: Record>(&self, table: &Arc<Table>, query: Query) -> Result<Selected<E>, FindError> {
        let (store, table) = (self.clone(), Arc::clone(table));
        blocking(move || {
            let _read = store.inner.reads.begin(format!("a search of `{}`", E::TABLE));
            let found = store.reader().and_then(|reader| read::select(&reader, &table, &query, store.loading()));
            found.map(Selected::from).map_err(|error| error.in_file(&store.inner.path))
        })
        .await
    }

    fn stored(&self) {
        self.inner.stored.send_modify(|count| *count += 1);
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<StoredEvent>, FindError> {
        let store = self.clone();
        blocking(move || {
            let _read = store.inner.reads.begin("reading the outbox".to_owned());
            let found = store.reader().and_then(|reader| read::events(&reader, &query));
            found.map_err(|error| error.in_file(&store.inner.path))
        })
        .await
    }

    async fn begin_unit(
        &self,
        outcome: Arc<Outcome>,
        begun_at: &'static Location<'static>,
    ) -> Result<SqliteUnit, BeginError> {
        Ok(SqliteUnit::new(self.clone(), outcome, begun_at))
    }

    async fn unit_write<E: Record>(
        unit: &mut SqliteUnit,
        table: &Arc<Table>,
        entity: &mut E,
        change: Change,
    ) -> Result<Written, SaveError> {
        unit.write(table, entity, &change).await.map_err(|error| error.in_file(unit.path()))
    }

    async fn unit_touch_all<E: Record>(
        unit: &mut SqliteUnit,
        table: &Arc<Table>,
        touch: BulkTouch,
    ) -> Result<u64, SaveError> {
        unit.touch_all::<E>(table, &touch).await.map_err(|error| error.in_file(unit.path()))
    }

    async fn unit_find<E: Record>(
        unit: &mut SqliteUnit,
        table: &Arc<Table>,
        id: &E::Id,
    ) -> Result<Option<E>, FindError> {
        unit.find(table, id).map_err(|error| error.in_file(unit.path()))
    }

    async fn unit_select<E: Record>(
        unit: &mut SqliteUnit,
        table: &Arc<Table>,
        query: Query,
    ) -> Result<Selected<E>, FindError> {
        unit.select(table, &query).map(Selected::from).map_err(|error| error.in_file(unit.path()))
    }

    async fn unit_accept(unit: &mut SqliteUnit, consumer: &str, event_id: Uuid) -> Result<bool, SaveError> {
        let now = unit.now();
        let accepted = inbox::accept(unit, consumer, event_id, now).await;
        accepted.map_err(|error| error.in_file(unit.path()))
    }

    fn unit_give_up(unit: &mut SqliteUnit) {
        unit.give_up();
    }

    async fn prune_inbox(&self, consumer: &str, before: EpochMs, limit: u32) -> Result<u64, SaveError> {
        inbox::prune(self, consumer, before, limit).await
    }

    async fn unit_commit(unit: SqliteUnit) -> Result<(), CommitError> {
        let path = unit.path().to_owned();
        unit.commit().await.map_err(|error| error.in_file(&path))
    }
}

/// Runs a read that may take long where it blocks no executor.
pub(super) async fn blocking<T, F>(read: F) -> Result<T, FindError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, FindError> + Send + 'static,
{
    let done = tokio::task::spawn_blocking(read).await;
    done.unwrap_or_else(|error| Err(FindError::Backend(BackendError::because("the read panicked", error))))
}
