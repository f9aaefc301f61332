// The same with a clock that is handed in.
use std::time::{Instant, SystemTime};

macro_rules! now {
    ($clock:expr) => {
        $clock.now()
    };
}

fn calls(clock: &Clock) {
    println!("{:?}", clock.now());
    assert!(clock.now() > at, "SystemTime::now()");
    let all = vec![Instant::now(); 3];
    own!(=> clock.now() ; SystemTime);
    select! {
        now = async { clock.now() } => {}
    }
}

/// `SystemTime::now()` is not called here.
#[doc = "SystemTime::now()"]
#[deprecated(note = "SystemTime::now was asked")]
struct Task {
    #[serde(default = "Task::start")]
    at: SystemTime,
}
