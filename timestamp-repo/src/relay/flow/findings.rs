//! What was found out and is to be kept: how far the relay is, what was refused, what is kept aside.
//!
//! # Laws
//!
//! 1. What was found out is to be kept until a caller has taken it, and again once the caller gives it back.
//! 2. What is given back is older than what was found out meanwhile: the place is the newer one, of each event the newer
//!    count of refusals, and everything else stays in its order.
//! 3. Refusals of an event are counted until it is delivered or parked, and then it is kept that there are none.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::super::storage::{Again, EntityKey, ParkedEntity, Place, Progress, Refusal, ToPark};
use super::parked::Parked;

#[derive(Debug)]
pub(super) struct Findings {
    pub(super) parked: Parked,
    /// How often events were refused that are not done, also those that are not read again since a crash.
    refusals: HashMap<i64, u32, FxBuildHasher>,
    /// What is not kept.
    progress: Progress,
}

impl Findings {
    pub(super) fn new(parked: Vec<ParkedEntity>, refusals: Vec<Refusal>) -> Self {
        Self {
            parked: Parked::new(parked),
            refusals: refusals.into_iter().map(|refusal| (refusal.seq, refusal.times)).collect(),
            progress: Progress::default(),
        }
    }

    /// What is to be kept.
    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What is to be kept, if anything. It is the caller's from here on.
    pub(super) fn take(&mut self) -> Option<Progress> {
        if self.progress.is_empty() {
            return None;
        }
        self.parked.begin_keeping();
        Some(std::mem::take(&mut self.progress))
    }

    /// Gives back what could not be kept. Nothing, where only the lease was to be renewed: what was kept before that is.
    pub(super) fn put_back(&mut self, mut progress: Progress) {
        if progress.is_empty() {
            return;
        }
        self.parked.put_back();
        let newer = std::mem::take(&mut self.progress);
        progress.place = newer.place.or(progress.place);
        progress.parked.extend(newer.parked);
        progress.delivered_from_parking.extend(newer.delivered_from_parking);
        progress.parked_again.extend(newer.parked_again);
        progress.refusals.retain(|old| newer.refusals.iter().all(|refusal| refusal.seq != old.seq));
        progress.refusals.extend(newer.refusals);
        self.progress = progress;
    }

    pub(super) fn place(&mut self, place: Place) {
        self.progress.place = Some(place);
    }

    pub(super) fn refusals(&self, seq: i64) -> u32 {
        if self.refusals.is_empty() { 0 } else { self.refusals.get(&seq).copied().unwrap_or(0) }
    }

    pub(super) fn refused(&mut self, seq: i64, times: u32) {
        self.note_refusals(seq, times);
        self.refusals.insert(seq, times);
    }

    pub(super) fn delivered(&mut self, seq: i64) {
        self.forget_refusals(seq);
    }

    pub(super) fn delivered_from_parking(&mut self, entity: &EntityKey, seq: i64) {
        self.progress.delivered_from_parking.push(seq);
        self.parked.delivered(entity, seq);
    }

    pub(super) fn park(&mut self, event: ToPark) {
        self.forget_refusals(event.seq);
        self.parked.park(event.entity.clone(), event.seq);
        self.progress.parked.push(event);
    }

    pub(super) fn park_again(&mut self, again: Again) {
        self.parked.parked_again(&again.entity);
        self.progress.parked_again.push(again);
    }

    /// Takes in what the store said of these entities, when it was asked what it has parked of them.
    pub(super) fn correct(&mut self, asked: &[EntityKey], stored: &[ParkedEntity]) {
        let unstored: Vec<_> = self.progress.parked.iter().map(|it| (it.entity.clone(), it.seq)).collect();
        self.parked.correct(asked, stored, &unstored);
    }

    fn forget_refusals(&mut self, seq: i64) {
        if !self.refusals.is_empty() && self.refusals.remove(&seq).is_some() {
            self.note_refusals(seq, 0);
        }
    }

    fn note_refusals(&mut self, seq: i64, times: u32) {
        self.progress.refusals.retain(|refusal| refusal.seq != seq);
        self.progress.refusals.push(Refusal { seq, times });
    }
}
