//! What the file of a clock says, in three lines that people can read.

use super::super::NodeId;
use crate::EpochMs;

const TITLE: &str = "timestamp hybrid clock 1";

/// Returns the content of the file.
pub(super) fn written(node: NodeId, end: EpochMs) -> Vec<u8> {
    let body = format!("{TITLE}\nnode {node}\nevery stamp is before {end}\n");
    let check = checksum(body.as_bytes());
    format!("{body}check {check:08x}\n").into_bytes()
}

/// Reads the node and the end, or says what is wrong.
pub(super) fn read(bytes: &[u8]) -> Result<(NodeId, EpochMs), &'static str> {
    if bytes.is_empty() {
        return Err("it is empty");
    }
    let text = str::from_utf8(bytes).map_err(|_| "it is not text")?;
    if !text.starts_with(TITLE) {
        return Err("its first line is not `timestamp hybrid clock 1`");
    }
    let lines = || {
        let mut lines = text.lines().skip(1);
        let node = lines.next()?.strip_prefix("node ")?.parse().ok()?;
        let end = lines.next()?.strip_prefix("every stamp is before ")?.parse().ok()?;
        Some((node, end))
    };
    let (node, end) = lines().ok_or("it does not go on with a node and a time")?;
    // Compared as a whole: what was not written exactly so was written by something else.
    if written(node, end) == bytes { Ok((node, end)) } else { Err("its check sum does not fit") }
}

/// CRC-32 as in ISO 3309, bit by bit: the file has a hundred bytes.
fn checksum(bytes: &[u8]) -> u32 {
    let shift = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shift(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: NodeId = NodeId::new(42);

    fn end() -> EpochMs {
        "2026-01-31T12:34:56.789Z".parse().unwrap()
    }

    #[test]
    fn checksum_is_the_one_everybody_knows() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }

    /// The form that files of today have, for ever.
    #[test]
    fn file_says_in_words_how_far_the_clock_has_come() {
        let content = "timestamp hybrid clock 1\nnode 000000000000002a\nevery stamp is before 2026-01-31T12:34:56.789Z\n\
             check 46206e1c\n";
        assert_eq!(String::from_utf8(written(NODE, end())).unwrap(), content);
        assert_eq!(read(content.as_bytes()), Ok((NODE, end())));
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_refused() {
        let content = written(NODE, end());
        for length in 0..content.len() {
            assert!(read(&content[..length]).is_err(), "cut to {length}");
        }
        for bit in 0..content.len() * 8 {
            let mut damaged = content.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&damaged).is_err(), "bit {bit}");
        }
        let longer = [content.as_slice(), b"\n"].concat();
        assert!(read(&longer).is_err());
        assert!(read(&vec![0; content.len()]).is_err(), "zeros, as some file systems leave them after a crash");
    }

    #[test]
    fn refusal_says_what_is_wrong() {
        assert_eq!(read(b""), Err("it is empty"));
        assert_eq!(read(b"\xff"), Err("it is not text"));
        assert_eq!(read(b"2026"), Err("its first line is not `timestamp hybrid clock 1`"));
        assert_eq!(read(b"timestamp hybrid clock 1\n"), Err("it does not go on with a node and a time"));
        let changed = String::from_utf8(written(NODE, end())).unwrap().replace("2026", "2025");
        assert_eq!(read(changed.as_bytes()), Err("its check sum does not fit"));
    }
}
