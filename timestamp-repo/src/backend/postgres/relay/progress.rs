//! What the leader found out, in one transaction.
//!
//! Nearly always it is how far the relay is, and that is one statement. Written twice, it is the same as once, so it is
//! simply written again where no answer came.

use timestamp_core::EpochMs;

use super::page;
use crate::backend::postgres::failure::Failure;
use crate::backend::postgres::row::Parameter;
use crate::backend::postgres::session::Session;
use crate::relay::storage::{Again, Place, Progress, Refusal, ToPark};

/// Keeps it, and renews the lease, which is given in milliseconds. `false`, and nothing is kept, if the lease is
/// another's.
pub(super) async fn keep(
    session: &Session,
    (relay, token): (&str, i64),
    lease: i64,
    progress: &Progress,
    now: EpochMs,
) -> Result<bool, Failure> {
    let Progress { place, delivered_from_parking, parked_again, parked, refusals } = progress;
    let is_place_only =
        delivered_from_parking.is_empty() && parked_again.is_empty() && parked.is_empty() && refusals.is_empty();
    if is_place_only {
        return renew(session, (relay, token), lease, place.as_ref()).await;
    }
    session.batch("BEGIN").await?;
    let written = async {
        // The row stays locked until the end, so the lease can not be taken in between.
        if !renew(session, (relay, token), lease, place.as_ref()).await? {
            return Ok(false);
        }
        park_again(session, relay, parked_again).await?;
        park(session, relay, parked, now).await?;
        end_parking(session, relay, delivered_from_parking).await?;
        refused(session, relay, refusals).await?;
        Ok(true)
    };
    match written.await {
        Ok(true) => session.batch("COMMIT").await.map(|()| true),
        refused => {
            if session.batch("ROLLBACK").await.is_err() {
                session.retire();
            }
            refused
        }
    }
}

/// Releases the parked events of one entity, or of all. Returns how many.
pub(super) async fn release(session: &Session, relay: &str, entity: Option<(&str, &str)>) -> Result<u64, Failure> {
    session.batch("BEGIN").await?;
    let written = async {
        // The leader may be parking one more behind those that are released, which only waits for them. It holds this lock
        // until that is visible; nobody else would ever release it.
        let lock = "SELECT FROM timestamp_relay WHERE name = $1 FOR NO KEY UPDATE";
        session.prepare_and_query(lock, &[Parameter::Text(relay)]).await?;
        let mut values = vec![Parameter::Text(relay)];
        let mut of_entity = "";
        if let Some((entity_type, id)) = entity {
            values.extend([Parameter::Text(entity_type), Parameter::Text(id)]);
            of_entity = " AND aggregatetype = $2 AND aggregateid = $3";
        }
        let sql = format!("UPDATE timestamp_parked SET released = true WHERE relay = $1{of_entity}");
        let statement = session.prepare(&sql).await?;
        session.execute(&statement, values).await
    };
    let written = written.await;
    let end = if written.is_ok() { "COMMIT" } else { "ROLLBACK" };
    match session.batch(end).await {
        Ok(()) => written,
        Err(failure) => {
            session.retire();
            written.and(Err(failure))
        }
    }
}

async fn renew(
    session: &Session,
    (relay, token): (&str, i64),
    lease: i64,
    place: Option<&Place>,
) -> Result<bool, Failure> {
    let until = "clock_timestamp() + $3::bigint * interval '1 millisecond'";
    let mut values = vec![Parameter::Text(relay), Parameter::Integer(token), Parameter::Integer(lease)];
    let mut moved = "";
    if let Some(place) = place {
        let (after, within) = page::snapshots(place);
        values.extend([Parameter::Text(after), Parameter::OptionalText(within), Parameter::Integer(place.seq)]);
        moved = ", after = $4::text::pg_snapshot, within = $5::text::pg_snapshot, seq = $6";
    }
    let sql = format!(
        "UPDATE timestamp_relay SET lease_until = {until}{moved} WHERE name = $1 AND token = $2 RETURNING token"
    );
    Ok(!session.prepare_and_query(&sql, &values).await?.is_empty())
}

async fn end_parking(session: &Session, relay: &str, delivered: &[i64]) -> Result<(), Failure> {
    if delivered.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM timestamp_parked WHERE relay = $1 AND seq = ANY ($2)";
    write(session, sql, vec![Parameter::Text(relay), integers(delivered.iter().copied())]).await
}

