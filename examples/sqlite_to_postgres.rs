//! The same code on two databases: moving to PostgreSQL changes one line, and the call that opens the store.
//!
//! You will see a transfer between two accounts, another that is refused, and a change that comes too late; first on
//! SQLite, then on PostgreSQL, with the same accounts and events in the end. `Bank` is written for any `S: Store`, and
//! `type Db` says which one a program means.
//!
//! ```text
//! $ scripts/services run --only postgres -- cargo run -p examples --features postgres --example sqlite_to_postgres
//! SQLite:     ada 70 v2, bob 30 v2: v1 created, v2 received
//! PostgreSQL: ada 70 v2, bob 30 v2: v1 created, v2 received
//! ```

use std::error::Error;

use timestamp_core::{Timestamped, Timestamps, ValidationError};
use timestamp_repo::{Postgres, Repository, SaveError, Sqlite, Store};
use uuid::Uuid;

/// The line to change.
type Db = Sqlite;

#[derive(Timestamped)]
#[timestamped(table = "bank_accounts", validate = Self::check)]
struct Account {
    #[timestamped(id)]
    id: Uuid,
    owner: String,
    balance: i64,
    timestamps: Timestamps,
}

impl Account {
    fn new(owner: &str, balance: i64) -> Result<Self, ValidationError> {
        Self::create(|timestamps| Self { id: Uuid::now_v7(), owner: owner.to_owned(), balance, timestamps })
    }

    fn check(&self) -> Result<(), ValidationError> {
        let negative = || ValidationError::new("balance", "must not be negative");
        if self.balance < 0 { Err(negative()) } else { Ok(()) }
    }
}

struct Bank<S: Store = Db> {
    store: S,
    accounts: Repository<Account, S>,
}

impl<S: Store> Bank<S> {
    async fn on(store: S) -> Result<Self, Box<dyn Error>> {
        Ok(Self { accounts: store.repository().await?, store })
    }

    async fn transfer(&self, from: Uuid, to: Uuid, amount: i64) -> Result<(), Box<dyn Error>> {
        let mut unit = self.store.begin().await?;
        for (id, change, reason) in [(to, amount, "received"), (from, -amount, "paid")] {
            let mut account = unit.find::<Account>(&id).await?.ok_or("no such account")?;
            account.balance += change;
            account.touch(reason);
            unit.save(&mut account).await?; // any `?` undoes the whole transfer
        }
        Ok(unit.commit().await?)
    }
}

/// Returns what is stored in the end, which is the same on every database.
async fn story<S: Store>(bank: Bank<S>) -> Result<String, Box<dyn Error>> {
    let mut ada = Account::new("ada", 100)?;
    let mut bob = Account::new("bob", 0)?;
    bank.accounts.save(&mut ada).await?;
    bank.accounts.save(&mut bob).await?;

    bank.transfer(ada.id, bob.id, 30).await?;
    let refused = bank.transfer(ada.id, bob.id, 71).await.err().ok_or("there are only 70")?;
    assert!(matches!(refused.downcast_ref(), Some(SaveError::Invalid(_))), "{refused}");
    ada.touch("looked at"); // as it was before the transfer
    assert!(bank.accounts.save(&mut ada).await.is_err_and(|error| error.is_conflict()));

    let stored = bank.accounts.filter("id IN (?, ?) ORDER BY owner", (ada.id, bob.id)).await?;
    let accounts = stored.iter().map(|found| format!("{} {} v{}", found.owner, found.balance, found.version()));
    let events = bank.store.outbox().of(&bob).await?.into_iter();
    let events =
        events.map(|event| format!("v{} {}", event.version, event.reason.unwrap_or_else(|| event.kind.to_string())));
    Ok(format!("{}: {}", accounts.collect::<Vec<_>>().join(", "), events.collect::<Vec<_>>().join(", ")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let on_sqlite = story(Bank::<Db>::on(Db::in_memory().await?).await?).await?;
    println!("SQLite:     {on_sqlite}");
    assert_eq!(on_sqlite, "ada 70 v2, bob 30 v2: v1 created, v2 received");

    let Ok(url) = std::env::var("TIMESTAMP_TEST_POSTGRES") else {
        println!(
            "PostgreSQL: scripts/services run --only postgres -- \
             cargo run -p examples --features postgres --example sqlite_to_postgres"
        );
        return Ok(());
    };
    let on_postgres = story(Bank::on(Postgres::connect(url).await?).await?).await?;
    println!("PostgreSQL: {on_postgres}");
    assert_eq!(on_postgres, on_sqlite);
    Ok(())
}
