//! `git_history` on histories that real repositories have, against what git says by another route.
#![expect(clippy::unwrap_used, reason = "clippy allows it in `#[test]` functions alone, not in what they call")]

#[path = "../git_history/main.rs"]
#[expect(dead_code, reason = "`main` is called by nobody here, but `run`, which is all of it")]
mod git_history;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use timestamp_repo::rusqlite::{Connection, params};

/// A repository in a folder of its own, with a clock that is set by hand.
struct Repo {
    folder: TempDir,
    seconds: Cell<i64>,
}

impl Repo {
    fn new() -> Self {
        let repo = Self { folder: tempfile::tempdir().unwrap(), seconds: Cell::new(1_700_000_000) };
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn git<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Vec<u8> {
        let date = format!("{} +0200", self.seconds.get());
        let mut git = Command::new("git");
        // Neither the user's configuration nor the hook that may run these tests.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"] {
            git.env_remove(variable);
        }
        git.current_dir(self.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        git.env("GIT_AUTHOR_NAME", "Ada Lovelace").env("GIT_AUTHOR_EMAIL", "ada@example.org");
        git.env("GIT_COMMITTER_NAME", "Charles").env("GIT_COMMITTER_EMAIL", "charles@example.org");
        git.env("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z").env("GIT_COMMITTER_DATE", date);
        let output = git.args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn write(&self, name: impl AsRef<OsStr>, content: &str) -> &Self {
        let path = self.path().join(name.as_ref());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Commits all there is, an hour later than the commit before.
    fn commit(&self, subject: &str) -> String {
        self.commit_after(3600, subject)
    }

    fn commit_after(&self, seconds: i64, subject: &str) -> String {
        self.wait(seconds);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--allow-empty-message", "-m", subject]);
        self.head()
    }

    fn wait(&self, seconds: i64) {
        self.seconds.set(self.seconds.get() + seconds);
    }

    fn head(&self) -> String {
        String::from_utf8(self.git(&["rev-parse", "HEAD"])).unwrap().trim().to_owned()
    }
}

struct Outcome {
    code: u8,
    out: String,
    errors: String,
}

impl Outcome {
    /// Returns the numbers of the line that begins with `word`.
    fn numbers(&self, word: &str) -> Vec<u64> {
        let line = self.out.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("{}", self.out));
        let words = line.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
        words.map(|word| word.parse().unwrap()).collect()
    }

    fn agrees(self) -> Self {
        assert_eq!((self.code, self.errors.as_str()), (0, ""), "{}", self.out);
        assert!(self.out.ends_with("check      the outbox and the files agree\n"), "{}", self.out);
        self
    }
}

fn run<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> Outcome {
    let arguments = arguments.into_iter().map(Into::into);
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let code = git_history::run([OsString::from("git_history")].into_iter().chain(arguments), &mut out, &mut errors);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code, out: text(out), errors: text(errors) }
}

/// Replays into a database beside the repository.
fn replay(repo: &Repo, database: &Path) -> Outcome {
    run([repo.path().as_os_str(), OsStr::new("--database"), database.as_os_str()])
}

struct Database {
    _folder: TempDir,
    path: PathBuf,
}

impl Database {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join("history.db"), _folder: folder }
    }

    fn open(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let connection = self.open();
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn number(&self, sql: &str) -> i64 {
        self.open().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// What the replay stored, without what may differ between two runs.
    fn content(&self) -> Vec<String> {
        let mut content = self.texts(
            "SELECT concat_ws('|', id, path, last_commit, author, created_at_ms, updated_at_ms, version) \
             FROM source_files ORDER BY id",
        );
        content.extend(self.texts(
            "SELECT concat_ws('|', aggregateid, version, kind, reason, occurred_at_ms) FROM timestamp_outbox ORDER BY seq",
        ));
        content
    }
}

/// What git says of a history by another route than the replay's: the tree of each commit, compared with the one before.
#[derive(Debug, Default, PartialEq)]
struct Counted {
    commits: u64,
    created: u64,
    updated: u64,
    deleted: u64,
    /// The events of each path that is left, by the bytes of its name.
    alive: BTreeMap<Vec<u8>, u64>,
}

impl Counted {
    fn of(repo: &Repo) -> Self {
        let line = String::from_utf8(repo.git(&["rev-list", "--first-parent", "--reverse", "HEAD"])).unwrap();
        let mut counted = Self::default();
        let mut before: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for commit in line.lines() {
            counted.commits += 1;
            let tree = repo.git(&["ls-tree", "-r", "-z", "--full-tree", commit]);
            let entries = tree.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
            let after: BTreeMap<Vec<u8>, Vec<u8>> = entries
                .map(|entry| {
                    let tab = entry.iter().position(|byte| *byte == b'\t').unwrap();
                    (entry[tab + 1..].to_vec(), entry[..tab].to_vec())
                })
                .collect();
            for (path, blob) in &after {
                match before.get(path) {
                    None => {
                        counted.created += 1;
                        counted.alive.insert(path.clone(), 1);
                    }
                    Some(old) if old != blob => {
                        counted.updated += 1;
                        *counted.alive.get_mut(path).unwrap() += 1;
                    }
                    Some(_) => {}
                }
            }
            for path in before.keys().filter(|path| !after.contains_key(*path)) {
                counted.deleted += 1;
                counted.alive.remove(path);
            }
            before = after;
        }
        counted
    }
}

/// Compares a replay with what git says.
#[track_caller]
fn check(repo: &Repo, database: &Database, outcome: Outcome) -> Counted {
    let counted = Counted::of(repo);
    let outcome = outcome.agrees();
    let (alive, events) = (counted.alive.len() as u64, counted.created + counted.updated + counted.deleted);
    assert_eq!(outcome.numbers("commits")[0], counted.commits);
    assert_eq!(outcome.numbers("files"), [alive, counted.created]);
    assert_eq!(outcome.numbers("events")[..4], [events, counted.created, counted.updated, counted.deleted]);
    let connection = database.open();
    for (path, version) in &counted.alive {
        let sql = "SELECT version FROM source_files WHERE path = ?1";
        let stored: u64 = connection
            .query_row(sql, [unquoted_is(path)], |row| row.get::<_, i64>(0))
            .map(|version| version.try_into().unwrap())
            .unwrap();
        assert_eq!(stored, *version, "{}", unquoted_is(path));
    }
    assert_eq!(database.number("SELECT count(*) FROM source_files"), i64::try_from(alive).unwrap());
    assert_eq!(database.number("SELECT count(*) FROM timestamp_outbox"), i64::try_from(events).unwrap());
    // Law 2, by the events and by the rows.
    assert_eq!(
        database.number(
            "SELECT count(*) FROM timestamp_outbox a JOIN timestamp_outbox b \
             ON a.aggregateid = b.aggregateid AND b.version = a.version + 1 WHERE b.occurred_at_ms < a.occurred_at_ms"
        ),
        0
    );
    assert_eq!(database.number("SELECT count(*) FROM source_files WHERE updated_at_ms < created_at_ms"), 0);
    counted
}

/// The text of a path, made anew from what the example's own page says of it.
fn unquoted_is(path: &[u8]) -> String {
    match path {
        b"new\nline" => r#""new\nline""#.to_owned(),
        b"tab\there" => r#""tab\there""#.to_owned(),
        b"a \"quoted\" name" => r#""a \"quoted\" name""#.to_owned(),
        b"back\\slash" => r#""back\\slash""#.to_owned(),
        b"latin-\xe9" => r#""latin-\351""#.to_owned(),
        b"latin-\xe8" => r#""latin-\350""#.to_owned(),
        b"control-\x01" => r#""control-\001""#.to_owned(),
        plain => String::from_utf8(plain.to_vec()).unwrap(),
    }
}

#[test]
fn replay_of_additions_changes_and_deletions_agrees_with_git() {
    let (repo, database) = (Repo::new(), Database::new());
    repo.write("a", "1").write("b/c", "1").commit("Add two");
    repo.write("a", "2").commit("Change one");
    repo.commit("Change nothing");
    fs::remove_file(repo.path().join("a")).unwrap();
    repo.commit("Delete one");
    let last = repo.write("a", "3").commit("Add it again");

    let outcome = replay(&repo, &database.path);
    assert!(outcome.out.contains("changed most, of the files that are left\n       1  a\n       1  b/c\n"));
    assert!(outcome.out.contains("changed last\n  2023-11-15T03:13:20.000Z  a\n  2023-11-14T23:13:20.000Z  b/c\n"));
    let counted = check(&repo, &database, outcome);
    assert_eq!((counted.commits, counted.created, counted.updated, counted.deleted), (5, 3, 1, 1));
    // A path that is added again is a new entity, and the events of the old one stay.
    let stories = database.texts(
        "SELECT group_concat(kind || ':' || coalesce(reason, ''), ' > ') FROM \
         (SELECT * FROM timestamp_outbox ORDER BY aggregateid, version) GROUP BY aggregateid ORDER BY 1",
    );
    assert_eq!(stories, ["created:", "created:", "created: > updated:Change one > deleted:Delete one"]);
    let row = "SELECT concat_ws('|', path, last_commit, author, version) FROM source_files WHERE path = 'a'";
    assert_eq!(database.texts(row), [format!("a|{last}|Ada Lovelace|1")]);
}

#[test]
fn clock_that_goes_back_moves_no_file_back() {
    let (repo, database) = (Repo::new(), Database::new());
    repo.write("a", "1").write("b", "1").commit("Begin");
    repo.write("a", "2").commit_after(7200, "Later");
    repo.write("a", "3").commit_after(-86_400, "A day before");
    repo.write("c", "1").commit_after(10, "Still before");
    repo.write("a", "4").write("c", "2").commit_after(200_000, "Much later");

    let outcome = replay(&repo, &database.path);
    check(&repo, &database, outcome);
    let times = database.texts(
        "SELECT '' || (occurred_at_ms / 1000 - 1700000000) FROM timestamp_outbox \
         WHERE aggregateid = (SELECT id FROM source_files WHERE path = 'a') ORDER BY version",
    );
    assert_eq!(times, ["3600", "10800", "10800", "124410"]);
    // A new file is as old as its commit says, earlier than files before it.
    assert_eq!(
        database.number("SELECT created_at_ms / 1000 - 1700000000 FROM source_files WHERE path = 'c'"),
        10_800 - 86_400 + 10
    );
}

#[test]
fn merge_counts_as_its_difference_from_the_first_parent() {
    let (repo, database) = (Repo::new(), Database::new());
    repo.write("a", "1").write("b", "1").commit("Begin");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("a", "side").write("side", "1").commit("On the side");
    repo.write("side", "2").commit("Again on the side");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("b", "2").commit("On the line");
    repo.wait(60);
    repo.git(&["merge", "--quiet", "--no-ff", "-m", "Merge the side", "side"]);
    // What users configure for `git log` changes nothing here.
    repo.git(&["config", "log.diffMerges", "combined"]);
    repo.git(&["config", "diff.renames", "copies"]);
    repo.git(&["config", "color.ui", "always"]);
    repo.git(&["config", "log.showRoot", "false"]);

    let counted = check(&repo, &database, replay(&repo, &database.path));
    assert_eq!((counted.commits, counted.created, counted.updated), (3, 3, 2));
    let reasons = database.texts("SELECT reason FROM timestamp_outbox WHERE kind = 'updated' ORDER BY seq");
    assert_eq!(reasons, ["On the line", "Merge the side"]);
}

#[test]
fn rename_is_a_deletion_and_an_addition() {
    let (repo, database) = (Repo::new(), Database::new());
    repo.write("old", "the same content").commit("Begin");
    repo.git(&["mv", "old", "new"]);
    repo.commit("Rename");
    let counted = check(&repo, &database, replay(&repo, &database.path));
    assert_eq!((counted.created, counted.updated, counted.deleted), (2, 0, 1));
}

#[cfg(unix)]
#[test]
fn type_change_is_a_touch_and_a_folder_in_the_place_of_a_file_is_not() {
    let (repo, database) = (Repo::new(), Database::new());
    // What the index says of modes stays, whatever the file has.
    repo.git(&["config", "core.fileMode", "false"]);
    repo.write("a", "1").write("b", "1").write("run", "1").commit("Begin");
    fs::remove_file(repo.path().join("a")).unwrap();
    std::os::unix::fs::symlink("b", repo.path().join("a")).unwrap();
    repo.commit("Link");
    repo.git(&["update-index", "--chmod=+x", "run"]);
    repo.wait(1);
    repo.git(&["commit", "--quiet", "-m", "Make it a program"]);
    fs::remove_file(repo.path().join("b")).unwrap();
    repo.git(&["add", "--all"]);
    repo.write("b/inside", "1");
    repo.commit("A folder in its place");
    let counted = check(&repo, &database, replay(&repo, &database.path));
    assert_eq!((counted.created, counted.updated, counted.deleted), (4, 2, 1));
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_any_bytes_are_told_apart() {
    use std::os::unix::ffi::OsStrExt;

    let (repo, database) = (Repo::new(), Database::new());
    let names: [&[u8]; 14] = [
        b" leading and  double spaces ",
        b"new\nline",
        b"tab\there",
        b"a \"quoted\" name",
        b"back\\slash",
        b"latin-\xe9",
        b"latin-\xe8",
        b"control-\x01",
        b"-leading dash",
        b"commit",
        b"A",
        "\u{e4}\u{f6}\u{fc} \u{732b}".as_bytes(),
        b"'single' $HOME `x` * ?",
        b"deep/er/M/D/x",
    ];
    for name in names {
        repo.write(OsStr::from_bytes(name), "1");
    }
    repo.commit("Add them all");
    for name in names {
        repo.write(OsStr::from_bytes(name), "2");
    }
    repo.commit("Change them all");
    fs::remove_file(repo.path().join(OsStr::from_bytes(b"latin-\xe8"))).unwrap();
    repo.commit("Delete one");
    let outcome = replay(&repo, &database.path);
    assert!(!outcome.out.contains('\u{1}'), "no control character reaches the terminal");
    let counted = check(&repo, &database, outcome);
    assert_eq!((counted.created, counted.updated, counted.deleted), (14, 14, 1));
}

#[test]
fn subjects_and_authors_of_any_text_are_reasons() {
    let (repo, database) = (Repo::new(), Database::new());
    repo.write("a", "0").commit("commit");
    let subjects = ["", "A", "M\u{9}tab", "\"quoted\" \\ and {json}", "commit\u{1f}", "\u{732b}"];
    for subject in subjects {
        repo.write("a", subject).write("b", "").commit_after(1, subject);
        repo.write("a", &format!("{subject}, again")).commit_after(1, "between");
    }
    check(&repo, &database, replay(&repo, &database.path));
    let reasons = database.texts("SELECT reason FROM timestamp_outbox WHERE kind = 'updated' AND reason != 'between'");
    let mut expected: Vec<&str> = subjects.to_vec();
    // The first change of `a` writes what `a` had not; an empty subject gives an empty reason.
    expected.sort_unstable();
    let mut found: Vec<&str> = reasons.iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn submodule_is_a_file_that_its_commit_moves() {
    let (repo, database) = (Repo::new(), Database::new());
    let first = repo.write("a", "1").commit("Begin");
    let entry = |commit: &str| format!("160000,{commit},module");
    repo.write(".gitmodules", "[submodule \"module\"]\n\tpath = module\n\turl = ./module\n\tignore = all\n");
    repo.git(&["add", ".gitmodules"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &entry(&first)]);
    repo.git(&["commit", "--quiet", "-m", "Add a submodule"]);
    let second = repo.head();
    repo.git(&["update-index", "--cacheinfo", &entry(&second)]);
    repo.git(&["commit", "--quiet", "-m", "Move the submodule"]);
    let counted = check(&repo, &database, replay(&repo, &database.path));
    assert_eq!((counted.created, counted.updated), (3, 1));
}

#[test]
fn second_replay_goes_on_where_the_first_ended() {
    let (repo, database, whole) = (Repo::new(), Database::new(), Database::new());
    repo.write("a", "1").write("b", "1").commit("Begin");
    repo.write("a", "2").commit("Change");
    replay(&repo, &database.path).agrees();
    let same = replay(&repo, &database.path).agrees();
    assert!(same.out.contains("has 2 commits already; 0 came since"), "{}", same.out);
    assert_eq!(same.numbers("commits")[0], 0);

    repo.write("a", "3").write("c", "1").commit_after(-50_000, "Go on");
    fs::remove_file(repo.path().join("b")).unwrap();
    repo.commit("Delete");
    let more = replay(&repo, &database.path).agrees();
    assert_eq!(more.numbers("commits")[0], 2);
    assert_eq!(more.numbers("events")[..4], [6, 3, 2, 1]);
    check(&repo, &whole, replay(&repo, &whole.path));
    assert_eq!(database.content(), whole.content(), "in two parts or at once, ids included");
}

#[test]
fn another_history_is_refused_and_changes_nothing() {
    let (repo, database) = (Repo::new(), Database::new());
    repo.write("a", "1").commit("Begin");
    repo.write("a", "2").commit("Change");
    replay(&repo, &database.path).agrees();
    let before = database.content();

    repo.git(&["commit", "--quiet", "--amend", "-m", "Rewritten"]);
    let rewritten = replay(&repo, &database.path);
    let other = Repo::new();
    other.write("z", "1").commit("Something else");
    let other = replay(&other, &database.path);
    for refused in [rewritten, other] {
        assert_eq!((refused.code, refused.out.as_str()), (4, ""));
        assert!(refused.errors.contains("is not on the first-parent line of this one: use a new database"));
        assert_eq!(refused.errors.lines().count(), 1);
    }
    assert_eq!(database.content(), before);
}

#[test]
fn files_that_no_replay_wrote_are_refused() {
    let (repo, database) = (Repo::new(), Database::new());
    repo.write("a", "1").commit("Begin");
    replay(&repo, &database.path).agrees();
    database.open().execute("DELETE FROM replay", []).unwrap();
    let refused = replay(&repo, &database.path);
    assert_eq!(refused.code, 4);
    assert!(refused.errors.contains("that no replay wrote"), "{}", refused.errors);
}

#[test]
fn disagreement_of_outbox_and_files_is_found() {
    let sabotage = [
        "UPDATE source_files SET version = version + 1 WHERE path = 'a'",
        "UPDATE source_files SET updated_at_ms = updated_at_ms + 1 WHERE path = 'a'",
        "DELETE FROM source_files WHERE path = 'a'",
        "DELETE FROM timestamp_outbox WHERE version = 1",
        "DELETE FROM timestamp_outbox WHERE version = 2",
        "DELETE FROM timestamp_outbox WHERE kind = 'deleted'",
    ];
    for sql in sabotage {
        let (repo, database) = (Repo::new(), Database::new());
        repo.write("a", "1").write("b", "1").commit("Begin");
        repo.write("a", "2").commit("Change");
        fs::remove_file(repo.path().join("b")).unwrap();
        repo.commit("Delete");
        replay(&repo, &database.path).agrees();
        assert!(database.open().execute(sql, []).unwrap() > 0);
        let outcome = replay(&repo, &database.path);
        assert_eq!(outcome.code, 5, "{sql}: {}", outcome.out);
        assert!(outcome.errors.starts_with("error: the outbox and the files do not agree"), "{}", outcome.errors);
        assert!(!outcome.out.contains("files agree"), "{}", outcome.out);
    }
}

#[test]
fn shallow_clone_begins_with_the_files_of_its_oldest_commit() {
    let origin = Repo::new();
    for content in ["1", "2", "3"] {
        origin.write("a", content).write(content, "").commit(content);
    }
    let clone = Repo::new();
    let url = format!("file://{}", origin.path().display());
    clone.git(&["fetch", "--quiet", "--depth=2", &url, "main"]);
    clone.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
    let database = Database::new();
    let outcome = replay(&clone, &database.path);
    assert!(outcome.out.starts_with("The clone is shallow"), "{}", outcome.out);
    let counted = check(&clone, &database, outcome);
    assert_eq!((counted.commits, counted.created, counted.updated), (2, 4, 1));
}

#[test]
fn bare_repository_and_a_folder_inside_one_are_histories_too() {
    let repo = Repo::new();
    repo.write("a", "1").write("inside/b", "1").commit("Begin");
    let bare = tempfile::tempdir().unwrap();
    let target = bare.path().join("bare with spaces.git");
    repo.git(&[OsStr::new("clone"), OsStr::new("--quiet"), OsStr::new("--bare"), OsStr::new("."), target.as_os_str()]);
    assert_eq!(run([target]).agrees().numbers("files"), [2, 2]);
    // The whole history, as `git log` shows it there, whatever the user configured.
    repo.git(&["config", "diff.relative", "true"]);
    assert_eq!(run([repo.path().join("inside")]).agrees().numbers("files"), [2, 2]);
}

#[test]
fn unusable_history_is_one_clear_line_and_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    let empty = Repo::new();
    let file = empty.write("file", "").path().join("file");
    let cases = [
        (folder.path().join("missing"), "is not a folder"),
        (file, "is not a folder"),
        (folder.path().to_owned(), "not a git repository"),
        (empty.path().to_owned(), "the history is empty: HEAD has no commit yet"),
    ];
    for (path, expected) in cases {
        let outcome = run([&path]);
        assert_eq!((outcome.code, outcome.out.as_str()), (3, ""), "{}", path.display());
        assert!(outcome.errors.contains(expected), "{}", outcome.errors);
        assert_eq!(outcome.errors.lines().count(), 1, "{}", outcome.errors);
    }
}

#[test]
fn unusable_database_is_one_clear_line_and_exit_code_4() {
    let repo = Repo::new();
    repo.write("a", "1").commit("Begin");
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("letter.txt");
    fs::write(&text, "Dear Ada, this is a letter, and not a database, however long it is.").unwrap();
    let other = Database::new();
    other.open().execute_batch("CREATE TABLE source_files (id TEXT PRIMARY KEY, path TEXT NOT NULL)").unwrap();
    let cases = [
        (text.clone(), "letter.txt` is not an SQLite database"),
        (folder.path().to_owned(), "can not be opened"),
        (folder.path().join("no folder").join("x.db"), "can not be opened"),
        (other.path.clone(), "table `source_files` does not fit `SourceFile`: column `last_commit` is missing"),
    ];
    for (path, expected) in cases {
        let outcome = replay(&repo, &path);
        assert_eq!((outcome.code, outcome.out.as_str()), (4, ""), "{}", path.display());
        assert!(outcome.errors.contains(expected), "{}", outcome.errors);
        assert_eq!(outcome.errors.lines().count(), 1, "{}", outcome.errors);
    }
    assert!(fs::read_to_string(text).unwrap().starts_with("Dear Ada"));
}

#[test]
fn unreadable_object_ends_the_replay_before_it_and_a_repaired_one_goes_on() {
    let (repo, database, whole) = (Repo::new(), Database::new(), Database::new());
    repo.write("a", "1").commit("Begin");
    repo.write("a", "2").commit("Change");
    repo.write("a", "3").write("b", "1").commit("What can not be read");
    let tree = String::from_utf8(repo.git(&["rev-parse", "HEAD^{tree}"])).unwrap();
    let object = repo.path().join(".git/objects").join(&tree[..2]).join(tree[2..].trim());
    let content = fs::read(&object).unwrap();
    fs::remove_file(&object).unwrap();

    let outcome = replay(&repo, &database.path);
    assert_eq!(outcome.code, 3, "{}", outcome.errors);
    assert!(outcome.errors.starts_with("error: git ended with"), "{}", outcome.errors);
    // The second commit is the last that was shown, and git died before it said that it was whole.
    assert_eq!(database.number("SELECT commits FROM replay"), 1);

    fs::write(&object, content).unwrap();
    replay(&repo, &database.path).agrees();
    check(&repo, &whole, replay(&repo, &whole.path));
    assert_eq!(database.content(), whole.content());
}

#[cfg(unix)]
#[test]
fn git_that_dies_at_any_byte_leaves_whole_commits_only() {
    use std::os::unix::fs::PermissionsExt;

    let this = "git_that_dies_at_any_byte_leaves_whole_commits_only";
    if !is_again(this) {
        // A git that shows the first bytes of its log, as many as a file says, and dies.
        let folder = tempfile::tempdir().unwrap();
        let git =
            String::from_utf8(Command::new("sh").args(["-c", "command -v git"]).output().unwrap().stdout).unwrap();
        let git = git.trim();
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in\n*log.showRoot*) '{git}' \"$@\" | head -c \"$(cat \"${{0%/*}}/bytes\")\"; \
             exit 9 ;;\nesac\nexec '{git}' \"$@\"\n"
        );
        fs::write(folder.path().join("git"), script).unwrap();
        fs::set_permissions(folder.path().join("git"), fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        return again(this, folder.path(), Some(&path));
    }

    let repo = Repo::new();
    repo.write("a", "1").write("bb", "1").commit("Begin");
    repo.write("a", "2").write("ccc", "1").commit("Go on");
    repo.commit("Nothing");
    let mut stored = BTreeSet::new();
    for bytes in (0..320).step_by(5) {
        fs::write("bytes", bytes.to_string()).unwrap();
        let database = Database::new();
        let outcome = replay(&repo, &database.path);
        assert_eq!(outcome.code, 3, "{bytes} bytes: {}", outcome.errors);
        let commits = database.number("SELECT coalesce(sum(commits), 0) FROM replay");
        let events = database.number("SELECT count(*) FROM timestamp_outbox");
        assert_eq!(events, [0, 2, 4][usize::try_from(commits).unwrap()], "{bytes} bytes");
        stored.insert(commits);
    }
    assert_eq!(stored, BTreeSet::from([0, 1, 2]));
}

/// Runs one test of this file again, in a process with a folder and a `PATH` of its own.
fn again(test: &str, folder: &Path, path: Option<&str>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).current_dir(folder).env("AGAIN", test);
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"] {
        command.env_remove(variable);
    }
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

