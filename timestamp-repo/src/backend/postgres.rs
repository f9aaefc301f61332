//! PostgreSQL: many connections, many writers.
//!
//! - [`store`]: a database that was connected to. [`options`]: how it is opened. [`url`] and [`tls`]: what a URL
//!   asks for. [`settings`]: what a session is told. [`session`]: one connection. [`sessions`]: how they are opened, and
//!   their pool. [`connecting`]: what happens before a store is handed out. [`migrations`]: the framework's own tables.
//!   [`identity`]: the server that they belong to.
//! - [`table`]: an entity's table, checked by [`schema`], with its SQL. [`time_column`]: how its times are stored. [`row`]:
//!   values in and out. [`placeholder`]: `?` in users' SQL.
//! - [`write`](mod@write): what a change does inside a transaction, and why one was refused. [`batch`]: many entities at once.
//!   [`copy`]: new ones on their way into their tables.
//!   [`unit`](mod@unit): a unit of work. [`touch`]: bulk touches. [`holder`]: which unit holds which row.
//! - [`group`]: concurrent lone saves in one statement. [`finds`]: concurrent finds in one. [`queue`]: who goes alone, and
//!   who goes together.
//! - [`relay`]: the relay's side. [`signals`]: who is told that events were stored.
//! - [`read`]: what is read. [`finish`]: work that ends even if its caller goes away. [`suspect`]: sessions whose last
//!   answer was lost.

mod batch;
mod connecting;
mod copy;
mod failure;
mod finds;
mod finish;
mod group;
mod holder;
mod identity;
mod inbox;
mod migrations;
mod options;
mod placeholder;
mod queue;
mod read;
mod relay;
mod row;
mod schema;
mod session;
mod sessions;
mod settings;
mod signals;
mod store;
mod suspect;
mod table;
mod time_column;
mod tls;
mod touch;
mod unit;
mod url;
mod write;

pub use self::options::PostgresOptions;
pub use self::store::Postgres;
