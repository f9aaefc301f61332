//! Saves domain entities and their events in one transaction.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![expect(
    unnameable_types,
    reason = "stores are sealed: what a database must offer can not be named outside this crate"
)]

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("timestamp-repo has no store: enable its feature `sqlite` (on by default) or `postgres`");

mod backend;
mod batch;
mod cloud_event;
mod error;
mod event_context;
mod fingerprint;
mod inbox;
#[cfg(feature = "nats")]
mod nats;
mod outbox;
mod page;
mod params;
mod relay;
mod repository;
mod save;
mod store;
#[cfg(feature = "test-util")]
pub mod testing;
#[cfg(not(feature = "test-util"))]
mod testing {
    /// Nothing happens here.
    #[inline(always)]
    pub(crate) fn point(_: &str) {}
}
mod unit_of_work;

#[cfg(all(any(doc, doctest), feature = "sqlite"))]
#[path = "docs.rs"]
pub mod _docs;

#[cfg(feature = "nats")]
#[cfg_attr(docsrs, doc(cfg(feature = "nats")))]
pub use async_nats;

#[cfg(feature = "sqlite")]
pub use rusqlite;

#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use tokio_postgres;

#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use crate::backend::postgres::{Postgres, PostgresOptions};
#[cfg(feature = "sqlite")]
pub use crate::backend::sqlite::{Durability, Sqlite, SqliteOptions};
pub use crate::cloud_event::{CloudEvent, CloudEventError, CloudEventSource};
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use crate::error::ConnectError;
pub use crate::error::{
    BackendError, BackupError, BeginError, Busy, CommitError, FindError, OpenError, RepositoryError, SaveAllError,
    SaveError, UpdateError,
};
pub use crate::event_context::{EventContext, TraceparentError};
pub use crate::inbox::Inbox;
#[cfg(feature = "nats")]
#[cfg_attr(docsrs, doc(cfg(feature = "nats")))]
pub use crate::nats::{Nats, NatsError, NatsOptions, NatsStream};
pub use crate::outbox::{Outbox, StoredEvent};
pub use crate::page::{Page, PageToken, PageTokenError};
pub use crate::params::{Param, Params};
pub use crate::relay::{ParkedEvent, Parking, Relay, RelayError, RelayStatus, RunningRelay, Sink, SinkError};
pub use crate::repository::Repository;
pub use crate::store::Store;
pub use crate::unit_of_work::UnitOfWork;
