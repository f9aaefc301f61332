//! The consumer: reads what was delivered, and works through its inbox.

use std::path::PathBuf;
use std::time::Duration;

use timestamp_repo::Inbox;
use uuid::Uuid;

use crate::clock::MovedClock;
use crate::database::{Database, Failed, patiently};
use crate::entities::Receipt;
use crate::feed::{Feed, Lines, Pull};
use crate::role;

#[derive(clap::Args, Debug)]
pub(crate) struct Consumer {
    #[arg(long)]
    url: String,
    /// What was delivered to the driver.
    #[arg(long, required_unless_present = "nats")]
    deliveries: Option<PathBuf>,
    /// Where NATS is, if that is read.
    #[arg(long, conflicts_with = "deliveries")]
    nats: Option<String>,
    /// How far it has read what was delivered to the driver, or what came from NATS.
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
        let mut feed = match (self.nats, self.deliveries) {
            (Some(nats), _) => Feed::Pull(Box::new(Pull::new(&nats, self.place).await?)),
            (None, deliveries) => Feed::Lines(Lines::new(deliveries.unwrap_or_default(), self.place)),
        };
        let stop = role::stopped();
        while !*stop.borrow() {
            let events = feed.next().await?;
            if events.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            } else if take_in(&store, &inbox, &events).await.is_ok() {
                feed.acknowledge().await?;
            } else {
                // It all comes again.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
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
