//! `Summary`: what a replay came to, and the check that outbox and files agree.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use timestamp_core::{EpochMs, EventKind, Timestamped};
use timestamp_repo::StoredEvent;

use super::database::Database;
use super::failure::Failure;
use super::replay::Replay;
use super::source_file::SourceFile;

/// How many rows or events are read at a time.
const PAGE: u32 = 1000;
/// How many files the two lists show.
const SHOWN: u32 = 10;

#[derive(Debug, Default)]
pub(crate) struct Summary {
    alive: u64,
    ever: u64,
    created: u64,
    updated: u64,
    deleted: u64,
    changed_most: Vec<(u64, String)>,
    changed_last: Vec<(EpochMs, String)>,
    disagreements: Vec<String>,
}

/// What the events of one file say.
#[derive(Debug)]
struct Told {
    created_at: EpochMs,
    updated_at: EpochMs,
    version: u64,
    deleted: bool,
}

impl Summary {
    pub(crate) async fn of<D: Database>(replay: &Replay<D>) -> Result<Self, Failure> {
        let files = replay.files();
        let mut summary = Self::default();
        let most = format!("TRUE ORDER BY version DESC, {} LIMIT {SHOWN}", D::PATH_BY_BYTES);
        let most = files.filter(most, ()).await?;
        summary.changed_most = most.iter().map(|file| (file.version(), file.path().to_owned())).collect();
        let last = files.recent(None, SHOWN).await?.items;
        summary.changed_last = last.iter().map(|file| (file.updated_at(), file.path().to_owned())).collect();

        let mut told = summary.listen(replay).await?;
        summary.compare(replay, &mut told).await?;
        for (id, told) in told {
            if !told.deleted {
                summary.disagree(format!("file {id} has {} events, no row, and was not deleted", told.version));
            }
        }
        Ok(summary)
    }

    /// Reads all events, in order.
    async fn listen<D: Database>(&mut self, replay: &Replay<D>) -> Result<HashMap<String, Told>, Failure> {
        let outbox = replay.store().outbox();
        let mut files = HashMap::new();
        let mut seq = 0;
        loop {
            let events = outbox.after(seq, PAGE).await?;
            let Some(last) = events.last() else { break };
            seq = last.seq;
            for event in events {
                if *event.entity_type == *SourceFile::ENTITY_TYPE {
                    self.hear(&mut files, event);
                }
            }
        }
        self.ever = u64::try_from(files.len()).unwrap_or(u64::MAX);
        Ok(files)
    }

    fn hear(&mut self, files: &mut HashMap<String, Told>, event: StoredEvent) {
        match event.kind {
            EventKind::Created => self.created += 1,
            EventKind::Updated => self.updated += 1,
            EventKind::Deleted => self.deleted += 1,
            other => self.disagree(format!("event {} is of the unknown kind `{other}`", event.id)),
        }
        let first = Told { created_at: event.at, updated_at: event.at, version: 0, deleted: false };
        let known = files.contains_key(&event.entity_id);
        let told = files.entry(event.entity_id).or_insert(first);
        let fits = event.version == told.version + 1
            && event.at >= told.updated_at
            && !told.deleted
            && (event.kind == EventKind::Created) != known;
        told.version = event.version;
        told.updated_at = event.at;
        told.deleted = event.kind == EventKind::Deleted;
        if !fits {
            self.disagree(format!("event {} does not follow the one before it", event.id));
        }
    }

    /// Compares each file that exists with what its events say, and takes it out of `told`.
    async fn compare<D: Database>(
        &mut self,
        replay: &Replay<D>,
        told: &mut HashMap<String, Told>,
    ) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let page = replay.files().recent(after.as_ref(), PAGE).await?;
            for file in &page.items {
                self.alive += 1;
                let agrees = told.remove(&file.id().to_string()).is_some_and(|told| {
                    !told.deleted
                        && told.version == file.version()
                        && told.created_at == file.created_at()
                        && told.updated_at == file.updated_at()
                });
                if !agrees {
                    self.disagree(format!("`{}` is not what its events say", file.path()));
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn disagree(&mut self, what: String) {
        self.disagreements.push(what);
    }

    pub(crate) fn print(&self, out: &mut impl Write, commits: u32, events: u64, elapsed: Duration) -> io::Result<()> {
        let Self { alive, ever, created, updated, deleted, .. } = self;
        let all = created + updated + deleted;
        let seconds = elapsed.as_secs_f64();
        writeln!(out, "commits    {commits} replayed in {seconds:.2} s")?;
        writeln!(out, "files      {alive} alive, {ever} ever")?;
        write!(out, "events     {all}: {created} created, {updated} updated, {deleted} deleted")?;
        if events > 0 {
            write!(out, "; {:.0} per second", precise(events) / seconds)?;
        }
        writeln!(out, "\n\nchanged most, of the files that are left")?;
        for (version, path) in &self.changed_most {
            writeln!(out, "  {version:>6}  {path}")?;
        }
        writeln!(out, "\nchanged last")?;
        for (at, path) in &self.changed_last {
            writeln!(out, "  {at}  {path}")?;
        }
        writeln!(out)?;
        match self.disagreements.as_slice() {
            [] => writeln!(out, "check      the outbox and the files agree"),
            [first, ..] => {
                writeln!(out, "check      {} disagreements, such as: {first}", self.disagreements.len())
            }
        }
    }

    pub(crate) fn into_verdict(self) -> Result<(), Failure> {
        match self.disagreements.len() {
            0 => Ok(()),
            count => Err(Failure::Disagreement(format!("the outbox and the files do not agree, in {count} cases"))),
        }
    }
}

/// A count of events as a number to divide; exact up to 2^53.
fn precise(count: u64) -> f64 {
    count as f64
}
