// `elapsed` on a value whose type is only inferred.
use std::time::SystemTime;

fn read(file: File) {
    let at = file.read_time();
    at.elapsed(); //~ rust/system-time
    times().first().map(|at| at.elapsed()); //~ rust/system-time
}

fn read_time() -> SystemTime {
    SystemTime::UNIX_EPOCH
}
