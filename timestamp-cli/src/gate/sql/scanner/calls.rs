//! Calls that depend on their arguments, judged where these end.

use super::super::rules;
use super::{Parenthesis, Scanner};

impl Scanner<'_, '_> {
    /// Notes a string that is a whole argument of a call.
    pub(super) fn argument(&mut self, index: usize) {
        let Some(parenthesis) = self.parentheses.last_mut() else { return };
        let source = &self.source;
        let begins =
            index.checked_sub(1).is_some_and(|before| source.is_symbol(before, "(") || source.is_symbol(before, ","));
        if !(begins && (source.is_symbol(index + 1, ",") || source.is_symbol(index + 1, ")"))) {
            return;
        }
        parenthesis.text = Some(index);
        // SQLite takes a name in double quotes that names nothing for a string.
        let text = source.slice(index).trim_matches(['\'', '"']).trim();
        let first = parenthesis.start == index;
        parenthesis.now |= text.eq_ignore_ascii_case("now")
            || (first && (text.eq_ignore_ascii_case("subsec") || text.eq_ignore_ascii_case("subsecond")));
        parenthesis.local |= text.eq_ignore_ascii_case("localtime");
    }

    /// Judges calls that depend on their arguments.
    pub(super) fn close(&mut self, parenthesis: &Parenthesis, index: usize) {
        let Some(called) = parenthesis.called else {
            if self.zoned_until == Some(index) {
                self.zoned(index + 1);
            }
            return;
        };
        let empty = parenthesis.start == index;
        let arguments = if empty { 0 } else { parenthesis.commas + 1 };
        let name = self.source.word(called);
        let (now, local) = match name.as_str() {
            "date" | "time" | "datetime" | "julianday" | "unixepoch" => (empty || parenthesis.now, parenthesis.local),
            "strftime" => {
                let format_alone = arguments == 1 && parenthesis.text.is_some();
                (format_alone || parenthesis.now, parenthesis.local)
            }
            "timediff" => (parenthesis.now, false),
            "unix_timestamp" => (empty, false),
            "from_unixtime" => (false, true),
            "moddatetime" => (self.in_trigger(), false),
            "to_timestamp" => {
                let format = parenthesis.text.and_then(|text| self.source.content(text)).unwrap_or_default();
                if arguments == 2
                    && !format.is_empty()
                    && !["TZ", "OF", "tz", "of"].iter().any(|zone| format.contains(zone))
                {
                    self.report(&rules::NAIVE_TEXT, called..index + 1);
                }
                self.zoned(index + 1);
                (false, false)
            }
            "timezone" => {
                if arguments == 2 && parenthesis.zoned {
                    self.report(&rules::NAIVE_CAST, called..index + 1);
                }
                (false, false)
            }
            "cast" | "try_cast" | "safe_cast" | "make_timestamptz" => {
                if parenthesis.zoned || name.as_str() == "make_timestamptz" {
                    self.zoned(index + 1);
                }
                (false, false)
            }
            _ => (false, false),
        };
        if now {
            self.report_clock(called..index + 1);
        }
        if local {
            self.report(&rules::LOCAL_TIME, called..index + 1);
        }
    }
}
