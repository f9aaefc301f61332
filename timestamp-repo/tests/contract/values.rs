//! Values that no column can hold, and code of the user's that panics while a row is written.

use timestamp_core::{Clock, Column, ColumnError, ColumnType, Timestamped, Timestamps, Value};
use timestamp_repo::{Repository, SaveError, Store};

use super::entities::{assert_books_balance, open, pending, saved};
use super::harness::Harness;

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "parcels")]
struct Parcel {
    #[timestamped(id)]
    id: i64,
    content: Content,
    timestamps: Timestamps,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Books,
    TooLarge,
    Explosive,
}

impl Column for Content {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        match self {
            Self::Books => Ok(Value::Text("books".into())),
            Self::TooLarge => Err(ColumnError::new("it is too large")),
            Self::Explosive => panic!("a parcel exploded: this is part of the test"),
        }
    }

    fn from_value(_: Value<'_>) -> Result<Self, ColumnError> {
        Ok(Self::Books)
    }
}

impl Parcel {
    fn new(clock: &Clock, id: i64, content: Content) -> Self {
        Self::create_with(clock, |timestamps| Self { id, content, timestamps }).unwrap()
    }
}

pub(crate) async fn a_value_that_no_column_can_hold_is_invalid_and_named<H: Harness>(harness: &H) {
    let (store, _) = open(harness).await;
    let parcels: Repository<Parcel, _> = store.repository().await.unwrap();
    let mut new = Parcel::new(harness.clock(), 1, Content::TooLarge);
    let mut old = Parcel::new(harness.clock(), 2, Content::Books);
    parcels.save(&mut old).await.unwrap();
    old.content = Content::TooLarge;
    assert!(matches!(parcels.save(&mut old).await, Err(SaveError::Invalid(_))));
    old.touch("packed");
    for parcel in [&mut new, &mut old] {
        let error = parcels.save(parcel).await.unwrap_err();
        assert_eq!(error.to_string(), "the entity is not valid: content: it is too large");
        let mut unit = store.begin().await.unwrap();
        assert!(matches!(unit.save(parcel).await, Err(SaveError::Invalid(_))));
        unit.commit().await.unwrap();
        let mut batch = [Parcel::new(harness.clock(), 9, Content::Books), parcel.clone()];
        let refused = parcels.save_all(&mut batch).await.unwrap_err();
        assert!(matches!(refused.error, SaveError::Invalid(_)) && refused.index == 1, "{refused}");
        assert_eq!(pending(parcel), 1);
    }
    assert_eq!(harness.rows("parcels").await.len(), 1);
    assert_books_balance(harness, &[("parcels", "Parcel")]).await;
}

pub(crate) async fn a_panic_while_a_row_is_written_harms_nobody_else<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let parcels: Repository<Parcel, _> = store.repository().await.unwrap();
    for way in 0..3 {
        let (store, parcels, clock) = (store.clone(), parcels.clone(), harness.clock().clone());
        let panicked = tokio::spawn(async move {
            let mut parcel = Parcel::new(&clock, 1, Content::Explosive);
            match way {
                0 => parcels.save(&mut parcel).await.unwrap(),
                1 => parcels.save_all(std::slice::from_mut(&mut parcel)).await.unwrap(),
                _ => {
                    let mut unit = store.begin().await.unwrap();
                    unit.save(&mut Parcel::new(&clock, 2, Content::Books)).await.unwrap();
                    unit.save(&mut parcel).await.unwrap();
                }
            }
        });
        assert!(panicked.await.unwrap_err().is_panic());
        saved(harness, &tasks, "a").await;
        assert_eq!(harness.rows("tasks").await.len(), way + 1, "stored for others to see");
        assert!(harness.rows("parcels").await.is_empty());
    }
    assert_books_balance(harness, &[("tasks", "Task"), ("parcels", "Parcel")]).await;
}
