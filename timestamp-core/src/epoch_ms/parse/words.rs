//! The usual forms of a time, eight bytes at a time. `None` says nothing about a text but that the cursor has to read it.

use super::{EpochMs, Fields, civil};

const EVERY_BYTE: u64 = u64::from_le_bytes([1; 8]);

/// Reads every RFC 3339 text but those with another mark than `T` between date and time, a lower-case `z`, or a fraction
/// of one or two digits.
#[inline]
pub(super) fn rfc3339(text: &[u8]) -> Option<EpochMs> {
    let (date, rest) = text.split_first_chunk()?;
    let (time, rest) = rest.split_first_chunk()?;
    let date = pairs(digits(date, b"0000-00-")?);
    let time = pairs(digits(time, b"00T00:00")?);
    let (second, millis, rest) = second_and_millis(rest)?;
    let offset = match rest {
        [b'Z'] => 0,
        [b'+', offset @ ..] => offset_minutes(offset)?,
        [b'-', offset @ ..] => -offset_minutes(offset)?,
        _ => return None,
    };
    fields(date, time, second, millis)?.instant_at(offset)
}

/// Reads `2026-01-31 12:34:56` with `T` or a space in the middle, and with no fraction or with three digits or more.
#[inline]
pub(super) fn naive(text: &[u8], offset: i32) -> Option<EpochMs> {
    let (date, rest) = text.split_first_chunk()?;
    let (time, rest) = rest.split_first_chunk::<8>()?;
    let date = pairs(digits(date, b"0000-00-")?);
    let mark = if time[2] == b'T' { b"00T00:00" } else { b"00 00:00" };
    let time = pairs(digits(time, mark)?);
    let (second, millis) = match rest {
        [colon, tens, ones] => {
            let values = digits(&[*colon, *tens, *ones, 0, 0, 0, 0, 0], b":00\0\0\0\0\0")?;
            (byte(pairs(values), 1), 0)
        }
        _ => {
            let (part, finer) = rest.split_first_chunk::<7>()?;
            let [colon, tens, ones, point, first, second, third] = *part;
            let values = digits(&[colon, tens, ones, point, first, second, third, 0], b":00.000\0")?;
            if !finer.iter().all(u8::is_ascii_digit) {
                return None;
            }
            (byte(pairs(values), 1), byte(pairs(values), 4) * 10 + byte(values, 6))
        }
    };
    fields(date, time, second, millis)?.instant_at(offset)
}

/// Picks the numbers out of two words of pairs, and returns them if such a time exists.
#[inline]
fn fields(date: u64, time: u64, second: u32, millis: u32) -> Option<Fields> {
    let (year, month, day) = (byte(date, 0) * 100 + byte(date, 2), byte(date, 5), byte(time, 0));
    let (hour, minute) = (byte(time, 3), byte(time, 6));
    let valid = month.wrapping_sub(1) < 12
        && hour < 24
        && minute < 60
        && second < 60
        && day.wrapping_sub(1) < civil::days_in_month(year, month);
    valid.then_some(Fields { year, month, day, hour, minute, second, millis })
}

/// Turns eight characters into the values of their digits, or `None` if one of them is not what `form` has there: `0`
/// stands for any digit, anything else for itself.
#[inline]
fn digits(characters: &[u8; 8], form: &[u8; 8]) -> Option<u64> {
    let values = u64::from_le_bytes(*characters) ^ u64::from_le_bytes(*form);
    // What each byte may still grow by without reaching 128: a digit is at most 9, a matching character is 0.
    let mut room = [0x7f; 8];
    let mut index = 0;
    while index < 8 {
        if form[index] == b'0' {
            room[index] = 0x7f - 9;
        }
        index += 1;
    }
    // Below 128 no byte carries into the next, and one that is 128 or above is caught by the second operand.
    let too_large = values.wrapping_add(u64::from_le_bytes(room)) | values;
    (too_large & (EVERY_BYTE << 7) == 0).then_some(values)
}

#[inline]
const fn byte(word: u64, index: u32) -> u32 {
    ((word >> (8 * index)) & 0xff) as u32
}

/// Reads `:56` or `:56.789`, drops the digits after the third, and returns what is left.
#[inline]
fn second_and_millis(text: &[u8]) -> Option<(u32, u32, &[u8])> {
    if let Some(mut part) = text.first_chunk::<8>().copied() {
        // The eighth character belongs to the offset, or is a digit that is dropped.
        part[7] = 0;
        if let Some(values) = digits(&part, b":00.000\0") {
            let (numbers, rest) = (pairs(values), &text[7..]);
            let finer = rest.iter().take_while(|character| character.is_ascii_digit()).count();
            return Some((byte(numbers, 1), byte(numbers, 4) * 10 + byte(values, 6), &rest[finer..]));
        }
    }
    let ([colon, tens, ones], rest) = text.split_first_chunk()?;
    let values = digits(&[*colon, *tens, *ones, 0, 0, 0, 0, 0], b":00\0\0\0\0\0")?;
    Some((byte(pairs(values), 1), 0, rest))
}

/// Reads the hours and minutes of an offset.
#[inline]
fn offset_minutes(text: &[u8]) -> Option<i32> {
    let [h, hh, colon, m, mm] = *<&[u8; 5]>::try_from(text).ok()?;
    let values = pairs(digits(&[h, hh, colon, m, mm, 0, 0, 0], b"00:00\0\0\0")?);
    let (hours, minutes) = (byte(values, 0), byte(values, 3));
    (hours < 24 && minutes < 60).then_some((hours * 60 + minutes) as i32)
}

/// Returns in each byte the number that its digit and the next one form; at most 99, so no byte carries.
#[inline]
const fn pairs(values: u64) -> u64 {
    values.wrapping_mul(10).wrapping_add(values >> 8)
}
