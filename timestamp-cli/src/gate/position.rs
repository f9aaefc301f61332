//! Lines and columns of places in a file.

/// Where something stands, as editors count: both begin with 1, and a column is a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// How many bytes are counted anew at most to tell a column, however long the line is.
const BLOCK: usize = 1024;

/// Where the lines of a file begin.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// How many characters stand before each block of [`BLOCK`] bytes.
    before: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Reads where the lines begin.
    pub(crate) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut sum = 0;
        let count = |block: &[u8]| {
            let before = sum;
            sum += characters(block);
            before
        };
        let mut before: Vec<_> = text.as_bytes().chunks(BLOCK).map(count).collect();
        before.push(characters(text.as_bytes()));
        Self { text, starts, before }
    }

    /// Returns the line and column of a byte; one past the end is the end.
    pub(crate) fn position(&self, at: usize) -> Position {
        let at = (0..=at.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or_default();
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.start(line);
        // Editors count no byte order mark.
        let mark = usize::from(line == 1 && at > 0 && self.text.starts_with('\u{feff}'));
        Position { line, column: self.characters_before(at) - self.characters_before(start) - mark + 1 }
    }

    /// Returns where a line begins, counted from 1.
    pub(crate) fn start(&self, line: usize) -> usize {
        self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }

    /// Returns the text of a line, counted from 1, without its end.
    pub(crate) fn line(&self, line: usize) -> &'a str {
        let line = self.text.get(self.start(line)..self.start(line + 1)).unwrap_or_default();
        line.trim_end_matches(['\n', '\r'])
    }

    fn characters_before(&self, at: usize) -> usize {
        let block = at / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..at).unwrap_or_default();
        self.before.get(block).copied().unwrap_or_default() + characters(rest)
    }
}

/// How many characters begin in a piece of a text.
fn characters(piece: &[u8]) -> usize {
    piece.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
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

    #[test]
    fn byte_order_mark_is_no_column() {
        let lines = Lines::new("\u{feff}ab\ncd");
        assert_eq!([0, 3, 4, 6, 7].map(|at| lines.position(at).column), [1, 1, 2, 1, 2]);
    }

    #[test]
    fn place_in_a_long_line_costs_the_same_as_in_a_short_one() {
        let text = "é = now(); ".repeat(200_000);
        let lines = Lines::new(&text);
        for index in 0..200_000 {
            assert_eq!(lines.position(index * 12), Position { line: 1, column: index * 11 + 1 });
        }
    }
}
