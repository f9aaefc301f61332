//! `EpochMs::parse_naive`: what it reads is, with the offset appended, the same instant to `time` and to `FromStr`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;
use timestamp_core::{Assume, EpochMs, Offset};

fuzz_target!(|input: (i16, &str)| {
    let (minutes, text) = input;
    let Some(offset) = Offset::from_minutes(minutes % 1440) else { unreachable!("less than a day") };
    let read = EpochMs::parse_naive(text, Assume::Offset(offset));
    timestamp_fuzz::holds(text, &read);
    if let Ok(instant) = read {
        let missing = match text.len() {
            10 => "T00:00:00",
            16 => ":00",
            _ => "",
        };
        let full = format!("{text}{missing}{offset}");
        assert_eq!(full.parse(), Ok(instant), "{full}");
        assert_eq!(UtcDateTime::parse(&full, &Rfc3339).map(EpochMs::try_from).ok(), Some(Ok(instant)), "{full}");
        assert!(text.parse::<EpochMs>().is_err());
        assert!(EpochMs::parse_naive(&full, Assume::Utc).is_err());
    }
});
