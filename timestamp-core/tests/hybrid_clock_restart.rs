//! A hybrid clock that remembers, over processes that are killed, and files that are not as it left them.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use timestamp_core::hybrid::{HybridOptions, RememberError};
use timestamp_core::{Clock, EpochMs, HybridClock, HybridStamp, NodeId};

/// A folder that is removed with this value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("timestamp-core-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("clock")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn noon() -> EpochMs {
    "2026-01-31T12:00:00.000Z".parse().unwrap()
}

fn options(node: u64) -> HybridOptions {
    HybridClock::options(NodeId::new(node)).source(&Clock::manual(noon()))
}

const FILE: &str = "TIMESTAMP_TEST_CLOCK_FILE";
const START: &str = "TIMESTAMP_TEST_CLOCK_START";

/// Not a test by itself: what the processes do that the next one kills. Each prints its stamps until then.
#[test]
fn process_that_prints_stamps() {
    let (Ok(file), Ok(start)) = (std::env::var(FILE), std::env::var(START)) else { return };
    let physical = Clock::manual(start.parse().unwrap());
    let clock = HybridClock::options(NodeId::new(1)).source(&physical).remember_in(file).unwrap();
    loop {
        physical.advance(Duration::from_millis(1));
        println!("stamp {}", clock.stamp().unwrap());
    }
}

