//! A place in the database's log of changes. A later place has every change of an earlier one.

use std::fmt;

/// How far the log was (PostgreSQL: the WAL, and its LSN), in bytes since its beginning. What was committed
/// before then is in what was read there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(u64);

impl Position {
    /// The place so many bytes after the log's beginning.
    pub fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Bytes since the log's beginning.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// Reads what [`Display`](fmt::Display) writes. None: it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = !text.is_empty() && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_hex.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written_and_nothing_else_is() {
        for bytes in [0, 0x16b_3740, u64::MAX] {
            let position = Position::new(bytes);
            assert_eq!(Position::parse(&position.to_string()), Some(position));
        }
        for text in ["", "+1", "-1", "G", "A", "0x1", "10000000000000000", " 1"] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }
}
