//! A schema of its own for each test, and entities to put there.

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use timestamp_repo::{Postgres, PostgresOptions};
use uuid::Uuid;

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "tasks")]
pub(crate) struct Task {
    #[timestamped(id)]
    pub(crate) id: Uuid,
    pub(crate) title: String,
    timestamps: Timestamps,
}

impl Task {
    pub(crate) fn new(title: &str) -> Self {
        let title = title.to_owned();
        Self::create(|timestamps| Self { id: Uuid::now_v7(), title, timestamps }).unwrap()
    }
}

pub(crate) struct Place {
    pub(crate) schema: String,
    pub(crate) url: String,
}

pub(crate) fn server() -> String {
    std::env::var("TIMESTAMP_TEST_POSTGRES").expect("TIMESTAMP_TEST_POSTGRES names no server")
}

/// The URL with more at its end.
pub(crate) fn with(url: &str, option: &str) -> String {
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}{option}")
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::on(&server()).await
    }

    /// A schema on the server, and in the database, of a URL.
    pub(crate) async fn on(server: &str) -> Self {
        let schema = format!("only_{}", Uuid::now_v7().simple());
        let url = with(server, &format!("options=-c%20search_path%3D{schema}"));
        let place = Self { schema, url };
        place.sql(&format!("CREATE SCHEMA {}", place.schema)).await;
        place
    }

    pub(crate) async fn store(&self) -> Postgres {
        self.store_with(Postgres::options()).await
    }

    pub(crate) async fn store_with(&self, options: PostgresOptions) -> Postgres {
        options.pool_size(4).connect(&self.url).await.unwrap()
    }

    /// A connection of somebody else's.
    pub(crate) async fn connection(&self) -> Client {
        let (client, connection) = timestamp_repo::tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    pub(crate) async fn sql(&self, sql: &str) {
        self.connection().await.batch_execute(sql).await.unwrap();
    }

    /// The first column of every row, as text, with commas between.
    pub(crate) async fn list(&self, sql: &str) -> String {
        let rows = self.connection().await.simple_query(sql).await.unwrap();
        let values = rows.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
            _ => None,
        });
        values.collect::<Vec<_>>().join(", ")
    }

    /// A user of the server who may use the schema, and what `grant` says, such as `GRANT SELECT ON tasks TO`.
    pub(crate) async fn role(&self, grant: &str) -> Role {
        let name = format!("role_{}", Uuid::now_v7().simple());
        self.sql(&format!("CREATE ROLE {name} LOGIN; GRANT USAGE ON SCHEMA {} TO {name}", self.schema)).await;
        if !grant.is_empty() {
            self.sql(&format!("{grant} {name}")).await;
        }
        let url = self.url.replace("postgres://postgres@", &format!("postgres://{name}@"));
        Role { name, url }
    }

    pub(crate) async fn remove(self) {
        self.sql(&format!("DROP SCHEMA {} CASCADE", self.schema)).await;
    }
}

pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) url: String,
}

impl Role {
    pub(crate) async fn remove(self, place: &Place) {
        place.sql(&format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name)).await;
    }
}

#[track_caller]
pub(crate) fn assert_says(error: &impl std::error::Error, words: &[&str]) {
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}
