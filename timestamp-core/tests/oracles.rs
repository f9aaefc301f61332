//! Reading, writing and counting, with two libraries as oracles that know nothing of ours: `time` and `jiff`.
//!
//! Each test draws values from a generator with a fixed seed. `TIMESTAMP_TEST_VALUES` says how many (250,000 if it is not
//! set, which is two million in all), `TIMESTAMP_TEST_SEED` begins elsewhere. A value on which two disagree is in the message.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

use std::fmt::Write;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime, civil};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcDateTime};
use timestamp_core::{Assume, EpochMs, Offset, Suffix};

/// `SplitMix64`: every seed is a good one.
struct Random(u64);

impl Random {
    fn new() -> Self {
        Self(number_of("TIMESTAMP_TEST_SEED", 20_261_127))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// An instant, every eighth near an end or near 1970.
    fn instant(&mut self) -> EpochMs {
        let span = (EpochMs::MAX.as_millis() - EpochMs::MIN.as_millis()) as u64 + 1;
        let near = self.below(400_000_000) as i64;
        EpochMs::from_millis(match self.below(32) {
            0 => EpochMs::MIN.as_millis() + near,
            1 => EpochMs::MAX.as_millis() - near,
            2 | 3 => near - 200_000_000,
            _ => EpochMs::MIN.as_millis() + self.below(span) as i64,
        })
        .unwrap()
    }

    /// The date and time of day of some instant; one in sixteen has a part that is just too large.
    fn naive(&mut self, mark: char) -> String {
        let mut text = self.instant().to_string()[..19].replace('T', &mark.to_string());
        if self.one_in(16) {
            let (place, part) =
                self.of(&[(5, "13"), (5, "00"), (8, "31"), (8, "30"), (8, "00"), (11, "24"), (14, "60")]);
            text.replace_range(place..place + 2, part);
        } else if self.one_in(16) {
            text.replace_range(5..10, "02-29");
        }
        text
    }

    fn fraction(&mut self) -> String {
        let digits = self.below(10);
        let mut text = String::new();
        for index in 0..digits {
            let _ = write!(text, "{}{}", if index == 0 { "." } else { "" }, self.below(10));
        }
        text
    }

    fn offset(&mut self) -> String {
        match self.below(6) {
            0 => "Z".to_owned(),
            1 => "z".to_owned(),
            2 => self.of(&["+00:00", "-00:00", "+23:59", "-23:59", "+02:00"]).to_owned(),
            _ => format!("{}{:02}:{:02}", self.of(&['+', '-']), self.below(24), self.below(60)),
        }
    }
}

fn number_of(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |value| value.parse().expect("the variable holds a number"))
}

fn each(mut test: impl FnMut(&mut Random)) {
    let mut random = Random::new();
    for _ in 0..values() {
        test(&mut random);
    }
}

fn values() -> u64 {
    number_of("TIMESTAMP_TEST_VALUES", 250_000)
}

/// The instant, if it is within the years that we have; the nanoseconds are rounded towards the past.
fn of_nanos(nanos: i128) -> Option<EpochMs> {
    EpochMs::from_millis(i64::try_from(nanos.div_euclid(1_000_000)).unwrap()).ok()
}

fn by_time(text: &str) -> Option<EpochMs> {
    OffsetDateTime::parse(text, &Rfc3339).ok().and_then(|it| of_nanos(it.unix_timestamp_nanos()))
}

fn by_jiff(text: &str) -> Option<EpochMs> {
    text.parse::<Timestamp>().ok().and_then(|it| of_nanos(it.as_nanosecond()))
}

/// jiff keeps the last day and a half free, so that each of its instants has a local date everywhere.
fn jiff_knows(instant: Option<EpochMs>) -> bool {
    instant.is_none_or(|it| i128::from(it.as_millis()) <= Timestamp::MAX.as_nanosecond() / 1_000_000)
}

#[test]
fn text_with_an_offset_means_what_time_and_jiff_say() {
    let mut read = 0;
    each(|random| {
        let mark = random.of(&['T', 'T', 't', ' ']);
        let text = random.naive(mark) + &random.fraction() + &random.offset();
        let ours = text.parse::<EpochMs>().ok();
        read += u64::from(ours.is_some());
        assert_eq!(ours, by_time(&text), "`time` differs: {text}");
        if jiff_knows(ours) {
            let theirs = by_jiff(&text);
            // Where the offset leads out of our years, or to the part that jiff keeps free, it has nothing to say.
            let edge = ours.is_none() && theirs.is_none();
            assert!(edge || ours == theirs, "jiff differs: {text}: {ours:?}, {theirs:?}");
        }
    });
    // A generator that makes nothing but nonsense would compare nothing.
    assert!(read * 10 > values() * 8, "{read} were read");
}

