//! `Timestamped`: read access to an entity's timestamps, and the one way to move them.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::hash::Hash;

use serde::Serialize;

use crate::__private::{Access, Entity, EntityId, tag};
use crate::event::{Drain, PendingEvents};
use crate::timestamps::Timestamps;
use crate::{Clock, EpochMs, ValidationError};

/// An entity whose timestamps can be trusted. Derive it; it can not be implemented by hand.
///
/// Every method comes from one implementation for all entities, so none of them can be overridden.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an entity with timestamps",
    label = "this type does not implement `Timestamped`",
    note = "add `#[derive(Timestamped)]` to `{Self}` and give it a field `timestamps: Timestamps`"
)]
pub trait Timestamped: Entity {
    /// The type of the field marked `#[timestamped(id)]`.
    type Id: Clone + Eq + Hash + Display + Send + Sync + 'static;

    /// The name of the entity's type in its events: the struct's name, or what `#[timestamped(entity = "..")]` says.
    const ENTITY_TYPE: &'static str;

    /// Returns the entity's id.
    fn id(&self) -> &Self::Id;

    /// Returns when the entity was created.
    fn created_at(&self) -> EpochMs;

    /// Returns when the entity was last changed. Right after `create` it is `created_at`.
    fn updated_at(&self) -> EpochMs;

    /// Returns the number of the entity's events ever, the pending ones included: 1 after `create`.
    fn version(&self) -> u64;

    /// Creates an entity at the time of the system clock, with a pending `Created` event.
    ///
    /// `build` receives the timestamps and puts them into the new entity.
    ///
    /// # Errors
    ///
    /// What the entity's own `validate` refuses.
    fn create(build: impl FnOnce(Timestamps) -> Self) -> Result<Self, ValidationError>;

    /// Creates an entity at the time of `clock`, and lets it keep that clock for its touches.
    ///
    /// # Errors
    ///
    /// What the entity's own `validate` refuses.
    fn create_with(clock: &Clock, build: impl FnOnce(Timestamps) -> Self) -> Result<Self, ValidationError>;

    /// Records that the entity changed now, and why: moves `updated_at`, adds one to `version`, and adds one pending
    /// `Updated` event.
    ///
    /// `updated_at` never goes back: if the clock shows an earlier time than the last change, it stays.
    ///
    /// # Panics
    ///
    /// After 4,294,967,295 events of one entity.
    fn touch(&mut self, reason: impl Into<Cow<'static, str>>);

    /// Does what [`touch`](Self::touch) does, and keeps `payload` as JSON in the event.
    ///
    /// # Errors
    ///
    /// If the payload can not be serialized as JSON. Nothing has changed then.
    ///
    /// # Panics
    ///
    /// As [`touch`](Self::touch).
    fn touch_with(&mut self, reason: impl Into<Cow<'static, str>>, payload: impl Serialize)
    -> Result<(), PayloadError>;

    /// Returns whether the entity keeps its invariants, as `#[timestamped(validate = ..)]` says.
    ///
    /// # Errors
    ///
    /// Every field that is wrong.
    fn validate(&self) -> Result<(), ValidationError>;

    /// Returns the events that are not stored yet, oldest first.
    ///
    /// The events of an entity in flight are pending until its transaction is known to have committed.
    fn pending_events(&self) -> PendingEvents<'_>;

    /// Hands over the pending events of an entity that has no repository; see [`Drain`].
    ///
    /// A repository does this by itself, as part of the transaction that stores them.
    fn drain_events(&mut self) -> Drain<'_, Self>;
}

#[diagnostic::do_not_recommend]
impl<E: Entity> Timestamped for E {
    type Id = <E::__Id as EntityId>::Itself;

    const ENTITY_TYPE: &'static str = E::__ENTITY_TYPE;

    #[inline]
    fn id(&self) -> &Self::Id {
        self.__id().as_itself()
    }

    #[inline]
    fn created_at(&self) -> EpochMs {
        self.__timestamps(Access::new()).created_at()
    }

    #[inline]
    fn updated_at(&self) -> EpochMs {
        self.__timestamps(Access::new()).updated_at()
    }

    #[inline]
    fn version(&self) -> u64 {
        self.__timestamps(Access::new()).version()
    }

    #[inline]
    fn create(build: impl FnOnce(Timestamps) -> Self) -> Result<Self, ValidationError> {
        Self::create_with(const { &Clock::system() }, build)
    }

    #[inline]
    fn create_with(clock: &Clock, build: impl FnOnce(Timestamps) -> Self) -> Result<Self, ValidationError> {
        let mut entity = build(Timestamps::new(clock));
        let tag = tag(&entity);
        entity.__timestamps_mut(Access::new()).bind(tag);
        entity.__validate()?;
        Ok(entity)
    }

    #[inline]
    fn touch(&mut self, reason: impl Into<Cow<'static, str>>) {
        self.__timestamps_mut(Access::new()).advance(reason.into(), None);
    }

    fn touch_with(
        &mut self,
        reason: impl Into<Cow<'static, str>>,
        payload: impl Serialize,
    ) -> Result<(), PayloadError> {
        let payload = serde_json::to_string(&payload).map_err(PayloadError)?;
        self.__timestamps_mut(Access::new()).advance(reason.into(), Some(payload.into_boxed_str()));
        Ok(())
    }

    #[inline]
    fn validate(&self) -> Result<(), ValidationError> {
        self.__validate()
    }

    fn pending_events(&self) -> PendingEvents<'_> {
        PendingEvents::of(self)
    }

    fn drain_events(&mut self) -> Drain<'_, Self> {
        Drain::of(self)
    }
}

/// A payload that JSON can not hold, such as a map whose keys are not text.
#[derive(Debug)]
pub struct PayloadError(serde_json::Error);

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the payload can not be serialized as JSON")
    }
}

impl std::error::Error for PayloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
