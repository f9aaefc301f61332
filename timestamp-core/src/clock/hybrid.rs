//! `HybridClock`: a clock that never goes back, and whose stamps are in the order in which things happened on several nodes.
//!
//! A hybrid logical clock (Kulkarni, Demirbas and others, 2014) follows the physical clock, and where that stands still, goes
//! back, or is behind a stamp that came from elsewhere, it counts instead.
//!
//! # Laws
//!
//! 1. A stamp is greater than every stamp that the clock has given out or taken in before.
//! 2. A reading of the clock is never earlier than one before it, nor than the time of a stamp before it.
//! 3. No stamp's time is further ahead of the latest physical time that its clock has seen than a bound.
//! 4. No two stamps are equal, as long as no two nodes have one id.
//! 5. A clock that was told where to remember keeps laws 1, 2 and 4 over restarts, however it ended.
//!
//! The first two are the body of [`HybridTime::next_after`], the third and the fifth that of [`HybridTime::extend`]: the last
//! stamp is one number, and up to a limit whoever wants a stamp replaces it by a greater one, without a lock. Only where the
//! limit is reached is it decided, under a lock, whether the bound and the memory allow for a greater limit.
//!
//! [`HybridTime::next`] is the short cut for the many stamps of one millisecond: once somebody has brought the clock there,
//! the last stamp need only be counted up, which one thread never does in vain because of another.

mod error;
mod memory;
mod node;
mod options;
mod stamp;
mod text;

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration as StdDuration;

pub use self::error::{MergeError, StampError};
use self::memory::Memory;
pub use self::memory::RememberError;
pub use self::node::NodeId;
pub use self::options::HybridOptions;
pub use self::stamp::HybridStamp;
use self::stamp::Packed;
pub use self::text::StampParseError;
use super::watched::Watch;
use super::{Clock, ClockJumps, Source};
use crate::EpochMs;

/// A clock that never goes back, and whose stamps are in the order in which things happened on several nodes; made by
/// [`Clock::hybrid`], or by [`options`](Self::options).
///
/// It derefs to [`Clock`], so `&hybrid` goes wherever a `&Clock` is asked for: entities and stores then see a time that never
/// goes back. Every clone shares one time.
///
/// A node takes a [`stamp`](Self::stamp) for what it does and sends it along with its messages; whoever receives one
/// [merges](Self::merge) it before doing anything about it. Then what happened before has the smaller stamp, whatever the
/// clocks of the nodes show.
///
/// # Example: a message from a node whose clock is ahead
///
/// ```
/// use timestamp_core::{Clock, EpochMs, HybridClock, NodeId};
///
/// let noon: EpochMs = "2026-01-31T12:00:00.000Z".parse()?;
/// let ahead = Clock::manual("2026-01-31T12:00:00.200Z".parse()?);
/// let sender = HybridClock::options(NodeId::new(1)).source(&ahead).start();
/// let receiver = HybridClock::options(NodeId::new(2)).source(&Clock::manual(noon)).start();
///
/// let sent = sender.stamp()?;
/// let received = receiver.merge(sent)?;
/// assert!(sent < received && received < receiver.stamp()?);
/// assert_eq!(received.to_string(), "2026-01-31T12:00:00.200Z-0001-0000000000000002");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HybridClock {
    clock: Clock,
}

impl HybridClock {
    /// Returns the options of a clock for this node: over another source than the system clock, with another bound, or with
    /// a place to remember.
    pub fn options(node: NodeId) -> HybridOptions {
        HybridOptions::new(node)
    }

    fn new(time: HybridTime) -> Self {
        Self { clock: Clock { source: Some(Arc::new(Source::Hybrid(time))) } }
    }

    #[inline]
    fn time(&self) -> &HybridTime {
        match self.clock.source.as_deref() {
            Some(Source::Hybrid(time)) => time,
            _ => unreachable!("`new` is the only constructor, and it makes a hybrid source"),
        }
    }

