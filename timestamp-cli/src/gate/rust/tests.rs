//! The reading of Rust as a whole: where it begins, what it costs, and that no input breaks it.

use super::*;
use crate::gate::work;

/// The rules and words of what is found in a file on its own.
fn found(code: &str) -> Vec<String> {
    let sketch = read(code, "app").unwrap();
    let mut names = Names::default();
    names.add(sketch.modules.iter().cloned());
    let mut findings = judge(code, &sketch, &names, watched::PATHS);
    findings.sort_by_key(|finding| finding.at.start);
    findings.iter().map(|finding| format!("{} {}", finding.rule.id, finding.words)).collect()
}

#[test]
fn file_is_read_behind_its_prelude() {
    for prelude in
        ["", "\u{feff}", "#!/usr/bin/env run\n", "\u{feff}#!/usr/bin/env run\n", "#![allow(x)]\n", "#! [allow(x)]\n"]
    {
        let code = format!("{prelude}fn f() {{ std::time::SystemTime::now(); }}");
        assert_eq!(found(&code), ["rust/system-time std::time::SystemTime::now"], "{code}");
    }
}

#[test]
fn what_is_no_rust_says_where() {
    for (code, at) in [("fn f() {", 7), ("fn f( -> x {}", 4), ("fn f() { let = 1; }", 13), ("let s = \"open", 8)] {
        assert_eq!(read(code, "app").unwrap_err().at, at, "{code}");
    }
}

#[test]
fn fixes_are_offered_where_they_are_certain() {
    let fixes = |code: &str| {
        let findings = read(code, "app").unwrap().findings;
        findings.into_iter().map(|finding| finding.fix.map(|fix| fix.text)).collect::<Vec<_>>()
    };
    let (yes, z) = (Some("true".to_owned()), "use chrono::DateTime; fn f(t: DateTime<Utc>)");
    for (call, fix) in [
        ("t.to_rfc3339_opts(SecondsFormat::Millis, false)", yes.clone()),
        ("s!(t.to_rfc3339_opts(chrono::SecondsFormat::Millis, false))", yes),
        ("t.to_rfc3339_opts(Millis, false)", None),
        ("t.to_rfc3339_opts(3, false)", None),
        ("t.naive_utc()\n.and_utc()", Some("to_utc".to_owned())),
        ("t.naive_utc() /* why */ .and_utc()", None),
        ("t.naive_utc()", None),
        ("t.to_utc().format(\"%FT%T\")", None),
        ("format!(\"{}Z\", t.to_utc().format(\"%FT%T\"))", None),
    ] {
        assert_eq!(fixes(&format!("{z} {{ {call}; }}")), [fix], "{call}");
    }
    assert_eq!(fixes("fn f(t: Mine) { t.naive_utc().and_utc(); }"), [None]);
}

/// How much is done to read and judge a file: steps from name to name, blocks and tokens that are looked at, and
/// bytes of what is kept.
fn work(code: &str) -> usize {
    work::take();
    let sketch = read(code, "app").unwrap();
    let kept: usize = sketch.mentions.iter().map(|mention| mention.path.len()).sum();
    let mut names = Names::default();
    names.add(sketch.modules.iter().cloned());
    judge(code, &sketch, &names, watched::PATHS);
    work::take() + kept
}

#[test]
fn twice_the_code_takes_twice_the_work() {
    let long = "a".repeat(4_000);
    for (head, piece, tail) in [
        ("use chrono::Utc; fn f() {", "Utc::now();", "}"),
        ("fn f() {", "{ use a::*; Utc::now(); }", "}"),
        ("fn f() {", "m!(a => Utc::now() {} [x.format(\"%T\")]);", "}"),
        ("fn f(t: std::time::SystemTime) {", "t.elapsed();", "}"),
        ("use a::*; use b::*; use chrono::*; fn f() {", "Utc::now(); Later::now();", "}"),
        (&format!("impl {long} {{ fn f() {{"), "Self::now();", "}}"),
        (&format!("fn f() {{ use {long}::Utc; "), "Utc::now();", "}"),
        (&format!("fn {long}() {{"), "chrono::Utc::now();", "}"),
        ("struct S {", "#[serde(default = \"chrono::Utc::now\")] a: u8,", "}"),
    ] {
        let text = |count: usize| format!("{head}{}{tail}", piece.repeat(count));
        let (once, twice) = (work(&text(1_000)), work(&text(2_000)));
        assert!(twice < once * 3, "{once} and {twice} for {piece}");
        assert!(once < 20 * text(1_000).len(), "{once} for {piece}");
    }
}

