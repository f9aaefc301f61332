//! An instant as milliseconds since 1970: `#[serde(with = "timestamp_core::serde::millis")]`.
//!
//! Reading takes whole numbers only. A text, or a number with a fraction, is refused: a document that says milliseconds here
//! and something else there has more than one writer, and one of them is wrong. The format says so in words of its own, which
//! may repeat the whole text, as those of `serde_json` do. A format in which everything is text, such as the query of a URL,
//! reads its numbers as it always does.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;

use crate::EpochMs;

/// Writes the milliseconds since 1970.
///
/// # Errors
///
/// Those of the format.
pub fn serialize<S: Serializer>(instant: &EpochMs, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(instant.as_millis())
}

/// Reads milliseconds since 1970.
///
/// # Errors
///
/// What is not a whole number, or an instant outside the years 0000 to 9999.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EpochMs, D::Error> {
    deserializer.deserialize_i64(MillisVisitor)
}

struct MillisVisitor;

impl Visitor<'_> for MillisVisitor {
    type Value = EpochMs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in whole milliseconds since 1970, such as 1769862896789")
    }

    fn visit_i64<E: Error>(self, millis: i64) -> Result<EpochMs, E> {
        EpochMs::from_millis(millis).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, millis: u64) -> Result<EpochMs, E> {
        // What does not fit into an `i64` lies outside the years too.
        self.visit_i64(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

pub mod option {
    //! An instant that may be missing, as milliseconds: `#[serde(with = "timestamp_core::serde::millis::option")]`.
    //!
    //! None is `null`, or whatever the format has for it. With `default` besides, the field may be left out.

    use std::fmt;

    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    use crate::EpochMs;

    /// Writes the milliseconds since 1970, or none.
    ///
    /// # Errors
    ///
    /// Those of the format.
    pub fn serialize<S: Serializer>(instant: &Option<EpochMs>, serializer: S) -> Result<S::Ok, S::Error> {
        match instant {
            Some(instant) => serializer.serialize_some(&instant.as_millis()),
            None => serializer.serialize_none(),
        }
    }

    /// Reads milliseconds since 1970, or none.
    ///
    /// # Errors
    ///
    /// What is not a whole number, or an instant outside the years 0000 to 9999.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<EpochMs>, D::Error> {
        deserializer.deserialize_option(OptionVisitor)
    }

    struct OptionVisitor;

    impl<'de> Visitor<'de> for OptionVisitor {
        type Value = Option<EpochMs>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a time in whole milliseconds since 1970, or none")
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            super::deserialize(deserializer).map(Some)
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
}
