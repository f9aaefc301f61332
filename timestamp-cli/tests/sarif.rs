//! The report as SARIF against the schema of SARIF 2.1.0 (errata 01), as far as the report uses it.
//!
//! The schema is not in the repository, since its licence lets nobody change it. The table below states what it says of the
//! objects that are written: which properties they may have, of which type, and which they must. The schema closes each
//! of these objects, so a property that the table does not list is one that the schema refuses or that belongs here.

#![expect(clippy::unwrap_used, reason = "a folder that can not be set up is a failed test")]

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// What a value may be.
#[derive(Debug, Clone, Copy)]
enum Is {
    Text,
    /// A reference of RFC 3986.
    Reference,
    Bool,
    /// A number that is at least this.
    Number(i64),
    OneOf(&'static [&'static str]),
    Object(&'static str),
    /// A list of such objects; of rules no two may be equal.
    List(&'static str),
}

struct Object {
    name: &'static str,
    must: &'static [&'static str],
    may: &'static [(&'static str, Is)],
}

const LEVEL: Is = Is::OneOf(&["none", "note", "warning", "error"]);

const OBJECTS: &[Object] = &[
    Object {
        name: "log",
        must: &["version", "runs"],
        may: &[("$schema", Is::Reference), ("version", Is::OneOf(&["2.1.0"])), ("runs", Is::List("run"))],
    },
    Object {
        name: "run",
        must: &["tool"],
        may: &[
            ("tool", Is::Object("tool")),
            ("columnKind", Is::OneOf(&["utf16CodeUnits", "unicodeCodePoints"])),
            ("invocations", Is::List("invocation")),
            ("results", Is::List("result")),
        ],
    },
    Object { name: "tool", must: &["driver"], may: &[("driver", Is::Object("component"))] },
    Object {
        name: "component",
        must: &["name"],
        may: &[("name", Is::Text), ("semanticVersion", Is::Text), ("rules", Is::List("rule"))],
    },
    Object {
        name: "rule",
        must: &["id"],
        may: &[
            ("id", Is::Text),
            ("shortDescription", Is::Object("text")),
            ("help", Is::Object("text")),
            ("defaultConfiguration", Is::Object("configuration")),
        ],
    },
    Object { name: "text", must: &["text"], may: &[("text", Is::Text)] },
    Object { name: "configuration", must: &[], may: &[("level", LEVEL)] },
    Object {
        name: "invocation",
        must: &["executionSuccessful"],
        may: &[("executionSuccessful", Is::Bool), ("toolExecutionNotifications", Is::List("notification"))],
    },
    Object {
        name: "notification",
        must: &["message"],
        may: &[("message", Is::Object("text")), ("level", LEVEL), ("locations", Is::List("location"))],
    },
    Object {
        name: "result",
        must: &["message"],
        may: &[
            ("ruleId", Is::Text),
            ("ruleIndex", Is::Number(-1)),
            ("level", LEVEL),
            ("message", Is::Object("text")),
            ("locations", Is::List("location")),
        ],
    },
    Object { name: "location", must: &[], may: &[("physicalLocation", Is::Object("place"))] },
    Object {
        name: "place",
        must: &["artifactLocation"],
        may: &[("artifactLocation", Is::Object("artifact")), ("region", Is::Object("region"))],
    },
    Object { name: "artifact", must: &[], may: &[("uri", Is::Reference)] },
    Object {
        name: "region",
        must: &[],
        may: &[
            ("startLine", Is::Number(1)),
            ("startColumn", Is::Number(1)),
            ("endLine", Is::Number(1)),
            ("endColumn", Is::Number(1)),
        ],
    },
];

