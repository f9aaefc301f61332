//! `EpochMs::from_str`: what it reads, `time` reads as the same instant.
#![no_main]

use libfuzzer_sys::fuzz_target;
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;
use timestamp_core::{Assume, EpochMs, Suffix};

fuzz_target!(|text: &str| {
    let read = text.parse::<EpochMs>();
    timestamp_fuzz::holds(text, &read);
    if let Ok(instant) = read {
        let theirs = UtcDateTime::parse(text, &Rfc3339).map(EpochMs::try_from);
        assert_eq!(theirs.ok(), Some(Ok(instant)));
        assert_eq!(EpochMs::parse_rfc9557(text, Suffix::Refuse), Ok(instant));
        assert!(EpochMs::parse_naive(text, Assume::Utc).is_err());
    }
});
