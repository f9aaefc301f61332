//! The time that threads have spent on a processor, in nanoseconds, as Linux counts it.
//!
//! What a save costs is the same whether the machine is busy or not; how long it takes is not.

use std::path::Path;
use std::time::Duration;

/// Returns the time of the calling thread.
#[must_use]
pub fn of_this_thread() -> Duration {
    of(Path::new("/proc/thread-self"))
}

/// Returns the time of every thread of this program. One that has ended is not counted any more.
///
/// # Panics
///
/// If this is not Linux.
#[must_use]
pub fn of_this_program() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").expect("a kernel that lists threads");
    threads.map(|thread| of(&thread.expect("a thread").path())).sum()
}

/// Returns the time of the one thread of another program.
#[must_use]
pub fn of_process(pid: i32) -> Duration {
    of(Path::new(&format!("/proc/{pid}")))
}

fn of(folder: &Path) -> Duration {
    let counted = std::fs::read_to_string(folder.join("schedstat")).expect("a kernel that counts");
    let nanos = counted.split(' ').next().and_then(|it| it.parse().ok()).expect("nanoseconds first");
    Duration::from_nanos(nanos)
}