    /// Returns the node whose stamps these are.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.time().node
    }

    /// Returns a new stamp, greater than every one before: for something that happens here, or for a message that is sent.
    ///
    /// # Errors
    ///
    /// [`Exhausted`](StampError::Exhausted) if the physical clock has stood still or been set back for so long that every
    /// stamp up to the bound is given out, and [`NotRemembered`](StampError::NotRemembered) if the clock's file can not be
    /// written.
    // Always, because otherwise the answer goes through memory, written in halves that the processor can not read back as a
    // whole: a seventh of what the whole stamp takes.
    #[inline(always)]
    pub fn stamp(&self) -> Result<HybridStamp, StampError> {
        let time = self.time();
        match time.next() {
            Ok(packed) => Ok(HybridStamp::new(packed, time.node)),
            Err(error) => Err(*error),
        }
    }

    /// Takes in the stamp of a message that was received, and returns the stamp of its receipt, greater than both that stamp
    /// and every one before.
    ///
    /// # Errors
    ///
    /// On every error the clock is as it was. [`TooFarAhead`](MergeError::TooFarAhead) if the stamp is further ahead of the
    /// physical clock than the bound; [`OwnNode`](MergeError::OwnNode) if it bears this clock's node and is later than every
    /// one that it has given out; [`Stamp`](MergeError::Stamp) as [`stamp`](Self::stamp) has it.
    pub fn merge(&self, received: HybridStamp) -> Result<HybridStamp, MergeError> {
        let time = self.time();
        time.admit(received)?;
        let packed = time.next_after(received.packed(), time.physical()).map_err(|error| MergeError::Stamp(*error))?;
        Ok(HybridStamp::new(packed, time.node))
    }

    /// Returns the current time as [`now`](Clock::now) does, or why the clock stands still: for health checks.
    ///
    /// # Errors
    ///
    /// [`NotRemembered`](StampError::NotRemembered) if the clock's file can not be written. `now` then stays at the last time
    /// that a restart is known not to fall behind.
    ///
    /// # Example
    ///
    /// ```
    /// use timestamp_core::{Clock, NodeId};
    ///
    /// let clock = Clock::hybrid(NodeId::new(1));
    /// assert!(clock.checked_now()? <= clock.now());
    /// # Ok::<(), timestamp_core::hybrid::StampError>(())
    /// ```
    pub fn checked_now(&self) -> Result<EpochMs, StampError> {
        let (now, failure) = self.time().reach(self.time().physical());
        failure.map_or(Ok(now), |error| Err(*error))
    }

    /// Returns how far the clock is ahead of its physical clock: because it has merged stamps of nodes that are, or because
    /// the physical clock was set back. It gives out no stamp.
    #[must_use]
    pub fn ahead(&self) -> StdDuration {
        let time = self.time();
        time.last().time().saturating_duration_since(time.physical().time())
    }

    /// Returns the jumps of the physical clock that were noticed up to now; [`WatchedClock`](crate::WatchedClock) says how.
    #[must_use]
    pub fn jumps(&self) -> ClockJumps {
        self.time().watch.jumps()
    }
}

impl Deref for HybridClock {
    type Target = Clock;

    fn deref(&self) -> &Clock {
        &self.clock
    }
}

impl From<HybridClock> for Clock {
    fn from(hybrid: HybridClock) -> Self {
        hybrid.clock
    }
}

/// A number on a cache line of its own: whoever replaces it takes the line away from all others, and they still need what
/// only changes now and then.
#[repr(align(64))]
struct OwnLine(AtomicU64);

/// The time of a hybrid clock, shared by every clone of it.
pub(super) struct HybridTime {
    /// The greatest stamp that was given out or read, which is below `hard`, or what was counted up since.
    last: OwnLine,
    /// A physical millisecond that `last` has reached, or [what no clock shows](Self::none_reached).
    reached: AtomicU64,
    /// Where [`extend`](Self::extend) is asked; at most `hard`.
    limit: AtomicU64,
    /// No stamp from here on may be given out before `extend` has moved it. It never falls.
    hard: AtomicU64,
    /// The latest physical time that was seen at the start or by `extend`, in milliseconds.
    highest: AtomicU64,
    node: NodeId,
    max_ahead: u64,
    source: Clock,
    watch: Watch,
    memory: Mutex<Option<Memory>>,
}

impl HybridTime {
    /// The last millisecond that has stamps: one is left for the end of what is remembered.
    const LAST_MILLIS: u64 = EpochMs::MAX.as_millis() as u64 - 1;

    /// Stamps between the hard limit and what may not be passed: the bound, or the end of what is remembered. Where `last` is
    /// counted up, it is known only afterwards that it met the limit, and by then each thread may have counted once: so many
    /// threads may do so at the same time.
    const MARGIN: u64 = 1 << 12;

