//! The two clocks: the system's, and the one that tests move.

use std::time::{Duration, UNIX_EPOCH};

use timestamp_core::{Clock, EpochMs};

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
