//! A disk in memory, whose steps fail, and whose power does.

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};

use super::*;

/// Two files, as programs see them and as the disk has them.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) real: Option<Vec<u8>>,
    beside: Option<Vec<u8>>,
    /// What the disk is known to have of the real file, and of its name.
    pub(super) real_on_disk: Option<Vec<u8>>,
    /// Whether the content of the file beside is on the disk.
    beside_synced: bool,
    /// Steps until the power fails.
    pub(super) steps_left: Option<usize>,
    /// A failed step does half of its work, or all of it without saying so.
    pub(super) half: bool,
    pub(super) failed: bool,
    /// A step may fail as the last one does, and the next one goes well again.
    pub(super) flaky: Option<Dice>,
    /// Writing tells that it begins, and waits until it is told to go on.
    pub(super) slow: Option<(Sender<()>, Receiver<()>)>,
    /// How often a file came to be in the place of another one.
    pub(super) writes: usize,
}

impl Disk {
    /// Whether this step is done, and whether it is the last one.
    fn step(&mut self) -> io::Result<bool> {
        if self.failed {
            return Err(io::Error::other("the power is off"));
        }
        match self.flaky.as_mut().map(|dice| dice.below(10)) {
            Some(0) => return Err(io::Error::other("the disk is full for now")),
            Some(1) => return Ok(true),
            _ => {}
        }
        match &mut self.steps_left {
            Some(0) => {
                self.failed = true;
                if self.half { Ok(true) } else { Err(io::Error::other("the power fails")) }
            }
            Some(left) => {
                *left -= 1;
                Ok(false)
            }
            None => Ok(false),
        }
    }

    /// What is found after the power has come back: of what was not synced, anything may be there or not.
    pub(super) fn after_crash(&self, renamed: bool, torn: usize) -> Self {
        let real = if renamed { self.real.clone() } else { self.real_on_disk.clone() };
        // A content that was never synced may be cut anywhere.
        let beside = self.beside.clone().map(|mut bytes| {
            if !self.beside_synced {
                bytes.truncate(torn % (bytes.len() + 1));
            }
            bytes
        });
        Self { real: real.clone(), beside, real_on_disk: real, ..Self::default() }
    }
}

#[derive(Clone, Default)]
pub(super) struct Simulated(Arc<Mutex<Disk>>);

impl Simulated {
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Disk) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }

    /// Does a step, and fails afterwards if the power went during it.
    fn step(&self, work: impl FnOnce(&mut Disk, bool)) -> io::Result<()> {
        self.with(|disk| {
            let last = disk.step()?;
            work(disk, last);
            if last { Err(io::Error::other("the power fails")) } else { Ok(()) }
        })
    }

    pub(super) fn clock(&self, options: &HybridOptions) -> Result<HybridClock, RememberError> {
        let (memory, first) = Memory::open_in(Box::new(self.clone()), Path::new("clock"), options)?;
        Ok(HybridClock::new(HybridTime::new(options, first, Some(memory))))
    }
}

impl Storage for Simulated {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.with(|disk| disk.step().map(|_| disk.real.clone()))
    }

    fn write_beside(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Not with the disk locked, so that a test can look at it meanwhile.
        if let Some((begins, goes_on)) = self.with(|disk| disk.slow.take()) {
            begins.send(()).unwrap();
            goes_on.recv().unwrap();
        }
        self.step(|disk, last| {
            let length = if last { bytes.len() / 2 } else { bytes.len() };
            (disk.beside, disk.beside_synced) = (Some(bytes[..length].to_vec()), false);
        })
    }

    fn sync_beside(&mut self) -> io::Result<()> {
        self.step(|disk, _| disk.beside_synced = true)
    }

    fn replace(&mut self) -> io::Result<()> {
        self.step(|disk, _| {
            let bytes = disk.beside.take().unwrap();
            // A rename of what is not on the disk may leave a torn file under the real name.
            assert!(disk.beside_synced, "renamed before it was synced");
            disk.real = Some(bytes);
            disk.writes += 1;
        })
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.step(|disk, _| disk.real_on_disk = disk.real.clone())
    }
}

/// As the power fails: whatever is not on the disk is gone, and nothing of the clock runs any more.
pub(super) fn crashed(storage: &Simulated) -> Simulated {
    Simulated(Arc::new(Mutex::new(storage.with(|disk| disk.after_crash(false, 0)))))
}