async fn park_again(session: &Session, relay: &str, again: &[Again]) -> Result<(), Failure> {
    if again.is_empty() {
        return Ok(());
    }
    let reasons: Vec<String> = again.iter().map(|again| without_nul(&again.reason)).collect();
    let values = vec![
        Parameter::Text(relay),
        integers(again.iter().map(|again| again.seq)),
        texts(reasons.iter().map(String::as_str)),
        integers(again.iter().map(|again| again.refusals.into())),
    ];
    let sql = "UPDATE timestamp_parked it SET reason = again.reason, refusals = again.refusals FROM unnest($2::bigint[], \
               $3::text[], $4::bigint[]) AS again (seq, reason, refusals) WHERE it.relay = $1 AND it.seq = again.seq";
    write(session, sql, values).await?;
    let values = vec![
        Parameter::Text(relay),
        texts(again.iter().map(|again| &*again.entity.entity_type)),
        texts(again.iter().map(|again| &*again.entity.entity_id)),
    ];
    let sql = "UPDATE timestamp_parked SET released = false WHERE relay = $1 AND (aggregatetype, aggregateid) IN (SELECT \
               * FROM unnest($2::text[], $3::text[]))";
    write(session, sql, values).await
}

async fn park(session: &Session, relay: &str, events: &[ToPark], now: EpochMs) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    let reasons: Vec<Option<String>> = events.iter().map(|event| event.reason.as_deref().map(without_nul)).collect();
    let values = vec![
        Parameter::Text(relay),
        Parameter::Integer(now.as_millis()),
        integers(events.iter().map(|event| event.seq)),
        texts(events.iter().map(|event| &*event.entity.entity_type)),
        texts(events.iter().map(|event| &*event.entity.entity_id)),
        Parameter::List(reasons.iter().map(|reason| Parameter::OptionalText(reason.as_deref())).collect()),
        integers(events.iter().map(|event| event.refusals.into())),
    ];
    // As if they were written one after the other: an event is released if the one of its entity before it is, and then all
    // are.
    let sql = "INSERT INTO timestamp_parked (relay, seq, aggregatetype, aggregateid, reason, refusals, parked_at_ms, \
               released) SELECT $1, event.seq, event.type, event.id, event.reason, event.refusals, $2, NOT \
               bool_or(event.reason IS NOT NULL) OVER (PARTITION BY event.type, event.id ORDER BY event.place) AND \
               coalesce((SELECT it.released FROM timestamp_parked it WHERE it.relay = $1 AND it.aggregatetype = event.type \
               AND it.aggregateid = event.id ORDER BY it.seq DESC LIMIT 1), true) FROM unnest($3::bigint[], $4::text[], $5::text[], \
               $6::text[], $7::bigint[]) WITH ORDINALITY AS event (seq, type, id, reason, refusals, place) ON CONFLICT \
               (relay, seq) DO UPDATE SET reason = excluded.reason, refusals = excluded.refusals, released = false WHERE \
               excluded.reason IS NOT NULL";
    write(session, sql, values).await
}

async fn refused(session: &Session, relay: &str, refusals: &[Refusal]) -> Result<(), Failure> {
    let (over, counted): (Vec<&Refusal>, Vec<&Refusal>) = refusals.iter().partition(|refusal| refusal.times == 0);
    if !over.is_empty() {
        let sql = "DELETE FROM timestamp_refused WHERE relay = $1 AND seq = ANY ($2)";
        write(session, sql, vec![Parameter::Text(relay), integers(over.iter().map(|refusal| refusal.seq))]).await?;
    }
    if counted.is_empty() {
        return Ok(());
    }
    let values = vec![
        Parameter::Text(relay),
        integers(counted.iter().map(|refusal| refusal.seq)),
        integers(counted.iter().map(|refusal| refusal.times.into())),
    ];
    let sql = "INSERT INTO timestamp_refused (relay, seq, times) SELECT $1, * FROM unnest($2::bigint[], $3::bigint[]) ON \
               CONFLICT (relay, seq) DO UPDATE SET times = excluded.times";
    write(session, sql, values).await
}

async fn write(session: &Session, sql: &str, values: Vec<Parameter<'_>>) -> Result<(), Failure> {
    let statement = session.prepare(sql).await?;
    session.execute(&statement, values).await.map(drop)
}

fn integers<'a>(all: impl Iterator<Item = i64>) -> Parameter<'a> {
    Parameter::List(all.map(Parameter::Integer).collect())
}

fn texts<'a>(all: impl Iterator<Item = &'a str>) -> Parameter<'a> {
    Parameter::List(all.map(Parameter::Text).collect())
}

/// What a sink says may have any character, and the server takes all but one.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
