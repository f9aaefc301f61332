//! A row in memory, as a database would keep it.

use timestamp_core::{__private, Clock, ColumnError, EpochMs, Record, RowReader, RowWriter, Timestamps, Value};

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row(pub(crate) Vec<Value<'static>>);

impl RowWriter for Row {
    fn write(&mut self, column: usize, value: Value<'_>) -> Result<(), ColumnError> {
        assert_eq!(column, self.0.len(), "columns are written in their order");
        self.0.push(value.into_owned());
        Ok(())
    }
}

impl RowReader for Row {
    fn read(&mut self, column: usize) -> Result<Value<'_>, ColumnError> {
        Ok(self.0[column].clone())
    }
}

/// The row of an entity.
pub(crate) fn row<E: Record>(entity: &E) -> Row {
    let mut row = Row::default();
    entity.encode(&mut row).unwrap();
    assert_eq!(row.0.len(), E::COLUMNS.len(), "each column is written once");
    row
}

/// What a repository puts into a loaded entity.
pub(crate) fn stored_timestamps() -> Timestamps {
    __private::restored(EpochMs::UNIX_EPOCH, EpochMs::UNIX_EPOCH, 3, &Clock::system())
}

/// The entity that was stored as `row`.
pub(crate) fn restored<E: Record>(row: &Row) -> E {
    E::restore(&mut row.clone(), stored_timestamps()).unwrap()
}
