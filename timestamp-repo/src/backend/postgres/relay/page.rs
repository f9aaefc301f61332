//! Events, from a place on.
//!
//! A relay reads in *windows*: what was not visible in one snapshot, `after`, and is visible in a later one, `within`. Each
//! event is in exactly one window, however late it was committed. In a window events are read in the order of `seq`, which
//! is drawn while the entity's row is locked, and a window holds with an event every earlier one of its entity that was
//! not in a window before, since a snapshot that shows a transaction shows those that it waited for. So the events of one
//! entity are in order across windows and inside of them.
//!
//! # How
//!
//! 1. Where a window ended, the next one is opened by the statement that reads it: what is new is found by the index on
//!    `xid`, and the statement's own snapshot is the window's. Up to a page, in events and in bytes, that is all, however
//!    large the outbox is.
//! 2. A window that is larger is walked in the order of `seq`, by the primary key, from its first event on; each event is
//!    asked whether it belongs to the window. A page looks at a bounded number of events, so that one that began long ago,
//!    and has many of others behind it, is no long wait.
//!
//! The statements are written so that the server has one good plan for each, also where it has no statistics or old ones:
//! an ordered index with a constant limit, and no condition that it could use otherwise.
//!
//! # An empty window
//!
//! leaves the place where it was. Otherwise writing the place, which is a transaction too, would be news to the next
//! window, for ever.

use std::sync::Arc;

use tokio_postgres::Row;

use super::{failed, fetched};
use crate::backend::postgres::failure::Failure;
use crate::backend::postgres::read::STORED_EVENT;
use crate::backend::postgres::row::{Parameter, get};
use crate::backend::postgres::session::Session;
use crate::outbox::EntityTypes;
use crate::relay::RelayError;
use crate::relay::storage::{Fetched, LARGEST_PAGE, Page, Place, Window};

/// A snapshot in which nothing is visible.
const NOTHING: &str = "1:1:";

/// Events that a page of a large window looks at.
const LOOKED_AT: u32 = 5_000;

/// Of a window with more events than this, the first one is not looked for; it is walked from the oldest event on.
const SEARCHED: u32 = 2_000_000;

/// The place that a relay's row says.
pub(super) fn stored_place(after: String, within: Option<String>, seq: i64) -> Place {
    Place { window: Some(Arc::new(Window { after, within, last: None })), seq }
}

/// The snapshots of a place, as a relay's row has them.
pub(super) fn snapshots(place: &Place) -> (&str, Option<&str>) {
    match &place.window {
        Some(window) => (&window.after, window.within.as_deref()),
        None => (NOTHING, None),
    }
}

/// Reads the next page.
pub(super) async fn read(
    session: &Session,
    from: &Place,
    only: &[&'static str],
    limit: u32,
) -> Result<Page, RelayError> {
    let (after, within) = snapshots(from);
    if let Some(within) = within {
        let last = match from.window.as_ref().and_then(|window| window.last) {
            Some(last) => last,
            // The relay was begun in the middle of a window.
            None => extent(session, None).await.map_err(failed)?.last,
        };
        let window = Window { after: after.to_owned(), within: Some(within.to_owned()), last: Some(last) };
        return walk(session, Arc::new(window), from.seq, only, limit).await;
    }
    let (within, page) = open(session, from, after, only, limit).await?;
    match page {
        Some(page) => Ok(page),
        None => {
            let Extent { before, last } = extent(session, Some(after)).await.map_err(failed)?;
            let window = Window { after: after.to_owned(), within: Some(within), last: Some(last) };
            walk(session, Arc::new(window), before, only, limit).await
        }
    }
}

/// Where the window `within` ends.
fn end(within: &str) -> Place {
    Place { window: Some(Arc::new(Window { after: within.to_owned(), within: None, last: None })), seq: 0 }
}

fn types<'a>(only: &[&'a str]) -> Parameter<'a> {
    Parameter::List(only.iter().map(|name| Parameter::Text(name)).collect())
}

