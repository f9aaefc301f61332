//! What generated code and repositories may call. Not for people, and not covered by semantic versioning.
//!
//! Safe code can name this module; `docs/design.md` says what then happens. Three doors lead to an entity's timestamps:
//!
//! - [`Entity`], implemented by the derive. Its accessors ask for an [`Access`], which only this crate can make, which
//!   can not be kept (its lifetime is the call's) and can not be spent on another type of entity.
//! - the *save* functions, for a repository: [`standing`] says where a save starts from, [`PendingEvents`] what it has
//!   to write, and [`mark_stored`], [`begin_flight`] or [`remember_ids`] how it went.
//! - the *restore* functions, for a row reader: [`restored`], and [`adopt`] or [`adopt_in`].
//!
//! [`PendingEvents`]: crate::PendingEvents

use std::fmt::Display;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use rustc_hash::FxHasher;
pub use uuid::Uuid;

pub use crate::pending::{Attempt, Deletion, Outcome, OutcomeState};
pub use crate::record::codec::{
    JsonField, SkippedField, TextField, column, id_column, id_value, in_column, json_column, read, read_id,
    text_column, write, write_id,
};
use crate::timestamps::Timestamps;
use crate::{Clock, EpochMs, Event, PendingEvents, ValidationError};

/// Leave to reach the timestamps of one entity of type `E`, during one call.
///
/// Invariant in both parameters, so it can neither outlive the call nor be spent on another type.
#[derive(Debug)]
pub struct Access<'call, E> {
    call: PhantomData<fn(&'call ()) -> &'call ()>,
    entity: PhantomData<fn(E) -> E>,
}

impl<E> Access<'_, E> {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self { call: PhantomData, entity: PhantomData }
    }
}

/// What the derive implements; everything public is built on it.
#[diagnostic::on_unimplemented(
    message = "`Timestamped` can not be implemented by hand for `{Self}`",
    label = "this type does not derive `Timestamped`",
    note = "remove this implementation and add `#[derive(Timestamped)]` to `{Self}`: nobody could trust timestamps \
            whose rules each entity writes for itself"
)]
pub trait Entity: Sized {
    /// The type of the id field.
    type __Id: EntityId;

    /// The name in events.
    const __ENTITY_TYPE: &'static str;

    /// The id.
    fn __id(&self) -> &Self::__Id;

    /// The timestamps, for reading.
    fn __timestamps(&self, access: Access<'_, Self>) -> &Timestamps;

    /// The timestamps, for moving.
    fn __timestamps_mut(&mut self, access: Access<'_, Self>) -> &mut Timestamps;

    /// The entity's invariants.
    fn __validate(&self) -> Result<(), ValidationError>;
}

/// What an id must be able to do: be `Clone`, `Eq`, `Hash` and `Display`.
///
/// These are bounds of the implementation and not of the trait: the compiler reports each missing bound of a trait as an
/// error of its own, and a missing implementation once, with the words below.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be the id of an entity",
    label = "an id must be `Clone`, `Eq`, `Hash`, `Display`, `Send`, `Sync` and `'static`",
    note = "derive `Clone`, `PartialEq`, `Eq` and `Hash` for it, and implement `Display`: events carry the id as text"
)]
pub trait EntityId {
    /// The same type again, which has the bounds: it is the `Id` of [`Timestamped`](crate::Timestamped), so that generic
    /// code can clone, compare, hash and show an id.
    type Itself: Clone + Eq + Hash + Display + Send + Sync + 'static;

    /// The id, as the type that has the bounds.
    fn as_itself(&self) -> &Self::Itself;

    /// The id, as the type of the field.
    fn from_itself(itself: &Self::Itself) -> &Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Eq + Hash + Display + Send + Sync + 'static> EntityId for T {
    type Itself = T;

    #[inline]
    fn as_itself(&self) -> &T {
        self
    }

    #[inline]
    fn from_itself(itself: &T) -> &T {
        itself
    }
}

/// The one type that a timestamps field can have; generated code goes through it for the sake of its message.
#[diagnostic::on_unimplemented(
    message = "a timestamps field must have the type `Timestamps`, and this one is a `{Self}`",
    label = "expected `Timestamps`"
)]
pub trait TimestampsField: Sized {
    /// Itself.
    fn get(&self) -> &Timestamps;
    /// Itself.
    fn get_mut(&mut self) -> &mut Timestamps;
    /// Itself, for an entity that is restored.
    fn put(timestamps: Timestamps) -> Self;
}

#[diagnostic::do_not_recommend]
impl TimestampsField for Timestamps {
    #[inline]
    fn get(&self) -> &Timestamps {
        self
    }

