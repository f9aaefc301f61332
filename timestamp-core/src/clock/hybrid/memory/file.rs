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

/// How many links may lead to a file that is not there yet; as many as Linux follows.
const MOST_LINKS: usize = 40;

/// Returns the one name of a file that is there, or will be: whatever links lead to it, there is one lock, the links stay,
/// and nothing changes when the process changes its folder.
pub(super) fn find(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::canonicalize(&path) {
            // To open a pipe would be to wait for somebody at its other end.
            Ok(found) if !found.is_file() => return Err(io::Error::other("it is there, and it is not a file")),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => return found,
        }
        let Some(name) = path.file_name() else { return Err(ErrorKind::InvalidFilename.into()) };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                io::Error::new(ErrorKind::NotFound, "its folder does not exist, and has to be made first")
            }
            _ => error,
        })?;
        match fs::read_link(folder.join(name)) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(folder.join(name)),
        }
    }
    Err(io::Error::other("too many links lead to it"))
}

/// A file on disk, locked until this value is dropped.
pub(super) struct Stored {
    path: PathBuf,
    beside: PathBuf,
    /// What was written beside and is not in place yet: the same handle syncs it, so that no error is missed.
    written: Option<File>,
    /// The lock is on a file of its own, since the real one is replaced.
    lock: File,
}

impl Stored {
    /// Locks a file that was [found](find).
    pub(super) fn lock(path: PathBuf) -> Result<Self, TryLockError> {
        let lock = File::options().write(true).create(true).truncate(false).open(with_suffix(&path, ".lock"));
        let lock = lock.map_err(TryLockError::Error)?;
        lock.try_lock()?;
        let beside = with_suffix(&path, ".new");
        Ok(Self { path, beside, written: None, lock })
    }
}

impl Drop for Stored {
    /// Closing the file is not enough: a process that was started by another thread has the handle, too, until it runs its
    /// own program.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems over a network have nothing to sync: there a rename is as durable as they make it.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
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
        match self.path.parent() {
            Some(folder) if cfg!(unix) => sync_folder(folder),
            // Elsewhere a folder can not be opened, and the rename is as durable as the file system makes it.
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Until it runs its own program, a child process has every handle of its parent.
    #[test]
    fn file_is_free_when_its_clock_is_gone_whoever_was_handed_the_lock() {
        let path = std::env::temp_dir().join(format!("timestamp-core-lock-{}", std::process::id()));
        let stored = Stored::lock(path.clone()).unwrap();
        let handed_on = stored.lock.try_clone().unwrap();
        assert!(matches!(Stored::lock(path.clone()), Err(TryLockError::WouldBlock)));
        drop(stored);
        assert!(Stored::lock(path.clone()).is_ok());
        drop(handed_on);
        fs::remove_file(with_suffix(&path, ".lock")).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn folder_that_can_not_be_synced_is_no_reason_to_refuse_the_clock() {
        let folder = Path::new("/proc/self");
        assert_eq!(File::open(folder).unwrap().sync_all().unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(sync_folder(folder).is_ok());
        assert_eq!(sync_folder(Path::new("/proc/none")).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