#[test]
fn damaged_text_is_read_only_as_time_and_jiff_read_it() {
    const BYTES: &[u8] = b"0123456789-:.,+TtZz []/=!ue\x00\x7f";
    each(|random| {
        let mut bytes = (random.naive('T') + &random.fraction() + &random.offset()).into_bytes();
        for _ in 0..=random.below(2) {
            let place = random.below(bytes.len() as u64) as usize;
            match random.below(3) {
                0 => bytes[place] = random.of(BYTES),
                1 => bytes.insert(place, random.of(BYTES)),
                _ => drop(bytes.remove(place)),
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        let (ours, theirs) = (text.parse::<EpochMs>(), by_time(&text));
        match ours {
            Ok(instant) => {
                assert_eq!(Some(instant), theirs, "`time` differs: {text:?}");
                // Ten digits of a fraction are too many for jiff.
                let long =
                    text.split('.').nth(1).is_some_and(|it| it.bytes().take_while(u8::is_ascii_digit).count() > 9);
                if jiff_knows(Some(instant)) && !long {
                    assert_eq!(Some(instant), by_jiff(&text), "jiff differs: {text:?}");
                }
            }
            // `time` takes any character between date and time of day, and a leap second for the second before it.
            Err(error) if theirs.is_some() => assert!(
                error.position() == 10 || text.get(17..19) == Some("60"),
                "refused but by `time`: {text:?}: {error}"
            ),
            Err(_) => {}
        }
    });
}

#[test]
fn text_without_an_offset_means_what_time_and_jiff_say_of_it_there() {
    each(|random| {
        let mark = random.of(&[' ', ' ', 'T', 't']);
        let mut text = random.naive(mark) + &random.fraction();
        if random.one_in(4) {
            text.truncate(random.of(&[10, 16, 19]));
        }
        let minutes = random.below(2 * 1439 + 1) as i16 - 1439;
        let offset = Offset::from_minutes(minutes).unwrap();
        let assume = if minutes == 0 { Assume::Utc } else { Assume::Offset(offset) };
        let ours = EpochMs::parse_naive(&text, assume).ok();

        // The forms that are short are made full for `time`, which reads one form only.
        let seconds = match text.len() {
            10 => " 00:00:00",
            16 => ":00",
            _ => "",
        };
        assert_eq!(ours, by_time(&format!("{text}{seconds}{offset}")), "`time` differs: {text} at {offset}");

        let there = TimeZone::fixed(jiff::tz::Offset::from_seconds(i32::from(minutes) * 60).unwrap());
        let theirs = text.parse::<civil::DateTime>().ok().and_then(|it| it.to_zoned_datetime(there).ok());
        let theirs = theirs.and_then(|it| of_nanos(it.timestamp().as_nanosecond()));
        if jiff_knows(ours) {
            assert_eq!(ours, theirs, "jiff differs: {text} at {offset}");
        }
        assert_eq!(EpochMs::parse_naive(&format!("{text}{seconds}{offset}"), assume).ok(), None, "{text}{offset}");
        assert_eq!(text.parse::<EpochMs>().ok(), None, "{text}");
    });
}

#[test]
fn suffix_that_is_an_offset_is_compared_as_jiff_compares_it() {
    let mut counts = [0; 2];
    each(|random| {
        let offset = random.offset();
        let zone = match random.below(3) {
            0 if offset.len() == 6 => offset.clone(),
            1 => "UTC".to_owned(),
            _ => format!("{}{:02}:{:02}", random.of(&['+', '-']), random.below(3), random.of(&[0, 30])),
        };
        let tag = random.of(&["", "[u-ca=gregory]", "[u-ca=hebrew]", "[foo=bar-BAZ1]"]);
        let critical = random.of(&["", "!"]);
        let text = random.naive('T') + &random.fraction() + &format!("{offset}[{critical}{zone}]{tag}");
        let ours = EpochMs::parse_rfc9557(&text, Suffix::Check).ok();
        // jiff without a database knows no zone by name, and takes `-00:00` for `+00:00`; RFC 9557 has it agree with every
        // zone (2.2, 3.4), as `Z` does.
        let named = text.replace("UTC", "+00:00").replace("-00:00[", "Z[");
        let theirs = named.parse::<ZonedDateTime>().ok().and_then(|it| of_nanos(it.timestamp().as_nanosecond()));
        counts[usize::from(ours.is_some())] += 1;
        if jiff_knows(ours) {
            assert_eq!(ours, theirs, "{text}");
        }
        assert_eq!(EpochMs::parse_rfc9557(&text, Suffix::Refuse).ok(), None, "{text}");
        let without = &text[..text.find('[').unwrap()];
        if ours.is_some() {
            assert_eq!(ours, without.parse().ok(), "{text}");
            assert_eq!(ours, EpochMs::parse_rfc9557(without, Suffix::Refuse).ok(), "{text}");
        }
    });
    assert!(counts.iter().all(|count| *count > 0), "refused and read: {counts:?}");
}

#[test]
fn damaged_suffix_is_read_only_where_jiff_reads_it() {
    const BYTES: &[u8] = b"09-:.+Zz []/=!ueUA_\x00\x7f";
    each(|random| {
        let suffix = random.of(&[
            "[Europe/Paris]",
            "[Etc/GMT+5][u-ca=gregory]",
            "[!u-ca=iso8601]",
            "[America/Argentina/Buenos_Aires][u-ca=hebrew][foo=bar-baz]",
            "[+00:00]",
        ]);
        let mut text = format!("{}{suffix}", random.instant());
        for _ in 0..=random.below(2) {
            let place = 24 + random.below(text.len() as u64 - 24) as usize;
            match random.below(3) {
                0 => text.replace_range(place..=place, &char::from(random.of(BYTES)).to_string()),
                1 => text.insert(place, char::from(random.of(BYTES))),
                _ => drop(text.remove(place)),
            }
        }
        // jiff refuses `!` before every key, where the two calendars that are ours are understood here.
        if let Ok(ours) = EpochMs::parse_rfc9557(&text, Suffix::Check)
            && jiff_knows(Some(ours))
            && !text.contains("[!u-ca=")
        {
            assert_eq!(Some(ours), by_jiff(&text), "{text:?}");
        }
    });
}

#[test]
fn text_is_written_as_time_and_jiff_write_it() {
    each(|random| {
        let instant = random.instant();
        let text = instant.to_string();
        if jiff_knows(Some(instant)) {
            let theirs = Timestamp::from_millisecond(instant.as_millis()).unwrap();
            assert_eq!(text, format!("{theirs:.3}"));
        }
        // `time` leaves zeros at the end of a fraction out, and one of nothing but zeros with its point.
        let shortened = if &text[20..23] == "000" { &text[..19] } else { text[..23].trim_end_matches('0') };
        assert_eq!(format!("{shortened}Z"), UtcDateTime::from(instant).format(&Rfc3339).unwrap());
    });
}

#[test]
fn numbers_mean_what_time_and_jiff_say() {
    // Of every size, so that each unit has numbers that it can read, and numbers far outside.
    let number = |random: &mut Random| random.next() as i64 >> random.below(64);
    each(|random| {
        let number = number(random);
        let ours = [
            (EpochMs::from_seconds(number), 1_000_000_000, 0),
            (EpochMs::from_millis(number), 1_000_000, 0),
            (EpochMs::from_micros(number), 1000, 0),
            (EpochMs::from_nanos(number.into()), 1, 0),
            (EpochMs::from_filetime(number), 100, i128::from(-11_644_473_600_i64)),
            (EpochMs::from_webkit(number), 1000, i128::from(-11_644_473_600_i64)),
        ];
        for (index, (ours, nanos_of_one, begin)) in ours.into_iter().enumerate() {
            let nanos = i128::from(number) * nanos_of_one + begin * 1_000_000_000;
            let theirs = UtcDateTime::from_unix_timestamp_nanos(nanos).ok().and_then(|it| EpochMs::try_from(it).ok());
            assert_eq!(ours.ok(), theirs, "`time` differs: {number} of unit {index}");
            let theirs = Timestamp::from_nanosecond(nanos).ok().and_then(|it| of_nanos(it.as_nanosecond()));
            if jiff_knows(ours.ok()) {
                assert_eq!(ours.ok(), theirs, "jiff differs: {number} of unit {index}");
            }
        }
    });
}

#[test]
fn every_instant_survives_as_a_number_of_each_unit_that_is_fine_enough() {
    each(|random| {
        let instant = random.instant();
        assert_eq!(EpochMs::from_millis(instant.as_millis()), Ok(instant));
        assert_eq!(EpochMs::from_micros(instant.as_micros()), Ok(instant));
        assert_eq!(EpochMs::from_nanos(instant.as_nanos()), Ok(instant));
        assert_eq!(EpochMs::from_filetime(instant.as_filetime()), Ok(instant));
        assert_eq!(EpochMs::from_webkit(instant.as_webkit()), Ok(instant));
        assert_eq!(EpochMs::from_julian_day(instant.as_julian_day()), Ok(instant), "{}", instant.as_julian_day());
        assert_eq!(
            EpochMs::from_cocoa_seconds(instant.as_cocoa_seconds()),
            Ok(instant),
            "{}",
            instant.as_cocoa_seconds()
        );
        let second = EpochMs::from_seconds(instant.as_seconds()).unwrap();
        assert!(second <= instant && instant.as_millis() - second.as_millis() < 1000, "{instant}");
        // `time` counts whole Julian days, which begin at noon, by the date on which they do.
        let noon = UtcDateTime::from(instant).replace_time(time::Time::from_hms(12, 0, 0).unwrap());
        let theirs = noon.date().to_julian_day();
        assert_eq!(EpochMs::from_julian_day(f64::from(theirs)), EpochMs::try_from(noon), "{noon}");
    });
}
