//! A writer's ledger: what it is about to save, and what it was told about it. Outside of the system under test.
//!
//! Each line is one `write`, before the save starts and after its answer came, so what a process did until it was killed
//! stands there. The last line may be cut off; then the save that it announces was not begun.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::clock::now_ms;

/// An event that somebody wants to store: entity, version, and the reason, which nobody else gives. A `Created` event has
/// none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) version: u64,
    pub(crate) token: String,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum End {
    /// The save returned `Ok`.
    Acknowledged,
    /// It returned an error that says: nothing was stored.
    NotStored,
    /// `OutcomeUnknown`.
    Unknown,
    /// Its future was dropped.
    Dropped,
    /// After an unknown outcome, `resolve` said that it was stored.
    ResolvedStored,
    /// After an unknown outcome, `resolve` said that it was not.
    ResolvedNotStored,
    /// An answer that no save here may get.
    Wrong,
}

const ENDS: [(End, &str); 7] = [
    (End::Acknowledged, "acknowledged"),
    (End::NotStored, "not-stored"),
    (End::Unknown, "unknown"),
    (End::Dropped, "dropped"),
    (End::ResolvedStored, "resolved-stored"),
    (End::ResolvedNotStored, "resolved-not-stored"),
    (End::Wrong, "wrong"),
];

impl End {
    pub(crate) fn name(self) -> &'static str {
        ENDS.iter().find(|(end, _)| *end == self).map_or("?", |(_, name)| name)
    }
}

/// One save that was tried. Those of one unit of work have its number.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) unit: u64,
    pub(crate) events: Vec<Event>,
    /// In the order in which they were told.
    pub(crate) ends: Vec<(End, String)>,
}

/// What one writer did.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) writer: String,
    /// Its clock is two days behind, so that what it stores is soon deleted.
    pub(crate) is_behind: bool,
    pub(crate) attempts: HashMap<u64, Attempt>,
}

/// For writing.
#[derive(Debug)]
pub(crate) struct Ledger {
    writer: String,
    file: Mutex<File>,
    numbers: AtomicU64,
}

impl Ledger {
    pub(crate) fn create(path: &Path, writer: &str, is_behind: bool) -> io::Result<Self> {
        let file = File::options().append(true).create_new(true).open(path)?;
        let ledger = Self { writer: writer.to_owned(), file: Mutex::new(file), numbers: AtomicU64::new(1) };
        ledger.say(&format!("writer\t{writer}\t{}", if is_behind { "behind" } else { "true" }));
        Ok(ledger)
    }

    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// A reason that no other event has.
    pub(crate) fn token(&self) -> String {
        format!("{}.{}", self.writer, self.number())
    }

    /// Notes that these events are about to be saved.
    pub(crate) fn attempt(&self, unit: u64, events: &[Event]) -> u64 {
        let number = self.number();
        let events: Vec<String> =
            events.iter().map(|event| format!("{}:{}:{}", event.id, event.version, event.token)).collect();
        self.say(&format!("attempt\t{number}\t{unit}\t{}", events.join(",")));
        number
    }

    pub(crate) fn end(&self, attempts: &[u64], end: End, said: &str) {
        let numbers: Vec<String> = attempts.iter().map(u64::to_string).collect();
        let said = said.replace(['\n', '\t'], " ");
        self.say(&format!("end\t{}\t{}\t{said}", numbers.join(","), end.name()));
    }

    pub(crate) fn say(&self, line: &str) {
        let written = match self.file.lock() {
            Ok(mut file) => file.write_all(format!("{}\t{line}\n", now_ms()).as_bytes()),
            Err(_) => return,
        };
        // A ledger with a hole in it would accuse the innocent.
        if let Err(error) = written {
            panic!("the ledger can not be written: {error}");
        }
    }
}

/// Reads the ledgers in a folder.
pub(crate) fn read_all(folder: &Path) -> io::Result<Vec<Book>> {
    let mut books = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_ledger = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(".ledger"));
        if is_ledger {
            books.push(read(&std::fs::read_to_string(&path)?).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{} is not a ledger", path.display()))
            })?);
        }
    }
    Ok(books)
}

fn read(text: &str) -> Option<Book> {
    let mut book = Book { writer: String::new(), is_behind: false, attempts: HashMap::new() };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for line in whole.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [_at, fields @ ..] = fields.as_slice() else { return None };
        match *fields {
            ["writer", name, clock] => (book.writer, book.is_behind) = (name.to_owned(), clock == "behind"),
            ["attempt", number, unit, events] => {
                let events = events.split(',').map(event).collect::<Option<_>>()?;
                let attempt = Attempt { unit: unit.parse().ok()?, events, ends: Vec::new() };
                book.attempts.insert(number.parse().ok()?, attempt);
            }
            ["end", numbers, name, said] => {
                let end = ENDS.iter().find(|(_, known)| *known == name)?.0;
                for number in numbers.split(',').filter(|number| !number.is_empty()) {
                    book.attempts.get_mut(&number.parse().ok()?)?.ends.push((end, said.to_owned()));
                }
            }
            _ => return None,
        }
    }
    Some(book)
}

fn event(text: &str) -> Option<Event> {
    let mut parts = text.splitn(3, ':');
    let id = Uuid::from_str(parts.next()?).ok()?;
    Some(Event { id, version: parts.next()?.parse().ok()?, token: parts.next()?.to_owned() })
}