fn is_again(test: &str) -> bool {
    std::env::var("AGAIN").is_ok_and(|name| name == test)
}

#[test]
fn missing_git_is_one_clear_line_and_exit_code_3() {
    let this = "missing_git_is_one_clear_line_and_exit_code_3";
    if is_again(this) {
        let outcome = run(["."]);
        assert_eq!((outcome.code, outcome.errors.as_str()), (3, "error: git is not installed, or not in PATH\n"));
        return;
    }
    let empty = tempfile::tempdir().unwrap();
    again(this, empty.path(), Some(""));
}

#[test]
fn default_path_is_the_repository_that_one_stands_in() {
    let this = "default_path_is_the_repository_that_one_stands_in";
    if is_again(this) {
        let outcome = run::<OsString>([]).agrees();
        assert_eq!((outcome.numbers("commits")[0], outcome.numbers("files")), (1, vec![2, 2]));
        return;
    }
    let repo = Repo::new();
    repo.write("a", "1").write("inside/b", "1").commit("Begin");
    again(this, &repo.path().join("inside"), None);
}

#[test]
fn wrong_arguments_are_exit_code_2_and_help_is_none() {
    assert_eq!(run(["--datebase", "x"]).code, 2);
    assert_eq!(run(["a", "b"]).code, 2);
    let help = run(["--help"]);
    assert_eq!((help.code, help.errors.as_str()), (0, ""));
    assert!(help.out.contains("--database <FILE|URL>"));
}

