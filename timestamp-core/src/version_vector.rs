//! `VersionVector`: whether two replicas have seen the same changes, one more than the other, or each some of its own.
//!
//! A hybrid stamp puts any two changes in an order, also where neither knew of the other. A version vector tells the two
//! cases apart: it counts the changes of each node, so it knows when changes were made at the same time and have to be
//! reconciled.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};

use crate::NodeId;

/// How the states of two replicas are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Causality {
    /// They have seen the same changes.
    Equal,
    /// The other one has seen every change of this one, and more.
    Before,
    /// This one has seen every change of the other, and more.
    After,
    /// Each has seen a change that the other has not: they are in conflict, or have to be merged.
    Concurrent,
}

/// How many changes of each node a replica has seen.
///
/// A replica [increments](Self::increment) its own count with each change it makes, and [merges](Self::merge) the vector of
/// whatever it takes over from another one. [`compare`](Self::compare) then says whether one state contains the other.
/// `PartialOrd` says the same: concurrent vectors are neither less nor greater.
///
/// Its text is `{000000000000002a: 3, 000000000000002b: 1}`, and in serde it is a map. A node that was not seen counts 0 and
/// is not written, so equal vectors have equal forms.
///
/// # Example: two replicas write apart
///
/// ```
/// use timestamp_core::{Causality, VersionVector};
///
/// let mut phone = VersionVector::new();
/// phone.increment("phone");
/// let mut laptop = phone.clone();
/// laptop.increment("laptop");
/// assert_eq!(phone.compare(&laptop), Causality::Before);
///
/// phone.increment("phone");
/// assert_eq!(phone.compare(&laptop), Causality::Concurrent);
///
/// laptop.merge(&phone);
/// assert!(laptop > phone);
/// assert_eq!(laptop.to_string(), "{laptop: 1, phone: 2}");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VersionVector<Node = NodeId> {
    /// None is 0, so that equality of the maps is equality of the vectors.
    counts: BTreeMap<Node, u64>,
}

const MAX_READ: u64 = (1 << 53) - 1;

const TOO_MANY: &str = "a node counts at most 9007199254740991 changes";

impl<Node: Ord> VersionVector<Node> {
    /// The greatest count that is read from outside, or written: numbers up to it are exact everywhere, in JavaScript too,
    /// and a node that makes a million changes a second reaches it in 285 years.
    pub const MAX_READ: u64 = MAX_READ;

    /// Returns the vector of a replica that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { counts: BTreeMap::new() }
    }

    /// Counts a change that this node has made, and returns its number; the first is 1.
    ///
    /// # Panics
    ///
    /// After 18,446,744,073,709,551,615 changes of one node.
    pub fn increment(&mut self, node: Node) -> u64 {
        let count = self.counts.entry(node).or_insert(0);
        let Some(next) = count.checked_add(1) else { out_of_counts() };
        *count = next;
        next
    }

    /// Returns how many changes of `node` were seen.
    #[must_use]
    pub fn get<Name: Ord + ?Sized>(&self, node: &Name) -> u64
    where
        Node: Borrow<Name>,
    {
        self.counts.get(node).copied().unwrap_or(0)
    }

    /// Takes in what another replica has seen: of each node the greater count.
    pub fn merge(&mut self, other: &Self)
    where
        Node: Clone,
    {
        for (node, theirs) in &other.counts {
            match self.counts.get_mut(node) {
                Some(ours) => *ours = (*ours).max(*theirs),
                None => {
                    self.counts.insert(node.clone(), *theirs);
                }
            }
        }
    }

    /// Returns how this state is related to the other one. Takes one walk through both.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Causality {
        let (mut ours, mut theirs) = (self.counts.iter().peekable(), other.counts.iter().peekable());
        let (mut less, mut more) = (false, false);
        while !(less && more) {
            // A node that only one of them has seen counts 0 in the other.
            let order = match (ours.peek(), theirs.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((node, _)), Some((other_node, _))) => node.cmp(other_node),
            };
            let our_count = if order.is_le() { ours.next().map(|(_, count)| count) } else { None };
            let their_count = if order.is_ge() { theirs.next().map(|(_, count)| count) } else { None };
            less |= our_count < their_count;
            more |= our_count > their_count;
        }
        match (less, more) {
            (false, false) => Causality::Equal,
            (true, false) => Causality::Before,
            (false, true) => Causality::After,
            (true, true) => Causality::Concurrent,
        }
    }

    /// Returns whether every change that `other` has seen was seen here.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.counts.iter().all(|(node, theirs)| self.get(node) >= *theirs)
    }

    /// Returns the nodes that were seen, in order, with their counts: to store them in columns of your own.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Node, u64)> {
        self.counts.iter().map(|(node, count)| (node, *count))
    }
}

#[cold]
fn out_of_counts() -> ! {
    panic!("a version vector counts at most 18,446,744,073,709,551,615 changes of a node")
}

impl<Node: Ord> Default for VersionVector<Node> {
    fn default() -> Self {
        Self::new()
    }
}

/// `Less` is before, `Greater` is after, and concurrent vectors have no order.
impl<Node: Ord> PartialOrd for VersionVector<Node> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.compare(other) {
            Causality::Equal => Some(Ordering::Equal),
            Causality::Before => Some(Ordering::Less),
            Causality::After => Some(Ordering::Greater),
            Causality::Concurrent => None,
        }
    }
}

/// Puts a vector together again from what [`iter`](VersionVector::iter) gave; of a node that comes twice, the greater count.
impl<Node: Ord> FromIterator<(Node, u64)> for VersionVector<Node> {
    fn from_iter<I: IntoIterator<Item = (Node, u64)>>(counts: I) -> Self {
        let mut vector = Self::new();
        for (node, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let greatest = vector.counts.entry(node).or_insert(0);
            *greatest = count.max(*greatest);
        }
        vector
    }
}

impl<Node: fmt::Display> fmt::Display for VersionVector<Node> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "{";
        for (node, count) in &self.counts {
            write!(f, "{separator}{node}: {count}")?;
            separator = ", ";
        }
        f.write_str(if self.counts.is_empty() { "{}" } else { "}" })
    }
}

impl<Node: fmt::Debug> fmt::Debug for VersionVector<Node> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.counts).finish()
    }
}

/// As a map from node to count. A count above [`MAX_READ`](VersionVector::MAX_READ) is refused, since nobody would read it.
impl<Node: Serialize> Serialize for VersionVector<Node> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.counts.values().any(|count| *count > MAX_READ) {
            return Err(S::Error::custom(TOO_MANY));
        }
        serializer.collect_map(&self.counts)
    }
}

/// From a map. A node that stands there twice is refused, and so is a count above [`MAX_READ`](VersionVector::MAX_READ), after
/// which a node could soon count no further.
impl<'de, Node: Ord + Deserialize<'de>> Deserialize<'de> for VersionVector<Node> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(CountsVisitor(PhantomData))
    }
}

struct CountsVisitor<Node>(PhantomData<Node>);

impl<'de, Node: Ord + Deserialize<'de>> Visitor<'de> for CountsVisitor<Node> {
    type Value = VersionVector<Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from each node to the number of its changes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut counts = BTreeMap::new();
        while let Some((node, count)) = map.next_entry()? {
            if count > MAX_READ {
                return Err(A::Error::custom(TOO_MANY));
            }
            match counts.entry(node) {
                Entry::Occupied(_) => return Err(A::Error::custom("a node stands there twice")),
                Entry::Vacant(entry) => entry.insert(count),
            };
        }
        counts.retain(|_, count| *count > 0);
        Ok(VersionVector { counts })
    }
}
