//! A clock that several threads use at once, while its physical clock steps back and forth and its disk fails now and then.
//!
//! Each thread writes down what it saw, and between which two tickets: whoever drew the second one before another drew the
//! first was before it. The laws of the clock are asked of what was written down when all is over.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::*;
use crate::clock::hybrid::Packed;

const THREADS: u64 = 4;

/// How much each thread does, and how many stamps it takes each time that it takes some.
#[derive(Clone, Copy)]
struct Zeal {
    deeds: usize,
    stamps: u64,
}

/// Numbers that look like chance and are the same in each run.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from) as u64) as i64
    }
}

#[derive(Debug)]
enum Seen {
    Stamp(HybridStamp),
    Receipt {
        sent: HybridStamp,
        receipt: HybridStamp,
    },
    Reading(EpochMs),
    /// What the file would say after a crash.
    EndOnDisk(EpochMs),
    PhysicalSet(EpochMs),
}

impl Seen {
    fn stamp(&self) -> Option<HybridStamp> {
        match self {
            Self::Stamp(stamp) | Self::Receipt { receipt: stamp, .. } => Some(*stamp),
            Self::Reading(_) | Self::EndOnDisk(_) | Self::PhysicalSet(_) => None,
        }
    }

    /// The time that no later reading may be before.
    fn time(&self) -> Option<EpochMs> {
        if let Self::Reading(time) = self { Some(*time) } else { self.stamp().map(HybridStamp::time) }
    }
}

#[derive(Debug)]
struct Entry {
    drawn_before: u64,
    drawn_after: u64,
    seen: Seen,
}

/// What came out otherwise than well, so that a test that only ever goes well is noticed.
#[derive(Debug, Default)]
struct Refusals {
    not_remembered: usize,
    too_far_ahead: usize,
    /// The last stamp was counted up to the limit or beyond it, where it is nobody's.
    limit_met: usize,
}

struct Play {
    storage: Simulated,
    physical: ManualClock,
    clock: HybridClock,
    tickets: AtomicU64,
}

impl Play {
    fn new(seed: u64) -> Self {
        let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
        let clock = storage.clock(&options(&physical)).unwrap();
        storage.with(|disk| disk.flaky = Some(Dice(seed)));
        Self { storage, physical, clock, tickets: AtomicU64::new(0) }
    }

    /// Does something many times, as chance has it.
    fn perform(&self, zeal: Zeal, mut dice: Dice) -> (Vec<Entry>, Refusals) {
        let (mut entries, mut refusals) = (Vec::new(), Refusals::default());
        let (mut deeds, mut stamps) = (0, 0);
        while deeds < zeal.deeds {
            let drawn_before = self.tickets.fetch_add(1, Ordering::SeqCst);
            let deed = if stamps > 0 { 0 } else { dice.below(16) };
            let seen = match deed {
                0..5 => {
                    stamps = if stamps > 0 { stamps - 1 } else { dice.below(zeal.stamps) };
                    self.clock.stamp().map(Seen::Stamp).map_err(MergeError::Stamp)
                }
                5..9 => self.merge(&mut dice),
                9..12 => Ok(Seen::Reading(self.clock.now())),
                12 => self.clock.checked_now().map(Seen::Reading).map_err(MergeError::Stamp),
                13 => Ok(Seen::EndOnDisk(self.end_on_disk(&mut dice))),
                _ => Ok(Seen::PhysicalSet(self.step(&mut dice))),
            };
            let drawn_after = self.tickets.fetch_add(1, Ordering::SeqCst);
            match seen {
                Ok(seen) => entries.push(Entry { drawn_before, drawn_after, seen }),
                Err(MergeError::TooFarAhead { .. }) => refusals.too_far_ahead += 1,
                Err(MergeError::Stamp(StampError::NotRemembered(_))) => refusals.not_remembered += 1,
                // The greatest stamp that is let in leaves none for its receipt.
                Err(MergeError::Stamp(StampError::Exhausted { .. })) => {}
                Err(error) => panic!("{error}"),
            }
            deeds += usize::from(stamps == 0);
            refusals.limit_met += usize::from(self.counted_beyond_limit() > 0);
            // Seldom: where others want the processor, it is not given back soon.
            if dice.below(32) == 0 {
                thread::yield_now();
            }
        }
        (entries, refusals)
    }

