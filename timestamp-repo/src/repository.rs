//! `Repository`: find, save and delete entities of one type, each call a transaction of its own.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use timestamp_core::__private as core;
use timestamp_core::{EpochMs, Record, Value};

use crate::backend::{Backend, BulkTouch, Query};
use crate::error::{FindError, SaveAllError, SaveError, UpdateError};
use crate::event_context::EventContext;
use crate::outbox::EventQuery;
use crate::page::{Page, PageToken};
use crate::params::Params;
use crate::save::{self, Written};
use crate::store::Store;
use crate::testing::point;

/// How often [`Repository::update`] loads and tries again before it reports the conflict.
const UPDATE_ATTEMPTS: u32 = 8;

/// Finds, saves and deletes entities of one type.
///
/// Each method opens and commits a transaction by itself; the method of the same name on a
/// [`UnitOfWork`](crate::UnitOfWork) takes part in the unit's. Cheap to clone.
pub struct Repository<E, S: Store> {
    store: S,
    table: Arc<<S as Backend>::Table>,
    // Not an `E`: a repository is `Send` and `Sync` whatever the entity is.
    entity: PhantomData<fn() -> E>,
}

impl<E: Record, S: Store> Repository<E, S> {
    pub(crate) fn new(store: S, table: Arc<S::Table>) -> Self {
        Self { store, table, entity: PhantomData }
    }

    /// Stores the entity's row and its pending events in one transaction, and then forgets the events.
    ///
    /// An entity without pending events and with unchanged columns writes nothing.
    ///
    /// # Errors
    ///
    /// See [`SaveError`]. After any of them the events are still pending, and saving again is safe.
    pub async fn save(&self, entity: &mut E) -> Result<(), SaveError> {
        loop {
            let Some(change) = save::prepare(entity, None)? else { return Ok(()) };
            point("save/before");
            if let Written::Now { .. } = self.store.write(&self.table, entity, change).await? {
                point("save/after");
                self.store.stored();
                return Ok(());
            }
        }
    }

    /// Stores all entities and their events in one transaction: all of them or none.
    ///
    /// # Errors
    ///
    /// [`SaveAllError`] names the entity at fault. Every entity still has its events.
    pub async fn save_all(&self, entities: &mut [E]) -> Result<(), SaveAllError> {
        self.store.save_all(&self.table, entities).await?;
        self.store.stored();
        Ok(())
    }

    /// Returns the entity with this id.
    ///
    /// # Errors
    ///
    /// [`FindError::Unreadable`] for a row that does not hold what the entity needs.
    pub async fn find(&self, id: &E::Id) -> Result<Option<E>, FindError> {
        self.store.find(&self.table, id).await
    }

