//! The inbox: what a consumer of events has taken in, so that an event which arrives again does nothing.

use std::time::Duration;

use uuid::Uuid;

use crate::error::SaveError;
use crate::relay::{self, RelayError};
use crate::store::Store;
use crate::testing::point;
use crate::unit_of_work::UnitOfWork;

/// Notes that are deleted in one transaction: others want to write too.
const PRUNE: u32 = 1_000;

/// Makes at-least-once delivery effectively once: a consumer's work and the note that it was done are stored in one
/// transaction.
///
/// Relays and brokers deliver an event again when they can not know that it arrived. Two consumers with different names
/// in one database do not know of each other.
///
/// # Example
///
/// ```
/// use timestamp_core::{Timestamped, Timestamps};
/// use timestamp_repo::{Inbox, SaveError, Sqlite};
/// use uuid::Uuid;
///
/// #[derive(Timestamped)]
/// #[timestamped(table = "invoices")]
/// struct Invoice {
///     #[timestamped(id)]
///     order_id: Uuid,
///     timestamps: Timestamps,
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # let store = Sqlite::in_memory().await?;
/// # store.repository::<Invoice>().await?;
/// let inbox = Inbox::new("billing");
/// # let (event_id, order_id) = (Uuid::now_v7(), Uuid::now_v7());
/// for _ in 0..2 {
///     // The same message twice.
///     let mut unit = store.begin().await?;
///     let billed = inbox
///         .once(&mut unit, event_id, async |unit| {
///             let mut invoice = Invoice::create(|timestamps| Invoice { order_id, timestamps }).expect("it has no invariants");
///             unit.save(&mut invoice).await
///         })
///         .await?;
///     unit.commit().await?;
///     println!("{}", if billed.is_some() { "billed" } else { "billed before" });
/// }
/// # assert_eq!(store.repository::<Invoice>().await?.filter("1 = 1", ()).await?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Inbox {
    consumer: String,
}

impl Inbox {
    /// Returns the inbox of a consumer.
    pub fn new(consumer: impl Into<String>) -> Self {
        Self { consumer: consumer.into() }
    }

    /// Does the work of an event in the unit, unless it was done before; then returns `None`. Commit the unit
    /// afterwards, and acknowledge the message after that.
    ///
    /// `event_id` is the event's own: [`StoredEvent::id`](crate::StoredEvent::id), the `id` of a CloudEvent, the
    /// `Nats-Msg-Id` header.
    ///
    /// # Errors
    ///
    /// Those of the work, and [`SaveError`] as of any other write in the unit. The unit is over then, and a commit is
    /// refused; do not acknowledge: the event comes again. That holds for an error of the commit as well, even if its outcome is unknown.
    pub async fn once<S, T, E, F>(&self, unit: &mut UnitOfWork<S>, event_id: Uuid, work: F) -> Result<Option<T>, E>
    where
        S: Store,
        F: AsyncFnOnce(&mut UnitOfWork<S>) -> Result<T, E>,
        E: From<SaveError>,
    {
        if !self.accept(unit, event_id).await? {
            return Ok(None);
        }
        // Committed all the same, the note would say that the work was done.
        work(unit).await.map(Some).inspect_err(|_| S::unit_give_up(&mut unit.unit))
    }

    /// Notes in the unit that an event was taken in; returns `false` if it was before. Where somebody else has noted it
    /// in a transaction that has not ended, waits for that.
    ///
    /// For consumers whose work does not fit into a closure; see [`once`](Self::once).
    ///
    /// # Errors
    ///
    /// [`SaveError::Busy`] if somebody else is at the same event for longer than the timeout, and as any other write in
    /// the unit. The unit is over then.
    pub async fn accept<S: Store>(&self, unit: &mut UnitOfWork<S>, event_id: Uuid) -> Result<bool, SaveError> {
        let is_new = S::unit_accept(&mut unit.unit, &self.consumer, event_id).await?;
        point("accept/after");
        Ok(is_new)
    }

    /// Forgets events of this consumer that were taken in longer than `age` ago, by the store's clock. Returns how many.
    ///
    /// One that arrives after that is taken for a new one, so keep them for longer than the relay or the broker can be
    /// down and then deliver again.
    ///
    /// # Errors
    ///
    /// [`RelayError::RetentionTooShort`] for less than 24 hours.
    pub async fn prune<S: Store>(&self, store: &S, age: Duration) -> Result<u64, RelayError> {
        let before = relay::before(store.now(), age)?;
        let mut forgotten = 0;
        loop {
            let some = store.prune_inbox(&self.consumer, before, PRUNE).await?;
            forgotten += some;
            if some < u64::from(PRUNE) {
                return Ok(forgotten);
            }
        }
    }
}
