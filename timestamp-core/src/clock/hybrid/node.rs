//! `NodeId`: who gives out a stamp.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use super::text::{Reader, StampParseError};

/// The number of a node: one program, replica or device that gives out stamps of its own.
///
/// No two may ever have the same: one that takes over the number of another one needs its memory, too
/// ([`remember_in`](crate::hybrid::HybridOptions::remember_in)), or stamps repeat. Its text, in serde too, is 16 hexadecimal
/// digits, lower case.
///
/// # Example
///
/// ```
/// use timestamp_core::NodeId;
///
/// assert_eq!(NodeId::new(42).to_string(), "000000000000002a");
/// assert_eq!("000000000000002a".parse(), Ok(NodeId::new(42)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u64);

impl NodeId {
    /// Returns the node of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the node's number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads 16 hexadecimal digits, lower case, and nothing else, so that equal nodes have equal texts.
impl FromStr for NodeId {
    type Err = StampParseError;

    fn from_str(text: &str) -> Result<Self, StampParseError> {
        let mut reader = Reader::new(text);
        let node = reader.node()?;
        reader.end()?;
        Ok(node)
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NodeVisitor)
    }
}

struct NodeVisitor;

impl Visitor<'_> for NodeVisitor {
    type Value = NodeId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node as 16 hexadecimal digits, such as `000000000000002a`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NodeId, E> {
        text.parse().map_err(E::custom)
    }
}
