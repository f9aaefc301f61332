//! `UnitOfWork`: several saves, of several entity types, in one transaction.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use timestamp_core::__private::Outcome;
use timestamp_core::{EpochMs, Record};

use crate::backend::{BulkTouch, Query};
use crate::error::{BackendError, CommitError, FindError, SaveAllError, SaveError};
use crate::event_context::EventContext;
use crate::page::{Page, PageToken, Selected};
use crate::params::Params;
use crate::repository::{id_values, recent};
use crate::save::{self, Written};
use crate::store::Store;
use crate::testing::point;

/// One transaction over several repositories.
///
/// An entity saved in a unit is *in flight*: its events are still pending, and it may go out of scope, be touched and
/// saved again, or be cloned. When the unit commits, every entity saved in it, and every clone made since, has
/// forgotten the events that were stored; when the unit is dropped or fails, all of them have them still.
///
/// A refused save ([`SaveError::Conflict`] and the like) leaves the unit as it was before that save, and usable.
///
/// Until the first write, the unit reads what is committed, and holds nobody up. From the first write on, others wait for
/// it, up to their busy timeout: on SQLite everybody who wants to write, on PostgreSQL those who want to write a row that
/// it has written. Keep it short. A save past the unit, in the task that holds it, would wait in vain and is refused at
/// once.
///
/// Dropping the unit rolls it back.
#[must_use = "a unit of work that is dropped is rolled back"]
pub struct UnitOfWork<S: Store> {
    store: S,
    pub(crate) unit: S::Unit,
    outcome: Arc<Outcome>,
}

impl<S: Store> UnitOfWork<S> {
    pub(crate) fn new(store: S, unit: S::Unit, outcome: Arc<Outcome>) -> Self {
        Self { store, unit, outcome }
    }

    fn table<E: Record>(&self) -> Result<Arc<S::Table>, BackendError> {
        self.store.known_table::<E>().ok_or_else(|| {
            let entity = E::ENTITY_TYPE;
            BackendError::new(format!(
                "the table of `{entity}` was not opened: call `store.repository::<{entity}>()` once, before the unit"
            ))
        })
    }

    /// Writes the entity's row and its pending events; they are stored when the unit commits.
    ///
    /// # Errors
    ///
    /// See [`SaveError`]. All but [`SaveError::Backend`] leave the unit usable.
    pub async fn save<E: Record>(&mut self, entity: &mut E) -> Result<(), SaveError> {
        let table = self.table::<E>().map_err(SaveError::Backend)?;
        loop {
            let Some(change) = save::prepare(entity, Some(&self.outcome))? else { return Ok(()) };
            if let Written::Now { .. } = S::unit_write(&mut self.unit, &table, entity, change).await? {
                return Ok(());
            }
        }
    }

    /// Writes all entities and their events. If one is refused, those before it stay written in the unit.
    ///
    /// # Errors
    ///
    /// [`SaveAllError`] names the entity at fault.
    pub async fn save_all<E: Record>(&mut self, entities: &mut [E]) -> Result<(), SaveAllError> {
        for (index, entity) in entities.iter_mut().enumerate() {
            self.save(entity).await.map_err(|error| SaveAllError { index, error })?;
        }
        Ok(())
    }

    /// Returns the entity with this id, as this unit sees it.
    ///
    /// # Errors
    ///
    /// [`FindError::Unreadable`] for a row that does not hold what the entity needs.
    pub async fn find<E: Record>(&mut self, id: &E::Id) -> Result<Option<E>, FindError> {
        let table = self.table::<E>().map_err(FindError::Backend)?;
        S::unit_find(&mut self.unit, &table, id).await
    }

    /// Returns the entities with these ids, in no particular order; ids without a row are left out.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub async fn find_all<'a, E: Record>(
        &mut self,
        ids: impl IntoIterator<Item = &'a E::Id>,
    ) -> Result<Vec<E>, FindError> {
        let ids = id_values::<E>(ids)?;
        Ok(self.select(Query::Ids(ids)).await?.entities)
    }

    /// Returns the most recently changed entities, newest first, a page at a time.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub async fn recent<E: Record>(&mut self, after: Option<&PageToken>, limit: u32) -> Result<Page<E>, FindError> {
        Ok(self.select(recent(after, limit)).await?.into_page(limit))
    }

    /// Returns the entities changed at `at` or later, in the order in which they were changed.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub async fn changed_since<E: Record>(&mut self, at: EpochMs) -> Result<Vec<E>, FindError> {
        Ok(self.select(Query::ChangedSince(at)).await?.entities)
    }

    /// Returns the entities for which `sql` is true; see [`Repository::filter`](crate::Repository::filter).
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub async fn filter<E: Record>(
        &mut self,
        sql: impl Into<String>,
        values: impl Params,
    ) -> Result<Vec<E>, FindError> {
        let (sql, values) = (sql.into(), values.into_values());
        Ok(self.select(Query::Filter { sql, values }).await?.entities)
    }

    async fn select<E: Record>(&mut self, query: Query) -> Result<Selected<E>, FindError> {
        let table = self.table::<E>().map_err(FindError::Backend)?;
        S::unit_select(&mut self.unit, &table, query).await
    }

    /// Deletes the entity's row and writes a `Deleted` event, and the pending ones before it.
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save).
    pub async fn delete<E: Record>(
        &mut self,
        entity: &mut E,
        reason: impl Into<Cow<'static, str>>,
    ) -> Result<(), SaveError> {
        let table = self.table::<E>().map_err(SaveError::Backend)?;
        let reason = reason.into();
        loop {
            let change = save::prepare_delete(entity, reason.clone(), Some(&self.outcome))?;
            let deleted = change.version;
            match S::unit_write(&mut self.unit, &table, entity, change).await? {
                Written::Before { version } if version < deleted => {}
                Written::Now { .. } | Written::Before { .. } => return Ok(()),
            }
        }
    }

    /// Touches every row for which `sql` is true; see [`Repository::touch_all`](crate::Repository::touch_all).
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save).
    pub async fn touch_all<E: Record>(
        &mut self,
        sql: impl Into<String>,
        values: impl Params,
        reason: impl Into<String>,
    ) -> Result<u64, SaveError> {
        save::touches_without_state::<E>()?;
        let table = self.table::<E>().map_err(SaveError::Backend)?;
        let (context, reason) = (EventContext::current(), reason.into());
        let touch = BulkTouch { sql: sql.into(), values: values.into_values(), reason, context };
        S::unit_touch_all::<E>(&mut self.unit, &table, touch).await
    }

    /// Stores everything that was written in this unit, and lets its entities forget their events.
    ///
    /// If the future is dropped before it is done, the commit happens or does not, and the entities will know.
    ///
    /// # Errors
    ///
    /// See [`CommitError`]. All but [`CommitError::OutcomeUnknown`] and [`CommitError::EndedElsewhere`] mean that
    /// nothing was stored.
    pub async fn commit(self) -> Result<(), CommitError> {
        point("commit/before");
        S::unit_commit(self.unit).await?;
        point("commit/after");
        self.store.stored();
        Ok(())
    }

    /// Undoes everything that was written in this unit; its entities have their events still.
    pub fn rollback(self) {
        drop(self);
    }
}

impl<S: Store> fmt::Debug for UnitOfWork<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnitOfWork").field("outcome", &self.outcome.state()).finish_non_exhaustive()
    }
}
