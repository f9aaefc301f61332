//! An instant in serde: its text, in every format.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use super::EpochMs;

/// As text, the same as [`Display`](fmt::Display).
impl Serialize for EpochMs {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.to_text().as_str())
    }
}

/// From text, as [`FromStr`](std::str::FromStr) reads it. A number is refused: it does not say what it counts.
impl<'de> Deserialize<'de> for EpochMs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A format that describes itself tells a number from a text, so that the number gets our answer and not serde's.
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(TextVisitor)
        } else {
            deserializer.deserialize_str(TextVisitor)
        }
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = EpochMs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time as text, such as `2026-01-31T12:34:56.789Z`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<EpochMs, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<EpochMs, E> {
        Err(number_refused())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<EpochMs, E> {
        Err(number_refused())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<EpochMs, E> {
        Err(number_refused())
    }
}

#[cold]
fn number_refused<E: Error>() -> E {
    E::custom(
        "a number does not say whether it counts seconds or milliseconds: \
         write the time as text, such as `2026-01-31T12:34:56.789Z`",
    )
}
