use std::collections::HashSet;

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Account {
    // A field that is named `id` and is not the id.
    id: String,
    #[timestamped(id)]
    number: u32,
    timestamps: Timestamps,
}

#[test]
fn marked_field_is_the_id_whatever_it_is_called() {
    let account = Account::create(|timestamps| Account { id: "DE".into(), number: 12, timestamps }).unwrap();
    assert_eq!((account.id(), account.id.as_str()), (&12, "DE"));
}

#[test]
fn the_ids_type_is_the_fields_type() {
    fn id_of<E: Timestamped<Id = u32>>(entity: &E) -> u32 {
        *entity.id()
    }
    let account = Account::create(|timestamps| Account { id: String::new(), number: 12, timestamps }).unwrap();
    assert_eq!(id_of(&account), 12);
}

#[test]
fn generic_code_clones_compares_hashes_and_shows_ids() {
    fn names<E: Timestamped>(entities: &[E]) -> Vec<String> {
        let mut seen: HashSet<E::Id> = HashSet::new();
        let first_of_each = entities.iter().filter(|entity| seen.insert(entity.id().clone()));
        first_of_each.map(|entity| format!("{} {}", E::ENTITY_TYPE, entity.id())).collect()
    }
    let account = |number| Account::create(|timestamps| Account { id: String::new(), number, timestamps }).unwrap();
    assert_eq!(names(&[account(12), account(7), account(12)]), ["Account 12", "Account 7"]);
}
