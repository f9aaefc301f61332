//! The guarantee sheet, a page as it comes out of a run in which every promise held.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::arrangement::Arrangement;
use crate::tally::{Counts, Tally};

/// What is promised, in a sentence; how a run judges it, by the name that its report has; the test below it.
const PROMISES: [(&str, &str, &str); 11] = [
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
    (
        "`updated_at` never goes back, whatever the clocks of the processes do.",
        "set back",
        "law_2_updated_at_never_goes_back_even_when_the_clock_does",
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
        "Of several relays of one name, one leads. One that has lost its lease writes nothing more down, and stops as soon as it notices.",
        "two leaders",
        "a_relay_that_was_taken_for_dead_changes_nothing",
    ),
    (
        "A consumer that takes events in through its `Inbox` does the work of each exactly once, however often it arrives.",
        "taken in twice",
        "an_event_that_arrives_again_does_nothing",
    ),
    (
        "What NATS has acknowledged is in its stream after the server was killed; the runs set `sync_interval: always`.",
        "gone from the stream",
        "server_that_restarts_loses_nothing",
    ),
];

/// What the rows with names of the code mean.
const POINTS: &str = "A named point is a place in the code where a process ends at once: before or after a save (`save`), its \
                      write (`store`; `store/between`: between the row and its events), the commit of a unit (`commit`), the note of \
                      an inbox (`accept`); before or after a relay takes its lease (`lease`), hands over an event (`publish`), \
                      writes down how far it is (`keep`), deletes old events (`prune`).";
const ENDS: &str = "Saves are counted by how they ended for the writer: with `Ok` (acknowledged), with an error that says that \
                    nothing is stored (not-stored), with `OutcomeUnknown` (unknown), which `resolve` settled at times \
                    (resolved), by a future that was dropped, or not at all, since the writer was killed (cut off). `chaos: not \
                    now` is what the trigger says that refuses rows.";

/// What no run writes.
const HEAD: &str = include_str!("../sheet/head.md");
const WHAT_TO_DO: &str = include_str!("../sheet/what_to_do.md");
const NOT_PROMISED: &str = include_str!("../sheet/not_promised.md");

/// The page. Every promise has held in every round.
pub(crate) fn page(seed: u64, tallies: &[(Arrangement, Tally)]) -> String {
    let mut page = format!("{HEAD}\n");
    let faults: usize = tallies.iter().map(|(_, tally)| tally.faults()).sum();
    page.push_str("| promised | judged as | a test of it |\n|---|---|---|\n");
    for (sentence, name, test) in PROMISES {
        let against: usize = tallies.iter().filter_map(|(_, tally)| tally.against.get(name)).sum();
        let _ = writeln!(page, "| {sentence} | {against} {name} in {faults} faults | `{test}` |");
    }
    let _ = writeln!(page, "\n## The faults\n\nSeed {seed}, {faults} faults. {POINTS}\n");
    header(&mut page, "fault", tallies);
    row(&mut page, "**all**", tallies.iter().map(|(_, tally)| tally.faults()));
    for (fault, of) in columns(tallies, |tally| &tally.faults) {
        row(&mut page, fault, of);
    }
    for (point, of) in columns(tallies, |tally| &tally.ended_at) {
        row(&mut page, &format!("ended at the named point `{point}`"), of);
    }
    let _ = writeln!(page, "\n## What there was to judge\n\n{ENDS}\n");
    header(&mut page, "", tallies);
    for (name, figure) in [
        ("events that somebody tried to store", (|it| it.figures.attempted) as fn(&Tally) -> usize),
        ("events that were stored", |it| it.figures.stored),
        ("of those, deleted by retention after they were delivered", |it| it.figures.pruned),
        ("deliveries", |it| it.figures.deliveries),
        ("of those, of an event that had arrived before", |it| it.figures.duplicates),
    ] {
        row(&mut page, name, tallies.iter().map(|(_, tally)| figure(tally)));
    }
    for (end, of) in columns(tallies, |tally| &tally.figures.ends) {
        row(&mut page, &format!("saves: {end}"), of);
    }
    for (said, of) in columns(tallies, |tally| &tally.figures.said) {
        row(&mut page, &format!("errors that said `{said}`"), of);
    }
    let _ = write!(page, "\n{WHAT_TO_DO}\n{NOT_PROMISED}");
    page
}

fn header(page: &mut String, first: &str, tallies: &[(Arrangement, Tally)]) {
    let names: Vec<&str> = tallies.iter().map(|(arrangement, _)| arrangement.name()).collect();
    let _ = writeln!(page, "| {first} | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
}

fn row(page: &mut String, name: &str, cells: impl IntoIterator<Item = usize>) {
    let cells: Vec<String> = cells.into_iter().map(|count| count.to_string()).collect();
    let _ = writeln!(page, "| {name} | {} |", cells.join(" | "));
}

/// Each name that is counted in any arrangement, and how often in each.
fn columns<'a>(
    tallies: &'a [(Arrangement, Tally)],
    counts: impl Fn(&'a Tally) -> &'a Counts,
) -> BTreeMap<&'a str, Vec<usize>> {
    let names = tallies.iter().flat_map(|(_, tally)| counts(tally).keys());
    let of = |name: &String| tallies.iter().map(|(_, tally)| counts(tally).get(name).copied().unwrap_or(0)).collect();
    names.map(|name| (name.as_str(), of(name))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    /// The names of all functions in the folders of tests.
    fn functions() -> BTreeSet<String> {
        let mut folders = vec![root().join("timestamp-repo"), root().join("timestamp-core")];
        let mut names = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let functions = text.lines().filter_map(|line| line.split_once("fn "));
                    let words = functions.filter_map(|(_, rest)| rest.split(['(', '<']).next());
                    names.extend(words.map(str::to_owned));
                }
            }
        }
        names
    }

    /// What is in backticks and reads as a sentence.
    fn named_tests(text: &str) -> BTreeSet<String> {
        let quoted = text.split('`').skip(1).step_by(2);
        quoted.filter(|word| word.matches('_').count() >= 3 && !word.contains(' ')).map(str::to_owned).collect()
    }

    #[test]
    fn every_test_that_the_sheet_names_exists() {
        let functions = functions();
        let mut named = named_tests(&WHAT_TO_DO.replace("```", ""));
        assert!(named.len() >= 8, "{named:?}");
        named.extend(PROMISES.map(|(_, _, test)| test.to_owned()));
        let missing: Vec<&String> = named.iter().filter(|name| !functions.contains(*name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_promise_of_the_sheet_is_one_that_is_judged() {
        for (_, name, _) in PROMISES {
            assert_ne!(crate::finding::promise(name), "?", "{name}");
        }
    }

    /// The figures are those of a run; what stands around them is that of now.
    #[test]
    fn the_page_says_what_the_sheet_says() {
        let page = std::fs::read_to_string(root().join("docs/guarantees.md")).unwrap();
        let again = "write it anew with `scripts/chaos --sheet docs/guarantees.md`, or put the new text in by hand";
        for text in [HEAD, WHAT_TO_DO, NOT_PROMISED] {
            assert!(page.contains(text.trim()), "docs/guarantees.md is older than chaos/sheet: {again}");
        }
        for (sentence, _, test) in PROMISES {
            assert!(page.contains(sentence) && page.contains(test), "{sentence}: {again}");
        }
    }
}
