//! Tables with columns that are arrays, which no entity has.

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::RepositoryError;

use crate::database::{Place, Task};

const STAMPS: &str = "created_at_ms bigint NOT NULL, updated_at_ms bigint NOT NULL, version bigint NOT NULL";

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn arrays_that_the_entity_does_not_have_stay_as_they_are() {
    let place = Place::new().await;
    place
        .sql(&format!(
            "CREATE TYPE mood AS ENUM ('calm', 'wild'); CREATE TABLE tasks (tags text[], id uuid PRIMARY KEY, moods \
             mood[] DEFAULT '{{calm}}', title text NOT NULL, scores int[] NOT NULL DEFAULT '{{1,2}}', {STAMPS})"
        ))
        .await;
    let tasks = place.store().await.repository::<Task>().await.unwrap();
    let mut task = Task::new("a");
    tasks.save(&mut task).await.unwrap();
    let arrays = "SELECT concat_ws(' ', tags, moods, scores) FROM tasks ORDER BY id";
    assert_eq!(place.list(arrays).await, "{calm} {1,2}");

    place.sql("UPDATE tasks SET tags = '{a,\"b c\",NULL}', moods = '{wild,calm}', scores = '{{3,4},{5,6}}'").await;
    let kept = "{a,\"b c\",NULL} {wild,calm} {{3,4},{5,6}}";
    task.title = "b".to_owned();
    task.touch("renamed");
    tasks.save(&mut task).await.unwrap();
    assert_eq!(tasks.touch_all("'b c' = ANY (tags)", (), "by what the entity does not have").await.unwrap(), 1);
    let mut found = vec![tasks.find(&task.id).await.unwrap().unwrap()];
    assert_eq!((found[0].title.as_str(), found[0].version()), ("b", 3));
    found[0].touch("in a batch");
    let mut batch: Vec<_> = (0..40).map(|_| Task::new("new")).collect();
    tasks.save_all(&mut found).await.unwrap();
    tasks.save_all(&mut batch).await.unwrap();
    assert_eq!(place.list(arrays).await.matches("{calm} {1,2}").count(), 40);
    assert!(place.list(arrays).await.starts_with(&format!("{kept}, ")), "{}", place.list(arrays).await);
    tasks.delete(&mut found[0], "done").await.unwrap();
    place.remove().await;
}

#[derive(Debug, Timestamped)]
#[timestamped(table = "listed")]
struct Listed {
    #[timestamped(id)]
    id: i64,
    title: String,
    other: Option<String>,
    #[timestamped(json)]
    labels: Vec<String>,
    #[timestamped(json)]
    moods: Option<Vec<String>>,
    count: i64,
    timestamps: Timestamps,
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn arrays_where_the_entity_has_a_column_are_refused_one_by_one() {
    let place = Place::new().await;
    let store = place.store().await;
    place
        .sql(&format!(
            "CREATE TYPE mood AS ENUM ('calm', 'wild'); CREATE DOMAIN names AS text[]; CREATE TABLE listed (id bigint \
             PRIMARY KEY, title varchar(9)[] NOT NULL, other names, labels json[] NOT NULL, moods mood[], count \
             bigint[] NOT NULL, {STAMPS}, extra text[] NOT NULL)"
        ))
        .await;
    let error = store.repository::<Listed>().await.unwrap_err();
    let RepositoryError::Mismatch { problems, .. } = &error else { panic!("{error:?}") };
    assert_eq!(
        problems.join("\n"),
        "column `title` has the type `character varying(9)[]` (arrays are not supported), and the field needs text or \
         varchar\n\
         column `other` has the type `names` (arrays are not supported), and the field needs text or varchar\n\
         column `labels` has the type `json[]` (arrays are not supported), and the field needs json, jsonb or text\n\
         column `moods` has the type `mood[]` (arrays are not supported), and the field needs json, jsonb or text\n\
         column `count` has the type `bigint[]` (arrays are not supported), and the field needs bigint, integer or \
         smallint\n\
         column `extra` is NOT NULL without a default, and `Listed` has no field for it"
    );
    place.remove().await;
}
