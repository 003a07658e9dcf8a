//! GUIDs in braces inside texts, which travel as 16 bytes (`docs/formats/dataset.md`, section 6.2).

/// Units of a GUID as text: 32 digits, 4 hyphens and 2 braces.
pub(super) const TEXT_LEN: usize = 38;
/// Bytes of a GUID.
pub(super) const LEN: usize = 16;
/// Where the hyphens are.
const HYPHENS: [usize; 4] = [9, 14, 19, 24];
/// Which byte of the structure `GUID` each pair of digits is, in the order of the text.
const ORDER: [usize; LEN] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/// The letters of a GUID's hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Case {
    Upper,
    Lower,
}

/// The GUID at the start of `units`, when there is one whose letters are all of one case.
pub(super) fn parse(units: &[u16]) -> Option<([u8; LEN], Case)> {
    let text: &[u16; TEXT_LEN] = units.first_chunk()?;
    let is = |index: usize, c: u8| text[index] == u16::from(c);
    if !is(0, b'{') || !is(TEXT_LEN - 1, b'}') || !HYPHENS.iter().all(|&index| is(index, b'-')) {
        return None;
    }
    let (mut upper, mut lower) = (false, false);
    let mut digits = [0; 2 * LEN];
    let places = (1..TEXT_LEN - 1).filter(|index| !HYPHENS.contains(index));
    for (digit, index) in digits.iter_mut().zip(places) {
        let c = u8::try_from(text[index]).ok()?;
        *digit = match c {
            b'0'..=b'9' => c - b'0',
            b'A'..=b'F' => c - b'A' + 10,
            b'a'..=b'f' => c - b'a' + 10,
            _ => return None,
        };
        upper |= c.is_ascii_uppercase();
        lower |= c.is_ascii_lowercase();
    }
    if upper && lower {
        return None;
    }
    let mut guid = [0; LEN];
    for (pair, place) in digits.chunks_exact(2).zip(ORDER) {
        guid[place] = pair[0] << 4 | pair[1];
    }
    Some((guid, if lower { Case::Lower } else { Case::Upper }))
}

/// Appends a GUID as text.
pub(super) fn push(guid: [u8; LEN], case: Case, units: &mut Vec<u16>) {
    let digits: &[u8; 16] = match case {
        Case::Upper => b"0123456789ABCDEF",
        Case::Lower => b"0123456789abcdef",
    };
    let start = units.len();
    units.push(u16::from(b'{'));
    for place in ORDER {
        if HYPHENS.contains(&(units.len() - start)) {
            units.push(u16::from(b'-'));
        }
        let byte = usize::from(guid[place]);
        units.extend([u16::from(digits[byte >> 4]), u16::from(digits[byte & 0xF])]);
    }
    units.push(u16::from(b'}'));
}

#[cfg(test)]
mod tests {
    use super::{Case, parse, push};

    #[test]
    fn reads_and_writes_one_case_only() {
        let guid = [
            ("{00021401-0000-0000-C000-000000000046}", Some(Case::Upper)),
            ("{00021401-0000-0000-c000-000000000046}", Some(Case::Lower)),
            ("{00021401-0000-0000-0000-000000000046}", Some(Case::Upper)),
            ("{0002140a-0000-0000-C000-000000000046}", None),
            ("{00021401-0000-0000-G000-000000000046}", None),
            ("{00021401-0000-0000+C000-000000000046}", None),
            ("{00021401-0000-0000-C000-00000000004}", None),
        ];
        for (text, case) in guid {
            let units: Vec<u16> = text.encode_utf16().collect();
            let parsed = parse(&units);
            assert_eq!(parsed.map(|(_, case)| case), case, "{text}");
            if let Some((guid, case)) = parsed {
                assert_eq!(guid[..4], [0x01, 0x14, 0x02, 0x00]);
                let mut back = Vec::new();
                push(guid, case, &mut back);
                assert_eq!(back, units);
            }
        }
    }
}
