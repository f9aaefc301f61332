//! New rows and their events on their way into their tables by `COPY`, in its binary form.
//!
//! They are written straight into the bytes that are sent: a batch has thousands, and a value or a name that is copied
//! for each of them would cost more than the sending.

use std::pin::Pin;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::SinkExt as _;
use timestamp_core::{ColumnError, EpochMs, Record, RowWriter, Value};
use tokio_postgres::CopyInSink;
use tokio_postgres::types::{IsNull, Type};

use super::failure::Failure;
use super::row::{check, put};
use super::session::Session;
use super::table::{EVENT_COLUMNS, Table};
use super::write::{integer, refuse_nul};
use crate::error::SaveError;
use crate::fingerprint::Fingerprint;
use crate::outbox::EventRow;
use crate::save::{self, Change};

/// How many bytes are sent at a time: few enough to stay in a cache, and so many that the tasks rarely take turns.
const PIECE: usize = 32 * 1024;

/// The format's signature, flags, and the length of nothing more.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// In place of the number of a row's fields.
const END: i16 = -1;

/// How many columns [`EVENT_COLUMNS`] names.
const EVENT_FIELDS: i16 = 14;

/// The length of NULL.
const NULL: i32 = -1;

/// Rows as the server reads them.
pub(super) struct Rows {
    bytes: BytesMut,
    /// What is full, and not sent yet.
    pieces: Vec<Bytes>,
}

impl Rows {
    pub(super) fn new() -> Self {
        let mut bytes = BytesMut::with_capacity(PIECE + PIECE / 4);
        bytes.put_slice(HEADER);
        Self { bytes, pieces: Vec::new() }
    }

    /// Writes an entity's row. Returns the fingerprint of its columns.
    pub(super) fn add_row<E: Record>(&mut self, table: &Table, entity: &E, change: &Change) -> Result<u32, SaveError> {
        let out = &mut self.bytes;
        out.put_i16(count(table.stored.len() + 3));
        let mut columns = Columns { table, out, fingerprint: Fingerprint::default() };
        entity.encode(&mut columns).map_err(|error| save::invalid_column::<E>(&error))?;
        let digest = columns.fingerprint.digest();
        refuse_nul(change)?;
        let misfit = |error: ColumnError| Failure::NotSent(error.to_string()).into_save_error(false);
        let times = [(change.created_at, table.created_at_type), (change.updated_at, table.updated_at_type)];
        for (time, stored) in times {
            field(&mut self.bytes, &Value::Time(time), &stored.wire()).map_err(misfit)?;
        }
        put_integer(&mut self.bytes, integer(change.version));
        self.end_row();
        Ok(digest)
    }

    /// Writes an event in the order of [`EVENT_COLUMNS`].
    pub(super) fn add_event(&mut self, change: &Change, event: &EventRow, recorded_at: EpochMs) {
        let (out, kind) = (&mut self.bytes, event.kind.as_str());
        out.put_i16(EVENT_FIELDS);
        out.put_i32(length(16));
        out.put_slice(event.id.as_bytes());
        put_text(out, &[change.entity_type]);
        put_text(out, &[&change.entity_id]);
        put_text(out, &[change.entity_type, ".", kind]);
        put_text(out, &[&event.payload]);
        put_integer(out, integer(event.version));
        put_text(out, &[kind]);
        put_optional(out, event.reason.as_deref());
        put_integer(out, event.at.as_millis());
        put_integer(out, recorded_at.as_millis());
        let context = change.context.as_ref().map(|context| context.columns()).unwrap_or_default();
        context.into_iter().for_each(|it| put_optional(out, it));
        self.end_row();
    }

    fn end_row(&mut self) {
        if self.bytes.len() >= PIECE {
            let next = BytesMut::with_capacity(PIECE + PIECE / 4);
            self.pieces.push(std::mem::replace(&mut self.bytes, next).freeze());
        }
    }

    /// Whether there is something to send.
    pub(super) fn is_full(&self) -> bool {
        !self.pieces.is_empty()
    }
}

/// Writes an entity's own columns, each checked against the table's, and takes their fingerprint on the way.
struct Columns<'a> {
    table: &'a Table,
    out: &'a mut BytesMut,
    fingerprint: Fingerprint,
}

impl RowWriter for Columns<'_> {
    fn write(&mut self, column: usize, value: Value<'_>) -> Result<(), ColumnError> {
        self.fingerprint.add(&value);
        let Some(stored) = self.table.stored.get(column) else {
            return Err(ColumnError::new("the table has no such column"));
        };
        check(&value, stored)?;
        field(self.out, &value, &stored.wire)
    }
}

/// Writes a value behind its length.
fn field(out: &mut BytesMut, value: &Value<'_>, wire: &Type) -> Result<(), ColumnError> {
    let begin = out.len();
    out.put_i32(NULL);
    let written = put(value, wire, out).map_err(|error| ColumnError::new(error.to_string()))?;
    if matches!(written, IsNull::No) {
        let behind = begin + size_of::<i32>();
        let length = length(out.len() - behind).to_be_bytes();
        if let Some(place) = out.get_mut(begin..behind) {
            place.copy_from_slice(&length);
        }
    }
    Ok(())
}

fn put_text(out: &mut BytesMut, parts: &[&str]) {
    out.put_i32(length(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| out.put_slice(part.as_bytes()));
}

fn put_optional(out: &mut BytesMut, text: Option<&str>) {
    match text {
        Some(text) => put_text(out, &[text]),
        None => out.put_i32(NULL),
    }
}

fn put_integer(out: &mut BytesMut, value: i64) {
    out.put_i32(length(size_of::<i64>()));
    out.put_i64(value);
}

/// The server refuses a message as long as this long before its length could be wrong.
fn length(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}

/// A table has at most 1,600 columns.
fn count(fields: usize) -> i16 {
    i16::try_from(fields).unwrap_or(i16::MAX)
}

/// A `COPY` that the server waits for the rows of. Dropped before its end, it fails, and with it its transaction.
pub(super) struct Copy {
    sink: Pin<Box<CopyInSink<Bytes>>>,
}

impl Copy {
    pub(super) async fn of_rows(session: &Session, table: &Table) -> Result<Self, Failure> {
        Self::begin(session, &table.copy).await
    }

    pub(super) async fn of_events(session: &Session) -> Result<Self, Failure> {
        Self::begin(session, &format!("COPY timestamp_outbox ({EVENT_COLUMNS}) FROM STDIN (FORMAT binary)")).await
    }

    async fn begin(session: &Session, sql: &str) -> Result<Self, Failure> {
        let statement = session.prepare(sql).await?;
        let sink = session.answer(session.client().copy_in(&statement)).await?;
        Ok(Self { sink: Box::pin(sink) })
    }

    /// Sends what is full.
    pub(super) async fn send(&mut self, session: &Session, rows: &mut Rows) -> Result<(), Failure> {
        for piece in rows.pieces.drain(..) {
            session.answer(self.sink.send(piece)).await?;
        }
        Ok(())
    }

    /// Sends the rest. Returns how many rows were taken.
    pub(super) async fn end(mut self, session: &Session, mut rows: Rows) -> Result<u64, Failure> {
        self.send(session, &mut rows).await?;
        rows.bytes.put_i16(END);
        session
            .answer(async {
                self.sink.send(rows.bytes.freeze()).await?;
                self.sink.as_mut().finish().await
            })
            .await
    }
}
