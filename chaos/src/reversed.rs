//! Transactions whose ids and commits are in opposite order: what has the lower id is committed last, and holds a later
//! event of an entity that the other one made.

use std::path::PathBuf;
use std::time::Duration;

use timestamp_core::Timestamped as _;
use uuid::Uuid;

use crate::clock::MovedClock;
use crate::database::{Database, Failed, patiently};
use crate::entities::Task;
use crate::ledger::{End, Event, Ledger};

/// How often it is done.
const TIMES: usize = 6;

#[derive(clap::Args, Debug)]
pub(crate) struct Reversed {
    #[arg(long)]
    url: String,
    #[arg(long)]
    name: String,
    #[arg(long)]
    ledger: PathBuf,
    #[command(flatten)]
    clock: MovedClock,
}

impl Reversed {
    pub(crate) async fn run<S: Database>(self) -> Result<(), Failed> {
        let ledger = Ledger::create(&self.ledger, &self.name, self.clock.is_behind())?;
        let clock = self.clock.start();
        let store = S::open(&self.url, &clock).await?;
        let tasks = patiently(|| store.repository::<Task>()).await?;
        let create = || -> Result<(Task, Vec<Event>), Failed> {
            let (id, token) = (Uuid::now_v7(), ledger.token());
            let task = Task::new(&clock, id, token.clone())?;
            Ok((task, vec![Event { id, version: 1, token: String::new() }, Event { id, version: 2, token }]))
        };
        for time in 0..TIMES {
            let mut attempts = Vec::new();
            let mut early = store.begin().await?;
            let number = ledger.number();
            // The first write draws the id.
            let (mut task, events) = create()?;
            attempts.push(ledger.attempt(number, &events));
            early.save(&mut task).await?;
            // Another one draws a higher id, and is committed.
            let (mut task, events) = create()?;
            let attempt = ledger.attempt(0, &events);
            tasks.save(&mut task).await?;
            ledger.end(&[attempt], End::Acknowledged, "");
            // The first one goes on with what the other has made.
            let Some(mut task) = early.find::<Task>(task.id()).await? else { continue };
            let event = Event { id: *task.id(), version: 3, token: ledger.token() };
            attempts.push(ledger.attempt(number, std::slice::from_ref(&event)));
            task.change(event.token);
            early.save(&mut task).await?;
            tokio::time::sleep(Duration::from_millis([0, 30][time % 2])).await;
            early.commit().await?;
            ledger.end(&attempts, End::Acknowledged, "");
        }
        Ok(())
    }
}
