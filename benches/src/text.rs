//! Instants and their texts, as the input of the text benches.

use time::format_description::StaticFormatDescription;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{PrimitiveDateTime, UtcDateTime};
use timestamp_core::{Assume, EpochMs};

/// How many instants there are; few enough to stay in the cache, enough that no branch is learnt by heart.
pub const COUNT: usize = 256;

/// How `time` is told what a text without an offset looks like, with a fraction.
pub const NAIVE: StaticFormatDescription =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond]");

/// The same without a fraction.
pub const NAIVE_OF_SECONDS: StaticFormatDescription =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// Returns the instant that `time` writes for ours, in the fastest of its ways.
///
/// # Panics
///
/// Never: every one of ours is one of theirs.
#[inline]
#[must_use]
pub fn of_time(instant: EpochMs) -> UtcDateTime {
    let (seconds, millis) = (instant.as_millis().div_euclid(1000), instant.as_millis().rem_euclid(1000));
    UtcDateTime::from_unix_timestamp(seconds)
        .and_then(|it| it.replace_millisecond(millis as u16))
        .expect("an instant of time")
}

/// The same instants in every form that is measured.
#[derive(Debug)]
pub struct Instants {
    /// As ours.
    pub ours: Vec<EpochMs>,
    /// As the `time` library's, split into date and time of day beforehand.
    pub theirs: Vec<UtcDateTime>,
    /// As the text that we write, with `Z` and three digits.
    pub texts: Vec<String>,
    /// As text with an offset of two hours.
    pub texts_with_offset: Vec<String>,
    /// As text with six digits, as PostgreSQL and Python write it.
    pub texts_of_micros: Vec<String>,
    /// As text without a fraction; these are other instants, in whole seconds.
    pub texts_of_seconds: Vec<String>,
    /// As text in UTC without an offset, with a space and three digits, as databases hold it.
    pub naive: Vec<String>,
    /// The same without a fraction; these are other instants, in whole seconds.
    pub naive_of_seconds: Vec<String>,
}

impl Instants {
    /// Returns instants spread over the years 1970 to 2109, after asserting that ours and theirs agree about each.
    ///
    /// # Panics
    ///
    /// If they do not agree.
    #[must_use]
    pub fn new() -> Self {
        // A linear congruential generator; its upper bits are random enough for dates. No last digit is 0, because
        // `time` leaves trailing zeros out, and the two would not write the same text.
        let mut state = 1_u64;
        let ours: Vec<EpochMs> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 22) as i64
        })
        .filter(|millis| millis % 10 != 0)
        .filter_map(|millis| EpochMs::from_millis(millis).ok())
        .take(COUNT)
        .collect();
        let theirs: Vec<UtcDateTime> = ours.iter().copied().map(of_time).collect();
        let texts: Vec<String> = ours.iter().map(EpochMs::to_string).collect();
        let texts_with_offset: Vec<String> = ours
            .iter()
            .map(|it| it.saturating_add(std::time::Duration::from_secs(7200)).to_string().replace('Z', "+02:00"))
            .collect();
        let texts_of_micros: Vec<String> = texts.iter().map(|text| text.replace('Z', "123Z")).collect();
        let texts_of_seconds: Vec<String> = texts.iter().map(|text| format!("{}Z", &text[..19])).collect();
        let naive: Vec<String> = texts.iter().map(|text| text[..23].replace('T', " ")).collect();
        let naive_of_seconds: Vec<String> = naive.iter().map(|text| text[..19].to_owned()).collect();
        for (index, it) in ours.iter().enumerate() {
            assert_eq!(theirs[index].format(&Rfc3339).as_ref().ok(), Some(&texts[index]));
            let seconds = EpochMs::from_millis(it.as_millis() / 1000 * 1000);
            for (text, expected) in [
                (&texts[index], Ok(*it)),
                (&texts_with_offset[index], Ok(*it)),
                (&texts_of_micros[index], Ok(*it)),
                (&texts_of_seconds[index], seconds),
            ] {
                assert_eq!(text.parse().ok(), expected.ok(), "{text}");
                let theirs = UtcDateTime::parse(text, &Rfc3339).ok().map(EpochMs::try_from);
                assert_eq!(theirs, Some(expected), "{text}");
            }
            for (text, form, expected) in
                [(&naive[index], NAIVE, Ok(*it)), (&naive_of_seconds[index], NAIVE_OF_SECONDS, seconds)]
            {
                assert_eq!(EpochMs::parse_naive(text, Assume::Utc).ok(), expected.ok(), "{text}");
                let theirs = PrimitiveDateTime::parse(text, &form).ok().map(|it| EpochMs::try_from(it.as_utc()));
                assert_eq!(theirs, Some(expected), "{text}");
            }
        }
        Self { ours, theirs, texts, texts_with_offset, texts_of_micros, texts_of_seconds, naive, naive_of_seconds }
    }
}

impl Default for Instants {
    fn default() -> Self {
        Self::new()
    }
}
