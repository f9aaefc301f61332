//! Prints the ratio table of `docs/performance.md`: ours against the baselines, in turns, in one process.
//!
//! ```text
//! cargo run --release -p timestamp-benches --bin ratios [entity] [text] [clock] [sqlite] [postgres] [postgres/save] ..
//! ```
//!
//! `postgres` is a group of subjects, of which each can be named. It needs a server, and is left out without one, as is
//! what of `relay` needs NATS: see `scripts/services`. Each subject or group is a module beside this file. What is not
//! named is left out; without a name, everything is measured.
#![expect(clippy::print_stdout, reason = "the table is the output of this program")]

mod clock;
mod entity;
mod postgres;
mod relay;
mod sqlite;
mod text;

use std::process::ExitCode;

use timestamp_benches::ratio::{HEADING, Ratio};

/// A subject's name, and what measures it.
type Subject = (&'static str, fn() -> Vec<Ratio>);

const SUBJECTS: [Subject; 10] = [
    ("entity", entity::ratios),
    ("text", text::ratios),
    ("clock", clock::ratios),
    ("sqlite", sqlite::ratios),
    ("postgres/save", postgres::lone_save),
    ("postgres/saves", postgres::saves_at_once),
    ("postgres/save_all", postgres::save_all),
    ("postgres/finds", postgres::finds_at_once),
    ("postgres/growth", postgres::growth),
    ("relay", relay::ratios),
];

/// Whether `asked` is the subject's name, or that of a group that it belongs to.
fn is_asked_for(name: &str, asked: &str) -> bool {
    name.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = names.iter().find(|name| !SUBJECTS.iter().any(|(known, _)| is_asked_for(known, name))) {
        eprintln!("no subject is named `{unknown}`; there are: {}", SUBJECTS.map(|(name, _)| name).join(", "));
        return ExitCode::from(2);
    }
    println!("{HEADING}");
    for (name, measure) in SUBJECTS {
        if names.is_empty() || names.iter().any(|asked| is_asked_for(name, asked)) {
            // Each row is printed as soon as it is measured.
            measure();
        }
    }
    ExitCode::SUCCESS
}
