use timestamp_core::{Record, Timestamped, Timestamps};

use crate::row::{restored, row};

#[derive(Timestamped)]
#[timestamped(table = "r#odd \"table\"")]
struct Document {
    #[timestamped(id, column = "document_id")]
    id: u64,
    r#type: String,
    #[timestamped(column = "layout_version")]
    version: u32,
    #[timestamped(column = "Grüße, \"Welt\"")]
    greeting: String,
    timestamps: Timestamps,
}

fn document() -> Document {
    Document::create(|timestamps| Document {
        id: 1,
        r#type: "letter".into(),
        version: 2,
        greeting: "hello".into(),
        timestamps,
    })
    .unwrap()
}

#[test]
fn column_key_renames_the_column() {
    let names: Vec<_> = Document::COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(names, ["document_id", "type", "layout_version", "Grüße, \"Welt\""]);
    assert_eq!(Document::TABLE, "r#odd \"table\"");
}

#[test]
fn renamed_fields_come_back() {
    let after: Document = restored(&row(&document()));
    assert_eq!((after.id, after.r#type.as_str(), after.version, after.greeting.as_str()), (1, "letter", 2, "hello"));
}

#[derive(Timestamped)]
#[timestamped(table = "types")]
#[expect(non_camel_case_types, reason = "a keyword as a name")]
struct r#type {
    #[timestamped(id)]
    r#fn: u64,
    r#timestamps: Timestamps,
}

#[test]
fn raw_identifiers_lose_their_prefix_in_names() {
    let entity = r#type::create(|timestamps| r#type { r#fn: 1, timestamps }).unwrap();
    assert_eq!(r#type::ENTITY_TYPE, "type");
    assert_eq!(r#type::COLUMNS[0].name, "fn");
    assert_eq!(entity.id(), &1);
}

#[derive(Timestamped)]
#[timestamped(table = "invoices", created_at = "Born \"on\"", version = "revision")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    /// Free, because the repository's own column has another name.
    version: u32,
    timestamps: Timestamps,
}

#[test]
fn columns_of_the_timestamps_are_renamed_one_by_one() {
    assert_eq!(Invoice::TIMESTAMP_COLUMNS, ["Born \"on\"", "updated_at_ms", "revision"]);
    assert_eq!(Document::TIMESTAMP_COLUMNS, ["created_at_ms", "updated_at_ms", "version"]);
    let names: Vec<_> = Invoice::COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(names, ["id", "version"]);
    let invoice = Invoice::create(|timestamps| Invoice { id: 1, version: 3, timestamps }).unwrap();
    assert_eq!(restored::<Invoice>(&row(&invoice)).version, 3);
}
