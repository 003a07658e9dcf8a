use std::fmt;

use encoding_rs::Encoding;

use crate::Name;

/// A Windows ANSI code page, in which `REGEDIT4` files are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodePage {
    number: u16,
    encoding: &'static Encoding,
}

/// The system code pages of Windows ("Code Page Identifiers") that can be an ANSI code page.
const KNOWN: [(u16, &Encoding); 15] = [
    (874, encoding_rs::WINDOWS_874),
    (932, encoding_rs::SHIFT_JIS),
    (936, encoding_rs::GBK),
    (949, encoding_rs::EUC_KR),
    (950, encoding_rs::BIG5),
    (1250, encoding_rs::WINDOWS_1250),
    (1251, encoding_rs::WINDOWS_1251),
    (1252, encoding_rs::WINDOWS_1252),
    (1253, encoding_rs::WINDOWS_1253),
    (1254, encoding_rs::WINDOWS_1254),
    (1255, encoding_rs::WINDOWS_1255),
    (1256, encoding_rs::WINDOWS_1256),
    (1257, encoding_rs::WINDOWS_1257),
    (1258, encoding_rs::WINDOWS_1258),
    (65001, encoding_rs::UTF_8),
];

impl CodePage {
    /// Windows-1252, Western European.
    pub const WINDOWS_1252: Self = Self { number: 1252, encoding: encoding_rs::WINDOWS_1252 };

    /// The code page of that number; `None` when it cannot be a system's ANSI code page.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        let known = KNOWN.into_iter().find(|(known, _)| *known == number)?;
        Some(Self { number, encoding: known.1 })
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.number
    }

    /// Bytes to code units; `None` when the bytes are no text of this code page.
    pub(super) fn widen(self, bytes: &[u8]) -> Option<Vec<u16>> {
        let text = self.encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
        Some(text.encode_utf16().collect())
    }

    /// Code units to bytes; `None` when the code page lacks one of them or would read the bytes back as something else.
    pub(super) fn narrow(self, units: &[u16]) -> Option<Vec<u8>> {
        let text = Name::from_units(units).to_text()?;
        let (bytes, _, unmappable) = self.encoding.encode(&text);
        (!unmappable && self.widen(&bytes)? == units).then(|| bytes.into_owned())
    }
}

impl Default for CodePage {
    fn default() -> Self {
        Self::WINDOWS_1252
    }
}

impl fmt::Debug for CodePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodePage({})", self.number)
    }
}

impl fmt::Display for CodePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code page {}", self.number)
    }
}
