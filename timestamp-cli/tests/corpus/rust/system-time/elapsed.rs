// `elapsed` asks for the time without saying so.
use std::time::{SystemTime, UNIX_EPOCH};

struct Cache {
    loaded: SystemTime,
}

impl Cache {
    fn age(&self) {
        self.loaded.elapsed(); //~ rust/system-time
    }
}

fn age(since: SystemTime, of: &SystemTime, file: &std::fs::File) {
    UNIX_EPOCH.elapsed(); //~ rust/system-time
    std::time::UNIX_EPOCH.elapsed(); //~ rust/system-time
    SystemTime::UNIX_EPOCH.elapsed(); //~ rust/system-time
    since.elapsed(); //~ rust/system-time
    (*of).elapsed().unwrap(); //~ rust/system-time
    SystemTime::elapsed(&since); //~ rust/system-time
    Some(since).as_ref().map(SystemTime::elapsed); //~ rust/system-time
    let at: SystemTime = since;
    at.elapsed(); //~ rust/system-time
    println!("{:?}", since.elapsed()); //~ rust/system-time
    file.metadata()?.modified()?.elapsed(); //~ rust/system-time
    std::fs::metadata("a").unwrap().created().unwrap().elapsed().ok(); //~ rust/system-time
    times.map(|at: SystemTime| at.elapsed()); //~ rust/system-time
}
