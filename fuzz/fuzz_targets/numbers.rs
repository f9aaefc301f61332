//! Numbers of every unit: an instant or a refusal, never an overflow, and in the order of the numbers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use timestamp_core::{EpochMs, EpochUnit, PlausibleRange};

fuzz_target!(|input: (i64, i64, f64, i128)| {
    let (one, other, float, nanos) = input;
    for unit in EpochUnit::ALL {
        if let (Ok(left), Ok(right)) = (unit.read(one), unit.read(other)) {
            assert!(left == right || (left < right) == (one < other), "{unit}: {one} {other}");
            assert!(!left.time_ago(right).to_string().is_empty());
        }
    }
    for (_, instant) in EpochMs::plausible_units(one) {
        assert_eq!(PlausibleRange::default().check(instant), Ok(instant));
    }
    for instant in [EpochMs::from_julian_day(float), EpochMs::from_cocoa_seconds(float)].into_iter().flatten() {
        assert_eq!(EpochMs::from_julian_day(instant.as_julian_day()), Ok(instant));
        assert_eq!(EpochMs::from_cocoa_seconds(instant.as_cocoa_seconds()), Ok(instant));
        assert_eq!(EpochMs::from_filetime(instant.as_filetime()), Ok(instant));
        assert_eq!(EpochMs::from_webkit(instant.as_webkit()), Ok(instant));
        if let Err(error) = PlausibleRange::default().check(instant) {
            assert!(error.to_string().is_ascii());
        }
    }
    if let Ok(instant) = EpochMs::from_nanos(nanos) {
        assert!((0..1_000_000).contains(&(nanos - instant.as_nanos())));
    }
});