    #[inline]
    fn get_mut(&mut self) -> &mut Timestamps {
        self
    }

    #[inline]
    fn put(timestamps: Timestamps) -> Self {
        timestamps
    }
}

/// What `#[timestamped(validate = ..)]` must name; generated code goes through it for the sake of its message.
#[diagnostic::on_unimplemented(
    message = "`validate` must name a function `fn(&{E}) -> Result<(), ValidationError>`",
    label = "this is not such a function",
    note = "write `fn check(&self) -> Result<(), ValidationError>` in `impl {E}`, and `validate = Self::check`"
)]
pub trait Check<E> {
    /// Calls it.
    fn check(self, entity: &E) -> Result<(), ValidationError>;
}

#[diagnostic::do_not_recommend]
impl<E, F: FnOnce(&E) -> Result<(), ValidationError>> Check<E> for F {
    #[inline]
    fn check(self, entity: &E) -> Result<(), ValidationError> {
        self(entity)
    }
}

/// Checks an entity with what `#[timestamped(validate = ..)]` names.
#[inline]
pub fn validate<E>(entity: &E, check: impl Check<E>) -> Result<(), ValidationError> {
    check.check(entity)
}

/// The mark that binds timestamps to one entity: a hash of its type and id, never 0.
///
/// It finds mistakes, not attackers: 32 bits, and anybody can compute it.
#[inline]
pub(crate) fn tag<E: Entity>(entity: &E) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(E::__ENTITY_TYPE.as_bytes());
    entity.__id().as_itself().hash(&mut hasher);
    let hash = hasher.finish();
    ((hash >> 32) as u32 ^ hash as u32) | 1
}

/// Why an entity can not be saved as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its timestamps belong to another entity.
    Tampered,
    /// Another transaction has written it and not ended.
    InFlight,
    /// It was deleted.
    Deleted,
    /// It was loaded in a transaction that was rolled back, and may be what only that had written.
    NeverStored,
    /// A delete of it ended without an answer.
    DeletionUnknown,
}

/// Where a save starts from and where it ends.
#[derive(Clone, Debug)]
pub struct Standing {
    /// When the entity was created.
    pub created_at: EpochMs,
    /// Its `updated_at` after the save.
    pub updated_at: EpochMs,
    /// Its version after the save.
    pub version: u64,
    /// What the row must hold for the save to be allowed; 0 for a row that must not exist.
    pub stored_version: u64,
    /// The row's `updated_at`, if it must exist.
    pub stored_updated_at: EpochMs,
    /// The fingerprint of the columns as last loaded or saved; 0 if never.
    pub digest: u32,
    /// A save that ended without an answer and may have stored some of the events.
    pub unknown: Option<Attempt>,
}

impl Standing {
    /// Returns how many events the save has to write.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.version - self.stored_version
    }
}

/// Says where a save of `entity` starts from, in the transaction `current` if it has begun.
///
/// # Errors
///
/// If the entity can not be saved at all.
pub fn standing<E: Entity>(entity: &mut E, current: Option<&Arc<Outcome>>) -> Result<Standing, Refusal> {
    let standing = standing_of_delete(entity, current)?;
    if unknown_deletion(entity).is_some() { Err(Refusal::DeletionUnknown) } else { Ok(standing) }
}

/// Says where a delete of `entity` starts from; an earlier one whose outcome is unknown does not stand in its way.
///
/// # Errors
///
/// If the entity can not be deleted at all.
pub fn standing_of_delete<E: Entity>(entity: &mut E, current: Option<&Arc<Outcome>>) -> Result<Standing, Refusal> {
    let tag = tag(entity);
    let timestamps = entity.__timestamps_mut(Access::new());
    if timestamps.tag() != tag {
        return Err(Refusal::Tampered);
    }
    timestamps.settle();
    let base = timestamps.base(current);
    if base.deleted {
        return Err(Refusal::Deleted);
    }
    if current.is_none_or(|current| !timestamps.is_carried_by(current)) && timestamps.is_in_flight() {
        return Err(Refusal::InFlight);
    }
    if let Some(loaded_in) = timestamps.loaded_in() {
        let elsewhere = current.is_none_or(|current| !Arc::ptr_eq(current, loaded_in));
        match loaded_in.state() {
            OutcomeState::InFlight if elsewhere => return Err(Refusal::InFlight),
            OutcomeState::RolledBack => return Err(Refusal::NeverStored),
            // If it is unknown, the conditions of the save decide: they compare version, `created_at` and `updated_at`.
            OutcomeState::InFlight | OutcomeState::Committed | OutcomeState::Unknown => {}
        }
    }
    Ok(Standing {
        created_at: timestamps.created_at(),
        updated_at: timestamps.updated_at(),
        version: timestamps.version(),
        stored_version: u64::from(base.version),
        stored_updated_at: timestamps.updated_at_version(base.version),
        digest: base.digest,
        unknown: timestamps.unknown(),
    })
}

