//! The consumer: reads what was delivered, as from a broker, and works through its inbox.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use timestamp_repo::Inbox;
use uuid::Uuid;

use crate::clock::MovedClock;
use crate::database::{Database, Failed, patiently};
use crate::entities::Receipt;
use crate::role;

/// Events that are taken in together.
const TOGETHER: usize = 50;

#[derive(clap::Args, Debug)]
pub(crate) struct Consumer {
    #[arg(long)]
    url: String,
    /// What was delivered.
    #[arg(long)]
    deliveries: PathBuf,
    /// How far it has read: what it acknowledges.
    #[arg(long)]
    place: PathBuf,
    #[command(flatten)]
    clock: MovedClock,
}

impl Consumer {
    pub(crate) async fn run<S: Database>(self) -> Result<(), Failed> {
        let store = S::open(&self.url, &self.clock.start()).await?;
        patiently(|| store.repository::<Receipt>()).await?;
        let inbox = Inbox::new("receipts");
        let stop = role::stopped();
        let mut place: u64 = std::fs::read_to_string(&self.place).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        while !*stop.borrow() {
            let (read, events) = self.next(place)?;
            if events.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            if take_in(&store, &inbox, &events).await.is_err() {
                // It all comes again.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
            place += read;
            // Not in one step on the disk, but the kernel keeps what a killed process has written.
            let new = self.place.with_extension("new");
            std::fs::write(&new, place.to_string())?;
            std::fs::rename(&new, &self.place)?;
        }
        Ok(())
    }

    /// Whole lines from a place on, and how long they are.
    fn next(&self, place: u64) -> Result<(u64, Vec<Uuid>), Failed> {
        let Ok(mut file) = std::fs::File::open(&self.deliveries) else { return Ok((0, Vec::new())) };
        file.seek(SeekFrom::Start(place))?;
        let mut bytes = Vec::new();
        file.take(200 * TOGETHER as u64).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let (mut read, mut events) = (0, Vec::new());
        for line in text.split_inclusive('\n').take(TOGETHER).filter(|line| line.ends_with('\n')) {
            read += line.len() as u64;
            let id = line.trim_end().split('\t').nth(6).ok_or("a line of the sink's ledger has no event id")?;
            events.push(id.parse()?);
        }
        Ok((read, events))
    }
}

async fn take_in<S: Database>(store: &S, inbox: &Inbox, events: &[Uuid]) -> Result<(), Failed> {
    let mut unit = store.begin().await?;
    for event in events {
        if inbox.accept(&mut unit, *event).await? {
            unit.save(&mut Receipt::new(*event)?).await?;
        }
    }
    unit.commit().await?;
    Ok(())
}