/// Adds to `wrong` what the schema refuses in a value.
fn check(value: &Value, is: Is, at: &str, wrong: &mut Vec<String>) {
    let is_right = match is {
        Is::Text => value.is_string(),
        Is::Reference => value.as_str().is_some_and(is_reference),
        Is::Bool => value.is_boolean(),
        Is::Number(least) => value.as_i64().is_some_and(|number| number >= least),
        Is::OneOf(known) => value.as_str().is_some_and(|text| known.contains(&text)),
        Is::List(of) => {
            let list = value.as_array().cloned().unwrap_or_default();
            for (index, entry) in list.iter().enumerate() {
                check(entry, Is::Object(of), &format!("{at}/{index}"), wrong);
            }
            let is_unique = || {
                list.iter().enumerate().all(|(index, entry)| !list.iter().skip(index + 1).any(|other| other == entry))
            };
            value.is_array() && (of != "rule" || is_unique())
        }
        Is::Object(name) => {
            let object = OBJECTS.iter().find(|object| object.name == name).unwrap();
            let empty = serde_json::Map::new();
            let properties = value.as_object().unwrap_or(&empty);
            for (key, value) in properties {
                match object.may.iter().find(|(known, _)| known == key) {
                    Some((_, is)) => check(value, *is, &format!("{at}/{key}"), wrong),
                    None => wrong.push(format!("{at}/{key} is unknown in a {name}")),
                }
            }
            value.is_object() && object.must.iter().all(|key| properties.contains_key(*key))
        }
    };
    if !is_right {
        wrong.push(format!("{at} is no {is:?}: {value}"));
    }
}

/// Whether a text has only what a reference of RFC 3986 may have, and no colon before its path that names no scheme.
fn is_reference(text: &str) -> bool {
    let is_mark = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let escapes = text
        .split('%')
        .skip(1)
        .all(|rest| rest.get(..2).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())));
    let scheme = text.split('/').next().unwrap_or_default().split_once(':');
    text.bytes().all(is_mark) && escapes && scheme.is_none_or(|(scheme, _)| matches!(scheme, "https" | "file"))
}

fn wrong(log: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    check(log, Is::Object("log"), "", &mut wrong);
    wrong
}

/// A run that has everything a report can have: findings in files of every language, some that could not be checked,
/// in part and as a whole, and a stale exception.
fn log() -> Value {
    let folder = TempDir::new().unwrap();
    for (path, text) in [
        (
            "a b/é{#:.rs",
            "fn f() { x.format(\"%F {%T}\"); std::time::SystemTime::now(); std::time::SystemTime::now(); }",
        ),
        ("broken.rs", "fn SystemTime("),
        ("a.sql", "SELECT now();\nSELECT 'open"),
        ("a.ts", "new Date(2024, 1)"),
        ("timestamp-gate.toml", "[[allow]]\npath = \"{gone}.rs\"\nreason = \"no longer\"\n"),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_timestamp"))
        .args(["gate", "--format", "sarif", ".", "nowhere"])
        .current_dir(&folder)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn report_has_nothing_that_the_schema_refuses() {
    let log = log();
    assert_eq!(wrong(&log), [""; 0]);
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5);
    assert_eq!(run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().len(), 4);
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 4);
}

#[test]
fn what_the_schema_refuses_is_noticed() {
    let right = log();
    let result = "/runs/0/results/0";
    let region = "/runs/0/results/0/locations/0/physicalLocation/region";
    for (place, key, value) in [
        ("", "version", json!("2.0.0")),
        ("/runs/0", "result", json!([])),
        ("/runs/0", "columnKind", json!("bytes")),
        ("/runs/0/tool/driver", "name", Value::Null),
        ("/runs/0/tool/driver/rules/1", "id", json!(1)),
        ("/runs/0/invocations/0", "executionSuccessful", json!("no")),
        (result, "message", json!("text")),
        (result, "level", json!("fatal")),
        (region, "startLine", json!(0)),
        (region, "startColumn", json!("1")),
        ("/runs/0/results/0/locations/0/physicalLocation/artifactLocation", "uri", json!("a b.rs")),
        ("/runs/0/results/0/locations/0/physicalLocation/artifactLocation", "uri", json!("C:a.rs")),
    ] {
        let mut log = right.clone();
        log.pointer_mut(place).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
        assert_eq!(wrong(&log).len(), 1, "{place}/{key}");
    }
    let mut log = right.clone();
    log.pointer_mut(result).unwrap().as_object_mut().unwrap().remove("message");
    assert_eq!(wrong(&log).len(), 1);
    let mut log = right;
    let rules = log.pointer_mut("/runs/0/tool/driver/rules").unwrap().as_array_mut().unwrap();
    rules.push(rules[0].clone());
    assert_eq!(wrong(&log).len(), 1);
}
