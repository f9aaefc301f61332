//! Lines and columns of places in a file.

/// Where something stands, as editors count: both begin with 1, and a column is a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// Where the lines of a file begin.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Reads where the lines begin.
    pub(crate) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Returns the line and column of a byte; one past the end is the end.
    pub(crate) fn position(&self, at: usize) -> Position {
        let at = (0..=at.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or_default();
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        Position { line, column: self.text.get(start..at).unwrap_or_default().chars().count() + 1 }
    }

    /// Returns the text of a line, counted from 1, without its end.
    pub(crate) fn line(&self, line: usize) -> &'a str {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_and_lines_begin_with_one() {
        let lines = Lines::new("é = 1;\r\n\nlast");
        assert_eq!(lines.position(0), Position { line: 1, column: 1 });
        assert_eq!(lines.position(3), Position { line: 1, column: 3 });
        assert_eq!(lines.position(9), Position { line: 2, column: 1 });
        assert_eq!(lines.position(99), Position { line: 3, column: 5 });
        assert_eq!([lines.line(1), lines.line(2), lines.line(3), lines.line(4)], ["é = 1;", "", "last", ""]);
    }
}
