//! Days to dates and back, in the proleptic Gregorian calendar.
//!
//! Dates to days is Howard Hinnant's `days_from_civil` (<https://howardhinnant.github.io/date_algorithms.html>). Days to
//! dates is the algorithm of Cassio Neri and Lorenz Schneider, "Euclidean affine functions and their application to
//! calendar algorithms" (<https://doi.org/10.1002/spe.3172>), up to the day of the year; month and day come from a table.
//!
//! Both count from a 1 March, so that the leap day ends a year. Ours counts from 0000-01-01, whose year began in the
//! March before; counting from 400 years earlier (one era, after which the calendar repeats) keeps every number
//! unsigned.

/// Days in 400 years.
const ERA: u32 = 146_097;

/// Days from 0000-01-01 back to the -0400-03-01 that the formulas count from.
const SHIFT: u32 = ERA - 60;

/// Days of the longest year.
pub(super) const YEAR: usize = 366;

/// Month and day of each day of a year, the first of which is 1 March.
pub(super) const DAYS_OF_YEAR: [(u32, u32); YEAR] = {
    let mut days = [(0, 0); YEAR];
    let (mut month, mut day) = (3, 1);
    let mut index = 0;
    while index < YEAR {
        days[index] = (month, day);
        day += 1;
        // Year 0 has a 29 February.
        if day > days_in_month(0, month) {
            (month, day) = (month % 12 + 1, 1);
        }
        index += 1;
    }
    days
};

/// Returns the day this many days after 0000-01-01: the year without its last two digits, those two, and where
/// [`DAYS_OF_YEAR`] has month and day.
///
/// The year as one number would have to be divided again by whoever writes it, at the end of a long chain. Its last two
/// digits are 100 in the January and February that end a century.
#[inline]
pub(super) const fn from_days(days: u32) -> (u32, u32, usize) {
    // Quarters of days, so that a century and a year are whole numbers of them but for what the divisions drop.
    let quarters = 4 * (days + SHIFT) + 3;
    let century = quarters / ERA;
    let quarters_of_century = (quarters % ERA) | 3;
    // Division by the 1461 quarters of four years, as a multiplication whose lower half is the remainder.
    let product = 2_939_745 * quarters_of_century as u64;
    let year_of_century = (product >> 32) as u32;
    let day_of_year = (product as u32) / 2_939_745 / 4;
    // January and February belong to the year before.
    let year_of_century = year_of_century + (day_of_year >= 306) as u32;
    let next_century = (year_of_century == 100) as u32;
    (century + next_century - 4, year_of_century, day_of_year as usize)
}

/// Returns how many days after 0000-01-01 a date is; it must be a valid one.
#[inline]
pub(super) const fn to_days(year: u32, month: u32, day: u32) -> u32 {
    let shifted = year + 400 - (month <= 2) as u32;
    let era = shifted / 400;
    let year_of_era = shifted % 400;
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA + day_of_era - SHIFT
}

/// Returns the last day of a month.
#[inline]
pub(super) const fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
