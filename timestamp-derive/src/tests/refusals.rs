//! Refusals that no compiler on stable shows: it refuses the same code by itself, before or beside the derive.

use std::str::FromStr;

use proc_macro2::TokenStream;

/// The messages of the errors in what is generated for `input`.
pub(super) fn messages(input: &str) -> Vec<String> {
    messages_in(crate::timestamped(TokenStream::from_str(input).unwrap()))
}

pub(super) fn messages_in(generated: TokenStream) -> Vec<String> {
    let mut messages = Vec::new();
    let mut tokens = generated.into_iter().peekable();
    while let Some(token) = tokens.next() {
        // `::core::compile_error! { "..." }`
        if token.to_string() == "compile_error" {
            assert_eq!(tokens.next().unwrap().to_string(), "!");
            let proc_macro2::TokenTree::Group(group) = tokens.next().unwrap() else { panic!("no message") };
            messages.push(syn::parse2::<syn::LitStr>(group.stream()).unwrap().value());
        }
    }
    messages
}

fn only_message(input: &str) -> String {
    let mut messages = messages(input);
    assert_eq!(messages.len(), 1, "{messages:#?}");
    messages.remove(0)
}

#[test]
fn default_value_of_a_field_is_refused() {
    let message = only_message("struct Task { #[timestamped(id)] id: u64 = 3, timestamps: Timestamps }");
    assert!(message.starts_with("the field `id` has a default value in the struct\n\nhelp: remove the value"));
}

#[test]
fn modifier_of_a_field_is_refused() {
    let message = only_message("struct Task { #[timestamped(id)] id: u64, unsafe timestamps: Timestamps }");
    assert!(message.starts_with("`#[derive(Timestamped)]` can not read this item"), "{message}");
    assert!(message.contains("\n\nhelp: "), "{message}");
}

#[test]
fn misplaced_commas_and_literals_are_refused() {
    for (attribute, problem) in [
        (", id", "`,` is not a key of `#[timestamped(...)]`"),
        ("id,, json", "`,` is not a key of `#[timestamped(...)]`"),
        ("id, \"json\"", "`\"json\"` is not a key of `#[timestamped(...)]`"),
        ("id + 3", "`+ 3` does not belong behind `id`"),
        ("id(true)", "`id` takes no value"),
        ("id, column(total)", "`column` needs a value"),
        ("id, column =", "`column` needs a value"),
        ("id, column = 3", "the value of `column` is not a text in quotes"),
        ("id, column = \"a\"b", "the value of `column` is not a text in quotes"),
    ] {
        let input = format!(
            "#[timestamped(table = \"tasks\")] struct Task {{ #[timestamped({attribute})] id: u64, timestamps: Timestamps }}"
        );
        let messages = messages(&input);
        assert!(messages[0].starts_with(problem), "{attribute}: {messages:#?}");
    }
}

#[test]
fn values_of_paths_are_paths() {
    for (value, problem) in [
        ("validate = |task| Ok(())", "the value of `validate` is not a path"),
        ("validate = check()", "the value of `validate` is not a path"),
        ("validate =", "`validate` needs a value"),
        ("crate = \"::timestamp_core\"", "the value of `crate` is not a path"),
        ("crate = a::<B>", "the value of `crate` is not a path"),
    ] {
        let input =
            format!("#[timestamped({value})] struct Task {{ #[timestamped(id)] id: u64, timestamps: Timestamps }}");
        let message = only_message(&input);
        assert!(message.starts_with(problem), "{value}: {message}");
    }
}

#[test]
fn misplaced_or_misspelt_key_is_one_mistake() {
    for input in [
        // The id, the timestamps and the table are there; they are only written in the wrong way.
        "#[timestamped(id)] struct Task { id: u64, timestamps: Timestamps }",
        "struct Task { #[timestamped(ID)] id: u64, timestamps: Timestamps }",
        "#[timestamped(timestamps)] struct Task { #[timestamped(id)] id: u64, stamps: Stamps }",
        "struct Task { #[timestamped(id)] id: u64, #[timestamped(timestamp)] stamps: Stamps }",
        "#[timestamped(tabel = \"tasks\")] struct Task { #[timestamped(id, column = \"a\")] id: u64, timestamps: Timestamps }",
        "#[timestamped(table = 3)] struct Task { #[timestamped(id, column = \"a\")] id: u64, timestamps: Timestamps }",
        "struct Task { #[timestamped(id, column = \"a\", table = \"b\")] id: u64, timestamps: Timestamps }",
        "struct Task { #[timestamped(id, timestamps)] id: u64, timestamps: Timestamps }",
    ] {
        only_message(input);
    }
}

#[test]
fn every_message_says_what_to_type() {
    let inputs = [
        "enum Task {}",
        "union Task { a: u8 }",
        "struct Task;",
        "struct Task(u8);",
        "#[timestamped(x, table, entity = 3, validate = \"a\", crate = 1, id)] #[timestamped] #[timestamped = 3]
         #[repr(packed)] struct Task<'a> { pub a: Timestamps, b: Timestamps }",
        "#[timestamped(created_at = \"a\", updated_at, version = \"\", events = \"\")] struct Task { id: u64 }",
        "#[timestamped(events = \"state\")] struct Task { #[timestamped(id)] id: u64, timestamps: Timestamps }",
        "#[timestamped(table = \"t\", created_at = \"a\", updated_at = \"A\", version = \"b\")] struct Task {
            #[timestamped(id)] id: u64, b: u8, timestamps: Timestamps }",
        "#[timestamped(table = \"\", entity = \"\\0\")] struct Task<'a> {
            #[timestamped(id, json, text)] id: u64, #[timestamped(id, skip, column = \"\")] b: u64, version: u8,
            #[timestamped(column = \"Version\")] c: u8, #[timestamped(column = \"b\", table)] B: u8,
            #[timestamped(timestamps, skip)] d: u8, #[timestamped(timestamps)] e: u8, #[timestamped(e f)] g: u8 }",
    ];
    for input in inputs {
        for message in messages(input) {
            let (problem, help) = message.split_once("\n\nhelp: ").unwrap_or_else(|| panic!("no help in {message:?}"));
            assert!(!problem.is_empty() && !help.is_empty());
            assert!(!problem.ends_with('.') && !help.ends_with(". "), "a full stop in {message:?}");
            let first = problem.chars().next().unwrap();
            assert!(first == '`' || first.is_lowercase(), "{message:?} begins with neither a name nor a small letter");
            for word in ["syn", "token", "parse", "attribute macro", "invalid", "illegal", "ident"] {
                assert!(!problem.contains(word), "{message:?} speaks of {word:?}");
            }
        }
    }
}

#[test]
fn alias_of_the_crate_is_used_for_the_fallback() {
    let input = "#[timestamped(crate = elsewhere)] struct Task;".parse().unwrap();
    let generated = crate::timestamped(input).to_string();
    assert!(generated.contains("elsewhere :: __private :: Entity"), "{generated}");
    assert!(!generated.contains("timestamp_core"), "{generated}");
}