/// Returns the events after `base`, with the ids that earlier saves gave them.
pub fn events_after<E: Entity>(entity: &E, base: u64) -> impl ExactSizeIterator<Item = (Event<'_>, Option<Uuid>)> {
    PendingEvents::after(entity, base).map(|event| {
        let id = event.id;
        (event, id)
    })
}

/// Returns the delete whose outcome is unknown.
pub fn unknown_deletion<E: Entity>(entity: &E) -> Option<&Deletion> {
    entity.__timestamps(Access::new()).deletion()
}

/// Returns the save that ended without an answer and may have stored some of the events.
pub fn unknown_attempt<E: Entity>(entity: &E) -> Option<Attempt> {
    entity.__timestamps(Access::new()).unknown()
}

/// Returns the current time of the entity's clock.
pub fn now<E: Entity>(entity: &E) -> EpochMs {
    entity.__timestamps(Access::new()).clock().now()
}

/// The whole entity is stored, with columns of this fingerprint: forget its events.
#[inline]
pub fn mark_stored<E: Entity>(entity: &mut E, digest: u32) {
    entity.__timestamps_mut(Access::new()).mark_stored(digest);
}

/// An attempt whose outcome was unknown is known to be stored: forget the events up to its version.
pub fn mark_attempt_stored<E: Entity>(entity: &mut E, attempt: Attempt) {
    entity.__timestamps_mut(Access::new()).store_through(attempt, false);
}

/// An attempt whose outcome was unknown is known not to be stored.
pub fn mark_attempt_not_stored<E: Entity>(entity: &mut E) {
    entity.__timestamps_mut(Access::new()).forget_unknown();
}

/// A delete is known to be stored.
pub fn mark_deleted<E: Entity>(entity: &mut E, deletion: Deletion) {
    entity.__timestamps_mut(Access::new()).mark_deleted(deletion);
}

/// A delete whose outcome was unknown is known not to be stored.
pub fn withdraw_deletion<E: Entity>(entity: &mut E) {
    entity.__timestamps_mut(Access::new()).withdraw_deletion();
}

/// Keeps the ids that a save gave to the events after `base`, so that the next one uses them again.
pub fn remember_ids<E: Entity>(entity: &mut E, base: u64, ids: &[Uuid]) {
    let base = u32::try_from(base).unwrap_or(u32::MAX);
    entity.__timestamps_mut(Access::new()).remember_ids(base, ids);
}

/// The entity was written in a transaction that has not ended.
pub fn begin_flight<E: Entity>(entity: &mut E, outcome: &Arc<Outcome>, digest: u32, deletion: Option<Deletion>) {
    let timestamps = entity.__timestamps_mut(Access::new());
    timestamps.begin_flight(outcome, timestamps.attempt(digest), deletion);
}

/// A transaction that has not ended holds what an earlier attempt has written; later events are not part of it.
pub fn join_flight<E: Entity>(entity: &mut E, outcome: &Arc<Outcome>, attempt: Attempt, deletion: Option<Deletion>) {
    entity.__timestamps_mut(Access::new()).begin_flight(outcome, attempt, deletion);
}

/// Takes in what is known by now of the transaction that the entity was last saved in.
pub fn settle<E: Entity>(entity: &mut E) {
    entity.__timestamps_mut(Access::new()).settle();
}

/// Returns the timestamps of a stored row, to be put into the entity it becomes; then [`adopt`] it.
#[must_use]
#[inline]
pub fn restored(created_at: EpochMs, updated_at: EpochMs, version: u32, clock: &Clock) -> Timestamps {
    Timestamps::restored(created_at, updated_at, version, clock)
}

/// Binds the timestamps of an entity restored in the open transaction of `outcome`, which may have written the row.
///
/// If the transaction is rolled back, the entity is not saved any more: another row may have come to have its version.
pub fn adopt_in<E: Entity>(entity: &mut E, digest: u32, outcome: &Arc<Outcome>) {
    adopt(entity, digest);
    entity.__timestamps_mut(Access::new()).set_loaded_in(outcome);
}

/// Binds the timestamps of a restored entity to it, and remembers the fingerprint of its columns.
pub fn adopt<E: Entity>(entity: &mut E, digest: u32) {
    let tag = tag(entity);
    let timestamps = entity.__timestamps_mut(Access::new());
    timestamps.bind(tag);
    timestamps.set_digest(digest);
}
