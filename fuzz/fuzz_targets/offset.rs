//! `Offset::from_str`: what it reads, it writes back the same way, but for the spellings of UTC.
#![no_main]

use libfuzzer_sys::fuzz_target;
use timestamp_core::Offset;

fuzz_target!(|text: &str| match text.parse::<Offset>() {
    Ok(Offset::UTC) => assert!(matches!(text, "Z" | "z" | "+00:00" | "-00:00")),
    Ok(offset) => {
        assert_eq!(offset.to_string(), text);
        assert_eq!(Offset::from_minutes(offset.as_minutes()), Some(offset));
    }
    Err(error) => timestamp_fuzz::refuses(text, &error),
});
