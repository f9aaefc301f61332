//! Time: when something is noted, and the clocks of the processes under test, which may be wrong and may jump.

use std::path::{Path, PathBuf};
use std::time::Duration;

use timestamp_core::Clock;

/// How far a writer is behind whose events are soon deleted by retention.
const BEHIND: i64 = 2 * 24 * 60 * 60 * 1_000;

/// How often a clock is set.
const TICK: Duration = Duration::from_millis(5);

/// Ticks between two looks at the file.
const LOOK: u32 = 4;

/// Milliseconds since 1970, by the true clock.
pub(crate) fn now_ms() -> i64 {
    Clock::system().now().as_millis()
}

/// The clock of a process under test.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct MovedClock {
    /// Works by a clock that is as many milliseconds off as this file says, whenever it says so.
    #[arg(long)]
    clock: PathBuf,
    /// Works by a clock that is two days behind.
    #[arg(long)]
    behind: bool,
}

impl MovedClock {
    pub(crate) fn is_behind(&self) -> bool {
        self.behind
    }

    /// Starts a thread that sets it.
    pub(crate) fn start(&self) -> Clock {
        let base = if self.behind { -BEHIND } else { 0 };
        let file = self.clock.clone();
        let mut offset = base + moved_by(&file);
        let manual = Clock::manual(moved(offset));
        let clock = Clock::clone(&manual);
        std::thread::spawn(move || {
            loop {
                for _ in 0..LOOK {
                    std::thread::sleep(TICK);
                    manual.set(moved(offset));
                }
                offset = base + moved_by(&file);
            }
        });
        clock
    }
}

fn moved(offset: i64) -> timestamp_core::EpochMs {
    let now = Clock::system().now();
    let by = Duration::from_millis(offset.unsigned_abs());
    if offset < 0 { now.saturating_sub(by) } else { now.saturating_add(by) }
}

/// Nothing, where nobody has moved it.
fn moved_by(file: &Path) -> i64 {
    std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
