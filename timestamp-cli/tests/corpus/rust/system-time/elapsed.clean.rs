// `elapsed` of what only counts, and times of files compared with a clock.
use std::time::{Instant, SystemTime, UNIX_EPOCH};

struct Cache {
    loaded: Instant,
}

impl Cache {
    fn age(&self) {
        self.loaded.elapsed();
    }
}

fn age(clock: &Clock, begun: Instant, at: SystemTime, file: &std::fs::File) {
    begun.elapsed();
    Instant::now().elapsed();
    clock.now().duration_since(at);
    clock.now().duration_since(UNIX_EPOCH);
    clock.now().duration_since(file.metadata()?.modified()?);
    let at = begun;
    at.elapsed();
    stopwatch.elapsed();
    Instant::elapsed(&begun);
    times.map(|at: Instant| at.elapsed());
}
