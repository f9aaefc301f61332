//! An instant in formats that are not JSON: those that do not describe themselves, and those in which everything is text.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{Deserialize, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use timestamp_core::EpochMs;
use timestamp_core::serde::millis;

const TEXT: &str = "2026-01-31T12:34:56.789Z";
const MILLIS: i64 = 1_769_862_896_789;

/// It hands over what it is asked for, as bincode and postcard do, and can not be asked what there is.
struct Blind;

impl<'de> Deserializer<'de> for Blind {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("nothing says what comes here"))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(TEXT)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(MILLIS)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// Everything is text, as in the query of a URL; a number is read out of it when one is asked for.
struct Query(&'static str);

impl<'de> Deserializer<'de> for Query {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text: StrDeserializer<'_, Error> = self.0.into_deserializer();
        text.deserialize_any(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(self.0.parse().map_err(Error::custom)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[test]
fn format_that_does_not_describe_itself_is_asked_for_text_or_for_milliseconds() {
    assert_eq!(EpochMs::deserialize(Blind).unwrap().to_string(), TEXT);
    assert_eq!(millis::deserialize(Blind).unwrap().as_millis(), MILLIS);
    assert_eq!(millis::option::deserialize(Blind).unwrap().map(EpochMs::as_millis), Some(MILLIS));
}

#[test]
fn format_in_which_everything_is_text_holds_either() {
    assert_eq!(EpochMs::deserialize(Query(TEXT)).unwrap().to_string(), TEXT);
    assert_eq!(millis::deserialize(Query("1769862896789")).unwrap().as_millis(), MILLIS);
    assert_eq!(millis::option::deserialize(Query("1769862896789")).unwrap().map(EpochMs::as_millis), Some(MILLIS));
    let error = EpochMs::deserialize(Query("1769862896789")).unwrap_err().to_string();
    assert_eq!(error, "at byte 4 of \"1769862896789\": expected `-` after the year");
    assert!(millis::deserialize(Query(TEXT)).is_err());
}