    /// How many stamps are counted up that may not be given out. No thread has others count on once it knows that there are,
    /// so each thread counted one at most.
    fn counted_beyond_limit(&self) -> u64 {
        let time = self.clock.time();
        // In this order, as neither ever falls.
        let last = time.last.0.load(Ordering::Acquire);
        let counted = (last + 1).saturating_sub(time.hard.load(Ordering::Acquire));
        assert!(counted <= THREADS, "{counted} stamps were counted up beyond the limit");
        counted
    }

    fn merge(&self, dice: &mut Dice) -> Result<Seen, MergeError> {
        let physical = self.physical.now().as_millis();
        let end = self.end_on_disk(dice).as_millis();
        // Some are just before the end of what is reserved, or before the bound.
        let sent_at = [physical + dice.between(-300, 700), physical + 500, end - 1][dice.below(3) as usize];
        let before_the_limit = (0x1_0000 - HybridTime::MARGIN - 1 - dice.below(200)) as u16;
        let counter = [0, 1, before_the_limit, u16::MAX][dice.below(4) as usize];
        let sent = HybridStamp::from_parts(EpochMs::from_millis(sent_at).unwrap(), counter, NodeId::new(2)).unwrap();
        self.clock.merge(sent).map(|receipt| Seen::Receipt { sent, receipt })
    }

    fn end_on_disk(&self, dice: &mut Dice) -> EpochMs {
        let crashed = self.storage.with(|disk| disk.after_crash(dice.below(2) == 0, 0));
        form::read(&crashed.real.unwrap()).unwrap().1
    }

    fn step(&self, dice: &mut Dice) -> EpochMs {
        // More forwards than back, or the clock would only count.
        let by = if dice.below(40) == 0 { dice.between(-2_000, 1_000) } else { dice.between(-60, 140) };
        let now = EpochMs::from_millis(self.physical.now().as_millis() + by).unwrap();
        self.physical.set(now);
        now
    }
}

/// Asserts laws 1 to 4, and of the fifth that nothing was given out or shown which a crash would have forgotten.
fn assert_laws(entries: &[Entry]) {
    let mut by_end: Vec<&Entry> = entries.iter().collect();
    by_end.sort_by_key(|entry| entry.drawn_after);
    let mut by_begin: Vec<&Entry> = entries.iter().collect();
    by_begin.sort_by_key(|entry| entry.drawn_before);

    let mut over = by_end.iter().peekable();
    let (mut last, mut shown) = (None, EpochMs::MIN);
    for entry in &by_begin {
        while let Some(before) = over.next_if(|before| before.drawn_after < entry.drawn_before) {
            last = last.max(before.seen.stamp());
            shown = shown.max(before.seen.time().unwrap_or(EpochMs::MIN));
        }
        if let Some(stamp) = entry.seen.stamp() {
            assert!(Some(stamp) > last, "law 1: {entry:?} after {last:?}");
        }
        if let Some(time) = entry.seen.time() {
            assert!(time >= shown, "law 2: {entry:?} after {shown}");
        }
        match entry.seen {
            Seen::Receipt { sent, receipt } => assert!(sent < receipt, "law 1: {entry:?}"),
            Seen::EndOnDisk(end) => assert!(shown < end, "law 5: {entry:?} after {shown}"),
            Seen::Stamp(_) | Seen::Reading(_) | Seen::PhysicalSet(_) => {}
        }
    }

    let mut set = by_begin.iter().filter(|entry| matches!(entry.seen, Seen::PhysicalSet(_))).peekable();
    let mut highest = at(0);
    for entry in &by_end {
        while let Some(Entry { seen: Seen::PhysicalSet(to), .. }) =
            set.next_if(|set| set.drawn_before < entry.drawn_after)
        {
            highest = highest.max(*to);
        }
        if let Some(time) = entry.seen.time() {
            assert!(time <= highest.saturating_add(StdDuration::from_millis(500)), "law 3: {entry:?} at {highest}");
        }
    }

    let stamps: Vec<HybridStamp> = entries.iter().filter_map(|entry| entry.seen.stamp()).collect();
    let different: BTreeSet<&HybridStamp> = stamps.iter().collect();
    assert_eq!(different.len(), stamps.len(), "law 4");
}

