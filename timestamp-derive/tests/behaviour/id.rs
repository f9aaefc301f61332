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
