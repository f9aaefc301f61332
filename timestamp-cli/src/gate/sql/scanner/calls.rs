//! Calls that depend on their arguments, judged where these end.

use std::ops::Range;

use super::super::rules;
use super::super::words::Function;
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
        let (now, local) = match name.meaning().and_then(|word| word.function) {
            Some(Function::OfTime) => (empty || parenthesis.now, parenthesis.local),
            Some(Function::Strftime) => {
                let format_alone = arguments == 1 && parenthesis.text.is_some();
                (format_alone || parenthesis.now, parenthesis.local)
            }
            Some(Function::Timediff) => (parenthesis.now, false),
            Some(Function::UnixTimestamp) => (empty, false),
            Some(Function::FromUnixtime) => (false, true),
            Some(Function::Moddatetime) => (self.in_trigger(), false),
            Some(Function::ToTimestamp) => {
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
            None => {
                self.close_other(name.as_str(), parenthesis, called..index + 1);
                (false, false)
            }
        };
        if now {
            self.report_clock(called..index + 1);
        }
        if local {
            self.report(&rules::LOCAL_TIME, called..index + 1);
        }
    }

    /// The same for functions that are about zones, and ask for no time.
    fn close_other(&mut self, name: &str, parenthesis: &Parenthesis, call: Range<usize>) {
        let end = call.end;
        match name {
            "timezone" if parenthesis.commas == 1 && parenthesis.zoned => self.report(&rules::NAIVE_CAST, call),
            "make_timestamptz" => self.zoned(end),
            "cast" | "try_cast" | "safe_cast" if parenthesis.zoned => self.zoned(end),
            _ => {}
        }
    }
}
