//! `Memory`: how far a hybrid clock has come, kept for the next start.
//!
//! The file holds an end: every stamp that was given out, and every time that was read, lies before it. It is written ahead,
//! so that a stamp costs nothing until the end comes near.
//!
//! # Steps of a write
//!
//! 1. Write the new end into a file beside the real one.
//! 2. Sync that file.
//! 3. Rename it over the real one.
//! 4. Sync the folder.
//! 5. Only now may stamps reach up to the new end.
//!
//! Whatever a crash leaves behind is the old end or the new one, and no stamp lies beyond either. What is neither was not
//! written by these steps and is refused: it is not for the clock to guess what it has promised.

mod file;
mod form;

use std::fmt;
use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};

use self::file::{Storage, Stored};
use super::{HybridOptions, HybridTime, NodeId};
use crate::{Clock, EpochMs};

/// Why a hybrid clock can not remember in a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum RememberError {
    /// Another clock remembers in the file right now, in this process or another one.
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is that of another node, which would then give out the same stamps.
    OtherNode {
        /// The file.
        path: PathBuf,
        /// The node that it belongs to.
        owner: NodeId,
        /// The node that asked for it.
        node: NodeId,
    },
    /// The file does not say how far the clock has come.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file can not be found, read or written; the source says why.
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// Why it does not succeed, mostly in the words of the operating system.
        source: io::Error,
    },
}

impl fmt::Display for RememberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { path } => write!(
                f,
                "another clock remembers in {} right now: share one clock within a program, and give each program a node \
                 and a file of its own",
                path.display()
            ),
            Self::OtherNode { path, owner, node } => write!(
                f,
                "{} belongs to node {owner}, and this is node {node}: give each node a file of its own, and do not copy \
                 it along with a machine",
                path.display()
            ),
            Self::Damaged { path, reason } => write!(
                f,
                "{} does not say how far the clock has come: {reason}; use a node id that was never used, or remove the \
                 file once the physical clock is later than every stamp of this node",
                path.display()
            ),
            Self::Io { path, doing, .. } => write!(f, "{doing} {} does not succeed", path.display()),
        }
    }
}

impl std::error::Error for RememberError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::InUse { .. } | Self::OtherNode { .. } | Self::Damaged { .. } => None,
        }
    }
}

/// The open file of a clock.
pub(super) struct Memory {
    path: PathBuf,
    node: NodeId,
    /// Milliseconds to reserve at a time.
    window: u64,
    /// How far ahead of the physical clock peers allow for, in milliseconds.
    max_ahead: u64,
    source: Clock,
    /// The latest physical time that was seen when something was reserved since the start, in milliseconds.
    seen: u64,
    /// The end that is safe on disk, in milliseconds.
    reserved: u64,
    /// From where on more should be reserved, while there is some left.
    soon: u64,
    storage: Box<dyn Storage>,
}

impl Memory {
    /// Opens the file, or makes it, and returns with it where the clock has to begin.
    pub(super) fn open(path: &Path, options: &HybridOptions) -> Result<(Self, Option<EpochMs>), RememberError> {
        let file = file::find(path).map_err(|source| io_error(path, "finding", source))?;
        let storage = Stored::lock(file).map_err(|error| match error {
            TryLockError::WouldBlock => RememberError::InUse { path: path.to_owned() },
            TryLockError::Error(source) => RememberError::Io { path: path.to_owned(), doing: "locking", source },
        })?;
        Self::open_in(Box::new(storage), path, options)
    }

    fn open_in(
        mut storage: Box<dyn Storage>,
        path: &Path,
        options: &HybridOptions,
    ) -> Result<(Self, Option<EpochMs>), RememberError> {
        let (path, node) = (path.to_owned(), options.node);
        let bytes = storage.read().map_err(|source| io_error(&path, "reading", source))?;
        let first = match bytes {
            None => None,
            Some(bytes) => match form::read(&bytes) {
                Err(reason) => return Err(RememberError::Damaged { path, reason }),
                Ok((owner, _)) if owner != node => return Err(RememberError::OtherNode { path, owner, node }),
                Ok((_, end)) => Some(end),
            },
        };
        let seen = millis_since_1970(options.source.shown()).min(HybridTime::LAST_MILLIS);
        let begin = first.map_or(0, millis_since_1970);
        let (window, max_ahead) = (options.window(), options.max_ahead_millis());
        let source = options.source.clone();
        let mut memory = Self { path, node, window, max_ahead, source, seen, reserved: 0, soon: 0, storage };
        // Written at once, so that a folder that can not be written is found now and not by some stamp. But a start takes
        // nothing beyond what the physical clock is near to, or a program that crashes at each would be ahead ever more.
        let end = begin.max(memory.stretch_from(seen));
        memory.write(end)?;
        memory.reserve_up_to(end, begin.max(seen));
        Ok((memory, first))
    }

    /// Returns the latest physical time that was seen when something was reserved, in milliseconds.
    pub(super) const fn seen(&self) -> u64 {
        self.seen
    }

    /// Returns the end of what may be given out, in milliseconds.
    pub(super) const fn reserved(&self) -> u64 {
        self.reserved
    }

    /// Returns from where on more should be reserved, while there is some left.
    pub(super) const fn soon(&self) -> u64 {
        self.soon
    }

    /// Sees to it that `millis` lies before the end, and well before it where the bound allows.
    ///
    /// Nothing is reserved that is further ahead of the physical clock than the bound, but for what is needed now: after
    /// a crash the clock begins at the end, and peers would refuse its stamps.
    pub(super) fn reach(&mut self, millis: u64) -> Result<(), RememberError> {
        if millis < self.soon {
            return Ok(());
        }
        self.seen = self.seen.max(millis_since_1970(self.source.shown()));
        let end = self.stretch_from(millis).min(self.seen.saturating_add(self.max_ahead)).max(millis + 1);
        if end > self.reserved {
            self.write(end)?;
        }
        self.reserve_up_to(end.max(self.reserved), millis);
        Ok(())
    }

    fn stretch_from(&self, millis: u64) -> u64 {
        millis.saturating_add(self.window).min(HybridTime::LAST_MILLIS) + 1
    }

    fn reserve_up_to(&mut self, end: u64, from: u64) {
        self.reserved = end;
        self.soon = end - (end - from) / 2;
    }

    /// Takes back what was reserved and not used, now that nobody can use it any more. If it fails, that is lost and no more.
    pub(super) fn close(&mut self, last: u64) {
        if last + 1 < self.reserved {
            let _ = self.write(last + 1);
        }
    }

    fn write(&mut self, end: u64) -> Result<(), RememberError> {
        let bytes = form::written(self.node, EpochMs::saturating_from_millis(end as i64));
        let (path, storage) = (&self.path, &mut self.storage);
        storage.write_beside(&bytes).map_err(|source| io_error(path, "writing beside", source))?;
        storage.sync_beside().map_err(|source| io_error(path, "syncing what was written beside", source))?;
        storage.replace().map_err(|source| io_error(path, "replacing", source))?;
        storage.sync_folder().map_err(|source| io_error(path, "syncing the folder of", source))
    }
}

fn millis_since_1970(time: EpochMs) -> u64 {
    time.max(EpochMs::UNIX_EPOCH).as_millis().unsigned_abs()
}

#[cold]
fn io_error(path: &Path, doing: &'static str, source: io::Error) -> RememberError {
    RememberError::Io { path: path.to_owned(), doing, source }
}

#[cfg(test)]
mod tests;
