//! The command as people and programs run it: exit codes, formats, configuration, baseline, fixes, and bad input.

#![expect(clippy::unwrap_used, reason = "a folder that can not be set up is a failed test")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const NOW: &str = "fn now() -> std::time::SystemTime {\n    std::time::SystemTime::now()\n}\n";
const CLEAN: &str = "fn one() -> u8 {\n    1\n}\n";

/// A folder with these files.
fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        write(&folder, path, text);
    }
    folder
}

fn write(folder: &TempDir, path: &str, text: impl AsRef<[u8]>) {
    let path = folder.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.out, self.err))
    }
}

fn gate(folder: impl AsRef<Path>, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_timestamp"))
        .arg("gate")
        .args(arguments)
        .current_dir(folder.as_ref())
        .output()
        .unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The findings as `path:line rule`.
fn found(folder: &TempDir, arguments: &[&str]) -> Vec<String> {
    let report = gate(folder, &[&["--format", "json"], arguments].concat()).json();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(place).collect()
}

fn place(finding: &Value) -> String {
    let text = |key: &str| finding[key].as_str().unwrap().to_owned();
    format!("{}:{} {}", text("path"), finding["line"], text("rule"))
}

#[test]
fn clean_project_ends_with_zero_and_says_how_much_was_read() {
    let folder = project(&[("src/a.rs", CLEAN), ("readme.md", "std::time::SystemTime::now()")]);
    let ran = gate(&folder, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.starts_with("0 findings; 1 file, "), "{}", ran.err);
}

#[test]
fn empty_folder_is_clean() {
    let ran = gate(TempDir::new().unwrap(), &[]);
    assert_eq!(ran.code, 0);
    assert!(ran.err.starts_with("0 findings; 0 files, "), "{}", ran.err);
}

#[test]
fn finding_is_shown_with_its_line_its_reason_and_what_to_write() {
    let folder = project(&[("src/a.rs", NOW)]);
    let ran = gate(&folder, &[]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.out,
        "error[rust/system-time]: asks the system for the time, so that no test can move it and two readings of one operation differ
  --> src/a.rs:2:5
   |
 2 |     std::time::SystemTime::now()
   |     ^^^^^^^^^^^^^^^^^^^^^^^^^^
   = instead: take the time from a `Clock` that is handed in: `clock.now()`

"
    );
}

#[test]
fn unknown_argument_and_missing_configuration_end_with_two() {
    let folder = project(&[]);
    assert_eq!(gate(&folder, &["--nonsense"]).code, 2);
    let ran = gate(&folder, &["--config", "none.toml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("error: none.toml can not be used\n  why: "), "{}", ran.err);
    assert!(ran.err.contains("\n help: "), "{}", ran.err);
}

#[test]
fn path_that_does_not_exist_is_told_and_the_rest_is_checked() {
    let folder = project(&[("a.rs", NOW)]);
    let ran = gate(&folder, &["--format", "json", "none", "a.rs"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.json()["unchecked"][0]["path"], "none");
    let ran = gate(&folder, &["none"]);
    assert_eq!(ran.code, 3);
    assert_eq!(ran.out.matches("none").count(), 1, "{}", ran.out);
    assert!(ran.out.contains("No such file"), "{}", ran.out);
}

/// A body with a quote that ends nowhere.
#[test]
fn named_file_in_a_language_that_is_not_read_is_noted_once_and_no_failure() {
    let names = ["Makefile", "notes.txt", "x\u{1b}.md", "y.md", "z.md"];
    let mut files: Vec<_> = names.iter().map(|name| (*name, NOW)).collect();
    files.extend([("a.rs", CLEAN), ("docs/b.md", NOW)]);
    let folder = project(&files);
    let notes = |arguments: &[&str]| {
        let ran = gate(&folder, arguments);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
        assert!(ran.err.lines().last().unwrap().starts_with("0 findings; 1 file, "), "{}", ran.err);
        ran.err.lines().filter(|line| line.starts_with("note: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let reads = "note: not read, since the gate reads only .rs, .sql, .js, .mjs, .cjs, .jsx, .ts, .mts, .cts, .tsx: ";
    assert_eq!(notes(&["notes.txt", "a.rs", "Makefile", "notes.txt"]), [format!("{reads}Makefile, notes.txt")]);
    let all = [&names[..], &["a.rs"]].concat();
    assert_eq!(notes(&all), [format!("{reads}Makefile, notes.txt, x\\u{{1b}}.md and 2 more")]);
    assert_eq!(notes(&[]), [""; 0]);
    assert_eq!(notes(&["docs", "a.rs"]), [""; 0]);
}

fn open_body() -> String {
    CLOSED_BODY.replace("'closed'", "'open")
}

const CLOSED_BODY: &str = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 'closed';
    PERFORM now();
END $$;
";

#[test]
fn body_that_can_not_be_read_is_told_once_wherever_it_stands() {
    let (open_body, clean_body) = (open_body(), CLOSED_BODY.replace("now()", "later()"));
    let rust = |sql: &str| format!("fn f() {{\n    db.execute(r#\"{sql}\"#);\n}}\n");
    for (name, text, line) in [
        ("a.sql", format!("{open_body}{open_body}"), 3),
        ("a.sql", format!("{open_body}SELECT now(), 'open;\n"), 6),
        ("a.rs", rust(&open_body), 4),
        ("a.ts", format!("db.execute(`{open_body}`);\n"), 3),
        ("a.sql", open_body.replace("$$", "'").replace("'open", "''open"), 3),
    ] {
        let folder = project(&[(name, &text)]);
        let ran = gate(&folder, &["--format", "json"]);
        let report = ran.json();
        let unchecked = report["unchecked"].as_array().unwrap();
        assert_eq!((unchecked.len(), &unchecked[0]["line"]), (1, &Value::from(line)), "{text}\n{}", ran.out);
        assert!(unchecked[0]["why"].as_str().unwrap().starts_with("a quote or a comment"), "{}", ran.out);
        // What follows the open quote is read all the same.
        assert_eq!(ran.code, 1, "{text}\n{}", ran.out);
    }
    for (name, text) in
        [("a.sql", clean_body.clone()), ("a.rs", rust(&clean_body)), ("a.ts", format!("f(`{clean_body}`)"))]
    {
        let folder = project(&[(name, &text)]);
        assert_eq!(gate(&folder, &[]).code, 0, "{text}");
    }
    // Nothing is found beside the place: the exit code alone says it.
    let folder = project(&[("a.rs", &rust(&open_body.replace("now()", "timestamp")))]);
    assert_eq!(gate(&folder, &[]).code, 3);
}

#[test]
fn quote_that_a_literal_leaves_open_is_none_of_a_body_and_no_alarm() {
    let folder = project(&[(
        "a.rs",
        "fn f() { let sql = \"SELECT id FROM tasks WHERE title = '\".to_owned() + timestamp + \"'\"; }",
    )]);
    let ran = gate(&folder, &[]);
    assert_eq!(ran.code, 0, "{}", ran.out);
}

#[test]
fn body_in_another_language_is_no_sql() {
    let body = |language: &str| format!("CREATE FUNCTION f() RETURNS text AS $$ it's now()\n$$ LANGUAGE {language};\n");
    for (language, code) in [("plpython3u", 0), ("'plperl'", 0), ("plpgsql", 3), ("SQL", 3)] {
        let folder = project(&[("a.sql", &body(language))]);
        let ran = gate(&folder, &[]);
        assert_eq!(ran.code, code, "{language}: {}", ran.out);
        let folder = project(&[("a.sql", &body(language).replace("AS $$", &format!("LANGUAGE {language} AS $$")))]);
        assert_eq!(gate(&folder, &[]).code, code, "{language}");
    }
}

#[test]
fn templates_too_deep_in_each_other_are_told() {
    let nested =
        |depth: usize| (0..depth).fold("SELECT now(), ${y}".to_owned(), |inner, _| format!("x ${{`{inner}`}}"));
    for (depth, code) in [(7, 1), (8, 3)] {
        let folder = project(&[("a.js", &format!("`{}`;", nested(depth)))]);
        let ran = gate(&folder, &[]);
        assert_eq!(ran.code, code, "{depth}: {}", ran.out);
        assert_eq!(ran.out.contains("templates, deeper than 8 in each other"), code == 3, "{depth}: {}", ran.out);
    }
}

#[test]
fn bodies_too_deep_in_each_other_are_told() {
    let nested = (0..10).fold("SELECT now()".to_owned(), |inner, depth| format!("DO $d{depth}$ {inner} $d{depth}$"));
    let folder = project(&[("a.sql", &nested)]);
    let ran = gate(&folder, &[]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.out.contains("code in strings, deeper than 8 in each other"), "{}", ran.out);
}

#[test]
fn what_can_not_be_checked_is_told_once_and_the_rest_is_checked() {
    let folder = project(&[("broken.rs", "fn f() { // SystemTime\n"), ("good.rs", NOW), ("deep.rs", "")]);
    write(&folder, "bytes.rs", b"fn f() {}\n// SystemTime \xff\xfe\n");
    write(&folder, "deep.rs", format!("// SystemTime\nfn f() {{ {}1{} }}", "(".repeat(100_000), ")".repeat(100_000)));
    write(&folder, "huge.sql", vec![b' '; 17 * 1024 * 1024]);
    let ran = gate(&folder, &["--format", "json"]);
    let report = ran.json();
    let unchecked: Vec<_> = report["unchecked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| (u["path"].as_str().unwrap(), u["why"].as_str().unwrap()))
        .collect();
    assert_eq!(
        unchecked,
        [
            ("broken.rs", "no Rust: a word, literal or bracket does not end"),
            ("bytes.rs", "not UTF-8 from line 2 on, byte 24"),
            ("deep.rs", "nested deeper than 4000 levels"),
            ("huge.sql", "17825792 bytes long; files of more than 16777216 are not read"),
        ]
    );
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(ran.code, 1);
    fs::remove_file(folder.path().join("good.rs")).unwrap();
    assert_eq!(gate(&folder, &[]).code, 3);
}

/// Every shape that makes a parser call itself, as deep as it is let through.
#[test]
fn deepest_file_that_is_read_does_not_run_out_of_stack() {
    let deep = 3_900;
    let round = deep / 2;
    for (name, code) in [
        ("brackets", format!("{}1{}", "(".repeat(deep), ")".repeat(deep))),
        ("marks", format!("{}true", "!".repeat(deep))),
        ("sums", format!("{}1", "1 + ".repeat(round))),
        ("types", format!("f::<{}u8{}>()", "V<".repeat(round / 2), ">".repeat(round / 2))),
        ("blocks", format!("{}{}", "{".repeat(deep), "}".repeat(deep))),
        ("closures", format!("{}1", "|a| ".repeat(deep / 3))),
        ("methods", format!("a{}", ".b()".repeat(deep / 3))),
        ("macros", format!("{}1{}", "m!(".repeat(deep / 3), ")".repeat(deep / 3))),
    ] {
        let folder = project(&[("a.rs", &format!("fn f() {{ {code}; std::time::SystemTime::now() }}"))]);
        let ran = gate(&folder, &["--format", "json"]);
        assert_eq!(ran.code, 1, "{name}: {}{}", ran.out, ran.err);
        assert_eq!(ran.json()["findings"].as_array().unwrap().len(), 1, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_so_that_no_loop_exists() {
    let folder = project(&[("src/a.rs", NOW)]);
    std::os::unix::fs::symlink("..", folder.path().join("src/loop")).unwrap();
    std::os::unix::fs::symlink("a.rs", folder.path().join("src/b.rs")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("src/c.rs")).unwrap();
    assert_eq!(found(&folder, &[]), ["src/a.rs:2 rust/system-time"]);
    assert_eq!(found(&folder, &["src/b.rs"]), ["src/b.rs:2 rust/system-time"]);
}

#[cfg(unix)]
#[test]
fn file_that_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = project(&[("a.rs", NOW)]);
    fs::set_permissions(folder.path().join("a.rs"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(folder.path().join("a.rs")).is_ok() {
        println!("this user may read everything: not tested");
        return;
    }
    assert_eq!(gate(&folder, &[]).code, 3);
}

#[test]
fn what_git_ignores_is_left_out() {
    let folder =
        project(&[("a.rs", CLEAN), ("target/b.rs", NOW), (".gitignore", "/target\n"), (".git/HEAD", "ref: x")]);
    assert_eq!(gate(&folder, &[]).code, 0);
}

#[test]
fn only_git_decides_what_is_left_out() {
    let folder = project(&[(".hidden/a.rs", NOW), ("sub/b.rs", NOW), ("sub/.ignore", "b.rs\n"), (".git/c.rs", NOW)]);
    assert_eq!(found(&folder, &[]), [".hidden/a.rs:2 rust/system-time", "sub/b.rs:2 rust/system-time"]);
}

#[cfg(unix)]
#[test]
fn names_of_files_may_be_anything() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = project(&[("\u{1b}[1m\n.rs", NOW), ("a\\b.rs", NOW), ("\u{202e}sr.rs", "fn SystemTime(")]);
    let name = std::ffi::OsStr::from_bytes(b"\xff.rs");
    fs::write(folder.path().join(name), NOW).unwrap();
    for format in ["human", "json", "sarif", "github"] {
        let ran = gate(&folder, &["--format", format]);
        assert_eq!(ran.code, 1, "{format}: {}", ran.err);
        assert!(!ran.out.contains(['\u{1b}', '\u{202e}']) || format != "human", "{}", ran.out);
    }
    let ran = gate(&folder, &[]);
    assert!(ran.out.contains("\\u{1b}[1m\\u{a}.rs:2:5") && ran.out.contains("\\u{202e}sr.rs"), "{}", ran.out);
    assert!(gate(&folder, &["--format", "sarif"]).out.contains("a%5Cb.rs"));
    gate(&folder, &["--baseline", "known.json", "--write-baseline"]);
    assert_eq!(gate(&folder, &["--baseline", "known.json"]).code, 3);
}

#[test]
fn names_are_followed_through_files_and_crates() {
    let folder = project(&[
        ("clock/Cargo.toml", "[package]\nname = \"my-clock\""),
        (
            "clock/src/lib.rs",
            "pub mod wall;\npub use wall::Wall as Watch;\npub use jiff as calendar;\nmacro_rules! now { () => { $crate::wall::Wall::now() } }",
        ),
        (
            "clock/src/wall.rs",
            "pub use std::time::SystemTime as Wall;\npub(crate) type Naive = chrono::NaiveDateTime;\n",
        ),
        ("clock/src/user.rs", "use super::wall::Naive;\nstruct S { at: Naive }\nfn f() { crate::wall::Wall::now(); }"),
        ("clock/src/user/deep.rs", "use crate::*;\nfn f() { Watch::now(); }"),
        ("app/Cargo.toml", "[package]\nname = \"app\""),
        ("app/src/main.rs", "mod time { pub use my_clock::Watch as Then; }\nfn f() { my_clock::wall::Wall::now(); }"),
        ("app/src/other.rs", "fn f() { crate::time::Then::now(); my_clock::calendar::Timestamp::now(); }"),
        ("app/src/mine.rs", "struct Watch; impl Watch { fn now() {} }\nfn f() { Watch::now(); }"),
        ("app/src/theirs.rs", "use my_clock::Watch2;\nfn f() { Watch2::now(); elsewhere::Then::now(); }"),
    ]);
    assert_eq!(
        found(&folder, &[]),
        [
            "app/src/main.rs:2 rust/system-time",
            "app/src/other.rs:1 rust/system-time",
            "app/src/other.rs:1 rust/jiff-now",
            "clock/src/lib.rs:4 rust/system-time",
            "clock/src/user/deep.rs:2 rust/system-time",
            "clock/src/user.rs:2 rust/naive-type",
            "clock/src/user.rs:3 rust/system-time",
            "clock/src/wall.rs:2 rust/naive-type",
        ]
    );
}

/// In the files that hand a crate on, nothing else asks for the time.
#[test]
fn crates_are_followed_through_files_that_only_hand_them_on() {
    let folder = project(&[
        ("Cargo.toml", "[package]\nname = \"app\""),
        ("src/lib.rs", "mod sys; mod db; mod user;"),
        ("src/sys.rs", "pub use libc;\npub(crate) use libc as c;\n"),
        ("src/db.rs", "pub use sea_orm::prelude::*;\npub use diesel::dsl as functions;\n"),
        ("src/when.rs", "pub use jiff::*;\n"),
        ("src/a.rs", "fn f() { crate::sys::libc::time(x); }\n"),
        ("src/b.rs", "fn f() { crate::sys::c::time(x); }\n"),
        ("src/c.rs", "use crate::db::*;\nstruct A { at: DateTime }\n"),
        ("src/d.rs", "fn f() { crate::db::functions::now; }\n"),
        ("src/e.rs", "use crate::when::*;\nfn f() { Timestamp::now(); }\n"),
    ]);
    assert_eq!(
        found(&folder, &[]),
        [
            "src/a.rs:1 rust/system-call",
            "src/b.rs:1 rust/system-call",
            "src/c.rs:2 rust/naive-type",
            "src/d.rs:1 sql/now",
            "src/e.rs:2 rust/jiff-now",
        ]
    );
}

/// Each file of the chain renames what the one before it hands on, and has no other word of time.
#[test]
fn names_are_followed_through_a_long_chain_of_renames() {
    const LINKS: usize = 30;
    let links = (1..=LINKS).map(|link| {
        let before = link - 1;
        (format!("src/f{link}.rs"), format!("pub use crate::f{before}::Wall{before} as Wall{link};\n"))
    });
    let folder = project(&[
        ("Cargo.toml", "[package]\nname = \"app\""),
        ("src/f0.rs", "pub use std::time::SystemTime as Wall0;\n"),
        ("src/user.rs", &format!("fn f() {{ crate::f{LINKS}::Wall{LINKS}::now(); }}\n")),
        ("src/idle.rs", &format!("fn f() {{ crate::f{LINKS}::wall{LINKS}::now(); mine::Wall::now(); }}\n")),
    ]);
    links.for_each(|(path, text)| write(&folder, &path, text));
    assert_eq!(found(&folder, &[]), ["src/user.rs:1 rust/system-time"]);
}

const ALLOWED: &str =
    "[[allow]]\npath = \"src/a.rs\"\nrule = \"rust/system-time\"\nfunction = \"now\"\nreason = \"the clock\"\n";

#[test]
fn allowance_lets_its_place_pass_and_no_other() {
    let folder = project(&[("timestamp-gate.toml", ALLOWED), ("src/a.rs", NOW), ("src/b.rs", CLEAN)]);
    assert_eq!(gate(&folder, &[]).code, 0);
    assert_eq!(gate(folder.path().join("src"), &["a.rs"]).code, 0);
    write(&folder, "src/b.rs", NOW);
    assert_eq!(found(&folder, &[]), ["src/b.rs:2 rust/system-time"]);
    write(&folder, "src/b.rs", CLEAN);
    write(&folder, "src/a.rs", NOW.replace("fn now", "fn other"));
    assert_eq!(found(&folder, &[]), ["src/a.rs:2 rust/system-time"]);
    assert_eq!(found(&folder, &["--no-config"]), ["src/a.rs:2 rust/system-time"]);
}

#[test]
fn allowance_that_allows_nothing_is_refused() {
    let folder = project(&[("timestamp-gate.toml", ALLOWED), ("src/a.rs", CLEAN), ("src/b.rs", CLEAN)]);
    let ran = gate(&folder, &[]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.out,
        "stale: the allowance of rust/system-time in `src/a.rs` allows nothing: nothing of the kind is there
   --> timestamp-gate.toml:1:1
   = instead: remove the entry, or correct it

"
    );
    // Who checks another file learns nothing of it.
    assert_eq!(gate(&folder, &["src/b.rs"]).code, 0);
    fs::remove_file(folder.path().join("src/a.rs")).unwrap();
    assert!(gate(&folder, &[]).out.contains("no file is there"));
}

#[test]
fn skipped_files_are_not_read_and_a_skip_of_none_is_refused() {
    let config = "[[skip]]\npath = \"vendor\"\nreason = \"not ours\"\n";
    let folder =
        project(&[("timestamp-gate.toml", config), ("vendor/x/a.rs", "fn broken( SystemTime"), ("a.rs", CLEAN)]);
    assert_eq!(gate(&folder, &[]).code, 0);
    fs::remove_dir_all(folder.path().join("vendor")).unwrap();
    assert_eq!(gate(&folder, &[]).code, 1);
}

#[test]
fn own_bans_are_refused_through_imports_with_their_own_words() {
    let config = "[[ban]]\npath = \"std::time::Instant::now\"\nreason = \"simulated\"\ninstead = \"ask the simulation\"\n\
                  [[ban]]\npath = \"app::legacy::now_ms\"\nreason = \"old\"\ninstead = \"use the clock\"\n";
    let folder = project(&[
        ("timestamp-gate.toml", config),
        ("Cargo.toml", "[package]\nname = \"app\""),
        ("src/lib.rs", "use std::time::Instant as Tick;\nfn f() { Tick::now(); mine::Instant::now(); }"),
        ("src/legacy.rs", "pub fn now_ms() -> u64 { 0 }"),
        ("src/user.rs", "use crate::legacy::now_ms as stamp;\nfn f() { stamp(); }"),
    ]);
    let ran = gate(&folder, &["--format", "json"]);
    let report = ran.json();
    let found: Vec<_> = report["findings"].as_array().unwrap().iter().map(place).collect();
    assert_eq!(found, ["src/lib.rs:2 own/std::time::Instant::now", "src/user.rs:2 own/app::legacy::now_ms"]);
    assert_eq!(report["findings"][0]["instead"], "ask the simulation");
}

#[test]
fn unknown_key_is_refused_with_its_line_and_a_suggestion() {
    let folder = project(&[("timestamp-gate.toml", "[[allow]]\npath = \"a\"\nreasn = \"b\"\n"), ("a.rs", CLEAN)]);
    let ran = gate(&folder, &[]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("(line 3)\n  why: unknown key `reasn` in `allow`\n help: did you mean `reason`?"),
        "{}",
        ran.err
    );
}

#[test]
fn two_configurations_in_one_run_are_refused() {
    let folder =
        project(&[("a/timestamp-gate.toml", ""), ("b/timestamp-gate.toml", ""), ("a/x.rs", CLEAN), ("b/x.rs", CLEAN)]);
    let ran = gate(&folder, &["a", "b"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("a and b have two configurations"), "{}", ran.err);
}

#[test]
fn baseline_forgives_what_it_knows_however_lines_move() {
    let folder = project(&[("src/a.rs", NOW)]);
    let wrote = gate(&folder, &["--baseline", "known.json", "--write-baseline"]);
    assert_eq!((wrote.code, wrote.out.as_str()), (0, ""));
    assert_eq!(gate(&folder, &["--baseline", "known.json"]).code, 0);
    write(&folder, "src/a.rs", format!("// moved\n\n{NOW}"));
    assert_eq!(gate(&folder, &["--baseline", "known.json"]).code, 0);
    // The same words once more are new.
    write(&folder, "src/a.rs", format!("{NOW}{}", NOW.replace("fn now", "fn then")));
    assert_eq!(found(&folder, &["--baseline", "known.json"]), ["src/a.rs:5 rust/system-time"]);
    // What is mended is told, and frees no place elsewhere.
    write(&folder, "src/a.rs", CLEAN);
    let mended = gate(&folder, &["--baseline", "known.json"]);
    assert_eq!(mended.code, 0);
    assert!(mended.err.contains("1 gone from the baseline"), "{}", mended.err);
    write(&folder, "src/b.rs", NOW);
    assert_eq!(found(&folder, &["--baseline", "known.json"]), ["src/b.rs:2 rust/system-time"]);
}

#[test]
fn code_that_is_laid_out_anew_stays_in_the_baseline() {
    let folder = project(&[("a.rs", "fn f() { let begun = std::time::SystemTime\n::now(); }")]);
    assert_eq!(gate(&folder, &["--baseline", "known.json", "--write-baseline"]).code, 0);
    write(&folder, "a.rs", "fn f() {\r\n    let begun = std::time::SystemTime\r\n        ::now();\r\n}");
    assert_eq!(gate(&folder, &["--baseline", "known.json"]).code, 0);
    // Over two lines, of which the second ends before the column at which the first begins.
    let ran = gate(&folder, &[]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("a.rs:2:17"), "{}", ran.out);
}

#[test]
fn baseline_keeps_what_it_knows_of_files_that_are_not_looked_at() {
    let folder = project(&[("a/a.rs", NOW), ("b/b.rs", NOW), ("b/c.rs", NOW)]);
    let known = |folder: &TempDir| -> Vec<String> {
        let text = fs::read_to_string(folder.path().join("known.json")).unwrap();
        let known: Value = serde_json::from_str(&text).unwrap();
        let path = |entry: &Value| format!("{} {}", entry["path"].as_str().unwrap(), entry["count"]);
        known["findings"].as_array().unwrap().iter().map(path).collect()
    };
    let baseline = ["--baseline", "known.json", "--write-baseline"];
    gate(&folder, &baseline);
    assert_eq!(known(&folder), ["a/a.rs 1", "b/b.rs 1", "b/c.rs 1"]);
    // Whoever looks at one folder learns nothing of the other.
    write(&folder, "a/a.rs", CLEAN);
    write(&folder, "b/b.rs", format!("{NOW}{}", NOW.replace("fn now", "fn then")));
    fs::remove_file(folder.path().join("b/c.rs")).unwrap();
    let part = gate(&folder, &["b", "--baseline", "known.json"]);
    assert_eq!(part.code, 1);
    assert!(part.err.contains(" 1 gone from the baseline"), "{}", part.err);
    let part = gate(&folder, &[&["b"], &baseline[..]].concat());
    assert!(part.err.contains("2 in the baseline, 1 kept there, of files that were not checked"), "{}", part.err);
    assert_eq!(known(&folder), ["a/a.rs 1", "b/b.rs 2"]);
    // A file that can not be read keeps what is known of it.
    write(&folder, "b/b.rs", "fn SystemTime(");
    let part = gate(&folder, &["b", "--baseline", "known.json"]);
    assert!(!part.err.contains("gone"), "{}", part.err);
    gate(&folder, &[&["b"], &baseline[..]].concat());
    assert_eq!(known(&folder), ["a/a.rs 1", "b/b.rs 2"]);
    // Whoever looks at everything writes everything anew.
    write(&folder, "b/b.rs", NOW);
    gate(&folder, &baseline);
    assert_eq!(known(&folder), ["b/b.rs 1"]);
}

#[test]
fn file_that_is_no_baseline_is_overwritten_by_a_whole_run_only() {
    let folder = project(&[("a/a.rs", NOW), ("known.json", "{}")]);
    let part = gate(&folder, &["a", "--baseline", "known.json", "--write-baseline"]);
    assert_eq!(part.code, 2);
    assert!(part.err.contains("help: check the whole project"), "{}", part.err);
    assert_eq!(fs::read_to_string(folder.path().join("known.json")).unwrap(), "{}");
    assert_eq!(gate(&folder, &["--baseline", "known.json", "--write-baseline"]).code, 0);
    assert_eq!(gate(&folder, &["--baseline", "known.json"]).code, 0);
}

#[test]
fn baseline_may_count_as_high_as_it_likes() {
    let entry = r#"{"path": "a.rs", "rule": "rust/system-time", "words": "x", "count": 18446744073709551615}"#;
    let known = format!("{{\"version\": 1, \"findings\": [{entry}, {entry}]}}");
    let folder = project(&[("a.rs", CLEAN), ("known.json", &known)]);
    assert_eq!(gate(&folder, &["--baseline", "known.json"]).code, 0);
}

#[test]
fn baseline_that_is_none_ends_with_two() {
    let folder = project(&[("a.rs", NOW), ("old.json", "{\"version\": 9, \"findings\": []}"), ("bad.json", "[]")]);
    for file in ["none.json", "bad.json", "old.json"] {
        let ran = gate(&folder, &["--baseline", file]);
        assert_eq!(ran.code, 2, "{file}");
        assert!(ran.err.contains("help: write it anew with `--write-baseline`"), "{}", ran.err);
    }
    assert_eq!(gate(&folder, &["--baseline", "no/such/folder.json", "--write-baseline"]).code, 4);
}

const MENDABLE: &str = r#"fn f(at: chrono::DateTime<Utc>) {
    let a = at.to_rfc3339_opts(SecondsFormat::Millis, false); let b = at.naive_utc().and_utc();
    let c = at.to_rfc3339_opts(SecondsFormat::Secs, false).to_string();
    let é = std::time::SystemTime::now(); at.to_rfc3339_opts(SecondsFormat::Secs, false);
}
"#;

#[test]
fn fixes_are_written_where_they_are_certain_and_the_rest_is_reported() {
    let folder = project(&[("a.rs", MENDABLE)]);
    let ran = gate(&folder, &["--fix", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let report = ran.json();
    assert_eq!(
        (&report["fixed"], place(&report["findings"][0])),
        (&Value::from(4), "a.rs:4 rust/system-time".to_owned())
    );
    assert_eq!(report["findings"][0]["column"], 13);
    let mended = fs::read_to_string(folder.path().join("a.rs")).unwrap();
    assert_eq!(mended, MENDABLE.replace("false", "true").replace("naive_utc().and_utc()", "to_utc()"));
    assert_eq!(found(&folder, &[]), ["a.rs:4 rust/system-time"]);
    assert_eq!(gate(&folder, &["--fix"]).err.split(';').next(), Some("1 finding"));
}

#[cfg(unix)]
#[test]
fn file_behind_a_link_is_mended_and_the_link_stays() {
    let folder = project(&[("a.rs", MENDABLE)]);
    std::os::unix::fs::symlink("a.rs", folder.path().join("link.rs")).unwrap();
    gate(&folder, &["--fix", "link.rs"]);
    assert!(folder.path().join("link.rs").is_symlink());
    assert_ne!(fs::read_to_string(folder.path().join("a.rs")).unwrap(), MENDABLE);
}

#[test]
fn what_is_allowed_is_not_mended() {
    let config = "[[allow]]\npath = \"a.rs\"\nreason = \"a protocol that wants it\"\n";
    let folder = project(&[("timestamp-gate.toml", config), ("a.rs", MENDABLE)]);
    assert_eq!(gate(&folder, &["--fix"]).code, 0);
    assert_eq!(fs::read_to_string(folder.path().join("a.rs")).unwrap(), MENDABLE);
}

#[test]
fn github_annotations_are_escaped() {
    let folder = project(&[("a,b.rs", "fn f() { x.format(\"%F %T\"); }")]);
    let ran = gate(&folder, &["--format", "github"]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.out,
        "::error file=a%2Cb.rs,line=1,endLine=1,col=19,endColumn=26,title=rust/format-without-zone::\"%25F %25T\": writes a \
         date and time without saying in which zone%0Ainstead: write RFC 3339 with `Z`: `EpochMs` does so by `Display`, a \
         format by `Z` at its end once the time is UTC\n"
    );
}

/// What section 3 of SARIF 2.1.0 requires of the objects that are used.
#[test]
fn sarif_has_what_the_standard_requires() {
    let folder = project(&[("a b.rs", NOW), ("broken.rs", "fn SystemTime(")]);
    let log = gate(&folder, &["--format", "sarif"]).json();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert!(driver["name"].is_string());
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["results"].as_array().unwrap().len(), 1);
    for result in run["results"].as_array().unwrap() {
        assert!(result["message"]["text"].is_string());
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(driver["rules"][index]["id"], result["ruleId"]);
        assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b.rs");
        let region = |key: &str| place["region"][key].as_u64().unwrap();
        assert_eq!([region("startLine"), region("startColumn"), region("endLine"), region("endColumn")], [2, 5, 2, 31]);
    }
    for rule in driver["rules"].as_array().unwrap() {
        assert!(
            rule["id"].is_string() && rule["shortDescription"]["text"].is_string() && rule["help"]["text"].is_string()
        );
    }
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert!(invocation["toolExecutionNotifications"][0]["message"]["text"].is_string());
}

#[test]
fn clippy_lists_are_toml() {
    let ran = gate(TempDir::new().unwrap(), &["--clippy"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("{ path = \"std::time::SystemTime::now\", reason = "));
}

#[test]
fn number_of_threads_changes_nothing() {
    let files: Vec<_> =
        (0..60).map(|index| (format!("f{index}.rs"), if index % 3 == 0 { NOW } else { CLEAN })).collect();
    let folder = project(&files.iter().map(|(path, text)| (path.as_str(), *text)).collect::<Vec<_>>());
    let one = gate(&folder, &["--threads", "1"]);
    let many = gate(&folder, &["--threads", "8"]);
    assert_eq!((one.code, one.out), (many.code, many.out));
}
