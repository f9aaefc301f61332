//! How the time of the creation and that of the last change are stored: as `bigint`, or, in tables that were there
//! before, as `timestamptz`.
//!
//! A `timestamptz` keeps microseconds, and other programs write them. An entity knows the millisecond that they lie in,
//! so a column is compared by that, and what it holds below the millisecond stays until a later millisecond is written.
//!
//! PostgreSQL counts microseconds from the year 2000, in UTC whatever the session's time zone is.

use std::error::Error;

use timestamp_core::EpochMs;
use tokio_postgres::types::{FromSql, Type};

/// The type of a column of the timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeType {
    /// `bigint`: epoch milliseconds.
    Millis,
    /// `timestamptz`.
    Timestamptz,
}

impl TimeType {
    /// The type's name in SQL.
    pub(super) const fn sql(self) -> &'static str {
        match self {
            Self::Millis => "bigint",
            Self::Timestamptz => "timestamptz",
        }
    }

    /// The type whose binary form values have.
    pub(super) const fn wire(self) -> Type {
        match self {
            Self::Millis => Type::INT8,
            Self::Timestamptz => Type::TIMESTAMPTZ,
        }
    }

    /// The condition that `column` lies in the millisecond `value`, an expression of the column's type.
    ///
    /// It is of a form that no index answers. A row is looked up by its id, whose index the write needs anyway; the planner
    /// would take the one on time and id instead, which is another page to read for each row.
    pub(super) fn is_at(self, column: &str, value: &str) -> String {
        match self {
            Self::Millis => format!("({column} = {value}) IS TRUE"),
            Self::Timestamptz => {
                format!("({column} >= {value} AND {column} < {value} + interval '1 millisecond') IS TRUE")
            }
        }
    }

    /// What an update sets the time of the last change to, where `value` is not before the millisecond of `column`. It
    /// does not go back, not by what the column holds below that millisecond either.
    pub(super) fn updated(self, column: &str, value: &str) -> String {
        match self {
            Self::Millis => value.to_owned(),
            Self::Timestamptz => format!("GREATEST({column}, {value})"),
        }
    }

    /// The condition that `column` holds an instant that an [`EpochMs`] can be.
    pub(super) fn is_instant(self, column: &str) -> String {
        match self {
            Self::Millis => {
                format!("{column} BETWEEN {} AND {}", EpochMs::MIN.as_millis(), EpochMs::MAX.as_millis())
            }
            // The year 0000 is the first before Christ here.
            Self::Timestamptz => format!(
                "{column} BETWEEN '0001-01-01 00:00:00+00 BC'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz"
            ),
        }
    }

    /// The epoch milliseconds of `column`, which must hold an instant.
    pub(super) fn millis(self, column: &str) -> String {
        match self {
            Self::Millis => column.to_owned(),
            // Version 13 has floats here. They are off by less than half a millisecond, so truncate first, and then round.
            Self::Timestamptz => {
                format!("round(extract(epoch FROM date_trunc('milliseconds', {column})) * 1000)::bigint")
            }
        }
    }

    /// What is expected of the column's values.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Millis => "epoch milliseconds",
            Self::Timestamptz => "an instant",
        }
    }
}

/// The year 2000, in epoch milliseconds.
const YEAR_2000: i64 = 946_684_800_000;

/// What a `timestamptz` is sent as. `micros` come on top of the milliseconds.
pub(super) const fn to_binary(at: EpochMs, micros: u16) -> i64 {
    // Ten thousand years of microseconds are far from overflowing.
    (at.as_millis() - YEAR_2000) * 1000 + micros as i64
}

/// The epoch milliseconds of a `timestamptz`, rounded towards the past, before 1970 too. Infinity is beyond what an
/// [`EpochMs`] can be.
pub(super) const fn millis_of(binary: i64) -> i64 {
    binary.div_euclid(1000) + YEAR_2000
}

/// What a `timestamptz` holds below its millisecond.
fn micros_of(binary: i64) -> u16 {
    u16::try_from(binary.rem_euclid(1000)).unwrap_or_default()
}

/// Whether a `timestamptz` is `infinity` or `-infinity`.
pub(super) const fn is_infinity(binary: i64) -> bool {
    matches!(binary, i64::MIN | i64::MAX)
}

/// The epoch milliseconds that a column of the timestamps holds, whatever a hand may have put there.
pub(super) struct StoredMillis(pub(super) i64);

impl<'a> FromSql<'a> for StoredMillis {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let binary = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(if *ty == Type::TIMESTAMPTZ { millis_of(binary) } else { binary }))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::TIMESTAMPTZ)
    }
}

/// What a column of the timestamps holds below its millisecond.
pub(super) struct StoredMicros(pub(super) u16);

impl<'a> FromSql<'a> for StoredMicros {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let binary = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(if *ty == Type::TIMESTAMPTZ { micros_of(binary) } else { 0 }))
    }

    fn accepts(ty: &Type) -> bool {
        StoredMillis::accepts(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_comes_back() {
        for at in [EpochMs::MIN, EpochMs::MAX, EpochMs::UNIX_EPOCH] {
            for micros in [0, 1, 999] {
                let binary = to_binary(at, micros);
                assert_eq!((millis_of(binary), micros_of(binary)), (at.as_millis(), micros), "{at}");
            }
        }
        assert_eq!(to_binary(EpochMs::UNIX_EPOCH, 0), -946_684_800_000_000);
    }

    #[test]
    fn microseconds_are_rounded_towards_the_past() {
        // One microsecond before 1970, and before 2000.
        assert_eq!((millis_of(-946_684_800_000_001), micros_of(-946_684_800_000_001)), (-1, 999));
        assert_eq!((millis_of(-1), micros_of(-1)), (946_684_799_999, 999));
    }

    #[test]
    fn infinity_is_no_instant() {
        for binary in [i64::MIN, i64::MAX] {
            assert!(is_infinity(binary) && EpochMs::from_millis(millis_of(binary)).is_err());
        }
    }
}
