mod framework {
    pub(crate) use timestamp_core as timestamps;
}

use timestamp_core::Record;

use crate::row::{restored, row};

#[derive(framework::timestamps::Timestamped)]
#[timestamped(crate = crate::crate_path::framework::timestamps, table = "tasks")]
struct Task {
    #[timestamped(id)]
    id: u64,
    timestamps: framework::timestamps::Timestamps,
}

#[test]
fn crate_key_says_where_the_framework_is() {
    use framework::timestamps::Timestamped;
    let task = Task::create(|timestamps| Task { id: 7, timestamps }).unwrap();
    let after: Task = restored(&row(&task));
    assert_eq!((after.id, Task::TABLE), (7, "tasks"));
}
