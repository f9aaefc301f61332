//! `HybridStamp`: a point in the order of things that happened on several nodes.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use super::NodeId;
use super::text::{Reader, StampParseError};
use crate::EpochMs;

/// Bits of the counter, below the milliseconds.
const COUNTER: u32 = 16;

/// The time and the counter of a stamp in one number: 48 bits of milliseconds since 1970, and 16 bits of counter.
///
/// One more than the last counter of a millisecond is the first of the next, so the carry needs no code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Packed(pub(super) u64);

impl Packed {
    /// The first of the stamps of this millisecond, or of 1970's first millisecond if it is an earlier one.
    #[inline]
    pub(super) fn first_of(time: EpochMs) -> Self {
        Self::of_millis(time.as_millis().max(0) as u64)
    }

    fn of(time: EpochMs, counter: u16) -> Self {
        Self(Self::first_of(time).0 | u64::from(counter))
    }

    /// The first of the stamps of this millisecond since 1970.
    #[inline]
    pub(super) const fn of_millis(millis: u64) -> Self {
        Self(millis << COUNTER)
    }

    #[inline]
    pub(super) const fn millis(self) -> u64 {
        self.0 >> COUNTER
    }

    #[inline]
    pub(super) fn time(self) -> EpochMs {
        // 48 bits reach beyond the year 9999, which nothing that makes one of these does.
        EpochMs::saturating_from_millis(self.millis() as i64)
    }

    #[inline]
    const fn counter(self) -> u16 {
        (self.0 & 0xffff) as u16
    }
}

/// A stamp of a [hybrid clock](crate::HybridClock): a time in milliseconds, a counter for what happens within one of them,
/// and the node that gave it out.
///
/// Stamps are ordered by time, then counter, then node, so any two of different nodes have an order that every node agrees
/// on; and if one could have caused the other, it is the smaller one. 16 bytes. Its text, in serde too, always has 46
/// characters and sorts as the stamps do: the time, the counter and the node, as in
/// `2026-01-31T12:34:56.789Z-0003-000000000000002a`.
///
/// # Example
///
/// ```
/// use timestamp_core::HybridStamp;
///
/// let stamp: HybridStamp = "2026-01-31T12:34:56.789Z-0003-000000000000002a".parse()?;
/// assert_eq!(stamp.time().to_string(), "2026-01-31T12:34:56.789Z");
/// assert_eq!((stamp.counter(), stamp.node().number()), (3, 42));
/// # Ok::<(), timestamp_core::hybrid::StampParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HybridStamp {
    packed: Packed,
    node: NodeId,
}

impl HybridStamp {
    /// Returns the stamp of these parts, such as a database has kept them, or `None` for a time before 1970, which no stamp
    /// has.
    ///
    /// It is for stamps that were given out before; new ones come from [`HybridClock::stamp`](crate::HybridClock::stamp).
    #[must_use]
    pub fn from_parts(time: EpochMs, counter: u16, node: NodeId) -> Option<Self> {
        (time >= EpochMs::UNIX_EPOCH).then(|| Self::new(Packed::of(time, counter), node))
    }

    #[inline]
    pub(super) const fn new(packed: Packed, node: NodeId) -> Self {
        Self { packed, node }
    }

    pub(super) const fn packed(self) -> Packed {
        self.packed
    }

    /// Returns the stamp's time: that of the physical clock, or a little more.
    #[must_use]
    #[inline]
    pub fn time(self) -> EpochMs {
        self.packed.time()
    }

    /// Returns the stamp's place among those of the same millisecond.
    #[must_use]
    #[inline]
    pub const fn counter(self) -> u16 {
        self.packed.counter()
    }

    /// Returns the node that gave it out.
    #[must_use]
    #[inline]
    pub const fn node(self) -> NodeId {
        self.node
    }
}

/// The time, without what tells it from other stamps of the same millisecond.
impl From<HybridStamp> for EpochMs {
    fn from(stamp: HybridStamp) -> Self {
        stamp.time()
    }
}

impl fmt::Display for HybridStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:04x}-{}", self.time(), self.counter(), self.node)
    }
}

impl fmt::Debug for HybridStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads what [`Display`](fmt::Display) writes and nothing else, so that equal stamps have equal texts.
impl FromStr for HybridStamp {
    type Err = StampParseError;

    fn from_str(text: &str) -> Result<Self, StampParseError> {
        let mut reader = Reader::new(text);
        let time = reader.time()?;
        reader.hyphen()?;
        let counter = reader.counter()?;
        reader.hyphen()?;
        let node = reader.node()?;
        reader.end()?;
        Ok(Self::new(Packed::of(time, counter), node))
    }
}

impl Serialize for HybridStamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HybridStamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(StampVisitor)
    }
}

struct StampVisitor;

impl Visitor<'_> for StampVisitor {
    type Value = HybridStamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stamp as text, such as `2026-01-31T12:34:56.789Z-0003-000000000000002a`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<HybridStamp, E> {
        text.parse().map_err(E::custom)
    }
}
