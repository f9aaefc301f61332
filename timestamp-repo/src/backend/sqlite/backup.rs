//! A copy of the whole store.

use std::path::{Path, PathBuf};

use super::failure;
use super::opening::{no_file, obstacle};
use super::store::Sqlite;
use crate::error::{BackendError, BackupError};

impl Sqlite {
    /// Writes a copy of the whole store, as it is at one moment, to a new file. Others read and write on meanwhile.
    ///
    /// # Errors
    ///
    /// [`BackupError::Exists`] if there is something at `path`; a backup never overwrites.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<(), BackupError> {
        let (store, path) = (self.clone(), path.as_ref().to_owned());
        let at = path.clone();
        let copied = tokio::task::spawn_blocking(move || store.copy_to(path)).await;
        copied.unwrap_or_else(|error| {
            let source = BackendError::because("the copy panicked", error);
            Err(BackupError::Backend { path: at, source })
        })
    }

    fn copy_to(&self, path: PathBuf) -> Result<(), BackupError> {
        // Also a link that leads nowhere.
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists { path });
        }
        let failed = |path, source| Err(BackupError::Backend { path, source });
        if let Some(why) = no_file(&path).map(str::to_owned).or_else(|| obstacle(&path, true)) {
            return failed(path, BackendError::new(why));
        }
        let reader = match self.reader() {
            Ok(reader) => reader,
            Err(error) => return failed(path, BackendError::because("the store can not be read", error)),
        };
        let Some(target) = path.to_str() else {
            return failed(path, BackendError::new("SQLite needs a path in UTF-8"));
        };
        let _read = self.inner.reads.begin("a backup".to_owned());
        match reader.execute("VACUUM INTO ?1", [target]) {
            Ok(_) => Ok(()),
            Err(error) => failed(path, failure::backend(error)),
        }
    }
}
