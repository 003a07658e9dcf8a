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
    let mut start = from;
    loop {
        let rest = data.get(start..)?;
        // A run that begins here has a zero at each odd offset; one look at the last of them refuses most places.
        let probe = rest.first_chunk::<{ 2 * SHORTEST }>()?;
        if probe[2 * SHORTEST - 1] != 0 {
            start += 1;
            continue;
        }
        let len = 2 * rest.chunks_exact(2).take_while(|unit| is_plain(unit)).count();
        if len >= 2 * SHORTEST {
            let ended = rest.get(len..len + 2) == Some(&[0, 0]);
            return Some(Run { start, len, ended });
        }
        start += 1;
    }
}

fn is_plain(unit: &[u8]) -> bool {
    matches!(unit, [0x20..=0x7E, 0])
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
