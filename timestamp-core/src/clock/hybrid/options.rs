//! `HybridOptions`: what a hybrid clock follows, how far it goes ahead, and where it remembers.

use std::path::Path;
use std::time::Duration as StdDuration;

use super::memory::{Memory, RememberError};
use super::{HybridClock, HybridTime, NodeId};
use crate::{Clock, WatchedClock};

/// The options of a [`HybridClock`], made by [`HybridClock::options`].
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `start` or `remember_in`"]
pub struct HybridOptions {
    pub(super) node: NodeId,
    pub(super) source: Clock,
    pub(super) max_ahead: StdDuration,
    pub(super) jump_threshold: StdDuration,
}

impl HybridOptions {
    pub(super) fn new(node: NodeId) -> Self {
        Self {
            node,
            source: Clock::system(),
            max_ahead: StdDuration::from_millis(500),
            jump_threshold: WatchedClock::THRESHOLD,
        }
    }

    /// Follows this clock in place of the system clock. Tests take a manual one.
    pub fn source(mut self, source: &Clock) -> Self {
        self.source = source.clone();
        self
    }

    /// Sets how far stamps may be ahead of the physical clock, own and merged ones; half a second if not set.
    ///
    /// It should be more than the clocks of the nodes differ by, and the same on all of them. A clock that remembers reserves
    /// half of it at a time, and never more than a minute. Less than a millisecond is dropped.
    pub fn max_ahead(mut self, most: StdDuration) -> Self {
        self.max_ahead = most;
        self
    }

    /// Sets how long a jump of the physical clock must be to be counted; a tenth of a second if not set.
    pub fn jump_threshold(mut self, threshold: StdDuration) -> Self {
        self.jump_threshold = threshold;
        self
    }

    /// Returns the clock, which forgets when the process ends.
    #[must_use]
    pub fn start(self) -> HybridClock {
        HybridClock::new(HybridTime::new(&self, None, None))
    }

    /// Returns the clock, which remembers in the file `path` how far it has come, and begins after that.
    ///
    /// The folder must exist. Where there is no file yet, it is made, and links are followed once, now. The file's name with
    /// `.lock` at its end is locked as long as the clock or an entity with it is alive, and with `.new` is what is being
    /// written. The file is written ahead: when a stamp comes
    /// near the end of what is reserved, the next stretch of time is reserved and synced to the disk, about eight times a
    /// second where stamps are taken all the time, and by every caller where there are seldom any. A crash loses nothing: the
    /// next start begins at the end of what was reserved, at most half of [`max_ahead`](Self::max_ahead) and two milliseconds
    /// after the last stamp, or after the time at which the clock was last asked.
    ///
    /// # Errors
    ///
    /// A file that is in use by another clock, belongs to another node, or is damaged is refused, and so is what is no file, or
    /// can not be written; see [`RememberError`].
    ///
    /// # Example: the clock is set back by an hour between two runs
    ///
    /// ```
    /// use std::time::Duration;
    /// use timestamp_core::{Clock, EpochMs, HybridClock, NodeId};
    ///
    /// let folder = std::env::temp_dir().join(format!("hybrid-clock-{}", std::process::id()));
    /// std::fs::create_dir_all(&folder)?;
    /// let noon: EpochMs = "2026-01-31T12:00:00.000Z".parse()?;
    /// let physical = Clock::manual(noon);
    /// let options = HybridClock::options(NodeId::new(1)).source(&physical);
    ///
    /// let before = options.clone().remember_in(folder.join("clock"))?.stamp()?;
    /// physical.set(noon.saturating_sub(Duration::from_secs(3600)));
    /// let after = options.remember_in(folder.join("clock"))?.stamp()?;
    /// assert!(before < after);
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remember_in(self, path: impl AsRef<Path>) -> Result<HybridClock, RememberError> {
        let (memory, first) = Memory::open(path.as_ref(), &self)?;
        Ok(HybridClock::new(HybridTime::new(&self, first, Some(memory))))
    }

    /// Milliseconds that are reserved at a time. Less than peers allow for, so that they do not refuse the stamps of a clock
    /// that has crashed.
    pub(super) fn window(&self) -> u64 {
        // Beyond a minute nothing is gained by a longer one.
        (self.max_ahead_millis() / 2).min(60_000)
    }

    pub(super) fn max_ahead_millis(&self) -> u64 {
        u64::try_from(self.max_ahead.as_millis()).unwrap_or(u64::MAX)
    }
}
