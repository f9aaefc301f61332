//! The laws of the hybrid clock, and what its stamps look like. What it remembers is tested beside the code, and over
//! processes that are killed in `hybrid_clock_restart.rs`.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use timestamp_core::hybrid::{MergeError, StampError, StampParseError};
use timestamp_core::{Clock, EpochMs, HybridClock, HybridStamp, ManualClock, NodeId};

const NOON: i64 = 1_769_860_800_000;
const MAX_AHEAD: i64 = 500;

/// Stamps before the bound that are not given out, because threads may count up together before they see that it is met.
const KEPT_BACK: usize = 4_096;

fn at(millis: i64) -> EpochMs {
    EpochMs::from_millis(NOON + millis).unwrap()
}

fn hybrid(node: u64, physical: &ManualClock) -> HybridClock {
    HybridClock::options(NodeId::new(node)).source(physical).start()
}

fn stamp(millis: i64, counter: u16, node: u64) -> HybridStamp {
    HybridStamp::from_parts(at(millis), counter, NodeId::new(node)).unwrap()
}

/// What happens in a network.
#[derive(Clone, Debug)]
enum Step {
    /// Something happens on a node, and it tells this other one.
    Send { from: usize, to: usize },
    /// The node takes in one of the messages on their way to it, not always the oldest.
    Receive { node: usize, message: usize },
    /// Something reads the node's clock.
    Read { node: usize },
    /// Time passes on all nodes.
    Pass { millis: i64 },
    /// The physical clock of a node is set, forwards or backwards.
    Set { node: usize, by: i64 },
}

const NODES: usize = 4;

fn step() -> impl Strategy<Value = Step> {
    let node = 0..NODES;
    prop_oneof![
        4 => (node.clone(), node.clone()).prop_map(|(from, to)| Step::Send { from, to }),
        4 => (node.clone(), any::<usize>()).prop_map(|(node, message)| Step::Receive { node, message }),
        2 => node.clone().prop_map(|node| Step::Read { node }),
        2 => (0..50_i64).prop_map(|millis| Step::Pass { millis }),
        1 => (node, -3_000..3_000_i64).prop_map(|(node, by)| Step::Set { node, by }),
    ]
}

/// How many events of each node had happened before, the event itself included: the oracle for causality.
type Past = [u64; NODES];

struct Node {
    physical: ManualClock,
    clock: HybridClock,
    past: Past,
    latest_physical: EpochMs,
    last: Option<HybridStamp>,
    shown: EpochMs,
    inbox: Vec<(HybridStamp, Past)>,
}

impl Node {
    fn new(index: usize, skew: i64) -> Self {
        let physical = Clock::manual(at(skew));
        let clock = hybrid(index as u64, &physical);
        let (latest_physical, shown) = (physical.now(), EpochMs::MIN);
        Self { physical, clock, past: [0; NODES], latest_physical, last: None, shown, inbox: vec![] }
    }

    fn move_by(&mut self, millis: i64) {
        self.physical.set(EpochMs::from_millis(self.physical.now().as_millis() + millis).unwrap());
        self.latest_physical = self.latest_physical.max(self.physical.now());
    }

    fn event(&mut self, index: usize, stamp: HybridStamp, events: &mut Vec<(HybridStamp, Past)>) {
        self.past[index] += 1;
        assert!(Some(stamp) > self.last, "law 1: {stamp} after {:?}", self.last);
        assert!(stamp.time() >= self.shown, "law 2: {stamp} after {}", self.shown);
        self.last = Some(stamp);
        self.shown = stamp.time();
        let bound = self.latest_physical.saturating_add(Duration::from_millis(MAX_AHEAD as u64));
        assert!(stamp.time() <= bound, "law 3: {stamp} with a clock that has shown {}", self.latest_physical);
        events.push((stamp, self.past));
    }
}

fn happened_before(one: &Past, other: &Past) -> bool {
    one != other && one.iter().zip(other).all(|(one, other)| one <= other)
}