/// Opens a window. Returns its snapshot, and all of it if that is no more than a page.
async fn open(
    session: &Session,
    from: &Place,
    after: &str,
    only: &[&'static str],
    limit: u32,
) -> Result<(String, Option<Page>), RelayError> {
    let more = limit.saturating_add(1);
    let mut values = vec![Parameter::Text(after)];
    let mut condition = "";
    if !only.is_empty() {
        values.push(types(only));
        condition = "AND aggregatetype = ANY ($2)";
    }
    // What transactions that were open in `after` have written is looked for one by one, as a range: a server that knows
    // nothing of the column takes one number for a common one, and reads the whole table. The snapshot may be long, and is
    // said once.
    let sql = format!(
        "WITH last AS MATERIALIZED (SELECT $1::text::pg_snapshot AS after), found AS MATERIALIZED (SELECT * FROM ((SELECT \
         * FROM timestamp_outbox WHERE xid >= pg_snapshot_xmax((SELECT after FROM last)) ORDER BY xid LIMIT {more}) UNION \
         ALL (SELECT late.* FROM pg_snapshot_xip((SELECT after FROM last)) AS open (xid) CROSS JOIN LATERAL (SELECT * FROM \
         timestamp_outbox it WHERE it.xid >= open.xid AND it.xid <= open.xid ORDER BY it.xid LIMIT {more}) late)) it LIMIT \
         {more}), about AS MATERIALIZED (SELECT pg_current_snapshot() AS within, count(*) <= {limit} AND \
         coalesce(sum(pg_column_size(payload)), 0) <= {LARGEST_PAGE} AS is_page, count(*) AS found FROM found) SELECT it.*, \
         CASE WHEN row_number() OVER (ORDER BY it.seq) = 1 THEN about.within::text END, about.is_page, about.found FROM \
         about LEFT JOIN (SELECT {STORED_EVENT} FROM found WHERE (SELECT is_page FROM about) {condition}) it ON true ORDER \
         BY it.seq"
    );
    let (rows, is_cut) = session.prepare_and_query_part(&sql, &values, LARGEST_PAGE).await.map_err(failed)?;
    let Some(first) = rows.first() else { return Err(failed(Failure::NotSent("no answer to a question".to_owned()))) };
    let within: String = get(first, first.len() - 3).map_err(failed)?;
    let is_page: bool = get(first, first.len() - 2).map_err(failed)?;
    let found: i64 = get(first, first.len() - 1).map_err(failed)?;
    if found == 0 {
        let page = Page { events: Vec::new(), end: from.clone(), is_last: true };
        return Ok((within, Some(page)));
    }
    if !is_page {
        return Ok((within, None));
    }
    let window = Window { after: after.to_owned(), within: Some(within.clone()), last: None };
    let events = events_in(&Arc::new(window), &rows)?;
    if let Some((_, place)) = events.last().filter(|_| is_cut) {
        // Stored in fewer bytes than it has. The rest is walked.
        let end = place.clone();
        return Ok((within, Some(Page { events, end, is_last: false })));
    }
    // All that could be seen was read.
    let page = Page { events, end: end(&within), is_last: true };
    Ok((within, Some(page)))
}

fn events_in(window: &Arc<Window>, rows: &[Row]) -> Result<Vec<(Fetched, Place)>, RelayError> {
    let (mut events, mut types) = (Vec::with_capacity(rows.len()), EntityTypes::default());
    for row in rows {
        // Where there is no event, one row says so.
        let Some(seq) = get(row, 0).map_err(failed)? else { continue };
        events.push((fetched(row, &mut types)?, Place { window: Some(Arc::clone(window)), seq }));
    }
    Ok(events)
}

/// Where a large window is.
struct Extent {
    /// All of it comes after this number.
    before: i64,
    /// Nothing of it comes after this one.
    last: i64,
}

async fn extent(session: &Session, after: Option<&str>) -> Result<Extent, Failure> {
    let last = "SELECT coalesce(max(seq), 0) FROM timestamp_outbox";
    let Some(after) = after.filter(|after| *after != NOTHING) else {
        let rows = session.prepare_and_query(last, &[]).await?;
        return Ok(Extent { before: 0, last: rows.first().map_or(Ok(0), |row| get(row, 0))? });
    };
    let sql = format!(
        "WITH last AS MATERIALIZED (SELECT $1::text::pg_snapshot AS after), found AS MATERIALIZED (SELECT seq FROM (SELECT \
         seq FROM timestamp_outbox WHERE xid >= pg_snapshot_xmax((SELECT after FROM last)) UNION ALL SELECT it.seq FROM \
         pg_snapshot_xip((SELECT after FROM last)) AS open (xid) JOIN timestamp_outbox it ON it.xid >= open.xid AND it.xid \
         <= open.xid) it LIMIT {SEARCHED}) SELECT count(*), min(seq), ({last}) FROM found"
    );
    // What is new is a part of the whole, which the server does not know: it would rather read everything.
    session.batch("BEGIN; SET LOCAL enable_seqscan = off").await?;
    let rows = session.prepare_and_query(&sql, &[Parameter::Text(after)]).await;
    if session.batch("ROLLBACK").await.is_err() {
        session.retire();
    }
    let rows = rows?;
    let Some(row) = rows.first() else { return Err(Failure::NotSent("no answer to a question".to_owned())) };
    let before = match get::<Option<i64>>(row, 1)? {
        Some(first) if get::<i64>(row, 0)? < i64::from(SEARCHED) => first.saturating_sub(1),
        _ => 0,
    };
    Ok(Extent { before, last: get(row, 2)? })
}

/// Reads a page of a large window.
async fn walk(
    session: &Session,
    window: Arc<Window>,
    from: i64,
    only: &[&'static str],
    limit: u32,
) -> Result<Page, RelayError> {
    let (after, within) = (&*window.after, window.within.as_deref().unwrap_or_default());
    let mut values = vec![
        Parameter::Text(after),
        Parameter::Text(within),
        Parameter::Integer(from),
        Parameter::Integer(limit.into()),
    ];
    let mut condition = "";
    if !only.is_empty() {
        values.push(types(only));
        condition = "AND aggregatetype = ANY ($5)";
    }
    let new = format!(
        "NOT pg_visible_in_snapshot(xid, (SELECT $1::text::pg_snapshot)) AND pg_visible_in_snapshot(xid, (SELECT \
         $2::text::pg_snapshot)) {condition}"
    );
    let next = format!("FROM timestamp_outbox WHERE seq > $3 ORDER BY seq LIMIT {LOOKED_AT}");
    let dense = format!("SELECT {STORED_EVENT} FROM (SELECT * {next}) it WHERE {new} ORDER BY seq LIMIT $4");
    let (rows, is_cut) = session.prepare_and_query_part(&dense, &values, LARGEST_PAGE).await.map_err(failed)?;
    if is_cut || rows.len() >= limit as usize {
        return walked(window, from, &rows, None);
    }
    // Few of many: those that were looked at belong to other windows, or this one is at its end. How far that was has to
    // come from the statement that looked.
    let sparse = format!(
        "WITH looked AS MATERIALIZED (SELECT max(seq) AS at FROM (SELECT seq {next}) it) SELECT it.*, looked.at FROM looked \
         LEFT JOIN (SELECT {STORED_EVENT} FROM timestamp_outbox WHERE seq > $3 AND seq <= (SELECT at FROM looked) AND \
         {new} ORDER BY seq LIMIT $4) it ON true ORDER BY it.seq"
    );
    let (rows, is_cut) = session.prepare_and_query_part(&sparse, &values, LARGEST_PAGE).await.map_err(failed)?;
    let looked_at: Option<i64> = match rows.first() {
        Some(row) => get(row, row.len() - 1).map_err(failed)?,
        None => None,
    };
    let is_full = is_cut || rows.len() >= limit as usize;
    let looked_at = looked_at.unwrap_or(i64::MAX);
    walked(window, from, &rows, Some(looked_at).filter(|_| !is_full))
}

/// The page of these events, after which nothing more comes up to `looked_at`.
fn walked(window: Arc<Window>, from: i64, rows: &[Row], looked_at: Option<i64>) -> Result<Page, RelayError> {
    let events = events_in(&window, rows)?;
    let at = looked_at.or(events.last().map(|(_, place)| place.seq)).unwrap_or(from);
    let end = match &window.within {
        Some(within) if window.last.is_some_and(|last| at >= last) => end(within),
        _ => Place { window: Some(window), seq: at },
    };
    Ok(Page { events, end, is_last: false })
}
