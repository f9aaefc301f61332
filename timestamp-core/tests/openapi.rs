//! An instant in an OpenAPI document.
#![cfg(feature = "utoipa")]

use serde_json::json;
use timestamp_core::EpochMs;
use utoipa::{PartialSchema, ToSchema};

/// A type as a user writes it, with the derive of utoipa.
#[derive(ToSchema)]
#[expect(dead_code, reason = "its fields are read by the derive")]
struct Session {
    opened: EpochMs,
    closed: Option<EpochMs>,
    #[schema(value_type = i64)]
    seen: EpochMs,
}

#[test]
fn instant_is_a_string_of_the_format_date_time() {
    let schema = serde_json::to_value(EpochMs::schema()).unwrap();
    assert_eq!(schema["type"], "string");
    assert_eq!(schema["format"], "date-time");
    let example = schema["examples"][0].as_str().unwrap();
    assert_eq!(example.parse::<EpochMs>().unwrap().to_string(), example);
}

#[test]
fn field_refers_to_the_schema_of_instants() {
    let schema = serde_json::to_value(Session::schema()).unwrap();
    assert_eq!(schema["properties"]["opened"], json!({ "$ref": "#/components/schemas/EpochMs" }));
    assert_eq!(schema["properties"]["seen"]["type"], "integer");
    assert_eq!(schema["required"], json!(["opened", "seen"]));
    let mut schemas = vec![];
    Session::schemas(&mut schemas);
    let names: Vec<&str> = schemas.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"EpochMs"), "{names:?}");
}
