//! What the compiler must refuse of a repository, and in which words.
//!
//! The files are those of the derive: a header that says the law and what to write instead, the misuse, and beside it the
//! compiler's answer. The page `docs/misuse.md` is made from them too; after a change of the words, run
//! `TRYBUILD=overwrite cargo test -p timestamp-repo --test ui`, and then `BLESS=1 cargo test -p timestamp-derive`.
#![cfg(feature = "sqlite")]

use std::path::Path;
use std::process::Command;

/// The compiler whose wording the snapshots hold. Others word their own part differently.
const SNAPSHOT_COMPILER: &str = "rustc 1.95.";

#[test]
fn wrong_code_is_refused_in_our_words() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    if !version.starts_with(SNAPSHOT_COMPILER) {
        eprintln!("skipped: the snapshots hold the wording of {SNAPSHOT_COMPILER}x, and this is {}", version.trim());
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/repository/*.rs");
}

#[test]
fn every_answer_has_its_question() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/repository");
    for entry in folder.read_dir().unwrap() {
        let file = entry.unwrap().path();
        let twin = file.with_extension(if file.extension().unwrap() == "rs" { "stderr" } else { "rs" });
        assert!(twin.exists(), "{} stands alone", file.display());
    }
}