/// How many bytes of names are kept for what stands in each other so deep.
fn kept(head: &str, tail: &str, depth: usize) -> usize {
    let sketch = read(&format!("{}fn last() {{}}{}", head.repeat(depth), tail.repeat(depth)), "app").unwrap();
    let modules: usize = sketch.modules.iter().map(|(path, _)| path.len()).sum();
    let mentions = sketch.mentions.iter();
    modules + mentions.map(|mention| mention.path.len() + mention.within.as_ref().map_or(0, |w| w.len())).sum::<usize>()
}

#[test]
fn names_of_what_is_nested_are_kept_in_part() {
    let long = "a".repeat(40);
    for (head, tail) in [
        (format!("mod {long} {{ fn f() {{ x(); }} "), "}"),
        (format!("fn {long}() {{ x(); "), "}"),
        (format!("impl {long} {{ fn f() {{ Self::x(); "), "}}"),
    ] {
        // On stacks as large as those of a run.
        let kept = crate::gate::each::each(&[40, 80], None, |depth| kept(&head, tail, *depth));
        assert!(kept[1] < kept[0] * 5 / 2, "{kept:?} for {head}");
    }
}

#[test]
fn blocks_that_bring_no_names_cost_nothing() {
    let nested =
        |depth: usize| format!("fn f() {{{}{}{}}}", "{".repeat(depth), "now();".repeat(100), "}".repeat(depth));
    assert_eq!(work(&nested(1)), work(&nested(50)));
}

#[test]
fn name_of_a_function_is_kept_once() {
    let sketch = read("impl T { fn f() { a(); b(); x.naive_utc(); } fn g() { c(); } }", "app").unwrap();
    let within: Vec<_> = sketch.mentions.iter().filter_map(|mention| mention.within.clone()).collect();
    let in_f: Vec<_> = within.iter().filter(|name| &***name == "T::f").collect();
    assert!(in_f.len() >= 2 && in_f.windows(2).all(|pair| std::sync::Arc::ptr_eq(pair[0], pair[1])), "{within:?}");
    assert_eq!(within.last().map(|name| &**name), Some("T::g"));
}

/// Pieces of the corpus: its files, cut at any two places.
fn corpus() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/rust");
    let rules = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = rules.flat_map(|rule| std::fs::read_dir(rule).unwrap().map(|entry| entry.unwrap().path()));
    files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// The lines of the corpus that are statements by themselves.
static STATEMENTS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
    let is_statement =
        |line: &str| line.contains(';') && syn::parse_str::<syn::Block>(&format!("{{ {line}\n }}")).is_ok();
    let lines = |text: &String| text.lines().filter(|line| is_statement(line)).map(str::to_owned).collect::<Vec<_>>();
    corpus().iter().flat_map(lines).collect()
});

fn piece(text: &str, from: usize, length: usize) -> String {
    let boundaries: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
    let from = from % boundaries.len();
    text.chars().skip(from).take(length).collect()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn nothing_that_is_spliced_together_breaks_the_scanner(
        pieces in proptest::collection::vec((0_usize..1_000, 0_usize..5_000, 0_usize..400), 1..6),
        noise in "[\\PC\\n\"'#{}<>:\\\\]{0,40}",
    ) {
        let corpus = corpus();
        let mut code = noise;
        for (file, from, length) in pieces {
            code.push_str(&piece(&corpus[file % corpus.len()], from, length));
        }
        let _ = strings::literals(&code).count();
        match read(&code, "app") {
            Err(unreadable) => assert!(unreadable.at <= code.len()),
            Ok(sketch) => {
                let mut names = Names::default();
                names.add(sketch.modules.iter().cloned());
                for finding in judge(&code, &sketch, &names, watched::PATHS) {
                    assert!(code.get(finding.at.clone()).is_some(), "{finding:?} in {code}");
                }
            }
        }
    }

    #[test]
    fn statements_in_any_order_are_read(lines in proptest::collection::vec(0_usize..10_000, 1..20)) {
        let code: Vec<_> = lines.iter().map(|line| STATEMENTS[line % STATEMENTS.len()].as_str()).collect();
        let code = format!("fn f() {{\n{}\n}}", code.join("\n"));
        let sketch = read(&code, "app").unwrap();
        for finding in judge(&code, &sketch, &Names::default(), watched::PATHS) {
            assert!(code.get(finding.at.clone()).is_some_and(|words| !words.is_empty()), "{finding:?} in {code}");
        }
    }

    #[test]
    fn whatever_is_read_as_a_literal_lies_within_its_token(token in "r?#{0,2}\"[\\PC\\r\\n\\\\xu{}0-9\"#]{0,30}#{0,2}") {
        if let Some(literal) = literal::Literal::read(&token) {
            for at in 0..=literal.value.len() {
                assert!(literal.locate(&(at..at)).start <= token.len());
            }
        }
    }
}
