//! Events carry the state of an entity that asks for it.

use std::time::Duration;

use serde_json::{Value as Json, json};
use timestamp_core::{Clock, Column, ColumnError, ColumnType, EpochMs, Timestamped, Timestamps, Value};
use timestamp_repo::{SaveError, Store};
use uuid::Uuid;

use super::entities::{open, saved};
use super::harness::Harness;

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "letters", events = "state")]
struct Letter {
    #[timestamped(id)]
    id: Uuid,
    #[timestamped(column = "body \"text\"")]
    body: String,
    pages: i64,
    weight: f64,
    urgent: bool,
    seal: Vec<u8>,
    due: EpochMs,
    answers: Option<Uuid>,
    #[timestamped(json)]
    labels: Vec<String>,
    attachment: Attachment,
    timestamps: Timestamps,
}

/// Text that its column takes for JSON.
#[derive(Debug, Clone)]
struct Attachment(&'static str);

impl Column for Attachment {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        Ok(Value::Json(self.0.into()))
    }

    fn from_value(_: Value<'_>) -> Result<Self, ColumnError> {
        Ok(Self("[]"))
    }
}

fn letter(clock: &Clock) -> Letter {
    Letter::create_with(clock, |timestamps| Letter {
        id: Uuid::from_u128(7),
        body: "it's \"here\"\n".to_owned(),
        pages: i64::MAX,
        weight: 0.5,
        urgent: true,
        seal: vec![0, 171],
        due: EpochMs::UNIX_EPOCH,
        answers: None,
        labels: vec!["a".to_owned()],
        attachment: Attachment("[]"),
        timestamps,
    })
    .unwrap()
}

/// The payloads of all events of the entity, in their order.
async fn payloads<S: Store, E: timestamp_core::Record>(store: &S, entity: &E) -> Vec<Json>
where
    E::Id: ToString,
{
    let repository = store.repository::<E>().await.unwrap();
    drop(repository);
    let events = store.outbox().of(entity).await.unwrap();
    events.iter().map(|event| serde_json::from_str(&event.payload).unwrap()).collect()
}

pub(crate) async fn an_event_carries_the_state_after_its_change<H: Harness>(harness: &H) {
    let store = harness.open(Duration::from_secs(30)).await;
    let letters = store.repository::<Letter>().await.unwrap();
    let mut one = letter(harness.clock());
    letters.save(&mut one).await.unwrap();
    one.pages = 2;
    one.touch("shortened");
    one.answers = Some(Uuid::nil());
    one.touch_with("answered", json!({"by": "x"})).unwrap();
    letters.save(&mut one).await.unwrap();
    let mut unit = store.begin().await.unwrap();
    let mut again = unit.find::<Letter>(&one.id).await.unwrap().unwrap();
    again.urgent = false;
    again.touch("calmed");
    unit.save(&mut again).await.unwrap();
    unit.commit().await.unwrap();
    again.touch("read");
    letters.delete(&mut again, "burnt").await.unwrap();

    let said = payloads(&store, &one).await;
    let mut state = json!({
        "id": "00000000-0000-0000-0000-000000000007",
        "body \"text\"": "it's \"here\"\n",
        "pages": i64::MAX,
        "weight": 0.5,
        "urgent": true,
        "seal": "00ab",
        "due": "1970-01-01T00:00:00.000Z",
        "answers": null,
        "labels": ["a"],
        "attachment": [],
    });
    assert_eq!(said[0]["state"], state);
    assert_eq!(said[1].get("state"), None, "what it was between two events of one save is not known");
    state["pages"] = json!(2);
    state["answers"] = json!("00000000-0000-0000-0000-000000000000");
    assert_eq!((&said[2]["state"], &said[2]["data"]), (&state, &json!({"by": "x"})));
    state["urgent"] = json!(false);
    assert_eq!(said[3]["state"], state);
    assert_eq!((said[4].get("state"), said[5].get("state")), (None, None), "a delete leaves no state");
    assert_eq!((said.len(), &said[5]["kind"]), (6, &json!("deleted")));

    let mut many: Vec<_> = (10..30).map(|id| Letter { id: Uuid::from_u128(id), ..letter(harness.clock()) }).collect();
    // An id of its own needs timestamps of its own.
    for letter in &mut many {
        let copy = letter.clone();
        *letter = Letter::create_with(harness.clock(), |timestamps| Letter { timestamps, ..copy }).unwrap();
    }
    letters.save_all(&mut many).await.unwrap();
    for letter in &many {
        assert_eq!(payloads(&store, letter).await[0]["state"]["id"], json!(letter.id.to_string()));
    }
}

pub(crate) async fn an_event_without_the_key_carries_no_state<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let task = saved(harness, &tasks, "a").await;
    assert_eq!(payloads(&store, &task).await[0].get("state"), None);
}

pub(crate) async fn touch_all_of_an_entity_with_state_is_refused<H: Harness>(harness: &H) {
    let store = harness.open(Duration::from_secs(30)).await;
    let letters = store.repository::<Letter>().await.unwrap();
    let mut one = letter(harness.clock());
    letters.save(&mut one).await.unwrap();
    let error = letters.touch_all("1 = 1", (), "x").await.unwrap_err().to_string();
    assert!(error.contains("events of `Letter` carry its state"), "{error}");
    let mut unit = store.begin().await.unwrap();
    unit.touch_all::<Letter>("1 = 1", (), "x").await.unwrap_err();
    one.touch("still usable");
    unit.save(&mut one).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(payloads(&store, &one).await.len(), 2);
}

pub(crate) async fn a_value_that_is_no_json_is_refused_and_named<H: Harness>(harness: &H) {
    let store = harness.open(Duration::from_secs(30)).await;
    let letters = store.repository::<Letter>().await.unwrap();
    let mut one = letter(harness.clock());
    one.attachment = Attachment("1,\"kind\":\"forged\"");
    let error = letters.save(&mut one).await.unwrap_err();
    assert!(matches!(error, SaveError::Invalid(_)) && error.to_string().contains("attachment"), "{error}");
    one.attachment = Attachment("{}");
    letters.save(&mut one).await.unwrap();
    assert_eq!(payloads(&store, &one).await[0]["state"]["attachment"], json!({}));
}
