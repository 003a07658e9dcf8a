//! UTF-16 text inside binary data (`docs/formats/dataset.md`, section 6.3).

/// Fewest units of a run; shorter ones cost more than they save.
const SHORTEST: usize = 4;

/// A stretch of UTF-16 text in the data of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Run {
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Its bytes, two per unit.
    pub(super) len: usize,
    /// Whether one NUL unit follows, which belongs to it.
    pub(super) ended: bool,
}

impl Run {
    pub(super) fn end(self) -> usize {
        self.start + self.len + if self.ended { 2 } else { 0 }
    }
}

/// The first run at or after `from`.
pub(super) fn find(data: &[u8], from: usize) -> Option<Run> {
    let rest = data.get(from..)?;
    let begins = |w: &[u8]| matches!(w, [a, 0, b, 0, c, 0, d, 0] if is_plain(*a) && is_plain(*b) && is_plain(*c) && is_plain(*d));
    let start = rest.windows(2 * SHORTEST).position(begins)?;
    let units = rest[start..].chunks_exact(2);
    let len = 2 * units.take_while(|unit| matches!(unit, [low, 0] if is_plain(*low))).count();
    let ended = rest.get(start + len..start + len + 2) == Some(&[0, 0]);
    Some(Run { start: from + start, len, ended })
}

fn is_plain(low: u8) -> bool {
    (0x20..=0x7E).contains(&low)
}

#[cfg(test)]
mod tests {
    use super::{Run, find};

    #[test]
    fn finds_text_at_any_alignment() {
        assert_eq!(find(b"\x01a\0b\0c\0d\0", 0), Some(Run { start: 1, len: 8, ended: false }));
        assert_eq!(find(b"a\0b\0c\0d\0\0\0x", 0), Some(Run { start: 0, len: 8, ended: true }));
        assert_eq!(find(b"a\0b\0c\0\0\0\0\0", 0), None, "three units are too few");
        assert_eq!(find(b"a\0b\0c\0d\0e\0", 1), Some(Run { start: 2, len: 8, ended: false }));
        assert_eq!(find(&[0; 64], 0), None);
        assert_eq!(find(b"", 5), None);
    }
}
