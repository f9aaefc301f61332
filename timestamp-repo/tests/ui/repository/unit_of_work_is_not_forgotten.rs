//! Law: a unit of work that is not kept is rolled back at once.
//! Instead: give it a name, save through it, and commit it.

#![deny(unused_must_use)]

use timestamp_repo::Sqlite;

async fn settle(store: &Sqlite) -> Result<(), Box<dyn std::error::Error>> {
    store.begin().await?;
    Ok(())
}

fn main() {}
