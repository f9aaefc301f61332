// The same with a clock that is handed in, and what only looks alike.
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

mod mine {
    pub struct SystemTime;
    impl SystemTime {
        pub fn now() -> Self {
            Self
        }
    }
    pub fn now() -> SystemTime {
        SystemTime::now()
    }
}

struct Clock;

impl Clock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1)
    }
}

fn calls(clock: &Clock) {
    let now = clock.now();
    let before = UNIX_EPOCH;
    let passed = now.duration_since(before);
    let begun = Instant::now();
    let took = begun.elapsed();
    let f = Instant::now;
    mine::SystemTime::now();
    println!("{:?} SystemTime::now()", now); // SystemTime::now()
    let words = "std::time::SystemTime::now()";
}

mod shadowed {
    use super::mine::*;

    fn f() {
        SystemTime::now();
        <SystemTime>::now();
    }
}

fn shadowed_in_a_block() {
    use mine::SystemTime;
    SystemTime::now();
    struct UNIX_EPOCH;
}

trait Source {
    fn now() -> SystemTime;
}

impl Source for SystemTime {
    fn now() -> SystemTime {
        UNIX_EPOCH
    }
}

fn of_a_trait() {
    <SystemTime as Source>::now();
}
