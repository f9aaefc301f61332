//! The state of an entity in its events: its columns as a JSON object.

use std::fmt::Write as _;

use timestamp_core::{ColumnDefinition, ColumnError, Record, RowError, RowWriter, Value};

use super::envelope::push_escaped;

/// Returns the columns of the entity by their names, as JSON text.
pub(crate) fn state<E: Record>(entity: &E) -> Result<String, RowError> {
    let mut state = State { columns: E::COLUMNS, json: String::from("{") };
    entity.encode(&mut state)?;
    state.json.push('}');
    Ok(state.json)
}

struct State {
    columns: &'static [ColumnDefinition],
    json: String,
}

impl RowWriter for State {
    fn write(&mut self, column: usize, value: Value<'_>) -> Result<(), ColumnError> {
        let json = &mut self.json;
        if json.len() > 1 {
            json.push(',');
        }
        push_escaped(json, self.columns.get(column).map_or("", |column| column.name));
        json.push(':');
        // Writing to a string does not fail.
        let _ = match value {
            Value::Null => write!(json, "null"),
            Value::Bool(it) => write!(json, "{it}"),
            Value::Integer(it) => write!(json, "{it}"),
            Value::Real(it) if it.is_nan() => write!(json, r#""NaN""#),
            Value::Real(it) if it.is_infinite() => {
                write!(json, r#""{}Infinity""#, if it < 0.0 { "-" } else { "" })
            }
            Value::Real(it) => write!(json, "{}", serde_json::Value::from(it)),
            Value::Text(it) => {
                push_escaped(json, &it);
                Ok(())
            }
            Value::Blob(it) => {
                json.push('"');
                for byte in it.iter() {
                    let _ = write!(json, "{byte:02x}");
                }
                write!(json, "\"")
            }
            Value::Uuid(it) => write!(json, r#""{it}""#),
            Value::Time(it) => write!(json, r#""{it}""#),
            Value::Json(it) => {
                // A `Column` of the user's own may say that something is JSON which is not, and would break the payload.
                if serde_json::from_str::<serde_json::Value>(&it).is_err() {
                    return Err(ColumnError::new("the value is not JSON, and events carry it as JSON"));
                }
                write!(json, "{it}")
            }
            other => return Err(ColumnError::new(format!("{} has no form in the state of events", other.kind()))),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use timestamp_core::{EpochMs, RowWriter as _, Value};
    use uuid::Uuid;

    use super::State;

    fn json(value: Value<'_>) -> String {
        let columns = &[timestamp_core::ColumnDefinition {
            name: "a \"b\"",
            column_type: timestamp_core::ColumnType::Text,
            nullable: true,
        }];
        let mut state = State { columns, json: String::from("{") };
        state.write(0, value).unwrap();
        let (name, value) = state.json.split_once(':').unwrap();
        assert_eq!(name, r#"{"a \"b\"""#);
        value.to_owned()
    }

    #[test]
    fn every_kind_of_value_has_its_form() {
        for (value, expected) in [
            (Value::Null, "null"),
            (Value::Bool(true), "true"),
            (Value::Integer(i64::MIN), "-9223372036854775808"),
            (Value::Real(0.1), "0.1"),
            (Value::Real(2.0), "2.0"),
            (Value::Real(f64::NAN), r#""NaN""#),
            (Value::Real(f64::NEG_INFINITY), r#""-Infinity""#),
            (Value::Text("a\n\"é\"".into()), r#""a\n\"é\"""#),
            (Value::Blob(vec![0, 10, 255].into()), r#""000aff""#),
            (Value::Uuid(Uuid::nil()), r#""00000000-0000-0000-0000-000000000000""#),
            (Value::Time(EpochMs::UNIX_EPOCH), r#""1970-01-01T00:00:00.000Z""#),
            (Value::Json(r#"{"a":[1]}"#.into()), r#"{"a":[1]}"#),
        ] {
            assert_eq!(json(value), expected);
        }
    }

    #[test]
    fn what_is_not_json_does_not_break_the_payload() {
        let mut state = State { columns: &[], json: String::from("{") };
        assert!(state.write(0, Value::Json(r#"1,"kind":"forged""#.into())).is_err());
    }
}
