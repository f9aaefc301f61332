//! The report for people: what, where, the line itself, and what to write instead.

use std::path::Path;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar as _;

use crate::gate::check::{File, Unchecked};
use crate::gate::finding::Finding;
use crate::gate::position::{Lines, Position};
use crate::gate::report::Outcome;

const RED: Style = AnsiColor::BrightRed.on_default().bold();
const YELLOW: Style = AnsiColor::BrightYellow.on_default().bold();
const BLUE: Style = AnsiColor::BrightBlue.on_default().bold();
const BOLD: Style = Style::new().bold();

/// How much of a long line is shown, in columns of a terminal.
const SHOWN: usize = 140;
/// How much of it before the finding.
const BEFORE: usize = 60;

/// Returns the report; colours are in it, and go away where it is printed to no terminal.
pub(super) fn report(outcome: &Outcome) -> String {
    let mut report = String::new();
    for file in &outcome.checked.files {
        let lines = Lines::new(&file.text);
        for finding in &file.findings {
            add_finding(&mut report, file, &lines, finding);
        }
    }
    for Unchecked { path, at, why } in &outcome.checked.unchecked {
        report.push_str(&format!("{YELLOW}not checked{YELLOW:#}{BOLD}: {why}{BOLD:#}\n"));
        report.push_str(&format!("{}\n\n", place(3, path, *at)));
    }
    for stale in &outcome.stale {
        report.push_str(&format!("{RED}stale{RED:#}{BOLD}: {}{BOLD:#}\n", stale.what));
        report.push_str(&format!("{}\n", place(3, &stale.file, Some(Position { line: stale.line, column: 1 }))));
        report.push_str(&format!("   {BLUE}={BLUE:#} {BOLD}instead{BOLD:#}: remove the entry, or correct it\n\n"));
    }
    report
}

fn add_finding(report: &mut String, file: &File, lines: &Lines<'_>, finding: &Finding) {
    let (start, end) = (lines.position(finding.at.start), lines.position(finding.at.end));
    let margin = start.line.to_string().len() + 1;
    let bar = format!("{:margin$} {BLUE}|{BLUE:#}", "");
    let line = lines.line(start.line);
    let within = finding.at.start - lines.start(start.line);
    let (line, cut) = around(line, within);
    let column = line.get(..within - cut).map_or(0, |before| before.chars().count()) + 1;
    let end = (end.line == start.line).then(|| column + (end.column - start.column));
    let (code, carets) = underlined(line, column, end);
    report.push_str(&format!("{RED}error[{}]{RED:#}{BOLD}: {}{BOLD:#}\n", finding.rule.id, finding.rule.reason));
    report.push_str(&format!("{}\n{bar}\n", place(margin, &file.path, Some(start))));
    report.push_str(&format!("{BLUE}{:margin$} |{BLUE:#} {code}\n{bar} {RED}{carets}{RED:#}\n", start.line));
    report.push_str(&format!("{:margin$} {BLUE}={BLUE:#} {BOLD}instead{BOLD:#}: {}\n", "", finding.rule.instead));
    if finding.fix.is_some() {
        report.push_str(&format!("{:margin$} {BLUE}={BLUE:#} {BOLD}note{BOLD:#}: `--fix` writes it\n", ""));
    }
    report.push('\n');
}

/// Returns the part of a line that can be seen around a byte, and how many bytes were left out before it.
fn around(line: &str, at: usize) -> (&str, usize) {
    const SEEN: usize = 300;
    if line.len() <= SEEN {
        return (line, 0);
    }
    let is_boundary = |at: &usize| line.is_char_boundary(*at);
    let from = (at.saturating_sub(SEEN)..=at).find(is_boundary).unwrap_or(at);
    let to = (at..=(at + SEEN).min(line.len())).rev().find(is_boundary).unwrap_or(at);
    (line.get(from..to).unwrap_or_default(), from)
}

fn place(margin: usize, path: &Path, at: Option<Position>) -> String {
    let at = at.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
    format!("{:margin$}{BLUE}-->{BLUE:#} {}{at}", "", name(path))
}

/// Returns the name of a file as it is shown: it may hold anything, also what would act on the terminal.
pub(super) fn name(path: &Path) -> String {
    path.to_string_lossy().chars().map(|character| shown(character).0).collect()
}

/// Returns a line as it is shown, and carets for the columns from `start` up to `end` or the end of the line.
fn underlined(line: &str, start: usize, end: Option<usize>) -> (String, String) {
    let (mut code, mut carets) = (String::new(), String::new());
    let width_before: usize = line.chars().take(start.saturating_sub(1)).map(wide).sum();
    let (mut column, mut width) = (0, 0);
    let fits = line.chars().map(wide).sum::<usize>() <= SHOWN;
    let skip = if fits { 0 } else { width_before.saturating_sub(BEFORE) };
    for character in line.chars() {
        column += 1;
        let (shown, wide) = shown(character);
        width += wide;
        if width <= skip {
            continue;
        }
        if width > skip + SHOWN {
            code.push('…');
            break;
        }
        code.push_str(&shown);
        let mark = if column >= start && end.is_none_or(|end| column < end) { "^" } else { " " };
        carets.push_str(&mark.repeat(wide));
    }
    if skip > 0 {
        code.insert(0, '…');
        carets.insert(0, ' ');
    }
    let carets = carets.trim_end();
    // An empty place, such as the end of the file, is one caret.
    let carets =
        if carets.is_empty() { format!("{}^", " ".repeat(width_before.min(BEFORE))) } else { carets.to_owned() };
    (code, carets)
}

/// Returns how wide a character is shown.
fn wide(character: char) -> usize {
    if matches!(character, ' '..='~') { 1 } else { shown(character).1 }
}

/// Returns a character as it is shown, and how wide: blanks for a tab, escapes for what would act on the terminal.
fn shown(character: char) -> (String, usize) {
    match character {
        '\t' => ("    ".to_owned(), 4),
        // Marks of direction would show the code in another order than it is compiled.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => escaped(character),
        character => match character.width() {
            Some(width) => (character.to_string(), width),
            None => escaped(character),
        },
    }
}

fn escaped(character: char) -> (String, usize) {
    let escaped = character.escape_unicode().to_string();
    let width = escaped.len();
    (escaped, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_below_what_is_meant() {
        for (line, start, end, code, carets) in [
            ("let t = now();", 9, Some(14), "let t = now();", "        ^^^^^"),
            ("\tnow()", 2, Some(7), "    now()", "    ^^^^^"),
            ("日本 now()", 4, Some(9), "日本 now()", "     ^^^^^"),
            ("now(", 1, None, "now(", "^^^^"),
            ("", 1, Some(1), "", "^"),
            ("\u{1b}[1m x", 6, Some(7), "\\u{1b}[1m x", "          ^"),
        ] {
            assert_eq!(underlined(line, start, end), (code.to_owned(), carets.to_owned()), "{line:?}");
        }
    }

    #[test]
    fn long_line_is_cut_around_what_is_meant() {
        let line = format!("{}now(){}", "a".repeat(1_000), "b".repeat(1_000));
        let (code, carets) = underlined(&line, 1_001, Some(1_006));
        assert!(code.chars().count() <= SHOWN + 2 && code.starts_with('…') && code.ends_with('…'));
        assert_eq!(
            code.chars().zip(carets.chars()).filter(|(_, mark)| *mark == '^').map(|(c, _)| c).collect::<String>(),
            "now()"
        );
    }
}