    /// A clock whose stamps begin at `first`, or at the physical time if that is later.
    fn new(options: &HybridOptions, first: Option<EpochMs>, memory: Option<Memory>) -> Self {
        // The remembered time counts as seen: the clock was there before.
        let begin = first.map_or(Packed(0), |first| Packed(Packed::first_of(first).0.saturating_sub(1)));
        let end = memory.as_ref().map_or(0, Memory::reserved);
        let seen = memory.as_ref().map_or_else(|| Packed::first_of(options.source.shown()).millis(), Memory::seen);
        Self {
            last: OwnLine(AtomicU64::new(begin.0)),
            reached: AtomicU64::new(Self::none_reached(0)),
            limit: AtomicU64::new(0),
            hard: AtomicU64::new(Packed::of_millis(end).0.saturating_sub(Self::MARGIN)),
            highest: AtomicU64::new(begin.millis().max(seen)),
            node: options.node,
            max_ahead: options.max_ahead_millis(),
            source: options.source.clone(),
            watch: Watch::over(&options.source, options.jump_threshold),
            memory: Mutex::new(memory),
        }
    }

    #[inline]
    fn physical(&self) -> Packed {
        self.noticed(self.source.now())
    }

    /// Has the jumps noticed, and returns the first stamp of a reading of the physical clock.
    #[inline]
    fn noticed(&self, now: EpochMs) -> Packed {
        self.watch.notice(now, &self.source);
        // One comparison for both ends: as an unsigned number, a time before 1970 is a very large one.
        let millis = now.as_millis() as u64;
        if millis <= Self::LAST_MILLIS { Packed::of_millis(millis) } else { Self::nearest(now) }
    }

    #[cold]
    fn nearest(outside: EpochMs) -> Packed {
        Packed::of_millis(if outside < EpochMs::UNIX_EPOCH { 0 } else { Self::LAST_MILLIS })
    }

    pub(super) fn last(&self) -> HybridStamp {
        HybridStamp::new(Packed(self.last.0.load(Ordering::Relaxed)), self.node)
    }

    /// Gives out a stamp that is greater than every stamp before, and not behind the physical clock.
    ///
    /// The error is boxed so that the answer fits into registers.
    #[inline]
    fn next(&self) -> Result<Packed, Box<StampError>> {
        let now = self.source.now();
        // Acquired, so that `last` is seen to have reached this millisecond, too.
        if now.as_millis() as u64 == self.reached.load(Ordering::Acquire) {
            let next = self.last.0.fetch_add(1, Ordering::Relaxed) + 1;
            if next < self.limit.load(Ordering::Acquire) {
                return Ok(Packed(next));
            }
            self.meet_limit(next);
        }
        self.first_at(now)
    }

    /// Has nobody count on who sees this, before the limit moves. The number that met the limit is nobody's.
    #[cold]
    fn meet_limit(&self, number: u64) {
        self.reached.store(Self::none_reached(number), Ordering::Release);
    }

    /// What no clock shows, as its highest bits are those of a time long before the year 0; different for every two numbers
    /// that are less than 2,000 years apart, so that it is known whether it was replaced meanwhile.
    const fn none_reached(number: u64) -> u64 {
        1 << 63 | number & (u64::MAX >> 2)
    }

    const fn is_none(reached: u64) -> bool {
        reached >> 63 == 1
    }

    /// Gives out a stamp where `last` is not known to have reached this millisecond, or was counted up as far as the limit.
    #[inline(never)]
    fn first_at(&self, now: EpochMs) -> Result<Packed, Box<StampError>> {
        self.next_after(Packed(0), self.noticed(now))
    }

