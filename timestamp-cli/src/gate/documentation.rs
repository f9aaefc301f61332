//! Compares `docs/gate.md` with the rules and the corpus that it speaks of.

use std::fs;
use std::path::{Path, PathBuf};

use crate::gate::rule;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rules() -> String {
    let mut table = String::from("| rule | why | instead |\n|---|---|---|\n");
    for rule in rule::all() {
        let (reason, instead) = (rule.reason.replace('|', "\\|"), rule.instead.replace('|', "\\|"));
        table.push_str(&format!("| `{}` | {reason} | {instead} |\n", rule.id));
    }
    table
}

/// The first line of each file, without the mark of a comment.
fn limits() -> String {
    let mut list = String::new();
    for (folder, language) in [("rust", "Rust"), ("sql", "SQL"), ("javascript", "JavaScript")] {
        let folder = root().join("timestamp-cli/tests/corpus").join(folder).join("known_limits");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let first = text.lines().next().unwrap_or_default();
            let words = first.trim_start_matches(['/', '-', '!', ' ']);
            assert!(words.len() < first.len() && words.ends_with('.'), "{}: {first}", file.display());
            list.push_str(&format!("- {language}: {words}\n"));
        }
    }
    list
}

/// Returns the page with `made` between the marks that begin with `<!-- name:` and end with `<!-- end of name -->`.
fn with(page: &str, name: &str, made: &str) -> String {
    let begin = page.find(&format!("<!-- {name}:")).unwrap();
    let begin = begin + page[begin..].find("-->\n").unwrap() + "-->\n".len();
    let end = page.find(&format!("<!-- end of {name} -->")).unwrap();
    format!("{}\n{made}\n{}", &page[..begin], &page[end..])
}

#[test]
fn documentation_lists_the_rules_and_the_limits() {
    let path = root().join("docs/gate.md");
    let page = fs::read_to_string(&path).unwrap();
    let right = with(&with(&page, "rules", &rules()), "limits", &limits());
    if std::env::var_os("BLESS").is_some() {
        return fs::write(&path, &right).unwrap();
    }
    assert!(page == right, "docs/gate.md is behind: BLESS=1 cargo test -p timestamp-cli documentation");
}

#[test]
fn each_rule_reads_as_a_clause_and_has_an_id_of_its_own() {
    let mut ids: Vec<_> = rule::all().map(|rule| rule.id).collect();
    for rule in rule::all() {
        let is_clause = |text: &str| !text.ends_with('.') && text.starts_with(|c: char| c.is_lowercase() || c == '`');
        assert!(is_clause(rule.reason) && is_clause(rule.instead), "{}", rule.id);
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn exit_codes_of_the_documentation_are_those_of_the_code() {
    use crate::exit_code::{CLEAN, FINDINGS, UNCHECKED, UNWRITTEN, USAGE};
    let page = fs::read_to_string(root().join("docs/gate.md")).unwrap();
    for (code, words) in [
        (CLEAN, "everything was checked"),
        (FINDINGS, "there are findings"),
        (USAGE, "the arguments"),
        (UNCHECKED, "no findings, but"),
        (UNWRITTEN, "a report"),
    ] {
        assert!(page.contains(&format!("| {code} | {words}")), "{code}");
    }
}
