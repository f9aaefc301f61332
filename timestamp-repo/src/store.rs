//! `Store`: an open database, whichever it is.

use std::future::Future;
use std::panic::Location;

use timestamp_core::__private::Outcome;
use timestamp_core::{Record, Timestamped};

use crate::backend::Backend;
use crate::error::{BeginError, RepositoryError};
use crate::outbox::Outbox;
use crate::relay::storage::Relaying;
use crate::relay::{Parking, Relay, RelayError, RunningRelay, Sink};
use crate::repository::Repository;
use crate::unit_of_work::UnitOfWork;

/// An open database: `Sqlite` or `Postgres`.
///
/// For code that is generic over the database. A program that names its database needs no import of this trait: each
/// store has the same methods of its own. Sealed; implemented by this crate's stores only.
pub trait Store: Backend + Relaying {
    /// Returns the repository of one entity type: creates the table if it is missing, refuses one that does not fit.
    fn repository<E: Record>(&self) -> impl Future<Output = Result<Repository<E, Self>, RepositoryError>> + Send {
        async move { Ok(Repository::new(self.clone(), self.open_table::<E>().await?)) }
    }

    /// Begins a unit of work: several repositories, one transaction.
    #[track_caller]
    fn begin(&self) -> impl Future<Output = Result<UnitOfWork<Self>, BeginError>> + Send {
        begin(self, Location::caller())
    }

    /// Hands the stored events of one entity type to a function of this program, or any other sink, until what is
    /// returned is dropped.
    ///
    /// It is a [`Relay`] named `subscriber/` and `name`: after the commit, in order, at least once, and from where it was
    /// when the program starts again. The first time it begins with the oldest event that is kept.
    fn subscribe<E: Timestamped>(&self, name: &str, sink: impl Sink) -> RunningRelay {
        Relay::new(self.clone(), sink).name(format!("subscriber/{name}")).only::<E>().start()
    }

    /// Returns the events that the relay of this name has parked.
    fn parking(&self, relay: impl Into<String>) -> Parking<Self> {
        Parking::new(self.clone(), relay.into())
    }

    /// Forgets a relay that will not run again, with its place and what it has parked, so that retention waits for it no
    /// more. Returns whether there was one. One of the same name that is started later begins with the oldest event.
    fn forget_relay(&self, relay: &str) -> impl Future<Output = Result<bool, RelayError>> + Send {
        self.remove_relay(relay)
    }

    /// Returns the outbox of this store, for reading.
    fn outbox(&self) -> Outbox<Self> {
        Outbox::new(self.clone())
    }
}

pub(crate) async fn begin<S: Store>(
    store: &S,
    begun_at: &'static Location<'static>,
) -> Result<UnitOfWork<S>, BeginError> {
    let outcome = Outcome::in_flight();
    let unit = store.begin_unit(outcome.clone(), begun_at).await?;
    Ok(UnitOfWork::new(store.clone(), unit, outcome))
}
