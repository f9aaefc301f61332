use timestamp_core::{Timestamped, Timestamps};

type Stamps = Timestamps;

#[derive(Timestamped)]
struct Aliased {
    #[timestamped(id)]
    id: u64,
    #[timestamped(timestamps)]
    when: Stamps,
}

#[derive(Timestamped)]
struct Qualified {
    #[timestamped(id)]
    id: u64,
    when: ::timestamp_core::Timestamps,
}

mod private_by_another_word {
    use timestamp_core::{Timestamped, Timestamps};

    #[derive(Timestamped)]
    pub(crate) struct Explicit {
        #[timestamped(id)]
        pub(crate) id: u64,
        pub(self) timestamps: Timestamps,
    }

    pub(crate) fn new() -> Explicit {
        Explicit::create(|timestamps| Explicit { id: 1, timestamps }).unwrap()
    }
}

#[test]
fn alias_is_marked() {
    let mut entity = Aliased::create(|when| Aliased { id: 1, when }).unwrap();
    entity.touch("checked");
    assert_eq!((entity.version(), entity.when.clone()), (2, entity.when));
}

#[test]
fn timestamps_are_found_by_the_last_segment_of_their_type() {
    let entity = Qualified::create(|when| Qualified { id: 1, when }).unwrap();
    assert_eq!((*entity.id(), entity.created_at()), (1, entity.updated_at()));
}

#[test]
fn pub_self_is_private() {
    assert_eq!(private_by_another_word::new().id, 1);
}
