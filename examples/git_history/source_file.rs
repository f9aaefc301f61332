//! `SourceFile`: one file, from the commit that adds it to the one that deletes it.

use timestamp_core::{Clock, Timestamped, Timestamps, ValidationError};
use uuid::{Builder, Uuid};

use super::history::Commit;

#[derive(Debug, Timestamped)]
#[timestamped(table = "source_files")]
pub(crate) struct SourceFile {
    #[timestamped(id)]
    id: Uuid,
    path: String,
    /// The commit that changed it last, and who wrote that.
    last_commit: String,
    author: String,
    timestamps: Timestamps,
}

impl SourceFile {
    /// The file that `commit` adds as its change number `position`.
    pub(crate) fn added(clock: &Clock, path: &str, commit: &Commit, position: u32) -> Result<Self, ValidationError> {
        Self::create_with(clock, |timestamps| Self {
            id: id(timestamps.created_at().as_millis(), &commit.hash, position),
            path: path.to_owned(),
            last_commit: commit.hash.clone(),
            author: commit.author.clone(),
            timestamps,
        })
    }

    pub(crate) fn change(&mut self, commit: &Commit) {
        self.last_commit.clone_from(&commit.hash);
        self.author.clone_from(&commit.author);
        self.touch(commit.subject.clone());
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

/// Returns a UUID of version 7 that is made of the commit where others are random, so that a replay can be compared with
/// the next one.
fn id(millis: i64, commit: &str, position: u32) -> Uuid {
    let hash: u64 = commit.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or_default();
    let mut bytes = [0; 10];
    // The version and the variant overwrite 4 bits of byte 0, and 2 of byte 2.
    bytes[..6].copy_from_slice(&hash.to_be_bytes()[..6]);
    bytes[6..].copy_from_slice(&position.to_be_bytes());
    Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or_default(), &bytes).into_uuid()
}
