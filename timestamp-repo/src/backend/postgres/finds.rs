//! Concurrent lone finds, coalesced into one statement.
//!
//! A find that is nearly alone goes alone. Any other waits in the [queue](super::queue) of its table and goes with those
//! that came meanwhile: one statement over an array of ids. It is sent after each of them was called, so each sees what
//! was committed before.
//!
//! Two may look for the same id; each builds an entity of its own from the row. A row that can not be read is the error
//! of those who asked for it. If the statement fails, each goes alone, and is told by itself.

use std::sync::Arc;

use timestamp_core::{Record, Value};
use tokio::sync::oneshot;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql as _, Type};

use super::failure::Failure;
use super::group::{Shared, element};
use super::queue::{Alone, Carrier, Member, Queue};
use super::read;
use super::row::{Parameter, get, restore};
use super::store::Postgres;
use super::table::Table;
use crate::error::{BackendError, FindError};

/// The finds of one table.
pub(super) struct Finds {
    queue: Arc<Queue<Find>>,
    /// None, if no array of ids can be sent.
    sql: Option<String>,
    /// The place of a row's number, after the columns.
    number: usize,
    id_type: Type,
}

impl Finds {
    pub(super) fn of<E: Record>(table: &Table) -> Self {
        let id = table.stored.get(E::ID_COLUMN);
        let sql = id.and_then(|id| {
            let element = element(&id.wire)?;
            let is_other = id.wire == Type::TEXT && id.declared != "text";
            let cast = if is_other { format!("::{}", id.declared) } else { String::new() };
            let Table { sql_name, columns_sql, id_sql, .. } = table;
            // The columns' names mean the table's inside the brackets, whatever they are.
            Some(format!(
                "SELECT found.*, wanted.number FROM unnest($1::{element}[]) WITH ORDINALITY AS wanted (id, number), LATERAL \
                 (SELECT {columns_sql} FROM {sql_name} AS stored WHERE stored.{id_sql} = wanted.id{cast}) AS found"
            ))
        });
        let id_type = id.map_or(Type::TEXT, |id| id.wire.clone());
        Self { queue: Queue::new(), sql, number: E::COLUMNS.len() + E::TIMESTAMP_COLUMNS.len(), id_type }
    }

    /// Whether the column can hold the id. Others go alone, and find nothing.
    fn takes(&self, id: &Value<'static>) -> bool {
        let mut out = bytes::BytesMut::new();
        self.sql.is_some() && Parameter::Value(id).to_sql(&self.id_type, &mut out).is_ok()
    }
}

/// Reads one row.
pub(super) async fn find<E: Record>(
    store: &Postgres,
    finds: &Arc<Finds>,
    table: &Arc<Table>,
    id: Value<'static>,
) -> Result<Option<E>, FindError> {
    let queue = &finds.queue;
    let alone = queue.alone();
    if alone.is_some() || !finds.takes(&id) {
        return find_alone(store, table, &id, alone).await;
    }
    let (reply, answer) = oneshot::channel();
    let carrying = || Carrying { store: store.clone(), finds: Arc::clone(finds) };
    let ticket = queue.push(Find { id, reply }, carrying);
    match queue.answer(ticket, answer, carrying).await {
        Some(Answer::Row(found)) => found.map(|it| restore(&it.rows[it.row], table, store.loading())).transpose(),
        Some(Answer::Failed(error)) => Err(FindError::Backend(error.to_backend("finds that were coalesced failed"))),
        Some(Answer::Alone(id)) => find_alone(store, table, &id, None).await,
        None => Err(FindError::Backend(BackendError::new("the runtime that carried the find was shut down"))),
    }
}

async fn find_alone<E: Record>(
    store: &Postgres,
    table: &Table,
    id: &Value<'static>,
    _alone: Option<Alone<Find>>,
) -> Result<Option<E>, FindError> {
    let session = store.reader().await?;
    read::find(&session, table, id, store.loading()).await
}

/// A row among those of others.
struct Found {
    rows: Arc<[Row]>,
    row: usize,
}

/// What a caller in the queue is told.
enum Answer {
    Row(Option<Found>),
    Failed(Shared),
    Alone(Value<'static>),
}

/// A find in the queue.
struct Find {
    id: Value<'static>,
    reply: oneshot::Sender<Answer>,
}

impl Member for Find {
    fn key(&self) -> Option<&str> {
        None
    }

    fn weight(&self) -> usize {
        match &self.id {
            Value::Text(it) => it.len(),
            _ => 16,
        }
    }

    fn hand_back(self) {
        let _ = self.reply.send(Answer::Alone(self.id));
    }
}

/// Carries the finds of one table.
#[derive(Clone)]
struct Carrying {
    store: Postgres,
    finds: Arc<Finds>,
}

impl Carrier for Carrying {
    type Member = Find;

    async fn carry(&self, group: Vec<Find>) {
        match self.read(&group).await {
            Ok(Some(found)) => {
                for (find, found) in group.into_iter().zip(found) {
                    let _ = find.reply.send(Answer::Row(found));
                }
            }
            Ok(None) => group.into_iter().for_each(Find::hand_back),
            Err(error) => {
                let error = Shared(Arc::new(error));
                for find in group {
                    let _ = find.reply.send(Answer::Failed(error.clone()));
                }
            }
        }
    }
}

impl Carrying {
    /// The row of each; none at all, if the statement failed and each should try by itself.
    async fn read(&self, group: &[Find]) -> Result<Option<Vec<Option<Found>>>, BackendError> {
        let Some(sql) = &self.finds.sql else { return Ok(None) };
        let session = self.store.reader().await.map_err(|error| match error {
            FindError::Backend(error) => error,
            other @ FindError::Unreadable { .. } => BackendError::because("no connection", other),
        })?;
        let ids = [Parameter::List(group.iter().map(|find| Parameter::Value(&find.id)).collect())];
        let rows = match session.prepare_and_query(sql, &ids).await {
            Ok(rows) => Arc::<[Row]>::from(rows),
            Err(failure @ Failure::Lost(_)) => return Err(failure.into_backend()),
            Err(Failure::Refused(_) | Failure::NotSent(_)) => return Ok(None),
        };
        let mut found: Vec<Option<Found>> = group.iter().map(|_| None).collect();
        for (row, read) in rows.iter().enumerate() {
            let number: i64 = match get(read, self.finds.number) {
                Ok(number) => number,
                Err(failure) => return Err(failure.into_backend()),
            };
            let place = usize::try_from(number - 1).ok().and_then(|place| found.get_mut(place));
            if let Some(place) = place {
                *place = Some(Found { rows: Arc::clone(&rows), row });
            }
        }
        Ok(Some(found))
    }
}
