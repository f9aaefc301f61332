//! The shortest account of what went wrong: of each broken promise one example, and what the ledgers say about its entity,
//! in the order of time.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use uuid::Uuid;

use crate::finding::{self, Charge, Finding};
use crate::stored::Stored;

/// Lines about one example; the ledgers have the rest.
const LINES: usize = 16;

/// Examples that are looked at, to tell of the one with the fewest lines.
const LOOKED_AT: usize = 20;

/// A fault this many milliseconds before or after what happened to an entity is told.
const NEAR: i64 = 1_500;

struct Line {
    at: i64,
    text: String,
    is_fault: bool,
}

/// What is to be told, or nothing if no promise was broken.
pub(crate) fn of(folder: &Path, findings: &[Finding], stored: &Stored) -> io::Result<String> {
    let ledgers = Ledgers::read(folder)?;
    let mut account = String::new();
    for finding in findings {
        let told = |charge: &Charge| charge.entity.map_or_else(Vec::new, |entity| ledgers.about(entity));
        let shortest = finding.against.iter().take(LOOKED_AT).map(|charge| (told(charge), charge));
        let Some((lines, charge)) = shortest.min_by_key(|(lines, _)| lines.len()) else { continue };
        let _ = writeln!(
            account,
            "\n{}: {}, for one:\n  {}",
            finding::promise(finding.name),
            finding.against.len(),
            charge.words
        );
        if lines.len() > LINES {
            let _ = writeln!(account, "    ({} earlier lines are in the ledgers)", lines.len() - LINES);
        }
        let begun = lines.first().map_or(0, |line| line.at);
        for line in lines.iter().skip(lines.len().saturating_sub(LINES)) {
            let _ = writeln!(account, "    {:>9.3} s  {}", (line.at - begun) as f64 / 1_000.0, line.text);
        }
        if let Some(entity) = charge.entity {
            let _ = writeln!(account, "    at the end    {}", stored.about(entity));
        }
    }
    Ok(account)
}

/// The lines of all ledgers in a folder: of writers, of the sink, and of the faults.
struct Ledgers {
    /// The writer, and its lines.
    writers: Vec<(String, String)>,
    deliveries: String,
    faults: String,
}

impl Ledgers {
    fn read(folder: &Path) -> io::Result<Self> {
        let mut writers = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "ledger") {
                let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
                writers.push((name, fs::read_to_string(&path)?));
            }
        }
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        Ok(Self { writers, deliveries: text("deliveries.tsv"), faults: text("faults.tsv") })
    }

    /// In the order of time, with the faults that came about then.
    fn about(&self, entity: Uuid) -> Vec<Line> {
        let id = entity.to_string();
        let mut lines = Vec::new();
        for (writer, text) in &self.writers {
            let mut attempts = HashSet::new();
            for fields in text.lines().map(|line| line.split('\t').collect::<Vec<_>>()) {
                match *fields.as_slice() {
                    [at, "attempt", number, unit, events] if events.contains(&id) => {
                        attempts.insert(number);
                        let unit = if unit == "0" { String::new() } else { format!(" in unit {unit}") };
                        let events = events.split(',').filter_map(|event| event.strip_prefix(&format!("{id}:")));
                        let events: Vec<String> = events.map(|event| format!("v{event}")).collect();
                        push(&mut lines, at, format!("{writer} tries {number}{unit}: {}", events.join(", ")));
                    }
                    [at, "end", numbers, end, said] => {
                        for number in numbers.split(',').filter(|number| attempts.contains(number)) {
                            push(&mut lines, at, format!("{writer} was told of {number}: {end} {said}"));
                        }
                    }
                    _ => {}
                }
            }
        }
        for fields in self.deliveries.lines().map(|line| line.split('\t').collect::<Vec<_>>()) {
            if let [_, at, relay, of, version, token, _, kind] = *fields.as_slice()
                && of == id
            {
                push(&mut lines, at, format!("{relay} brings v{version} {token} {kind}"));
            }
        }
        let (first, last) =
            lines.iter().fold((i64::MAX, i64::MIN), |(low, high), line| (low.min(line.at), high.max(line.at)));
        for (at, fault) in self.faults.lines().filter_map(|line| line.split_once('\t')) {
            let is_near = at.parse().is_ok_and(|at: i64| first - NEAR <= at && at <= last + NEAR);
            if is_near {
                push(&mut lines, at, format!("-- {fault}"));
            }
        }
        lines.sort_by_key(|line| line.at);
        near_the_rest(lines)
    }
}

fn push(lines: &mut Vec<Line>, at: &str, text: String) {
    if let Ok(at) = at.parse() {
        let is_fault = text.starts_with("-- ");
        lines.push(Line { at, text, is_fault });
    }
}

/// Without the faults while nothing else happened.
fn near_the_rest(lines: Vec<Line>) -> Vec<Line> {
    let others: Vec<i64> = lines.iter().filter(|line| !line.is_fault).map(|line| line.at).collect();
    let is_told = |line: &Line| !line.is_fault || others.iter().any(|at| (at - line.at).abs() <= NEAR);
    lines.into_iter().filter(is_told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_tells_of_one_entity_in_the_order_of_time() {
        let folder = tempfile::tempdir().unwrap();
        let (entity, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let ledger = format!(
            "1000\twriter\tw1\ttrue\n1010\tattempt\t2\t0\t{entity}:1:,{entity}:2:w1.1\n1020\tend\t2\tacknowledged\t\n\
             1030\tattempt\t4\t3\t{other}:1:w1.3\n1040\tend\t4\tnot-stored\tbusy\n"
        );
        fs::write(folder.path().join("w1.ledger"), ledger).unwrap();
        fs::write(folder.path().join("faults.tsv"), "1015\ta writer killed\n900000\tthe sink cut off\n").unwrap();
        let delivery = format!("0\t1050\tr2\t{entity}\t1\t\t{}\tcreated\n", Uuid::nil());
        fs::write(folder.path().join("deliveries.tsv"), delivery).unwrap();

        let charge = Charge::about(entity, "v2 is gone".to_owned());
        let findings = [Finding { name: "lost", against: vec![charge] }];
        let account = of(folder.path(), &findings, &Stored::default()).unwrap();
        let lines: Vec<&str> = account.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(
            lines,
            [
                "What was acknowledged is stored: 1, for one:",
                "v2 is gone",
                "0.000 s  w1 tries 2: v1:, v2:w1.1",
                "0.005 s  -- a writer killed",
                "0.010 s  w1 was told of 2: acknowledged",
                "0.040 s  r2 brings v1  created",
                "at the end    no row, no events",
            ]
        );
    }

    #[test]
    fn of_promises_that_held_nothing_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let findings = [Finding { name: "lost", against: Vec::new() }];
        assert_eq!(of(folder.path(), &findings, &Stored::default()).unwrap(), "");
    }
}
