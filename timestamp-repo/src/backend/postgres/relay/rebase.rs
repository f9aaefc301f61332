//! Places and events that came from another server, where transactions had other numbers.
//!
//! A restored dump keeps the numbers that its events and its relays' places had. On the new server they are given to other
//! transactions, or lie in the future. So they are judged once more by each other, which is still true, and then replaced:
//!
//! - Events that every relay is done with count as seen by all.
//! - All others, and those of one relay that another is done with, count as stored by the rebase itself, and are delivered
//!   after it. So none is skipped, and some arrive twice.
//! - Every relay begins after what is visible when the rebase begins. Its lease is ended: whoever led it writes nothing.
//!
//! Numbers in the outbox are changed only here, and only by the owner of the table, who may suspend the trigger that
//! refuses it. Nothing else of an event changes.

use crate::backend::postgres::failure::Failure;
use crate::backend::postgres::row::{Parameter, get};
use crate::backend::postgres::session::Session;

/// Events that one statement moves.
const PART: u32 = 20_000;

/// Whether a relay or an event knows of transactions that this server has not begun. It can not be seen by a user who may
/// not read the tables, and then not by a relay either.
pub(in crate::backend::postgres) async fn is_ahead(session: &Session) -> Result<bool, Failure> {
    let ahead = [
        (
            "timestamp_relay",
            "SELECT 1 FROM timestamp_relay WHERE pg_snapshot_xmax(coalesce(within, after)) > \
             pg_snapshot_xmax(pg_current_snapshot()) LIMIT 1",
        ),
        (
            "timestamp_outbox",
            "SELECT 1 FROM (SELECT xid FROM timestamp_outbox ORDER BY xid DESC LIMIT 1) it WHERE xid >= \
             pg_snapshot_xmax(pg_current_snapshot())",
        ),
    ];
    for (table, sql) in ahead {
        let may_read = session.ask(&format!("SELECT has_table_privilege('{table}', 'SELECT')")).await?;
        if may_read.as_deref() == Some("t") && session.ask(sql).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Moves what relays know to this server, in a transaction that has written nothing yet.
pub(in crate::backend::postgres) async fn rebase(session: &Session) -> Result<(), Failure> {
    // Whoever has written an event has committed it before, and whoever will, does it afterwards.
    session.batch("LOCK TABLE timestamp_outbox, timestamp_relay IN SHARE ROW EXCLUSIVE MODE").await?;
    // Taken before this transaction has a number, so that it is not visible there, and what it moves is new to everyone.
    let now = session.ask("SELECT pg_current_snapshot()::text").await?.unwrap_or_default();
    session.batch("ALTER TABLE timestamp_outbox DISABLE TRIGGER timestamp_outbox_is_never_changed").await?;
    let sql = format!(
        "WITH part AS MATERIALIZED (SELECT seq, xid, NOT EXISTS (SELECT FROM timestamp_relay it WHERE NOT \
         (pg_visible_in_snapshot(event.xid, it.after) OR coalesce(event.seq <= it.seq AND \
         pg_visible_in_snapshot(event.xid, it.within), false))) AS done FROM (SELECT seq, xid FROM timestamp_outbox WHERE \
         seq > $1 ORDER BY seq LIMIT {PART}) event), moved AS (UPDATE timestamp_outbox it SET xid = CASE WHEN part.done \
         THEN '1'::xid8 ELSE pg_current_xact_id() END FROM part WHERE it.seq = part.seq AND NOT (part.done AND \
         pg_visible_in_snapshot(part.xid, $2::text::pg_snapshot))) SELECT max(seq) FROM part"
    );
    let mut moved = Some(i64::MIN);
    while let Some(after) = moved {
        let rows = session.prepare_and_query(&sql, &[Parameter::Integer(after), Parameter::Text(&now)]).await?;
        moved = rows.first().map_or(Ok(None), |row| get(row, 0))?;
    }
    let sql = "UPDATE timestamp_relay SET after = $1::text::pg_snapshot, within = NULL, seq = 0, token = token + 1, \
               lease_until = '-infinity' RETURNING 1";
    session.prepare_and_query(sql, &[Parameter::Text(&now)]).await?;
    session.batch("ALTER TABLE timestamp_outbox ENABLE TRIGGER timestamp_outbox_is_never_changed").await
}
