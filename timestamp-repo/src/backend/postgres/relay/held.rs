//! Open transactions that hold their events back.

use std::time::Duration;

use crate::backend::postgres::failure::Failure;
use crate::backend::postgres::row::get;
use crate::backend::postgres::session::Session;
use crate::relay::storage::HeldTransactions;

/// Counts the transactions that have written to the outbox and have not ended. Each keeps a lock on it until it ends, and
/// no other transaction does: not those of other databases, schemas or tables, and not one that has only read.
///
/// Everybody sees locks, also those of transactions that are prepared and belong to no connection. How long a transaction
/// of another role has been open, only members of `pg_read_all_stats` see; others see how many there are.
pub(super) async fn held(session: &Session) -> Result<HeldTransactions, Failure> {
    let sql = "WITH locks AS MATERIALIZED (SELECT * FROM pg_locks) SELECT count(*), (extract(epoch FROM clock_timestamp() - \
               min(coalesce(process.xact_start, prepared.prepared))) * 1000)::bigint FROM locks held LEFT JOIN \
               pg_stat_activity process ON process.pid = held.pid LEFT JOIN locks number ON held.pid IS NULL AND number.pid \
               IS NULL AND number.locktype = 'transactionid' AND number.virtualtransaction = held.virtualtransaction LEFT \
               JOIN pg_prepared_xacts prepared ON prepared.transaction = number.transactionid WHERE held.locktype = \
               'relation' AND held.mode = 'RowExclusiveLock' AND held.granted AND held.relation = \
               'timestamp_outbox'::regclass AND held.database = (SELECT oid FROM pg_database WHERE datname = \
               current_database())";
    let rows = session.prepare_and_query(sql, &[]).await?;
    let Some(row) = rows.first() else { return Ok(HeldTransactions::default()) };
    let oldest: Option<i64> = get(row, 1)?;
    Ok(HeldTransactions {
        count: get::<i64>(row, 0)?.unsigned_abs(),
        oldest: oldest.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0))),
    })
}
