//! The fingerprint of an entity's columns, by which a change without `touch` is noticed (law 8).
//!
//! It is taken by the same encoder that saves the entity, never from the raw row, so that a value which is stored in
//! another form than it was read in does not look like a change. 32 bits, in memory only: one change in four billion
//! goes unnoticed.

use std::hash::Hasher;

use rustc_hash::FxHasher;
use timestamp_core::{ColumnError, Record, RowError, RowWriter, Value};

#[derive(Default)]
pub(crate) struct Fingerprint(FxHasher);

impl Fingerprint {
    pub(crate) fn of<E: Record>(entity: &E) -> Result<u32, RowError> {
        let mut fingerprint = Self::default();
        entity.encode(&mut fingerprint)?;
        Ok(fingerprint.digest())
    }

    #[inline]
    pub(crate) fn add(&mut self, value: &Value<'_>) {
        let hasher = &mut self.0;
        match value {
            Value::Null => hasher.write_u8(0),
            Value::Bool(it) => hasher.write_u8(1 + u8::from(*it)),
            Value::Integer(it) => hasher.write_i64(*it),
            Value::Real(it) => hasher.write_u64(it.to_bits()),
            Value::Text(it) | Value::Json(it) => bytes(hasher, it.as_bytes()),
            Value::Blob(it) => bytes(hasher, it),
            Value::Uuid(it) => hasher.write(it.as_bytes()),
            Value::Time(it) => hasher.write_i64(it.as_millis()),
            // A kind of value that is added later has to be taken in here first: equal text is the safe reading.
            other => bytes(hasher, format!("{other:?}").as_bytes()),
        }
    }

    /// Never 0, which stands for "no columns known".
    pub(crate) fn digest(&self) -> u32 {
        let hash = self.0.finish();
        (((hash >> 32) ^ hash) as u32).max(1)
    }
}

/// The length goes in first, so that ("ab", "c") differs from ("a", "bc").
#[inline]
fn bytes(hasher: &mut FxHasher, bytes: &[u8]) {
    hasher.write_usize(bytes.len());
    hasher.write(bytes);
}

impl RowWriter for Fingerprint {
    #[inline]
    fn write(&mut self, _column: usize, value: Value<'_>) -> Result<(), ColumnError> {
        self.add(&value);
        Ok(())
    }
}