/// Asserts that no stamp is behind all that the physical clock may have shown while it was taken.
fn assert_stamps_follow_the_physical_clock(entries: &[Entry]) {
    let mut stamps: Vec<&Entry> = entries.iter().filter(|entry| entry.seen.stamp().is_some()).collect();
    stamps.sort_by_key(|entry| entry.drawn_before);
    let sets = || entries.iter().filter(|entry| matches!(entry.seen, Seen::PhysicalSet(_)));
    let (mut begun, mut over): (Vec<&Entry>, Vec<&Entry>) = (sets().collect(), sets().collect());
    begun.sort_by_key(|set| set.drawn_before);
    over.sort_by_key(|set| set.drawn_after);
    let (mut begun, mut over) = (begun.into_iter().peekable(), over.into_iter().peekable());

    let start = Entry { drawn_before: 0, drawn_after: 0, seen: Seen::PhysicalSet(at(0)) };
    let mut possible = vec![&start];
    // What was set before this one began is not shown any more.
    let mut replaced_from = 0;
    for stamp in stamps {
        while let Some(set) = over.next_if(|set| set.drawn_after < stamp.drawn_before) {
            replaced_from = replaced_from.max(set.drawn_before);
        }
        possible.extend(std::iter::from_fn(|| begun.next_if(|set| set.drawn_before < stamp.drawn_after)));
        possible.retain(|set| set.drawn_after >= replaced_from);
        let shown = possible.iter().filter_map(|set| match set.seen {
            Seen::PhysicalSet(to) => Some(to),
            _ => None,
        });
        let lowest = shown.min().unwrap();
        assert!(stamp.seen.time() >= Some(lowest), "{stamp:?} is behind the physical clock, {lowest} at least");
    }
}

#[test]
fn laws_hold_for_threads_on_one_clock_whose_source_steps_and_whose_disk_fails() {
    play(20, Zeal { deeds: 2_000, stamps: 4 });
}

/// The stamps of a millisecond are used up, in which the limit lies.
#[test]
fn laws_hold_for_threads_that_count_as_far_as_they_may() {
    play(4, Zeal { deeds: 100, stamps: 6_000 });
}

fn play(seeds: u64, zeal: Zeal) {
    let mut total = Refusals::default();
    for seed in 0..seeds {
        let play = Play::new(seed);
        let mut entries = Vec::new();
        thread::scope(|scope| {
            let perform = |number| {
                let play = &play;
                scope.spawn(move || play.perform(zeal, Dice(seed * THREADS + number)))
            };
            let threads: Vec<_> = (0..THREADS).map(perform).collect();
            for thread in threads {
                let (more, refusals) = thread.join().unwrap();
                entries.extend(more);
                total.not_remembered += refusals.not_remembered;
                total.too_far_ahead += refusals.too_far_ahead;
                total.limit_met += refusals.limit_met;
            }
        });
        assert_laws(&entries);
        assert_stamps_follow_the_physical_clock(&entries);

        // Law 5: it crashes, or ends well, on a disk that is well, too; and then its physical clock is set back.
        let Play { storage, physical, clock, .. } = play;
        let crashed = crashed(&storage);
        storage.with(|disk| disk.flaky = None);
        drop(clock);
        physical.set(at(-3_600_000));
        let last = entries.iter().filter_map(|entry| entry.seen.stamp()).max().unwrap();
        let shown = entries.iter().filter_map(|entry| entry.seen.time()).max().unwrap();
        for storage in [crashed, storage] {
            let again = storage.clock(&options(&physical)).unwrap();
            assert!(again.now() >= shown, "law 5: {} after {shown}", again.now());
            let stamp = again.stamp().unwrap();
            assert!(stamp > last, "law 5: {stamp} after {last}");
        }
    }
    let deeds = (seeds * THREADS) as usize * zeal.deeds;
    let some = |count: usize| count >= deeds / 1_000;
    assert!([total.not_remembered, total.too_far_ahead, total.limit_met].into_iter().all(some), "{total:?} of {deeds}");
}

#[test]
fn thread_that_was_kept_waiting_has_nobody_count_on_beyond_the_limit() {
    let physical = Clock::manual(at(0));
    let clock = options(&physical).max_ahead(StdDuration::ZERO).start();
    let time = clock.time();
    for millis in 0..3 {
        physical.set(at(millis));
        // What a thread reads before it gives out the first stamp of the millisecond, and then it is kept waiting.
        let read_before = time.reached.load(Ordering::Acquire);
        while clock.stamp().is_ok() {}
        let last = time.last();
        time.show_reached(read_before, Packed::first_of(at(millis)).millis());
        assert!(clock.stamp().is_err());
        assert_eq!(time.last(), last, "nobody counts beyond the limit once somebody has met it");
    }
}
