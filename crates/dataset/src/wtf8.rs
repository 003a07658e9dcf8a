//! WTF-8: UTF-8 in which a lone surrogate is encoded like any other code point of three bytes, so that every sequence of
//! UTF-16 code units has exactly one form (`docs/formats/dataset.md`, section 5.2).

const HIGH: std::ops::Range<u16> = 0xD800..0xDC00;
const LOW: std::ops::Range<u16> = 0xDC00..0xE000;

/// Appends the form of the first code point of `units`; gives the number of units it took, 0 for no units.
#[inline]
pub(crate) fn push_first(units: &[u16], out: &mut Vec<u8>) -> usize {
    let Some((&unit, rest)) = units.split_first() else { return 0 };
    let low = |byte: u32| 0x80 | (byte & 0x3F).to_le_bytes()[0];
    let code = u32::from(unit);
    match code {
        0..0x80 => out.push(code.to_le_bytes()[0]),
        0x80..0x800 => out.extend_from_slice(&[0xC0 | (code >> 6).to_le_bytes()[0], low(code)]),
        _ => match rest.first() {
            Some(second) if HIGH.contains(&unit) && LOW.contains(second) => {
                let code = 0x1_0000 + ((code - 0xD800) << 10) + (u32::from(*second) - 0xDC00);
                let first = 0xF0 | (code >> 18).to_le_bytes()[0];
                out.extend_from_slice(&[first, low(code >> 12), low(code >> 6), low(code)]);
                return 2;
            }
            _ => {
                out.extend_from_slice(&[0xE0 | (code >> 12).to_le_bytes()[0], low(code >> 6), low(code)]);
            }
        },
    }
    1
}

/// Appends the first code point of `bytes`, as units; gives the number of bytes it took, or `None` when the bytes are no
/// WTF-8. `text` is where in `units` the text began: a surrogate pair must not arise from two forms.
#[inline]
pub(crate) fn pop_first(bytes: &[u8], units: &mut Vec<u16>, text: usize) -> Option<usize> {
    let (&first, rest) = bytes.split_first()?;
    let tail = |index: usize| match rest.get(index) {
        Some(byte @ 0x80..=0xBF) => Some(u32::from(byte & 0x3F)),
        _ => None,
    };
    let head = u32::from(first);
    match first {
        0..=0x7F => units.push(u16::from(first)),
        0xC2..=0xDF => {
            units.push(u16::try_from((head & 0x1F) << 6 | tail(0)?).ok()?);
            return Some(2);
        }
        0xE0..=0xEF => {
            let unit = u16::try_from((head & 0x0F) << 12 | tail(0)? << 6 | tail(1)?).ok()?;
            let after_high = units.len() > text && units.last().is_some_and(|last| HIGH.contains(last));
            if unit < 0x800 || LOW.contains(&unit) && after_high {
                return None;
            }
            units.push(unit);
            return Some(3);
        }
        0xF0..=0xF4 => {
            let code = (head & 0x07) << 18 | tail(0)? << 12 | tail(1)? << 6 | tail(2)?;
            let pair = code.checked_sub(0x1_0000).filter(|pair| *pair < 0x10_0000)?;
            units.push(u16::try_from(0xD800 + (pair >> 10)).ok()?);
            units.push(u16::try_from(0xDC00 + (pair & 0x3FF)).ok()?);
            return Some(4);
        }
        _ => return None,
    }
    Some(1)
}

/// The form of all units.
pub(crate) fn from_units(mut units: &[u16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(units.len());
    while !units.is_empty() {
        let taken = push_first(units, &mut out);
        units = &units[taken..];
    }
    out
}

/// The units of a whole text of at most `max` units; `None` when it is no WTF-8 or longer.
pub(crate) fn to_units(mut bytes: &[u8], max: usize) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(bytes.len().min(max));
    while !bytes.is_empty() && units.len() <= max {
        let taken = pop_first(bytes, &mut units, 0)?;
        bytes = bytes.get(taken..)?;
    }
    (units.len() <= max).then_some(units)
}

#[cfg(test)]
mod tests {
    use super::{from_units, to_units};

    #[test]
    fn every_unit_has_one_form() {
        for unit in 0..=u16::MAX {
            assert_eq!(to_units(&from_units(&[unit]), 1), Some(vec![unit]));
        }
        let pair: Vec<u16> = "😀".encode_utf16().collect();
        assert_eq!(from_units(&pair), "😀".as_bytes());
        assert_eq!(to_units("😀".as_bytes(), 2), Some(pair));
    }

    #[test]
    fn refuses_second_forms_and_cut_ones() {
        let [high, low]: [u16; 2] = [0xD83D, 0xDE00];
        let split = [from_units(&[high]), from_units(&[low])].concat();
        assert_eq!(to_units(&split, 9), None, "a pair must be one form");
        for bad in [&b"\xC0\x80"[..], b"\xE0\x80\x80", b"\xF4\x90\x80\x80", b"\xE2\x82", b"\x80", b"\xFF"] {
            assert_eq!(to_units(bad, 9), None, "{bad:x?}");
        }
        assert_eq!(to_units(b"abc", 2), None, "longer than allowed");
    }
}
