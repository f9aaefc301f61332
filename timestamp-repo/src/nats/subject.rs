//! `Subject`: under which subject an event is published.

use std::fmt::Write as _;

use crate::cloud_event::push_percent;
use crate::outbox::StoredEvent;

/// A longer one could be over the server's limit for the first line of a message, 4 kB unless set there, and the server
/// answers that by closing the connection.
const LONGEST: usize = 2_000;

/// A pattern of words and places, such as `events.{type}.{kind}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    parts: Vec<Part>,
    all: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Type,
    Id,
    Kind,
}

impl Subject {
    /// Reads a pattern. The error says what is wrong with it.
    pub(super) fn parse(pattern: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some((text, more)) = rest.split_once('{') {
            let Some((place, more)) = more.split_once('}') else {
                return Err("a `{` is not closed".to_owned());
            };
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            parts.push(match place {
                "type" => Part::Type,
                "id" => Part::Id,
                "kind" => Part::Kind,
                other => return Err(format!("`{{{other}}}` is none of `{{type}}`, `{{id}}` and `{{kind}}`")),
            });
            rest = more;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let tokens: Vec<&str> = pattern.split('.').collect();
        if tokens.iter().any(|token| token.is_empty()) {
            return Err("between its dots, before the first and after the last, something must stand".to_owned());
        }
        let literal = |part: &Part| match part {
            Part::Text(text) => text.bytes().all(|byte| byte == b'.' || is_plain(byte)),
            Part::Type | Part::Id | Part::Kind => true,
        };
        if !parts.iter().all(literal) {
            return Err("outside of places it may hold letters, digits, and signs but `*`, `>` and `%`".to_owned());
        }
        if tokens[0].contains('{') || tokens[0].starts_with('$') {
            return Err("it must begin with a word of its own, so that a stream can take all events and nothing else \
                        (one that begins with `$` is the server's)"
                .to_owned());
        }
        let words: Vec<&str> = tokens.iter().copied().take_while(|token| !token.contains('{')).collect();
        let mut all = words.join(".");
        if words.len() < tokens.len() {
            all.push_str(".>");
        }
        Ok(Self { parts, all })
    }

    /// What all subjects have in common, as a stream subscribes to it: `events.>`.
    pub(super) fn all(&self) -> &str {
        &self.all
    }

    /// The subject of one event. What may not stand in a word of a subject is percent-encoded.
    pub(super) fn of(&self, event: &StoredEvent) -> Result<String, String> {
        let mut subject = String::with_capacity(48);
        for part in &self.parts {
            match part {
                Part::Text(text) => subject.push_str(text),
                Part::Type => push_word(&mut subject, &event.entity_type),
                Part::Id => push_word(&mut subject, &event.entity_id),
                Part::Kind => push_word(&mut subject, event.kind.as_str()),
            }
        }
        match subject.len() {
            0..=LONGEST => Ok(subject),
            length => {
                let mut message = String::new();
                // Writing to a string does not fail.
                let _ = write!(message, "its subject would have {length} bytes, and {LONGEST} are the most");
                Err(message)
            }
        }
    }
}

fn push_word(subject: &mut String, word: &str) {
    // A word of a subject can not be empty, and this is no encoding of anything else.
    if word.is_empty() {
        subject.push('%');
    }
    for byte in word.bytes() {
        if is_plain(byte) {
            subject.push(char::from(byte));
        } else {
            push_percent(subject, byte);
        }
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b".*>%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::Subject;

    #[test]
    fn a_stream_takes_what_all_subjects_have_in_common() {
        let all = |pattern: &str| Subject::parse(pattern).unwrap().all().to_owned();
        assert_eq!(all("events.{type}.{kind}"), "events.>");
        assert_eq!(all("shop.eu-1.{type}"), "shop.eu-1.>");
        assert_eq!(all("shop.v1-{type}.x"), "shop.>");
        assert_eq!(all("events"), "events");
    }

    #[test]
    fn a_pattern_that_makes_no_subject_is_refused() {
        for pattern in
            ["", ".", "events.", "a..b", "{type}.x", "$JS.{type}", "a.{name}", "a.{type", "a.*", "a.>", "a b", "ä.{id}"]
        {
            assert!(Subject::parse(pattern).is_err(), "{pattern:?}");
        }
    }
}
