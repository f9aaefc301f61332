use std::collections::HashMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use timestamp_core::{ColumnType, Record, Timestamped, Timestamps, Value};

use crate::row::{Row, restored, row, stored_timestamps};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Address {
    street: String,
    number: u16,
}

#[derive(Timestamped)]
#[timestamped(table = "visits")]
struct Visit {
    #[timestamped(id)]
    id: u64,
    #[timestamped(json)]
    address: Address,
    #[timestamped(json)]
    previous: Option<Address>,
    #[timestamped(json)]
    counts: HashMap<String, u32>,
    #[timestamped(text)]
    from: IpAddr,
    #[timestamped(text)]
    proxy: std::option::Option<IpAddr>,
    #[timestamped(skip)]
    cache: Option<Vec<u8>>,
    timestamps: Timestamps,
}

fn visit() -> Visit {
    let address = Address { street: "Hauptstrasse".into(), number: 3 };
    Visit::create(|timestamps| Visit {
        id: 1,
        previous: Some(Address { number: 4, ..address.clone() }),
        address,
        counts: ["b", "a", "d", "c"].into_iter().map(str::to_owned).zip(1..).collect(),
        from: [127, 0, 0, 1].into(),
        proxy: Some([10, 0, 0, 1].into()),
        cache: Some(vec![1, 2, 3]),
        timestamps,
    })
    .unwrap()
}

#[test]
fn json_text_and_option_say_type_and_null() {
    let columns: Vec<_> =
        Visit::COLUMNS.iter().map(|column| (column.name, column.column_type, column.nullable)).collect();
    assert_eq!(
        columns,
        [
            ("id", ColumnType::Integer, false),
            ("address", ColumnType::Json, false),
            ("previous", ColumnType::Json, true),
            ("counts", ColumnType::Json, false),
            ("from", ColumnType::Text, false),
            ("proxy", ColumnType::Text, true),
        ]
    );
}

#[test]
fn json_and_text_come_back_as_they_went() {
    let before = visit();
    let after: Visit = restored(&row(&before));
    assert_eq!(after.address, before.address);
    assert_eq!(after.previous, before.previous);
    assert_eq!(after.counts, before.counts);
    assert_eq!((after.from, after.proxy), (before.from, before.proxy));
}

#[test]
fn json_is_canonical() {
    let values = row(&visit()).0;
    assert_eq!(values[1], Value::Json(r#"{"number":3,"street":"Hauptstrasse"}"#.into()));
    assert_eq!(values[3], Value::Json(r#"{"a":2,"b":1,"c":4,"d":3}"#.into()));
}

#[test]
fn none_is_null_and_comes_back_as_none() {
    let mut visit = visit();
    (visit.previous, visit.proxy) = (None, None);
    let row = row(&visit);
    assert_eq!((&row.0[2], &row.0[5]), (&Value::Null, &Value::Null));
    let after: Visit = restored(&row);
    assert_eq!((after.previous, after.proxy), (None, None));
}

#[test]
fn skipped_field_comes_back_as_its_default() {
    let before = visit();
    assert!(before.cache.is_some());
    assert_eq!(restored::<Visit>(&row(&before)).cache, None);
}

#[test]
fn broken_json_is_refused_without_repeating_it() {
    for (column, broken) in [(1, r#"{"street":"secret"}"#), (1, "{secret"), (2, r#"{"street":"secret"}"#)] {
        let Row(mut values) = row(&visit());
        values[column] = Value::Json(broken.into());
        let Err(error) = Visit::restore(&mut Row(values), stored_timestamps()) else { panic!("{broken} was read") };
        assert_eq!(error.column, column);
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn text_that_does_not_parse_is_refused_without_repeating_it() {
    for column in [4, 5] {
        let Row(mut values) = row(&visit());
        values[column] = Value::Text("secret".into());
        let Err(error) = Visit::restore(&mut Row(values), stored_timestamps()) else { panic!("no address was read") };
        assert_eq!(error.column, column);
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
