//! `Parking`: events that were kept aside, for people to decide on.

use timestamp_core::Timestamped;

use super::error::RelayError;
use super::storage::ParkedEvent;
use crate::store::Store;

/// The events that one relay has parked; made by `store.parking("default")`.
///
/// An event is parked when the sink can not take it, or has refused it too often. Every later event of the same entity is
/// parked with it, since it may not overtake. Mend the cause, and release them: the relay hands them over in order.
#[derive(Clone, Debug)]
pub struct Parking<S> {
    store: S,
    relay: String,
}

impl<S: Store> Parking<S> {
    pub(crate) fn new(store: S, relay: String) -> Self {
        Self { store, relay }
    }

    /// Returns up to `limit` parked events after the number `after`, in the order of their numbers. Start with 0, go on
    /// with the `seq` of the last one.
    ///
    /// # Errors
    ///
    /// [`RelayError::Backend`]
    pub async fn list(&self, after: i64, limit: u32) -> Result<Vec<ParkedEvent>, RelayError> {
        self.store.parked(&self.relay, after, limit).await
    }

    /// Releases the events of one entity: the relay tries them again, in version order. Returns how many there are.
    ///
    /// # Errors
    ///
    /// [`RelayError::Backend`], [`RelayError::ReadOnly`]
    pub async fn release<E: Timestamped>(&self, id: &E::Id) -> Result<u64, RelayError> {
        let id = id.to_string();
        self.released(Some((E::ENTITY_TYPE, &id))).await
    }

    /// Releases all events. Returns how many there are.
    ///
    /// # Errors
    ///
    /// [`RelayError::Backend`], [`RelayError::ReadOnly`]
    pub async fn release_all(&self) -> Result<u64, RelayError> {
        self.released(None).await
    }

    async fn released(&self, entity: Option<(&str, &str)>) -> Result<u64, RelayError> {
        let count = self.store.release(&self.relay, entity).await?;
        self.store.stored();
        Ok(count)
    }

    /// Gives one event up: it will not be delivered. It stays in the outbox, as any other that was delivered. Returns
    /// whether it was parked.
    ///
    /// # Errors
    ///
    /// [`RelayError::Backend`], [`RelayError::ReadOnly`]
    pub async fn discard(&self, seq: i64) -> Result<bool, RelayError> {
        self.store.discard(&self.relay, seq).await
    }
}