/// Plays the steps, asserting the laws at each, and returns every event with its past, and how many messages were refused.
fn play(skews: [i64; NODES], steps: &[Step]) -> (Vec<(HybridStamp, Past)>, usize) {
    let mut nodes: Vec<Node> = skews.iter().enumerate().map(|(index, skew)| Node::new(index, *skew)).collect();
    let (mut events, mut refused) = (Vec::new(), 0);
    for step in steps {
        match *step {
            Step::Send { from, to } => {
                let stamp = nodes[from].clock.stamp().unwrap();
                nodes[from].event(from, stamp, &mut events);
                let past = nodes[from].past;
                nodes[to].inbox.push((stamp, past));
            }
            Step::Receive { node: index, message } => {
                let node = &mut nodes[index];
                if node.inbox.is_empty() {
                    continue;
                }
                let (sent, past) = node.inbox.swap_remove(message % node.inbox.len());
                match node.clock.merge(sent) {
                    Ok(received) => {
                        for (ours, theirs) in node.past.iter_mut().zip(past) {
                            *ours = theirs.max(*ours);
                        }
                        node.event(index, received, &mut events);
                    }
                    Err(MergeError::TooFarAhead { .. }) => {
                        assert!(sent.time() > node.physical.now().saturating_add(Duration::from_millis(500)));
                        refused += 1;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            Step::Read { node: index } => {
                let now = nodes[index].clock.now();
                assert!(now >= nodes[index].shown, "law 2: {now} after {}", nodes[index].shown);
                nodes[index].shown = now;
            }
            Step::Pass { millis } => nodes.iter_mut().for_each(|node| node.move_by(millis)),
            Step::Set { node, by } => nodes[node].move_by(by),
        }
    }
    (events, refused)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_happened_before_has_the_smaller_stamp(
        skews in prop::array::uniform4(-400..400_i64),
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let (events, _) = play(skews, &steps);
        for (index, (earlier, before)) in events.iter().enumerate() {
            for (later, after) in &events[index + 1..] {
                // Events are in the order in which they were played, so none happened before one in front of it.
                prop_assert!(!happened_before(before, after) || earlier < later, "{earlier} before {later}");
                prop_assert!(earlier != later, "law 4");
            }
        }
    }
}

/// What the property above plays is worth something only if messages do go round, and some are refused.
#[test]
fn random_networks_pass_messages_and_refuse_some() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = prop::collection::vec(step(), 150..200);
    let (mut caused, mut refusals) = (0, 0);
    for _ in 0..100 {
        let steps = strategy.new_tree(&mut runner).unwrap().current();
        let (events, refused) = play([-400, -100, 100, 400], &steps);
        caused += events.iter().filter(|(_, past)| past.iter().filter(|count| **count > 0).count() > 1).count();
        refusals += refused;
    }
    assert!(caused > 3_000 && refusals > 100, "{caused} {refusals}");
}

#[test]
fn stamp_counts_within_a_millisecond_and_begins_anew_in_the_next() {
    let physical = Clock::manual(at(0));
    let clock = hybrid(7, &physical);
    assert_eq!(clock.stamp().unwrap(), stamp(0, 0, 7));
    assert_eq!(clock.stamp().unwrap(), stamp(0, 1, 7));
    physical.set(at(3));
    assert_eq!(clock.stamp().unwrap(), stamp(3, 0, 7));
    physical.set(at(-1_000));
    assert_eq!(clock.stamp().unwrap(), stamp(3, 1, 7), "the clock was set back, and the stamps count on");
    assert_eq!(clock.now(), at(3));
    assert_eq!(clock.ahead(), Duration::from_millis(1_003));
}

#[test]
fn receipt_is_later_than_the_message_and_than_everything_here() {
    let physical = Clock::manual(at(0));
    let clock = hybrid(7, &physical);
    assert_eq!(clock.merge(stamp(-50, 9, 1)).unwrap(), stamp(0, 0, 7), "the physical clock is the latest");
    assert_eq!(clock.merge(stamp(0, 9, 1)).unwrap(), stamp(0, 10, 7), "the message is");
    assert_eq!(clock.merge(stamp(0, 3, 1)).unwrap(), stamp(0, 11, 7), "the clock itself is");
    assert_eq!(clock.merge(stamp(400, u16::MAX, 1)).unwrap(), stamp(401, 0, 7), "the counter is carried");
    assert_eq!(clock.now(), at(401), "entities with this clock are touched after the message");
}

#[test]
fn stamp_that_is_too_far_ahead_is_refused_and_changes_nothing() {
    let physical = Clock::manual(at(0));
    let clock = hybrid(7, &physical);
    let before = clock.stamp().unwrap();
    let error = clock.merge(stamp(501, 0, 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the stamp 2026-01-31T12:00:00.501Z-0000-0000000000000001 is 501ms ahead of the physical clock here, which has \
         shown 2026-01-31T12:00:00.000Z at most, and 500ms are allowed: synchronise the clocks of both nodes, or allow for \
         more with `max_ahead`"
    );
    assert_eq!(clock.stamp().unwrap(), stamp(0, 1, 7));
    assert!(before < clock.merge(stamp(500, 0, 1)).unwrap());
    let patient = HybridClock::options(NodeId::new(7)).source(&physical).max_ahead(Duration::from_secs(60)).start();
    assert!(patient.merge(stamp(60_000, 0, 1)).is_ok());
    assert!(matches!(patient.merge(stamp(60_001, 0, 1)), Err(MergeError::TooFarAhead { .. })));
}

#[test]
fn clock_that_is_set_back_right_after_the_start_takes_in_what_it_would_have_taken_in_before() {
    let physical = Clock::manual(at(0));
    let clock = hybrid(7, &physical);
    physical.set(at(-3_600_000));
    assert!(
        matches!(clock.merge(stamp(501, 0, 1)), Err(MergeError::TooFarAhead { physical, .. }) if physical == at(0))
    );
    assert_eq!(clock.merge(stamp(500, 0, 1)).unwrap(), stamp(500, 1, 7));
}

#[test]
fn stamp_of_the_own_node_that_was_not_given_out_is_refused() {
    let physical = Clock::manual(at(0));
    let clock = hybrid(7, &physical);
    let own = clock.stamp().unwrap();
    assert!(clock.merge(own).is_ok(), "an echo is no harm");
    let error = clock.merge(stamp(10, 0, 7)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the stamp 2026-01-31T12:00:00.010Z-0000-0000000000000007 bears this clock's own node and was not given out by it: \
         give each node an id of its own, and have the clock remember with `remember_in` if it was restarted"
    );
}

#[test]
fn stamps_end_at_the_bound_and_go_on_when_the_clock_does() {
    let physical = Clock::manual(at(0));
    let clock = HybridClock::options(NodeId::new(7)).source(&physical).max_ahead(Duration::from_millis(2)).start();
    let stamps: Vec<HybridStamp> = std::iter::from_fn(|| clock.stamp().ok()).take(300_000).collect();
    assert_eq!(stamps.len(), 3 * 65_536 - KEPT_BACK, "three milliseconds of them");
    assert!(stamps.is_sorted_by(|one, next| one < next));
    assert_eq!(stamps.last(), Some(&stamp(2, (65_535 - KEPT_BACK) as u16, 7)));
    let error = clock.stamp().unwrap_err();
    assert!(matches!(error, StampError::Exhausted { .. }));
    assert_eq!(
        error.to_string(),
        "every stamp up to 2ms ahead of the physical clock is given out; it shows 2026-01-31T12:00:00.000Z: try again when \
         it has moved on, or find out why it stands still or was set back"
    );
    assert_eq!(clock.now(), at(2), "reading it goes on");
    assert_eq!(clock.checked_now().unwrap(), at(2));
    physical.advance(Duration::from_millis(1));
    assert_eq!(clock.stamp().unwrap().time(), at(2), "those that were kept back");
    physical.advance(Duration::from_millis(2));
    assert_eq!(clock.stamp().unwrap(), stamp(3, 0, 7));
}

#[test]
fn stamps_that_are_refused_do_not_move_the_clock() {
    let physical = Clock::manual(at(0));
    let clock = HybridClock::options(NodeId::new(7)).source(&physical).max_ahead(Duration::from_millis(2)).start();
    let taken: usize = std::thread::scope(|scope| {
        let take = |_| scope.spawn(|| (0..200_000).filter(|_| clock.stamp().is_ok()).count());
        let threads: Vec<_> = (0..4).map(take).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, 3 * 65_536 - KEPT_BACK);
    assert_eq!((clock.now(), clock.ahead()), (at(2), Duration::from_millis(2)));
}

#[test]
fn stamps_of_a_clock_before_1970_begin_in_1970_and_end_with_the_year_9999() {
    let physical = Clock::manual(EpochMs::MIN);
    let clock = hybrid(7, &physical);
    assert_eq!(clock.now(), EpochMs::UNIX_EPOCH);
    assert_eq!(clock.stamp().unwrap().to_string(), "1970-01-01T00:00:00.000Z-0001-0000000000000007");
    physical.set(EpochMs::MAX);
    assert_eq!(clock.now().to_string(), "9999-12-31T23:59:59.998Z");
    let stamps: Vec<HybridStamp> = std::iter::from_fn(|| clock.stamp().ok()).take(300_000).collect();
    assert!(stamps.is_sorted_by(|one, next| one < next));
    assert_eq!(stamps.last().unwrap().to_string(), "9999-12-31T23:59:59.998Z-efff-0000000000000007");
    assert!(HybridStamp::from_parts(EpochMs::from_millis(-1).unwrap(), 0, NodeId::new(7)).is_none());
}

#[test]
fn threads_are_given_different_stamps_each_in_its_order() {
    let clock = Clock::hybrid(NodeId::new(7));
    let taken: BTreeSet<HybridStamp> = std::thread::scope(|scope| {
        let take = |_| {
            scope.spawn(|| {
                let stamps: Vec<HybridStamp> = (0..50_000).map(|_| clock.stamp().unwrap()).collect();
                assert!(stamps.is_sorted_by(|one, next| one < next));
                stamps
            })
        };
        let threads: Vec<_> = (0..8).map(take).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(taken.len(), 400_000);
}

#[test]
fn threads_that_read_one_clock_never_see_it_go_back() {
    let physical = Clock::manual(at(0));
    let clock = hybrid(7, &physical);
    std::thread::scope(|scope| {
        let read = || {
            let mut shown = EpochMs::MIN;
            for step in 0..20_000 {
                physical.set(at((step * 7_919) % 1_000));
                let now = clock.now();
                assert!(now >= shown);
                shown = now.max(clock.stamp().unwrap().time());
            }
        };
        (0..4).for_each(|_| drop(scope.spawn(read)));
    });
}

#[test]
fn clones_and_plain_clocks_of_a_hybrid_clock_share_one_time() {
    let physical = Clock::manual(at(0));
    let clock = hybrid(7, &physical);
    let (other, plain): (_, Clock) = (clock.clone(), clock.clone().into());
    other.merge(stamp(100, 0, 1)).unwrap();
    assert_eq!((clock.now(), plain.now(), clock.node()), (at(100), at(100), NodeId::new(7)));
    assert_eq!(format!("{plain:?}"), "Clock::hybrid(2026-01-31T12:00:00.100Z-0001-0000000000000007)");
}

#[test]
fn hybrid_clock_counts_the_jumps_of_its_physical_clock() {
    let physical = Clock::manual(at(0));
    let options = HybridClock::options(NodeId::new(7)).source(&physical);
    let (clock, calm) = (options.clone().start(), options.jump_threshold(Duration::from_secs(3 * 3_600)).start());
    for jump in [3_600_000, -3_600_000] {
        physical.set(EpochMs::from_millis(physical.now().as_millis() + jump).unwrap());
        clock.stamp().unwrap();
        let _ = calm.now();
    }
    let jumps = clock.jumps();
    assert_eq!((jumps.forward, jumps.backward), (1, 1));
    let hour = Duration::from_secs(3_600);
    assert!(jumps.longest_forward <= hour && jumps.longest_backward >= hour);
    assert_eq!((calm.jumps().forward, calm.jumps().backward), (0, 0));
}

#[test]
fn jump_back_to_a_millisecond_that_was_counted_in_is_noticed() {
    let physical = Clock::manual(at(0));
    let clock = hybrid(7, &physical);
    clock.stamp().unwrap();
    physical.set(at(3_600_000));
    let _ = clock.now();
    physical.set(at(0));
    clock.stamp().unwrap();
    assert_eq!((clock.jumps().forward, clock.jumps().backward), (1, 1));
}

#[test]
fn hybrid_clock_reads_a_clock_that_advances_by_itself_once_for_each_reading() {
    let physical = Clock::manual(at(0));
    physical.auto_advance(Duration::from_millis(50));
    let clock = hybrid(7, &physical);
    assert_eq!([clock.now(), clock.stamp().unwrap().time(), clock.now()], [at(0), at(50), at(100)]);
}

fn any_stamp() -> impl Strategy<Value = HybridStamp> {
    // Some close together, so that counters and nodes decide.
    let millis = prop_oneof![0..=EpochMs::MAX.as_millis(), NOON..NOON + 2];
    (millis, any::<u16>(), prop_oneof![any::<u64>(), 0..3_u64]).prop_map(|(millis, counter, node)| {
        HybridStamp::from_parts(EpochMs::from_millis(millis).unwrap(), counter, NodeId::new(node)).unwrap()
    })
}

proptest! {
    #[test]
    fn text_of_a_stamp_reads_back_and_sorts_as_stamps_do(one in any_stamp(), other in any_stamp()) {
        let (text, other_text) = (one.to_string(), other.to_string());
        prop_assert_eq!(text.len(), 46);
        prop_assert_eq!(text.parse(), Ok(one));
        prop_assert_eq!(text.cmp(&other_text), one.cmp(&other));
        let parts = (one.time(), one.counter(), one.node());
        let other_parts = (other.time(), other.counter(), other.node());
        prop_assert_eq!(parts.cmp(&other_parts), one.cmp(&other));
        prop_assert_eq!(HybridStamp::from_parts(parts.0, parts.1, parts.2), Some(one));
        prop_assert_eq!(EpochMs::from(one), parts.0);
        let json = serde_json::to_string(&one).unwrap();
        prop_assert_eq!(&json, &format!("{text:?}"));
        prop_assert_eq!(serde_json::from_str::<HybridStamp>(&json).unwrap(), one);
    }

    #[test]
    fn text_that_reads_as_a_stamp_is_the_one_that_it_writes(text in "[-0-9a-fA-FTZ:. é]{0,50}|.{0,50}") {
        if let Ok(stamp) = text.parse::<HybridStamp>() {
            prop_assert_eq!(stamp.to_string(), text);
        }
    }

    #[test]
    fn stamp_with_one_other_character_is_refused_or_another_one(
        stamp in any_stamp(), place in 0..46_usize, other in any::<char>(),
    ) {
        let text = stamp.to_string();
        let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
        match changed.parse::<HybridStamp>() {
            Ok(read) => prop_assert_eq!(read.to_string(), changed),
            Err(error) => prop_assert!(error.position() <= place),
        }
    }
}

#[test]
fn refusal_of_a_text_says_where_and_what_was_expected() {
    let good = "2026-01-31T12:34:56.789Z-0003-000000000000002a";
    let refusal = |text: &str| text.parse::<HybridStamp>().unwrap_err().to_string();
    assert_eq!(
        refusal("1969-12-31T23:59:59.999Z-0003-000000000000002a"),
        "at byte 0 of \"1969-12-31T23:59:59.999Z-0003-000000000000002a\": expected a time from 1970 on in the form \
         `2026-01-31T12:34:56.789Z`"
    );
    assert!(refusal(&good.replace('Z', "z")).starts_with("at byte 0 "), "another text of the same time");
    let says = |text: &str, byte: usize, expected: &str| {
        let refusal = refusal(text);
        assert!(refusal.starts_with(&format!("at byte {byte} of ")), "{refusal}");
        assert!(refusal.contains(&format!(": expected {expected}")), "{refusal}");
    };
    says(&good[..24], 24, "`-`");
    says(&good.replace("0003", "00A3"), 25, "a counter of 4");
    says(&good.replace("0003", "+003"), 25, "a counter of 4");
    says(&good.replace("2a", "\u{5d0}"), 30, "a node of 16");
    says(&format!("{good} "), 46, "the text to end here");
    assert!(
        refusal(&good.replace("2a", "\u{5d0}")).contains("0000\\u{5d0}\""),
        "a letter that is written leftwards, escaped"
    );
    let long: StampParseError = "\u{1b}".repeat(1_000_000).parse::<HybridStamp>().unwrap_err();
    assert_eq!(long.to_string().matches("\\u{1b}").count(), 64, "no more of it, and escaped");
    assert_eq!("2A".repeat(8).parse::<NodeId>().unwrap_err().position(), 0);
    let error = serde_json::from_str::<HybridStamp>("5").unwrap_err();
    assert!(error.to_string().contains("a stamp as text, such as"), "{error}");
    assert_eq!(serde_json::from_str::<NodeId>("\"000000000000002a\"").unwrap(), NodeId::new(42));
}
