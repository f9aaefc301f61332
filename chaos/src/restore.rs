//! A store that is moved: a backup that takes its place on SQLite, a dump that is restored on another server on PostgreSQL.

use timestamp_core::Clock;
use timestamp_repo::{ConnectError, Postgres, Sqlite};

use crate::database::Failed;
use crate::outside::Engine;

/// The library's part of it, in a process of its own, while nothing else is at work.
#[derive(clap::Args, Debug)]
pub(crate) struct Restore {
    /// The store; on PostgreSQL, the one that was restored.
    #[arg(long)]
    url: String,
    /// The file of the backup, on SQLite.
    #[arg(long)]
    to: Option<String>,
}

impl Restore {
    pub(crate) async fn run(self, engine: Engine) -> Result<(), Failed> {
        match engine {
            Engine::Sqlite => {
                let path = self.url.strip_prefix("sqlite:").unwrap_or(&self.url);
                let to = self.to.ok_or("a backup needs a file to go to")?;
                Ok(Sqlite::options().clock(&Clock::system()).open(path).await?.backup(to).await?)
            }
            Engine::Postgres => {
                match Postgres::connect(&self.url).await {
                    Err(ConnectError::OtherServer { .. }) => {}
                    Err(error) => return Err(error.into()),
                    Ok(_) => return Err("`connect` took a copy on another server for the store itself".into()),
                }
                Postgres::options().rebase().connect(&self.url).await?;
                Postgres::connect(&self.url).await?;
                Ok(())
            }
        }
    }
}
