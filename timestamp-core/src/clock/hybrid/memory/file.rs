//! Where a clock's file is kept, in the steps that a crash can come between.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// More than any file of ours holds; what is longer is not one.
const LONGEST: u64 = 4096;

/// A file that is replaced as a whole. A trait, so that tests can let the power fail between two steps.
pub(super) trait Storage: Send + Sync {
    /// Returns the file's content, or `None` if there is no file.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>>;

    /// Writes a second file beside it, in place of whatever is there.
    fn write_beside(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Brings the second file's content to the disk.
    fn sync_beside(&mut self) -> io::Result<()>;

    /// Puts the second file in the place of the first.
    fn replace(&mut self) -> io::Result<()>;

    /// Brings that to the disk.
    fn sync_folder(&mut self) -> io::Result<()>;
}

/// A file on disk, locked until this value is dropped.
pub(super) struct Stored {
    path: PathBuf,
    beside: PathBuf,
    /// What was written beside and is not in place yet: the same handle syncs it, so that no error is missed.
    written: Option<File>,
    /// The lock is on a file of its own, since the real one is replaced.
    _lock: File,
}

impl Stored {
    pub(super) fn lock(path: &Path) -> Result<Self, TryLockError> {
        let lock = File::options().write(true).create(true).truncate(false).open(with_suffix(path, ".lock"));
        let lock = lock.map_err(TryLockError::Error)?;
        lock.try_lock()?;
        Ok(Self { path: path.to_owned(), beside: with_suffix(path, ".new"), written: None, _lock: lock })
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

impl Storage for Stored {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.take(LONGEST).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn write_beside(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(&self.beside)?;
        file.write_all(bytes)?;
        self.written = Some(file);
        Ok(())
    }

    fn sync_beside(&mut self) -> io::Result<()> {
        // Closed afterwards: some systems do not rename an open file.
        self.written.take().map_or(Ok(()), |file| file.sync_all())
    }

    fn replace(&mut self) -> io::Result<()> {
        fs::rename(&self.beside, &self.path)
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        // Elsewhere a folder can not be opened, and the rename is as durable as the file system makes it.
        if cfg!(unix) {
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }
}
