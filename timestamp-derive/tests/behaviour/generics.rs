use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use timestamp_core::{ColumnType, Record, Timestamped, Timestamps};

use crate::row::{restored, row};

#[derive(Timestamped)]
#[timestamped(table = "boxes")]
struct Boxed<Id, Content: Clone, Tag = u8, const SIZE: usize = 3>
where
    Content: Debug,
{
    #[timestamped(id)]
    id: Id,
    content: Content,
    #[timestamped(json)]
    more: Vec<Content>,
    #[timestamped(skip)]
    tag: PhantomData<Tag>,
    timestamps: Timestamps,
}

type Shelf = Boxed<String, i32>;

#[test]
fn generic_entity_is_a_record_where_its_parameters_fit_into_columns() {
    let shelf = Shelf::create(|timestamps| Boxed {
        id: "a".to_owned(),
        content: 7,
        more: vec![8, 9],
        tag: PhantomData,
        timestamps,
    });
    let after: Shelf = restored(&row(&shelf.unwrap()));
    assert_eq!((after.id.as_str(), after.content, after.more), ("a", 7, vec![8, 9]));
    assert_eq!(after.tag, PhantomData);
    assert_eq!(Shelf::COLUMNS[1].column_type, ColumnType::Integer);
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct NoColumn;

#[test]
fn generic_entity_needs_no_columns_to_be_an_entity() {
    let mut boxed: Boxed<u64, NoColumn, std::rc::Rc<u8>> =
        Boxed::create(|timestamps| Boxed { id: 1, content: NoColumn, more: vec![], tag: PhantomData, timestamps })
            .unwrap();
    boxed.touch("moved");
    assert_eq!((boxed.version(), boxed.content, boxed.more, boxed.tag), (2, NoColumn, vec![], PhantomData));
}

#[derive(Timestamped)]
struct Borrowing<'a, T: ?Sized>
where
    for<'b> &'b T: Debug,
{
    #[timestamped(id)]
    id: u64,
    of: &'a T,
    timestamps: Timestamps,
}

#[test]
fn entity_without_a_table_may_borrow() {
    let text = String::from("borrowed");
    let mut entity = Borrowing::create(|timestamps| Borrowing { id: 1, of: text.as_str(), timestamps }).unwrap();
    entity.touch("read");
    assert_eq!((*entity.id(), entity.of, entity.version()), (1, "borrowed", 2));
}

#[derive(Timestamped)]
struct Keyed<K: Clone + Eq + Hash + Display + Send + Sync + 'static> {
    #[timestamped(id)]
    key: K,
    timestamps: Timestamps,
}

fn touched<K: Clone + Eq + Hash + Display + Send + Sync + 'static>(key: K) -> u64 {
    let mut keyed = Keyed::create(|timestamps| Keyed { key, timestamps }).unwrap();
    keyed.touch("used");
    keyed.version()
}

#[test]
fn generic_id_needs_no_column_without_a_table() {
    assert_eq!(touched('x'), 2);
}

// The names that generated code uses for its own parameters are not taken from the user.
#[derive(Timestamped)]
#[timestamped(table = "names")]
struct Names<W, R, E> {
    #[timestamped(id)]
    row: W,
    timestamps: R,
    column: E,
    #[timestamped(timestamps)]
    stamps: Timestamps,
}

#[test]
fn parameters_and_fields_may_have_any_names() {
    let names = Names::create(|stamps| Names { row: 1_u8, timestamps: 2_i64, column: true, stamps }).unwrap();
    let after: Names<u8, i64, bool> = restored(&row(&names));
    assert_eq!((after.row, after.timestamps, after.column), (1, 2, true));
}
