//! `EpochMs::parse_rfc9557`: a suffix decides whether a text is read, and never what it means.
#![no_main]

use libfuzzer_sys::fuzz_target;
use timestamp_core::{EpochMs, Suffix};

fuzz_target!(|text: &str| {
    let read = EpochMs::parse_rfc9557(text, Suffix::Check);
    timestamp_fuzz::holds(text, &read);
    let refused = EpochMs::parse_rfc9557(text, Suffix::Refuse);
    timestamp_fuzz::holds(text, &refused);
    let before = text.find('[').map_or(text, |place| &text[..place]);
    if let Ok(instant) = read {
        assert_eq!(before.parse(), Ok(instant));
    }
    assert_eq!(refused.ok(), if before == text { text.parse().ok() } else { None });

    // Most of the time is better spent behind the offset.
    let suffix = format!("2026-01-31T12:34:56+01:00[{text}");
    let read = EpochMs::parse_rfc9557(&suffix, Suffix::Check);
    timestamp_fuzz::holds(&suffix, &read);
    if let Ok(instant) = read {
        assert_eq!(instant.to_string(), "2026-01-31T11:34:56.000Z");
        assert!(suffix.is_ascii() && suffix.ends_with(']'));
    }
});
