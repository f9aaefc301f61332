//! The system clock, the one that tests move, and the one that is watched.

use std::time::{Duration, UNIX_EPOCH};

use timestamp_core::{Clock, EpochMs, WatchedClock};

#[test]
#[expect(clippy::disallowed_methods, reason = "the oracle for what the system clock shows")]
fn system_clock_shows_the_time_of_the_operating_system() {
    let read = || EpochMs::UNIX_EPOCH.saturating_add(std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
    let before = read();
    let now = Clock::system().now();
    assert!(before <= now && now <= read());
}

#[test]
fn manual_clock_stands_still_until_it_is_moved() {
    let clock = Clock::manual(EpochMs::UNIX_EPOCH);
    assert_eq!((clock.now(), clock.now()), (EpochMs::UNIX_EPOCH, EpochMs::UNIX_EPOCH));
    clock.advance(Duration::from_micros(1_999));
    assert_eq!(clock.now().as_millis(), 1, "less than a millisecond is dropped");
}

#[test]
fn manual_clock_goes_back_when_it_is_set_back() {
    let clock = Clock::manual(EpochMs::MAX);
    clock.set(EpochMs::MIN);
    assert_eq!(clock.now(), EpochMs::MIN);
}

#[test]
fn clones_of_a_manual_clock_share_one_time() {
    let clock = Clock::manual(EpochMs::UNIX_EPOCH);
    let (manual, plain): (_, Clock) = (clock.clone(), clock.clone().into());
    manual.advance(Duration::from_millis(5));
    assert_eq!((clock.now().as_millis(), plain.now().as_millis()), (5, 5));
    assert_eq!(format!("{plain:?}"), "Clock::manual(1970-01-01T00:00:00.005Z)");
    assert_eq!(format!("{:?}", Clock::default()), "Clock::system()");
}

#[test]
fn manual_clock_that_is_moved_past_the_end_stops_there() {
    let clock = Clock::manual(EpochMs::MAX);
    clock.advance(Duration::from_millis(1));
    clock.advance(Duration::MAX);
    assert_eq!(clock.now(), EpochMs::MAX);
}

#[test]
fn threads_that_move_one_clock_lose_no_step() {
    let clock = Clock::manual(EpochMs::UNIX_EPOCH);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).for_each(|_| clock.advance(Duration::from_millis(1))));
        }
    });
    assert_eq!(clock.now().as_millis(), 4000);
}

#[test]
fn manual_clock_that_advances_by_itself_shows_each_step_once() {
    let clock = Clock::manual(EpochMs::UNIX_EPOCH);
    clock.auto_advance(Duration::from_millis(10));
    let shown = [clock.now(), clock.now(), clock.now()].map(EpochMs::as_millis);
    assert_eq!(shown, [0, 10, 20]);
    assert_eq!(format!("{:?}", Clock::from(clock.clone())), "Clock::manual(1970-01-01T00:00:00.030Z)");
    assert_eq!(clock.now().as_millis(), 30, "showing it to a person moves nothing");
    clock.set(EpochMs::UNIX_EPOCH);
    assert_eq!([clock.now(), clock.now()].map(EpochMs::as_millis), [0, 10]);
    clock.auto_advance(Duration::ZERO);
    assert_eq!([clock.now(), clock.now()].map(EpochMs::as_millis), [20, 20]);
}

#[test]
fn threads_that_read_a_clock_which_advances_by_itself_see_each_time_once() {
    let clock = Clock::manual(EpochMs::UNIX_EPOCH);
    clock.auto_advance(Duration::from_millis(1));
    let mut shown: Vec<i64> = std::thread::scope(|scope| {
        let read = |_| scope.spawn(|| (0..1000).map(|_| clock.now().as_millis()).collect::<Vec<_>>());
        let threads: Vec<_> = (0..4).map(read).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    shown.sort_unstable();
    assert!(shown.into_iter().eq(0..4000));
}

#[test]
fn watched_clock_counts_the_jumps_of_its_source_and_shows_them() {
    let noon: EpochMs = "2026-01-31T12:00:00.000Z".parse().unwrap();
    let hour = Duration::from_secs(3600);
    let source = Clock::manual(noon);
    let watched = WatchedClock::new(&source, Duration::from_secs(1));
    let (other, plain): (_, Clock) = (watched.clone(), watched.clone().into());
    source.set(noon.saturating_add(hour));
    assert_eq!(plain.now(), noon.saturating_add(hour));
    source.set(noon.saturating_sub(hour));
    assert_eq!(plain.now(), noon.saturating_sub(hour));
    assert_eq!((plain.now(), watched.now()), (source.now(), source.now()));
    let jumps = other.jumps();
    assert_eq!((jumps.forward, jumps.backward), (1, 1));
    assert!(jumps.longest_forward <= hour && jumps.longest_backward >= hour * 2);
    assert_eq!(format!("{plain:?}"), "Clock::watched(Clock::manual(2026-01-31T11:00:00.000Z))");
}

#[test]
fn watching_a_clock_that_advances_by_itself_moves_it_no_further() {
    let source = Clock::manual(EpochMs::UNIX_EPOCH);
    source.auto_advance(Duration::from_millis(50));
    let watched = WatchedClock::new(&source, Duration::from_secs(1));
    let shown = [watched.now(), watched.now(), watched.now()].map(EpochMs::as_millis);
    assert_eq!(shown, [0, 50, 100]);
}

#[test]
fn system_clock_that_nobody_sets_makes_no_jump() {
    let watched = Clock::watched();
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(20));
        let _ = watched.now();
    }
    assert_eq!(watched.jumps(), Default::default());
}
