//! Placeholder until the contract tests stand.
use timestamp_core::{Timestamped, Timestamps, ValidationError};
use timestamp_repo::{Durability, Sqlite};
use uuid::Uuid;

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "tasks")]
struct Task {
    #[timestamped(id)]
    id: Uuid,
    title: String,
    done: bool,
    timestamps: Timestamps,
}
impl Task {
    fn new(t: &str) -> Result<Self, ValidationError> {
        Self::create(|timestamps| Self { id: Uuid::now_v7(), title: t.into(), done: false, timestamps })
    }
    fn complete(&mut self) {
        self.done = true;
        self.touch("completed");
    }
}

async fn go(d: Durability) -> Result<(), Box<dyn std::error::Error>> {
    let store = Sqlite::options().durability(d).in_memory().await?;
    let tasks = store.repository::<Task>().await?;
    let mut task = Task::new("a")?;
    tasks.save(&mut task).await?;
    assert_eq!(task.pending_events().len(), 0);
    task.complete();
    tasks.save(&mut task).await?;
    let mut again = tasks.find(task.id()).await?.unwrap();
    assert_eq!(again.version(), 2);
    for e in store.outbox().of(&task).await? {
        println!("{e} {}", e.payload);
    }
    let mut unit = store.begin().await?;
    again.touch("x");
    unit.save(&mut again).await?;
    again.touch("y");
    unit.save(&mut again).await?;
    assert_eq!(again.pending_events().len(), 2);
    let err = tasks.save(&mut task.clone()).await;
    println!("{err:?}");
    task.touch("z");
    let err = tasks.save(&mut task).await.unwrap_err();
    println!("{err}");
    unit.commit().await?;
    assert_eq!(again.pending_events().len(), 0);
    let err = tasks.save(&mut task).await.unwrap_err();
    println!("{err}");
    println!("{}", tasks.touch_all("done = ?", (true,), "bulk").await?);
    let mut more: Vec<Task> = (0..1000).map(|i| Task::new(&format!("t{i}")).unwrap()).collect();
    tasks.save_all(&mut more).await?;
    let p = tasks.recent(None, 10).await?;
    let p2 = tasks.recent(p.next.as_ref(), 10).await?;
    assert_eq!(p2.items.len(), 10);
    println!("{}", p.next.unwrap());
    let mut again = tasks.find(task.id()).await?.unwrap();
    tasks.delete(&mut again, "gone").await?;
    println!("{:?}", tasks.save(&mut again).await);
    for e in store.outbox().of(&again).await? {
        println!("{e} {}", e.payload);
    }
    Ok(())
}

#[tokio::test]
async fn full() {
    go(Durability::Full).await.unwrap();
}
#[tokio::test]
async fn normal() {
    go(Durability::Normal).await.unwrap();
}
