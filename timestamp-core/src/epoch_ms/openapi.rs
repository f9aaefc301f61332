//! An instant in an OpenAPI document: a string of the format `date-time`, which is RFC 3339.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::EpochMs;

#[cfg_attr(docsrs, doc(cfg(feature = "utoipa")))]
impl PartialSchema for EpochMs {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant: RFC 3339, written in UTC with three digits of milliseconds"))
            .examples(["2026-01-31T12:34:56.789Z"])
            .into()
    }
}

/// As the schema `EpochMs`, the same as for any other format than text a field can name its own: a field that goes through
/// [`serde::millis`](crate::serde::millis) is `#[schema(value_type = i64)]`.
#[cfg_attr(docsrs, doc(cfg(feature = "utoipa")))]
impl ToSchema for EpochMs {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("EpochMs")
    }
}