fn process(file: &Path, start: EpochMs) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process_that_prints_stamps", "--nocapture"])
        .env(FILE, file)
        .env(START, start.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

const TURN: &str = "TIMESTAMP_TEST_CLOCK_TURN";

/// Not a test by itself: one of the processes that want one file at the same time.
#[test]
fn process_that_waits_for_its_turn() {
    let Ok(file) = std::env::var(TURN) else { return };
    let mut turns = 0;
    while turns < 10 {
        match options(1).remember_in(&file) {
            Ok(clock) => {
                (0..20).for_each(|_| println!("stamp {}", clock.stamp().unwrap()));
                turns += 1;
            }
            Err(RememberError::InUse { .. }) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn processes_that_want_one_file_are_given_different_stamps() {
    let folder = Folder::new("turns");
    let start = |_| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "process_that_waits_for_its_turn", "--nocapture"])
            .env(TURN, folder.file())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let processes: Vec<Child> = (0..3).map(start).collect();
    let mut taken = BTreeSet::new();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        for stamp in said.lines().filter_map(|line| line.split_once("stamp ")) {
            let stamp: HybridStamp = stamp.1.parse().unwrap();
            assert!(taken.insert(stamp), "{stamp} twice");
        }
    }
    assert_eq!(taken.len(), 600);
}

const OTHER_FOLDER: &str = "TIMESTAMP_TEST_CLOCK_OTHER_FOLDER";

/// Not a test by itself: a process that changes its folder, as a daemon does, and ends without any goodbye.
#[test]
fn process_that_changes_its_folder() {
    let Ok(other) = std::env::var(OTHER_FOLDER) else { return };
    let physical = Clock::manual(noon());
    let clock = HybridClock::options(NodeId::new(1)).source(&physical).remember_in("clock").unwrap();
    std::env::set_current_dir(other).unwrap();
    physical.advance(Duration::from_secs(60));
    println!("stamp {}", clock.stamp().unwrap());
    std::process::abort();
}

#[test]
fn clock_stays_with_its_file_when_the_program_changes_its_folder() {
    let (folder, other) = (Folder::new("started-in"), Folder::new("went-to"));
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process_that_changes_its_folder", "--nocapture"])
        .current_dir(&folder.0)
        .env(OTHER_FOLDER, &other.0)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let stamp: HybridStamp = said.split_once("stamp ").unwrap().1.trim_end().parse().unwrap();
    assert_eq!(fs::read_dir(&other.0).unwrap().count(), 0, "nothing is written there");
    assert!(options(1).remember_in(folder.file()).unwrap().stamp().unwrap() > stamp);
}

#[test]
#[cfg(unix)]
fn file_that_has_two_names_is_one_file() {
    use std::os::unix::fs::symlink;
    let (folder, other) = (Folder::new("named"), Folder::new("named-too"));
    // Before there is a file, too.
    symlink(folder.file(), other.file()).unwrap();
    symlink(&folder.0, other.0.join("folder")).unwrap();
    let clock = options(1).remember_in(other.file()).unwrap();
    let first = clock.stamp().unwrap();
    for name in [folder.file(), other.0.join("folder").join("clock")] {
        let error = options(1).remember_in(&name).unwrap_err();
        assert!(matches!(&error, RememberError::InUse { path } if *path == name), "{error}");
    }
    drop(clock);
    assert!(fs::symlink_metadata(other.file()).unwrap().is_symlink(), "what somebody has linked stays linked");
    assert!(options(1).remember_in(folder.file()).unwrap().stamp().unwrap() > first);
}

#[test]
#[cfg(unix)]
fn name_that_leads_in_a_circle_is_refused() {
    let folder = Folder::new("circle");
    std::os::unix::fs::symlink("clock", folder.file()).unwrap();
    let error = options(1).remember_in(folder.file()).unwrap_err();
    assert!(matches!(error, RememberError::Io { doing: "finding", .. }), "{error:?}");
}

#[test]
fn killed_process_whose_clock_was_set_back_goes_on_with_greater_stamps() {
    let folder = Folder::new("killed");
    let mut last: Option<HybridStamp> = None;
    for round in 0..8_u64 {
        // Each process finds its physical clock an hour further back.
        let mut child = process(&folder.file(), noon().saturating_sub(Duration::from_secs(3_600 * round)));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // It is killed while it is busy, after another number of stamps each time, and what it has still said counts.
        let mut said = 0_u64;
        for line in lines {
            let line = line.unwrap();
            // The test harness writes on the first line, too.
            let Some((_, stamp)) = line.split_once("stamp ") else { continue };
            // The last line may be cut.
            let Ok(stamp) = stamp.parse() else { continue };
            assert!(Some(stamp) > last, "{stamp} after {last:?}");
            last = Some(stamp);
            said += 1;
            if said == 300 + round * 171 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(said >= 300, "{said}");
    }
}

#[test]
fn clock_goes_on_after_the_last_one_with_its_file() {
    let folder = Folder::new("again");
    let first = options(1).remember_in(folder.file()).unwrap().stamp().unwrap();
    let text = fs::read_to_string(folder.file()).unwrap();
    assert!(text.contains("\nevery stamp is before 2026-01-31T12:00:00.001Z\n"), "{text}");
    let second = options(1).remember_in(folder.file()).unwrap().stamp().unwrap();
    assert!(first < second);
    assert!(!folder.0.join("clock.new").exists());
}

#[test]
fn file_in_use_is_refused() {
    let folder = Folder::new("in-use");
    let clock = options(1).remember_in(folder.file()).unwrap();
    let error = options(1).remember_in(folder.file()).unwrap_err();
    assert!(matches!(error, RememberError::InUse { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "another clock remembers in {} right now: share one clock within a program, and give each program a node and a \
             file of its own",
            folder.file().display()
        )
    );
    // An entity with the clock keeps it, too.
    let plain: Clock = clock.into();
    assert!(options(1).remember_in(folder.file()).is_err());
    drop(plain);
    assert!(options(1).remember_in(folder.file()).is_ok());
}

#[test]
fn file_of_another_node_is_refused() {
    let folder = Folder::new("other-node");
    drop(options(1).remember_in(folder.file()).unwrap());
    let error = options(2).remember_in(folder.file()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} belongs to node 0000000000000001, and this is node 0000000000000002: give each node a file of its own, and \
             do not copy it along with a machine",
            folder.file().display()
        )
    );
}

#[test]
fn damaged_file_is_refused_and_left_as_it_is() {
    let folder = Folder::new("damaged");
    drop(options(1).remember_in(folder.file()).unwrap());
    let whole = fs::read(folder.file()).unwrap();
    let longer = [whole.as_slice(), &[b'\n'; 10_000]].concat();
    for damaged in [&whole[..whole.len() - 1], &whole[..60], b"", b"\0\0\0\0", &longer] {
        fs::write(folder.file(), damaged).unwrap();
        let error = options(1).remember_in(folder.file()).unwrap_err();
        assert!(matches!(error, RememberError::Damaged { .. }), "{error}");
        assert!(
            error.to_string().ends_with(
                "; use a node id that was never used, or remove the file once the physical clock is later than every stamp \
                 of this node"
            ),
            "{error}"
        );
        assert_eq!(fs::read(folder.file()).unwrap(), damaged);
    }
    fs::write(folder.file(), whole).unwrap();
    assert!(options(1).remember_in(folder.file()).is_ok());
}

#[test]
fn what_a_crash_left_beside_the_file_is_no_harm() {
    let folder = Folder::new("beside");
    let first = options(1).remember_in(folder.file()).unwrap().stamp().unwrap();
    fs::write(folder.0.join("clock.new"), "timestamp hyb").unwrap();
    assert!(options(1).remember_in(folder.file()).unwrap().stamp().unwrap() > first);
}

#[test]
fn folder_that_is_missing_is_told_at_the_start() {
    let folder = Folder::new("missing");
    let error = options(1).remember_in(folder.0.join("none").join("clock")).unwrap_err();
    assert!(matches!(&error, RememberError::Io { doing: "finding", .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("finding {} does not succeed", folder.0.join("none").join("clock").display())
    );
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "its folder does not exist, and has to be made first");
}

#[test]
fn name_that_can_not_be_a_file_is_refused() {
    let folder = Folder::new("no-file");
    for name in [Path::new(""), Path::new("/"), Path::new(".."), &folder.0] {
        let error = options(1).remember_in(name).unwrap_err();
        assert!(matches!(error, RememberError::Io { doing: "finding", .. }), "{error:?}");
    }
    #[cfg(unix)]
    {
        assert!(Command::new("mkfifo").arg(folder.file()).status().unwrap().success());
        let error = options(1).remember_in(folder.file()).unwrap_err();
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "it is there, and it is not a file");
    }
    assert!(!Path::new("/.lock").exists() && !folder.0.join("clock.lock").exists(), "and no lock is left");
}