    /// Returns the entities with these ids, in no particular order; ids without a row are left out.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub async fn find_all<'a>(&self, ids: impl IntoIterator<Item = &'a E::Id>) -> Result<Vec<E>, FindError> {
        let ids = id_values::<E>(ids)?;
        Ok(self.store.select(&self.table, Query::Ids(ids)).await?.entities)
    }

    /// Returns the most recently changed entities, newest first, a page at a time.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub async fn recent(&self, after: Option<&PageToken>, limit: u32) -> Result<Page<E>, FindError> {
        Ok(self.store.select(&self.table, recent(after, limit)).await?.into_page(limit))
    }

    /// Returns the entities changed at `at` or later, in the order in which they were changed.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub async fn changed_since(&self, at: EpochMs) -> Result<Vec<E>, FindError> {
        Ok(self.store.select(&self.table, Query::ChangedSince(at)).await?.entities)
    }

    /// Returns the entities for which `sql`, a condition in your own SQL with `?` for each value, is true; it stands
    /// after `WHERE`, so `ORDER BY` and `LIMIT` may follow in it.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), and [`FindError::Backend`] for SQL that the database does not understand.
    pub async fn filter(&self, sql: impl Into<String>, values: impl Params) -> Result<Vec<E>, FindError> {
        let query = Query::Filter { sql: sql.into(), values: values.into_values() };
        Ok(self.store.select(&self.table, query).await?.entities)
    }

    /// Loads an entity, changes it and saves it; if somebody else saved it in between, does it all again, a bounded
    /// number of times. Returns the entity as saved.
    ///
    /// `change` may run several times, each time on a freshly loaded entity. It calls `touch`, or a method that does.
    ///
    /// # Errors
    ///
    /// [`UpdateError::NotFound`], or what [`find`](Self::find) and [`save`](Self::save) return.
    pub async fn update<F>(&self, id: &E::Id, mut change: F) -> Result<E, UpdateError>
    where
        F: FnMut(&mut E) + Send,
    {
        let mut attempts = 1;
        loop {
            let mut entity = self.find(id).await?.ok_or(UpdateError::NotFound)?;
            change(&mut entity);
            match self.save(&mut entity).await {
                Err(SaveError::Conflict) if attempts < UPDATE_ATTEMPTS => attempts += 1,
                other => return Ok(other.map(|()| entity)?),
            }
        }
    }

    /// Deletes the entity's row and stores a `Deleted` event, and the pending ones before it, in one transaction.
    ///
    /// The conditions are those of [`save`](Self::save): a row that somebody else changed is not deleted.
    ///
    /// # Errors
    ///
    /// See [`SaveError`]; the entity is as it was then. After [`SaveError::OutcomeUnknown`], delete again or ask
    /// [`resolve`](Self::resolve).
    pub async fn delete(&self, entity: &mut E, reason: impl Into<Cow<'static, str>>) -> Result<(), SaveError> {
        let reason = reason.into();
        loop {
            let change = save::prepare_delete(entity, reason.clone(), None)?;
            let deleted = change.version;
            match self.store.write(&self.table, entity, change).await? {
                Written::Before { version } if version < deleted => {}
                Written::Now { .. } | Written::Before { .. } => {
                    self.store.stored();
                    return Ok(());
                }
            }
        }
    }

    /// Touches every row for which `sql` is true: moves `updated_at`, adds one to the version and stores an `Updated`
    /// event for each of them, all in one transaction and without loading them. Returns how many.
    ///
    /// Each row keeps the laws: its `updated_at` does not go back, its event has the next version. Entities that were
    /// loaded before are stale afterwards, and saving them is a conflict. The filter is as in
    /// [`filter`](Self::filter), without `ORDER BY` and `LIMIT`.
    ///
    /// # Errors
    ///
    /// See [`SaveError`]; nothing was touched.
    pub async fn touch_all(
        &self,
        sql: impl Into<String>,
        values: impl Params,
        reason: impl Into<String>,
    ) -> Result<u64, SaveError> {
        save::touches_without_state::<E>()?;
        let (context, reason) = (EventContext::current(), reason.into());
        let touch = BulkTouch { sql: sql.into(), values: values.into_values(), reason, context };
        let count = self.store.touch_all::<E>(&self.table, touch).await?;
        self.store.stored();
        Ok(count)
    }

    /// Answers what became of the entity's last save or delete after [`SaveError::OutcomeUnknown`], without writing:
    /// `true` if it was stored, and then the entity has forgotten the events.
    ///
    /// [`save`](Self::save) does the same by itself; this is for a program that wants to know and not to write.
    ///
    /// # Errors
    ///
    /// [`FindError`] if the outbox can not be read; the answer is still open then.
    pub async fn resolve(&self, entity: &mut E) -> Result<bool, FindError> {
        core::settle(entity);
        let query = EventQuery::Of { entity_type: E::ENTITY_TYPE, entity_id: entity.id().to_string() };
        self.store.end_doubts().await?;
        let stored = self.store.events(query).await?;
        Ok(save::resolve(entity, &stored))
    }
}

pub(crate) fn id_values<'a, E: Record>(
    ids: impl IntoIterator<Item = &'a E::Id>,
) -> Result<Vec<Value<'static>>, FindError> {
    let values = ids.into_iter().map(|id| core::id_value::<E>(id).map(Value::into_owned));
    values.collect::<Result<_, _>>().map_err(|error| FindError::Unreadable {
        table: E::TABLE.to_owned(),
        column: E::COLUMNS[E::ID_COLUMN].name.to_owned(),
        id: "of the search".to_owned(),
        message: error.to_string(),
    })
}

pub(crate) fn recent(after: Option<&PageToken>, limit: u32) -> Query {
    Query::Recent { after: after.cloned(), limit }
}

impl<E, S: Store> Clone for Repository<E, S> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), table: Arc::clone(&self.table), entity: PhantomData }
    }
}

impl<E: Record, S: Store> fmt::Debug for Repository<E, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository").field("entity", &E::ENTITY_TYPE).field("table", &E::TABLE).finish_non_exhaustive()
    }
}
