// What macros are given, what they are made of, and what attributes say.
use std::time::SystemTime;
use std::time::SystemTime as Wall;

macro_rules! now {
    () => {
        SystemTime::now() //~ rust/system-time
    };
    (own) => {
        inner::Wall::now() //~ rust/system-time
    };
}

mod inner {
    pub(crate) use std::time::SystemTime as Wall;
}

fn calls() {
    println!("{:?}", SystemTime::now()); //~ rust/system-time
    assert!(Wall::now() > at, "too late: {}", std::time::SystemTime::now()); //~ rust/system-time rust/system-time
    let all = vec![SystemTime::now(); 3]; //~ rust/system-time
    let nested = vec![format!("{:?}", Wall::now())]; //~ rust/system-time
    own!(=> Wall::now() ; <SystemTime>::now); //~ rust/system-time rust/system-time
    own! { at: std::time::UNIX_EPOCH.elapsed() => x } //~ rust/system-time
    select! {
        now = async { SystemTime::now() } => {} //~ rust/system-time
    }
    block! {
        use std::time::SystemTime as Inner;
        let now = Inner::now(); //~ rust/system-time
    }
}

thread_local! {
    static BEGUN: SystemTime = SystemTime::now() //~ rust/system-time
}

#[derive(Builder)]
struct Task {
    #[serde(default = "SystemTime::now")] //~ rust/system-time
    at: SystemTime,
    #[builder(default = "std::time::SystemTime::now()")] //~ rust/system-time
    seen: SystemTime,
    #[derivative(Default(value = "Wall::now()"))] //~ rust/system-time
    read: SystemTime,
    #[arg(default_value_t = SystemTime::now())] //~ rust/system-time
    given: SystemTime,
}
