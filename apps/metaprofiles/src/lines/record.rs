use std::fmt;

use mp_registry::{FileTime, KeyPath, Name};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, Visitor},
};

use super::time::parse_time;

/// One line as it was read; which fields it must have depends on what it is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) path: Option<Utf16>,
    pub(super) name: Option<Utf16>,
    #[serde(rename = "type")]
    pub(super) ty: Option<u32>,
    pub(super) data: Option<Hexadecimal>,
    pub(super) modified: Option<Time>,
    pub(super) class: Option<Utf16>,
    #[serde(default)]
    pub(super) link: bool,
    #[serde(default)]
    pub(super) deleted: bool,
    #[serde(default)]
    pub(super) replace: bool,
    /// A file of a data set; the other fields of such a line follow.
    pub(super) file: Option<IgnoredAny>,
    #[serde(rename = "size")]
    _size: Option<IgnoredAny>,
    #[serde(rename = "attributes")]
    _attributes: Option<IgnoredAny>,
    #[serde(rename = "blake3")]
    _blake3: Option<IgnoredAny>,
}

/// A string of UTF-16 units, lone surrogates included.
pub(super) struct Utf16(Vec<u16>);

impl Utf16 {
    pub(super) fn into_name(self) -> Name {
        Name::from_units(self.0)
    }

    pub(super) fn to_path(&self) -> KeyPath {
        if self.0.is_empty() {
            return KeyPath::root();
        }
        self.0.split(|&unit| unit == u16::from(b'\\')).map(Name::from_units).collect()
    }

    pub(super) fn units(&self) -> &[u16] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Utf16 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for bytes, serde_json gives a string's lone surrogates as WTF-8; asked for text it refuses them.
        deserializer.deserialize_bytes(Utf16Visitor)
    }
}

struct Utf16Visitor;

impl Visitor<'_> for Utf16Visitor {
    type Value = Utf16;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Utf16, E> {
        units(bytes).map(Utf16).ok_or_else(|| E::custom("expected UTF-8, found other bytes"))
    }
}

/// WTF-8 to UTF-16: UTF-8 in which lone surrogates may stand like any other character of three bytes.
fn units(mut bytes: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(bytes.len());
    loop {
        let (text, rest) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, &[][..]),
            Err(error) => {
                let (valid, rest) = bytes.split_at_checked(error.valid_up_to())?;
                (std::str::from_utf8(valid).ok()?, rest)
            }
        };
        units.extend(text.encode_utf16());
        bytes = match *rest {
            [] => return Some(units),
            [0xED, second @ 0xA0..=0xBF, third @ 0x80..=0xBF, ref rest @ ..] => {
                units.push(0xD000 | u16::from(second & 0x3F) << 6 | u16::from(third & 0x3F));
                rest
            }
            _ => return None,
        };
    }
}

/// Bytes as hexadecimal digits.
pub(super) struct Hexadecimal(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Hexadecimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(HexadecimalVisitor)
    }
}

struct HexadecimalVisitor;

impl Visitor<'_> for HexadecimalVisitor {
    type Value = Hexadecimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an even number of hexadecimal digits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Hexadecimal, E> {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (pairs, odd) = text.as_bytes().as_chunks::<2>();
        let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
        let bytes: Option<Vec<u8>> = if odd.is_empty() { bytes } else { None };
        bytes.map(Hexadecimal).ok_or_else(|| E::custom("expected an even number of hexadecimal digits"))
    }
}

/// A time in RFC 3339.
pub(super) struct Time(pub(super) FileTime);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = parse_time(&text).map(Self);
        time.ok_or_else(|| D::Error::custom("expected a time such as 2026-01-31T08:15:00.1234567Z"))
    }
}