    /// Gives out the smallest stamp that is greater than `after` and every stamp before, and not behind the physical clock.
    ///
    /// The orderings on `last` are relaxed because everything is in the one number: of two accesses to it, whichever is known
    /// to come after sees at least what the other one saw.
    fn next_after(&self, after: Packed, physical: Packed) -> Result<Packed, Box<StampError>> {
        let reached = self.reached.load(Ordering::Acquire);
        let mut last = self.last.0.load(Ordering::Relaxed);
        loop {
            let next = (last.max(after.0) + 1).max(physical.0);
            if next >= self.limit.load(Ordering::Acquire) {
                self.extend(Packed(next), physical)?;
            }
            match self.last.0.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    if next < self.limit.load(Ordering::Acquire) {
                        self.show_reached(reached, physical.millis());
                    }
                    return Ok(Packed(next));
                }
                Err(other) => last = other,
            }
        }
    }

    /// Has the next stamp find out anew what `last` has reached.
    fn forget_reached(&self) {
        let before = self.reached.load(Ordering::Acquire);
        // What the limit was met with stays.
        if !Self::is_none(before) {
            let none = Self::none_reached(self.last.0.load(Ordering::Relaxed));
            let _ = self.reached.compare_exchange(before, none, Ordering::Release, Ordering::Relaxed);
        }
    }

    /// Lets the stamps of this millisecond be counted up, unless somebody met the limit since `before` was read: a thread
    /// that was kept waiting would have everybody count on beyond it, once more for each such thread.
    #[inline]
    fn show_reached(&self, before: u64, millis: u64) {
        if before != millis {
            // Whoever has replaced it meanwhile knows better.
            let _ = self.reached.compare_exchange(before, millis, Ordering::Release, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(super) fn now(&self) -> EpochMs {
        let physical = self.physical();
        let last = Packed(self.last.0.load(Ordering::Relaxed));
        // Readings within one millisecond write nothing.
        if last >= physical { last.time() } else { self.reach(physical).0 }
    }

    /// Moves the clock up to the physical time, as far as it may go, and says what kept it.
    fn reach(&self, physical: Packed) -> (EpochMs, Option<Box<StampError>>) {
        // If the physical clock is set back to that millisecond, a stamp has to notice it.
        self.forget_reached();
        let mut target = physical.0;
        let mut failure = None;
        if target >= self.limit.load(Ordering::Acquire)
            && let Err(error) = self.extend(physical, physical)
        {
            let until = Packed(self.hard.load(Ordering::Acquire).saturating_sub(1));
            target = target.min(Packed::of_millis(until.millis()).0);
            failure = Some(error);
        }
        let last = self.last.0.fetch_max(target, Ordering::Relaxed);
        (Packed(last.max(target)).time(), failure)
    }

    /// Refuses a stamp that would put this clock too far ahead, or that can not be.
    fn admit(&self, received: HybridStamp) -> Result<(), MergeError> {
        // What the clock has reached already does not move it.
        if received.packed().0 <= self.last.0.load(Ordering::Relaxed) {
            return Ok(());
        }
        if received.node() == self.node {
            return Err(MergeError::OwnNode { received });
        }
        let physical = self.physical().millis();
        let highest = self.highest.load(Ordering::Relaxed).max(physical);
        if received.packed().millis() > highest.saturating_add(self.max_ahead) {
            let (physical, most) = (Packed::of_millis(highest).time(), StdDuration::from_millis(self.max_ahead));
            return Err(MergeError::TooFarAhead { received, physical, most });
        }
        Ok(())
    }

    /// Sees to it that `next` lies below the hard limit, or says why it can not.
    #[cold]
    fn extend(&self, next: Packed, physical: Packed) -> Result<(), Box<StampError>> {
        let Some(mut memory) = self.memory_for(next) else { return Ok(()) };
        let highest = self.highest.load(Ordering::Relaxed).max(physical.millis());
        self.highest.store(highest, Ordering::Relaxed);
        let most = highest.saturating_add(self.max_ahead).min(Self::LAST_MILLIS);
        // What may be counted up before the hard limit is seen is kept back here, too.
        let needed = Packed(next.0 + Self::MARGIN).millis();
        if needed > most {
            let (physical, most) = (physical.time(), StdDuration::from_millis(self.max_ahead));
            return Err(Box::new(StampError::Exhausted { physical, most }));
        }
        // The first stamp that is beyond the bound.
        let beyond = Packed::of_millis(most + 1).0;
        let (limit, hard) = match memory.as_mut() {
            None => (beyond, beyond),
            Some(memory) => {
                if let Err(error) = memory.reach(needed) {
                    // Up to the hard limit it goes on, and tries again each time.
                    return if next.0 < self.hard.load(Ordering::Relaxed) {
                        Ok(())
                    } else {
                        Err(Box::new(error.into()))
                    };
                }
                (Packed::of_millis(memory.soon()).0.min(beyond), Packed::of_millis(memory.reserved()).0.min(beyond))
            }
        };
        let hard = hard - Self::MARGIN;
        // After what is remembered is safe on disk, and not before.
        self.hard.store(hard, Ordering::Release);
        self.limit.store(limit.min(hard), Ordering::Release);
        Ok(())
    }

    /// Locks the memory, or returns `None` if somebody else is extending the limit already and `next` need not wait for it.
    fn memory_for(&self, next: Packed) -> Option<MutexGuard<'_, Option<Memory>>> {
        if next.0 < self.hard.load(Ordering::Acquire) {
            match self.memory.try_lock() {
                Ok(memory) => Some(memory),
                Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            }
        } else {
            // Nothing is left half done by a thread that panicked here: the limits are stored last.
            Some(self.memory.lock().unwrap_or_else(PoisonError::into_inner))
        }
    }
}

impl Drop for HybridTime {
    /// Remembers the last stamp itself, so that the next start need not begin at the end of what was reserved.
    fn drop(&mut self) {
        let last = Packed(*self.last.0.get_mut());
        if let Some(memory) = self.memory.get_mut().unwrap_or_else(PoisonError::into_inner) {
            memory.close(last.millis());
        }
    }
}
