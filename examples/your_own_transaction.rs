//! One transaction over two types of entities, with SQL of your own between them.
//!
//! You will see an order that takes from the stock: the order, the article and a line in a table without an entity are
//! stored together. The second order asks for more than there is; a constraint of the table refuses it, and nothing of
//! it is stored.
//!
//! ```text
//! $ cargo run --example your_own_transaction
//! order 1: 3 of `paper`, 2 left
//! order 2: the constraint `stock >= 0` refused the row
//! stored: orders [1], stock 2, 1 line in the journal, 3 events
//! ```

use std::error::Error;

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::Sqlite;

#[derive(Timestamped)]
#[timestamped(table = "articles")]
struct Article {
    #[timestamped(id)]
    name: String,
    stock: i64,
    timestamps: Timestamps,
}

#[derive(Timestamped)]
#[timestamped(table = "orders")]
struct Order {
    #[timestamped(id)]
    number: i64,
    amount: i64,
    timestamps: Timestamps,
}

async fn place(store: &Sqlite, number: i64, article: &str, amount: i64) -> Result<i64, Box<dyn Error>> {
    let mut order = Order::create(|timestamps| Order { number, amount, timestamps })?;

    let mut unit = store.begin().await?; // any `?` from here to `commit` undoes all of it
    unit.save(&mut order).await?;
    let sql = "INSERT INTO journal (line) VALUES (?1)";
    unit.connection().await?.execute(sql, [format!("order {number}: {amount} of {article}")])?;
    let mut article = unit.find::<Article>(&article.to_owned()).await?.ok_or("no such article")?;
    article.stock -= amount;
    article.touch(format!("order {number}"));
    unit.save(&mut article).await?;
    unit.commit().await?; // only now have the order and the article no pending events

    assert_eq!(order.pending_events().len() + article.pending_events().len(), 0);
    Ok(article.stock)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Sqlite::in_memory().await?;
    // Tables of your own making, before the repositories check that they fit.
    let mut unit = store.begin().await?;
    unit.connection().await?.execute_batch(
        "CREATE TABLE articles (
             name TEXT PRIMARY KEY, stock INTEGER NOT NULL CHECK (stock >= 0),
             created_at_ms BIGINT NOT NULL, updated_at_ms BIGINT NOT NULL, version BIGINT NOT NULL);
         CREATE INDEX articles_recent ON articles (updated_at_ms, name);
         CREATE TABLE journal (line TEXT NOT NULL);",
    )?;
    unit.commit().await?;
    let articles = store.repository::<Article>().await?;
    let orders = store.repository::<Order>().await?;

    let mut paper = Article::create(|timestamps| Article { name: "paper".to_owned(), stock: 5, timestamps })?;
    articles.save(&mut paper).await?;

    println!("order 1: 3 of `paper`, {} left", place(&store, 1, "paper", 3).await?);
    match place(&store, 2, "paper", 3).await {
        Ok(_) => return Err("there were only 2 left".into()),
        Err(error) => println!("order 2: {error}"),
    }

    let numbers: Vec<i64> = orders.filter("1", ()).await?.iter().map(|order| order.number).collect();
    let stock = articles.find(paper.id()).await?.map(|paper| paper.stock);
    let events = store.outbox().after(0, 100).await?.len();
    let mut unit = store.begin().await?;
    let lines: i64 = unit.connection().await?.query_row("SELECT count(*) FROM journal", [], |row| row.get(0))?;
    unit.rollback();
    assert_eq!((numbers.as_slice(), stock, lines, events), ([1].as_slice(), Some(2), 1, 3));
    println!("stored: orders {numbers:?}, stock 2, {lines} line in the journal, {events} events");
    Ok(())
}
