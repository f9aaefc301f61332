//! Days to dates and back, in the proleptic Gregorian calendar.
//!
//! The formulas are Howard Hinnant's `days_from_civil` and `civil_from_days`
//! (<https://howardhinnant.github.io/date_algorithms.html>). His count starts in March, so that the leap day ends a
//! year. Ours starts on 0000-01-01, whose year began in March of the year before; counting from 400 years earlier (one
//! era, after which the calendar repeats) keeps every number unsigned.

/// Days in 400 years.
const ERA: u32 = 146_097;

/// Days from 0000-01-01 back to the -0400-03-01 that the formulas count from.
const SHIFT: u32 = ERA - 60;

/// Returns year, month and day of the day this many days after 0000-01-01.
#[inline]
pub(super) const fn from_days(days: u32) -> (u32, u32, u32) {
    let shifted = days + SHIFT;
    let era = shifted / ERA;
    let day_of_era = shifted % ERA;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + (month <= 2) as u32 - 400;
    (year, month, day)
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
