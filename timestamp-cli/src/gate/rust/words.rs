//! Which files hold which words, so that those that hold one are known without looking into all.

use std::collections::HashMap;

use crate::gate::rust::filter::is_of_word;

/// The files that hold each word.
///
/// A word is kept as a number of 64 bits. Where two have the same, a file is named that does not hold the word; whoever
/// asks looks into the files anyway.
#[derive(Debug, Default)]
pub(crate) struct Words(HashMap<u64, Vec<usize>>);

impl Words {
    /// Adds a file with its words, as [`of`](Self::of) returns them.
    pub(crate) fn add(&mut self, file: usize, words: Vec<u64>) {
        for word in words {
            self.0.entry(word).or_default().push(file);
        }
    }

    /// Returns each word of a text once.
    pub(crate) fn of(text: &str) -> Vec<u64> {
        let words = text.as_bytes().split(|byte| !is_of_word(*byte)).filter(|word| !word.is_empty());
        let mut words: Vec<_> = words.map(number).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    /// Returns the files that hold one of these words, each once and in order.
    pub(crate) fn holders<'a>(&self, words: impl IntoIterator<Item = &'a String>) -> Vec<usize> {
        let mut files: Vec<_> =
            words.into_iter().filter_map(|word| self.0.get(&number(word.as_bytes()))).flatten().copied().collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}

/// FNV-1a, which is quick for what is as short as a word.
fn number(word: &[u8]) -> u64 {
    word.iter().fold(0xcbf2_9ce4_8422_2325, |number, byte| (number ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_whole_words() {
        let mut words = Words::default();
        for (file, text) in
            ["use a::Wall as W;", "Wall2::now(); r#Walls", "x(Wall,\u{e9}Wall); Wall", ""].iter().enumerate()
        {
            words.add(file, Words::of(text));
        }
        let holders = |asked: &[&str]| words.holders(&asked.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(holders(&["Wall"]), [0, 2]);
        assert_eq!(holders(&["Walls", "W", "Wall"]), [0, 1, 2]);
        assert_eq!(holders(&["wall", "now2", ""]), [0_usize; 0]);
    }
}
