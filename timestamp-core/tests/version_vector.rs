//! Version vectors: a replica knows what another one has seen.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use proptest::prelude::*;
use timestamp_core::{Causality, NodeId, VersionVector};

type Vector = VersionVector<u8>;

fn vector() -> impl Strategy<Value = Vector> {
    prop::collection::vec((0..4_u8, 0..4_u64), 0..6).prop_map(|counts| counts.into_iter().collect())
}

fn merged(one: &Vector, other: &Vector) -> Vector {
    let mut merged = one.clone();
    merged.merge(other);
    merged
}

proptest! {
    #[test]
    fn merging_does_not_depend_on_order_or_repetition(one in vector(), two in vector(), three in vector()) {
        prop_assert_eq!(merged(&one, &two), merged(&two, &one));
        prop_assert_eq!(merged(&merged(&one, &two), &three), merged(&one, &merged(&two, &three)));
        prop_assert_eq!(merged(&one, &one), one.clone());
        prop_assert!(merged(&one, &two).contains(&one) && merged(&one, &two).contains(&two));
        let nothing_else = (0..4).all(|node| merged(&one, &two).get(&node) == one.get(&node).max(two.get(&node)));
        prop_assert!(nothing_else);
    }

    #[test]
    fn comparing_agrees_with_the_counts_and_with_the_order(one in vector(), other in vector()) {
        let (mut less, mut more) = (false, false);
        for node in 0..4 {
            less |= one.get(&node) < other.get(&node);
            more |= one.get(&node) > other.get(&node);
        }
        let expected = match (less, more) {
            (false, false) => (Causality::Equal, Some(Ordering::Equal)),
            (true, false) => (Causality::Before, Some(Ordering::Less)),
            (false, true) => (Causality::After, Some(Ordering::Greater)),
            (true, true) => (Causality::Concurrent, None),
        };
        prop_assert_eq!((one.compare(&other), one.partial_cmp(&other)), expected);
        prop_assert_eq!(one == other, expected.0 == Causality::Equal);
    }

    #[test]
    fn json_and_pairs_read_back_and_equal_vectors_are_written_equally(one in vector()) {
        let json = serde_json::to_string(&one).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vector>(&json).unwrap(), one.clone());
        let again: Vector = one.iter().map(|(node, count)| (*node, count)).collect();
        prop_assert_eq!(&again, &one);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), json);
    }

    /// The oracle knows each change by name: a replica's state is the set of the changes it has seen.
    #[test]
    fn vectors_are_related_as_the_sets_of_changes_are(
        steps in prop::collection::vec((0..3_usize, prop::option::of(0..3_usize)), 0..60),
    ) {
        let mut replicas: Vec<(Vector, BTreeSet<(usize, u64)>)> = vec![Default::default(); 3];
        for (at, from) in steps {
            match from {
                None => {
                    let number = replicas[at].0.increment(at as u8);
                    replicas[at].1.insert((at, number));
                }
                Some(from) => {
                    let (vector, changes) = replicas[from].clone();
                    replicas[at].0.merge(&vector);
                    replicas[at].1.extend(changes);
                }
            }
            for (one, seen) in &replicas {
                for (other, seen_by_other) in &replicas {
                    let expected = match (seen.is_subset(seen_by_other), seen.is_superset(seen_by_other)) {
                        (true, true) => Causality::Equal,
                        (true, false) => Causality::Before,
                        (false, true) => Causality::After,
                        (false, false) => Causality::Concurrent,
                    };
                    prop_assert_eq!(one.compare(other), expected);
                }
            }
        }
    }
}

#[test]
fn node_that_was_not_seen_counts_0() {
    let zeros: Vector = [(1, 0), (2, 0)].into_iter().collect();
    assert_eq!((zeros.get(&1), zeros.iter().len()), (0, 0));
    assert_eq!(zeros, Vector::new());
    assert_eq!(serde_json::from_str::<Vector>(r#"{"1": 0}"#).unwrap(), Vector::default());
}

#[test]
fn vector_of_nodes_is_a_map_from_their_texts() {
    let mut vector: VersionVector = VersionVector::new();
    assert_eq!((vector.increment(NodeId::new(42)), vector.increment(NodeId::new(42))), (1, 2));
    vector.increment(NodeId::new(1));
    assert_eq!(vector.to_string(), "{0000000000000001: 1, 000000000000002a: 2}");
    assert_eq!(format!("{vector:?}"), vector.to_string());
    let json = serde_json::to_string(&vector).unwrap();
    assert_eq!(json, r#"{"0000000000000001":1,"000000000000002a":2}"#);
    assert_eq!(serde_json::from_str::<VersionVector>(&json).unwrap(), vector);
    assert_eq!(VersionVector::<NodeId>::new().to_string(), "{}");
}

#[test]
fn map_that_no_vector_writes_is_refused() {
    let refusal = |json: &str| serde_json::from_str::<Vector>(json).unwrap_err().to_string();
    assert!(refusal(r#"{"1": 2, "1": 3}"#).starts_with("a node stands there twice"));
    assert!(refusal(r#"{"1": 9007199254740992}"#).starts_with("a node counts at most 9007199254740991 changes"));
    assert!(serde_json::from_str::<Vector>(r#"{"1": 9007199254740991}"#).is_ok());
    assert!(refusal(r#"{"1": -1}"#).starts_with("invalid value"));
    assert!(refusal("[1]").contains("expected a map from each node to the number of its changes"));
}

/// A vector that came from columns, or that counted on from the greatest count that is read.
#[test]
fn count_that_nobody_would_read_is_not_written() {
    let mut vector: Vector = [(1, Vector::MAX_READ)].into_iter().collect();
    assert!(serde_json::to_string(&vector).is_ok());
    vector.increment(1);
    let refusal = serde_json::to_string(&vector).unwrap_err().to_string();
    assert_eq!(refusal, "a node counts at most 9007199254740991 changes");
}

#[test]
fn node_is_asked_for_by_what_it_borrows_as() {
    let mut vector: VersionVector<String> = VersionVector::new();
    vector.increment("phone".to_owned());
    assert_eq!((vector.get("phone"), vector.get("laptop")), (1, 0));
}

#[test]
#[should_panic(expected = "a version vector counts at most 18,446,744,073,709,551,615 changes of a node")]
fn count_never_starts_over() {
    let mut vector: Vector = [(1, u64::MAX)].into_iter().collect();
    vector.increment(1);
}