#[test]
fn replay_that_another_program_overtakes_stops() {
    let (repo, database) = (Repo::new(), Database::new());
    repo.write("a", "1").commit("Begin");
    let last = repo.write("b", "1").commit("Go on");
    replay(&repo, &database.path).agrees();
    // A trigger in the place of the other program: it moves the progress between two commits of this one.
    database
        .open()
        .execute_batch(
            "CREATE TRIGGER overtake AFTER INSERT ON timestamp_outbox BEGIN UPDATE replay SET last_commit = 'x'; END",
        )
        .unwrap();
    repo.write("a", "2").commit("This is stored, and overtaken");
    repo.write("a", "3").commit("This is not");
    let outcome = replay(&repo, &database.path);
    assert_eq!(outcome.code, 4, "{}", outcome.errors);
    assert_eq!(outcome.errors, "error: another program replays into this database\n");
    assert_eq!(database.number("SELECT version FROM source_files WHERE path = 'a'"), 2);
    let others: i64 = database
        .open()
        .query_row("SELECT count(*) FROM replay WHERE last_commit = ?1", params![last], |row| row.get(0))
        .unwrap();
    assert_eq!(others, 0);
}

#[cfg(not(feature = "postgres"))]
#[test]
fn url_is_refused_by_a_build_without_postgres() {
    let repo = Repo::new();
    repo.write("a", "1").commit("Begin");
    let outcome = replay(&repo, Path::new("postgres://ada:secret@127.0.0.1:1/app"));
    assert_eq!((outcome.code, outcome.out.as_str()), (4, ""));
    assert_eq!(outcome.errors, "error: this was built without PostgreSQL: add `--features postgres`\n");
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use std::fs;
    use std::path::Path;

    use timestamp_repo::tokio_postgres;

    use super::{Counted, Database, Outcome, Repo, replay};

    /// The columns of a table in an order that both databases have, as text.
    const STORED: [&str; 2] = [
        "SELECT concat_ws('|', id, path, last_commit, author, created_at_ms, updated_at_ms, version) FROM source_files \
         ORDER BY id",
        "SELECT concat_ws('|', aggregatetype, aggregateid, type, version, kind, reason, occurred_at_ms, recorded_at_ms, \
         payload) FROM timestamp_outbox ORDER BY seq",
    ];

    #[test]
    #[ignore = "needs PostgreSQL; scripts/test starts one"]
    fn replay_is_the_same_on_postgres() {
        let (repo, database) = (Repo::new(), Database::new());
        repo.write("a", "1").write("B", "1").write("\u{e4}", "1").commit("Begin");
        repo.write("a", "2").commit("It's \"quoted\", \\ and \u{1f600}");
        repo.commit("Change nothing");
        fs::remove_file(repo.path().join("a")).unwrap();
        repo.write("new\nline", "1").commit_after(-86_400, "A day before");
        let postgres = Schema::new();
        for last in ["Add it again", "Go on in a database that has the rest"] {
            repo.write("a", last).commit(last);
            let counted = Counted::of(&repo);
            let on_sqlite = replay(&repo, &database.path).agrees();
            let on_postgres = replay(&repo, Path::new(&postgres.url)).agrees();
            // Only the time that it took differs.
            let summary = |outcome: &Outcome| -> Vec<String> {
                let lines = outcome.out.lines().map(|line| line.split([';', '.']).next().unwrap().to_owned());
                lines.map(|line| line.split(" replayed in").next().unwrap().to_owned()).collect()
            };
            assert_eq!(summary(&on_postgres), summary(&on_sqlite));
            assert_eq!(on_postgres.numbers("files")[0], counted.alive.len() as u64);
            for sql in STORED {
                let stored = postgres.texts(sql);
                assert!(stored.len() > 3, "{stored:?}");
                // An event's id is a random one; everything else of it is the same.
                assert_eq!(without_event_ids(stored), without_event_ids(database.texts(sql)));
            }
        }
        let other = Repo::new();
        other.write("z", "1").commit("Something else");
        let refused = replay(&other, Path::new(&postgres.url));
        assert_eq!((refused.code, refused.out.as_str()), (4, ""), "{}", refused.errors);
        assert!(refused.errors.contains("is not on the first-parent line of this one"), "{}", refused.errors);
        postgres.remove();
    }

    /// Takes out of each row what follows `"id":"` in its payload.
    fn without_event_ids(rows: Vec<String>) -> Vec<String> {
        let without = |row: String| match row.split_once("\"id\":\"") {
            Some((before, after)) => format!("{before}{}", after.split_once('"').unwrap().1),
            None => row,
        };
        rows.into_iter().map(without).collect()
    }

    #[test]
    #[ignore = "needs PostgreSQL; scripts/test starts one"]
    fn server_that_can_not_be_used_is_one_clear_line_without_the_password() {
        let repo = Repo::new();
        repo.write("a", "1").commit("Begin");
        let server = server();
        let (address, _) = server.rsplit_once('/').unwrap();
        let cases = [
            ("postgres://ada:secret@127.0.0.1:1/app".to_owned(), "127.0.0.1:1/app` can not be reached"),
            ("postgres://ada:secret@/".to_owned(), "the URL is not understood"),
            (format!("{address}/no_such_database"), "has no database `no_such_database`"),
        ];
        for (url, expected) in cases {
            let outcome = replay(&repo, Path::new(&url));
            assert_eq!((outcome.code, outcome.out.as_str()), (4, ""), "{url}");
            assert!(outcome.errors.contains(expected) && !outcome.errors.contains("secret"), "{}", outcome.errors);
            assert_eq!(outcome.errors.lines().count(), 1, "{}", outcome.errors);
        }
    }

    fn server() -> String {
        std::env::var("TIMESTAMP_TEST_POSTGRES").unwrap()
    }

    /// A schema of its own on the server.
    struct Schema {
        name: String,
        url: String,
    }

    impl Schema {
        fn new() -> Self {
            let name = format!("history_{}", uuid::Uuid::now_v7().simple());
            let server = server();
            let sign = if server.contains('?') { '&' } else { '?' };
            let schema = Self { url: format!("{server}{sign}options=-c%20search_path%3D{name}"), name };
            schema.texts(&format!("CREATE SCHEMA {}", schema.name));
            schema
        }

        /// The first column of every row.
        fn texts(&self, sql: &str) -> Vec<String> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(connection);
                client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
            })
        }

        fn remove(self) {
            self.texts(&format!("DROP SCHEMA {} CASCADE", self.name));
        }
    }
}

#[test]
fn ids_of_one_replay_are_all_different() {
    let (repo, database) = (Repo::new(), Database::new());
    for file in 0..300 {
        repo.write(format!("folder/{file}"), "");
    }
    repo.commit("Add many at once");
    check(&repo, &database, replay(&repo, &database.path));
    let ids: BTreeSet<String> = database.texts("SELECT id FROM source_files").into_iter().collect();
    assert_eq!(ids.len(), 300);
    assert!(ids.iter().all(|id| id.as_bytes()[14] == b'7'), "of version 7");
}
