//! Reading of one column.

use super::{ColumnId, guid, mark};
use crate::{DecodeError, Part, Place, error::to_u64, wtf8};

/// A column that is being read from its start.
#[derive(Debug)]
pub(super) struct Input<'a> {
    name: &'static str,
    bytes: &'a [u8],
    at: usize,
    /// Where the entry that was read last begins, for messages.
    entry: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(id: ColumnId, bytes: &'a [u8]) -> Self {
        Self { name: id.1, bytes, at: 0, entry: 0 }
    }

    /// Bytes not read yet.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn is_absent(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn take(&mut self, len: usize, expected: &'static str) -> Result<&'a [u8], DecodeError> {
        self.entry = self.at;
        let rest = self.rest();
        let Some((taken, _)) = rest.split_at_checked(len) else {
            return Err(self.malformed(expected, format!("{} of {len} bytes", rest.len())));
        };
        self.at += len;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, expected)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self, expected: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(expected).map(|[byte]| byte)
    }

    pub(super) fn varint(&mut self, expected: &'static str) -> Result<u64, DecodeError> {
        self.entry = self.at;
        let mut number = 0_u64;
        for (index, &byte) in self.rest().iter().enumerate() {
            let bits = u64::from(byte & 0x7F);
            let shift = u32::try_from(7 * index).unwrap_or(u32::MAX);
            let Some(shifted) = bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits) else {
                return Err(self.malformed(expected, "a number of more than 64 bits".to_owned()));
            };
            number |= shifted;
            if byte & 0x80 == 0 {
                if byte == 0 && index > 0 {
                    return Err(self.malformed(expected, "a number with a trailing zero byte".to_owned()));
                }
                self.at += index + 1;
                return Ok(number);
            }
        }
        Err(self.malformed(expected, "the end of the column".to_owned()))
    }

    pub(super) fn count(&mut self, expected: &'static str) -> Result<usize, DecodeError> {
        let number = self.varint(expected)?;
        usize::try_from(number).map_err(|_| self.malformed(expected, number.to_string()))
    }

    /// Reads one packed text of at most `max` units (section 6.2) and appends it to `units`.
    pub(super) fn text(
        &mut self,
        guids: &mut Input<'_>,
        units: &mut Vec<u16>,
        what: &'static str,
        max: usize,
    ) -> Result<(), DecodeError> {
        self.entry = self.at;
        let text = units.len();
        loop {
            let rest = self.rest();
            // Most texts are ASCII from end to end, and are taken at once.
            let plain = rest.iter().take_while(|byte| matches!(byte, 4..0x80)).count();
            units.extend(rest[..plain].iter().map(|&byte| u16::from(byte)));
            self.at += plain;
            let rest = &rest[plain..];
            let taken = match rest {
                [mark::END, ..] => {
                    self.at += 1;
                    return self.limit(what, units.len() - text, max);
                }
                [code @ (mark::UPPER_GUID | mark::LOWER_GUID), ..] => {
                    let case = if *code == mark::UPPER_GUID { guid::Case::Upper } else { guid::Case::Lower };
                    guid::push(guids.array("a GUID of 16 bytes")?, case, units);
                    1
                }
                [mark::ESCAPE, unit @ 0..=3, ..] => {
                    units.push(u16::from(*unit));
                    2
                }
                [mark::ESCAPE, ..] => return Err(self.malformed("an escaped unit 0 to 3", hex(&rest[1..]))),
                [] => return Err(self.malformed("the end of a text", "the end of the column".to_owned())),
                _ => wtf8::pop_first(rest, units, text).ok_or_else(|| self.malformed("WTF-8", hex(rest)))?,
            };
            self.at += taken;
            if units.len() - text > max {
                return self.limit(what, units.len() - text, max);
            }
        }
    }

    pub(super) fn limit(&self, what: &'static str, found: usize, max: usize) -> Result<(), DecodeError> {
        if found <= max {
            return Ok(());
        }
        Err(DecodeError::Limit { at: self.place(), what, found: to_u64(found), max: to_u64(max) })
    }

    pub(super) fn malformed(&self, expected: &'static str, found: String) -> DecodeError {
        DecodeError::Malformed { at: self.place(), expected, found }
    }

    /// Nothing may be left over.
    pub(super) fn finish(&mut self) -> Result<(), DecodeError> {
        self.entry = self.at;
        match self.left() {
            0 => Ok(()),
            more => Err(self.malformed("the end of the column", format!("{more} more bytes"))),
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn place(&self) -> Place {
        Place { part: Part::Column(self.name), offset: to_u64(self.entry) }
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("{:02x?}", bytes.get(..4).unwrap_or(bytes))
}
