//! The guarantee sheet, a page as it comes out of a run in which every promise held.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::arrangement::Arrangement;
use crate::tally::Tally;

/// What is promised, in a sentence; how a run judges it, by the name that its report has; the test below it.
const PROMISES: [(&str, &str, &str); 9] = [
    (
        "A save, a delete or a commit that returned `Ok` is stored, and so is one of which `resolve` says so.",
        "lost",
        "killed_process_loses_no_acknowledged_save",
    ),
    (
        "Nothing is stored that nobody tried to store, nor what was answered by an error that says it is not stored.",
        "unexpected",
        "retried_save_after_unknown_commit_stores_each_event_once",
    ),
    (
        "A row and its events are stored together or not at all, and a unit of work wholly or not at all. The versions of an \
         entity's events are 1, 2, 3 and so on, up to the row's.",
        "torn",
        "process_that_ends_at_a_named_point_leaves_rows_and_events_whole",
    ),
    (
        "No save gets an answer that is not true.",
        "wrong answers",
        "resolve_ends_what_is_still_at_work_before_it_answers",
    ),
    ("The relay skips no event, also none that was committed late.", "skipped", "a_late_commit_is_never_skipped"),
    (
        "The events of an entity arrive for the first time in the order of their versions.",
        "reordered",
        "after_a_crash_events_arrive_again_and_none_is_skipped",
    ),
    (
        "Every stored event is delivered; one is stuck if, after the last fault, none has moved for 30 seconds.",
        "stuck",
        "under_many_writers_and_restarts_nothing_is_skipped_and_nothing_overtakes",
    ),
    (
        "Of several relays of one name, one leads. One that has lost its lease hands nothing more over.",
        "two leaders",
        "a_relay_that_was_taken_for_dead_changes_nothing",
    ),
    (
        "A consumer that takes events in through its `Inbox` does the work of each exactly once, however often it arrives.",
        "taken in twice",
        "an_event_that_arrives_again_does_nothing",
    ),
];

const NOT_PROMISED: &str = "\
## What is not promised

- **Exactly once, without an inbox.** After a crash the relay delivers again what it had not yet written down. The figures
  above say how often that was.
- **An order across entities.** Events of different entities are on their way together.
- **A loss of power where the database was told not to wait for the disk**: `Durability::Normal` on SQLite,
  `synchronous_commit = off` or `fsync = off` on PostgreSQL, and NATS without `sync_interval: always`. The runs kill
  processes and servers, and never the machine: what the kernel has taken is still written.
- **An answer after the events are gone.** Retention keeps them for at least 24 hours. A save whose outcome was unknown can
  not be told from one that was not stored, once its events were deleted.
- **Changes by SQL that goes around the repository.** They have no events.

## What no run has tried yet

NATS and a real broker between relay and consumer; a full disk; a connection of which one half is dead; a client that is
dead while its server process works on; clocks that jump while a lease is held; a dump that is restored; events that are
parked and released under faults. Where there is a test, it is one of a single case.
";

/// The page. Every promise has held in both runs.
pub(crate) fn page(seed: u64, tallies: &[(Arrangement, Tally)]) -> String {
    let mut page = String::from(
        "# The guarantee sheet\n\nWhat is promised, what tried to break it, and what is not promised. This page is written \
         by `scripts/chaos --sheet`\nafter a run in which every promise held; do not change it by hand.\n\nThree writers, two \
         relays and a consumer, each a process of its own, work on one database while faults meet them at\nrandom. Writers \
         save alone and in units, want the same entities, drop the futures of their saves, hold units open, go on\nafter SQL \
         errors, and save again what was unknown or refused. What they try and what they are told is in ledgers outside\nof \
         the system, and the sink notes what arrives. At the end a judge reads the databases with `sqlite3` and `psql`, and\n\
         compares the sets.\n\n",
    );
    page.push_str("| promised | judged as | a test of it |\n|---|---|---|\n");
    for (sentence, name, test) in PROMISES {
        let broken: Vec<String> = tallies
            .iter()
            .map(|(arrangement, tally)| {
                let count = tally.against.get(name).copied().unwrap_or(0);
                format!("{}: {count} {name} in {} faults", arrangement.name(), tally.faults())
            })
            .collect();
        let _ = writeln!(page, "| {sentence} | {} | `{test}` |", broken.join("; "));
    }
    let _ = writeln!(page, "\n## The faults\n\nSeed {seed}.\n");
    let names: Vec<&str> = tallies.iter().map(|(arrangement, _)| arrangement.name()).collect();
    let _ = writeln!(page, "| fault | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    let mut counts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (_, tally)) in tallies.iter().enumerate() {
        for (fault, count) in tally.faults.iter().chain(&tally.ended_at) {
            if let Some(place) = counts.entry(fault).or_insert_with(|| vec![0; tallies.len()]).get_mut(index) {
                *place = *count;
            }
        }
    }
    let row = |name: &str, of: &[usize]| {
        let cells: Vec<String> = of.iter().map(usize::to_string).collect();
        format!("| {name} | {} |\n", cells.join(" | "))
    };
    for (fault, of) in counts.iter().filter(|(fault, _)| fault.contains(' ')) {
        page.push_str(&row(fault, of));
    }
    for (point, of) in counts.iter().filter(|(fault, _)| !fault.contains(' ')) {
        page.push_str(&row(&format!("of those, at `{point}`"), of));
    }
    let _ = writeln!(
        page,
        "\n## What there was to judge\n\n| | {} |\n|---|{}",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for (name, figure) in [
        ("events that somebody tried to store", (|it| it.figures.attempted) as fn(&Tally) -> usize),
        ("events that were stored", |it| it.figures.stored),
        ("of those, deleted by retention after they were delivered", |it| it.figures.pruned),
        ("deliveries", |it| it.figures.deliveries),
        ("of those, of an event that had arrived before", |it| it.figures.duplicates),
    ] {
        page.push_str(&row(name, &tallies.iter().map(|(_, tally)| figure(tally)).collect::<Vec<_>>()));
    }
    let mut ends: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (_, tally)) in tallies.iter().enumerate() {
        for (end, count) in &tally.figures.ends {
            if let Some(place) = ends.entry(end).or_insert_with(|| vec![0; tallies.len()]).get_mut(index) {
                *place = *count;
            }
        }
    }
    for (end, of) in &ends {
        page.push_str(&row(&format!("saves: {end}"), of));
    }
    let _ = write!(
        page,
        "\nThe bugs in `chaos/planted` each turn a run red; `scripts/chaos-planted` shows it.\n\n{NOT_PROMISED}"
    );
    page
}
