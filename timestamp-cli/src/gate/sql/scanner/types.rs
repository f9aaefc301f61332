//! What is written of types: columns, casts, literals, zones.

use std::ops::Range;

use super::super::clock_call::is_moving_text;
use super::super::naive::{TimeType, is_naive_text, time_type};
use super::super::rules;
use super::super::source::Lower;
use super::super::statement::{self, is_structural};
use super::super::token::Kind;
use super::Scanner;

impl Scanner<'_, '_> {
    /// `AT TIME ZONE` after a time that has a zone takes it off. After a column it may as well add one, so it is left.
    pub(super) fn at_time_zone(&mut self, index: usize) -> usize {
        let end = index + 3;
        if self.zoned_until == Some(index) {
            let operand = usize::from(matches!(self.source.kind(end), Some(Kind::Text | Kind::Value)));
            self.report(&rules::NAIVE_CAST, index..end + operand);
        }
        end
    }

    /// `operand::type`
    pub(super) fn cast(&mut self, index: usize) -> usize {
        let operand = index.checked_sub(1).and_then(|operand| self.source.content(operand));
        let moves = operand.is_some_and(is_moving_text);
        let ty = time_type(&self.source, index + 1);
        if moves && (ty.is_some() || matches!(self.source.word(index + 1).as_str(), "date" | "time" | "timetz")) {
            self.report_clock(index - 1..index + 2);
        }
        match ty {
            Some(TimeType::Naive { end }) => {
                self.report(&rules::NAIVE_CAST, index..end);
                end
            }
            Some(TimeType::Zoned { end }) => {
                if operand.is_some_and(is_naive_text) {
                    self.report(&rules::NAIVE_TEXT, index - 1..end);
                }
                self.zoned(end);
                end
            }
            None => index + 1,
        }
    }

    /// A type of date and time, wherever it may stand.
    pub(super) fn time_type(&mut self, index: usize) -> usize {
        let before = index.checked_sub(1);
        if before.is_some_and(|before| self.source.is_symbol(before, ".")) {
            return index + 1;
        }
        let Some(ty) = time_type(&self.source, index) else {
            let typed = matches!(self.source.word(index).as_str(), "date" | "time" | "timetz");
            if typed && self.source.content(index + 1).is_some_and(is_moving_text) {
                self.report_clock(index..index + 2);
                return index + 2;
            }
            return index + 1;
        };
        let (TimeType::Naive { end } | TimeType::Zoned { end }) = ty;
        if let Some(text) = self.source.content(end) {
            self.typed_literal(ty, index, text);
            return end + 1;
        }
        let in_cast =
            self.parentheses.last().and_then(|parenthesis| parenthesis.called).map(|called| self.source.word(called));
        let in_cast = in_cast.as_ref().map(Lower::as_str).unwrap_or_default();
        let after = |symbol: &str| before.is_some_and(|before| self.source.is_symbol(before, symbol));
        let after_as = before.is_some_and(|before| self.source.is_word(before, "as"));
        let casts = match in_cast {
            "cast" | "try_cast" | "safe_cast" => after_as,
            "convert" | "try_convert" => {
                (after("(") || after(",")) && [",", ")"].iter().any(|mark| self.source.is_symbol(end, mark))
            }
            _ => false,
        };
        match ty {
            TimeType::Naive { .. } if casts => self.report(&rules::NAIVE_CAST, index..end),
            TimeType::Zoned { .. } if casts => self.cast_to_zoned(index..end),
            TimeType::Naive { .. } if self.declares(index, end) => self.report(&rules::NAIVE_TYPE, index..end),
            TimeType::Naive { .. } | TimeType::Zoned { .. } => return index + 1,
        }
        end
    }

    /// `TIMESTAMP '2024-01-15 12:00:00'`
    pub(super) fn typed_literal(&mut self, ty: TimeType, index: usize, text: &str) {
        let (TimeType::Naive { end } | TimeType::Zoned { end }) = ty;
        if is_moving_text(text) {
            self.report_clock(index..end + 1);
        } else if matches!(ty, TimeType::Naive { .. }) {
            self.report(&rules::NAIVE_CAST, index..end + 1);
        } else if is_naive_text(text) {
            self.report(&rules::NAIVE_TEXT, index..end + 1);
        }
        if matches!(ty, TimeType::Zoned { .. }) {
            self.zoned(end + 1);
        }
    }

    /// `CAST('2024-01-15 12:00:00' AS timestamptz)`
    pub(super) fn cast_to_zoned(&mut self, ty: Range<usize>) {
        let Some(parenthesis) = self.parentheses.last_mut() else { return };
        parenthesis.zoned = true;
        let operand = parenthesis.start;
        if operand + 2 != ty.start {
            return;
        }
        let Some(text) = self.source.content(operand) else { return };
        if is_moving_text(text) {
            self.report_clock(operand..ty.end);
        } else if is_naive_text(text) {
            self.report(&rules::NAIVE_TEXT, operand..ty.end);
        }
    }

    /// Whether a type between `index` and `end` belongs to a column, a parameter or a variable.
    pub(super) fn declares(&self, index: usize, end: usize) -> bool {
        let Some(before) = index.checked_sub(1) else { return false };
        let source = &self.source;
        let named = |name: usize| {
            source.kind(name) == Some(Kind::Quoted)
                || source.is_symbol(name, "]")
                // `{column}`, which is filled in.
                || source.is_symbol(name, "}")
                || (source.kind(name) == Some(Kind::Word) && !is_structural(source.word(name).as_str()))
        };
        let bracketed = source.is_symbol(before, "[")
            && source.is_symbol(index + 1, "]")
            && before.checked_sub(1).is_some_and(named);
        let named = named(before) || bracketed;
        if self.declaring {
            return named;
        }
        if self.statement.selecting {
            return false;
        }
        match self.statement.kind {
            statement::Kind::Columns => named && !self.parentheses.is_empty(),
            statement::Kind::Alter => named,
            statement::Kind::Domain => named || source.is_word(before, "as"),
            statement::Kind::Routine => {
                let unnamed = ["(", ","].iter().any(|mark| source.is_symbol(before, mark))
                    && (["[", ",", ")"].iter().any(|mark| source.is_symbol(end, mark))
                        || source.is_word(end, "default"));
                named || source.is_word(before, "in") || (unnamed && self.parentheses.len() == 1)
            }
            statement::Kind::Trigger | statement::Kind::Other => false,
        }
    }
}
