//! From the bytes of a file to UTF-16 code units.

use super::{CodePage, MAX_FILE_BYTES, ReadError, Version, cursor::Cursor};

/// The text of a file without byte order mark. UTF-16 is taken as it is, lone surrogates included.
pub(super) fn decode(bytes: &[u8], ansi: CodePage) -> Result<Vec<u16>, ReadError> {
    const UTF16: &str = "UTF-16LE, UTF-8 or ANSI text";
    let start = |expected, found: &str| Cursor::new(&[]).error(expected, found.to_owned());
    if bytes.len() > MAX_FILE_BYTES {
        return Err(start("a file of at most 128 MiB", &format!("{} bytes", bytes.len())));
    }
    let units = match bytes {
        [0xFF, 0xFE, text @ ..] => utf16(text)?,
        [0xEF, 0xBB, 0xBF, text @ ..] => utf8(text)?,
        [0xFE, 0xFF, ..] | [0, 1..=0x7F, ..] => return Err(start(UTF16, "UTF-16BE")),
        [1..=0x7F, 0, ..] => utf16(bytes)?,
        text if is_v4(text) => code_page(text, ansi)?,
        text => match utf8(text) {
            Ok(units) => units,
            Err(_) => code_page(text, ansi)?,
        },
    };
    match units.iter().position(|&unit| unit == 0) {
        Some(nul) => {
            let mut cursor = Cursor::new(&units);
            cursor.advance(nul);
            Err(cursor.error("text", "a NUL".to_owned()))
        }
        None => Ok(units),
    }
}

fn is_v4(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(Version::V4.header().as_bytes())
}

fn utf16(bytes: &[u8]) -> Result<Vec<u16>, ReadError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    if rest.is_empty() {
        return Ok(units);
    }
    let mut end = Cursor::new(&units);
    end.advance(units.len());
    Err(end.error("the second byte of a UTF-16 code unit", "the end of the file".to_owned()))
}

fn utf8(bytes: &[u8]) -> Result<Vec<u16>, ReadError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.encode_utf16().collect()),
        Err(error) => Err(bad_bytes(bytes, error.valid_up_to(), "UTF-8")),
    }
}

fn code_page(bytes: &[u8], ansi: CodePage) -> Result<Vec<u16>, ReadError> {
    ansi.widen(bytes).ok_or_else(|| bad_bytes(bytes, 0, "text of the given ANSI code page"))
}

/// The error that the bytes at `at` cannot be decoded. Its column counts bytes.
fn bad_bytes(bytes: &[u8], at: usize, expected: &'static str) -> ReadError {
    let units: Vec<u16> = bytes.get(..at).unwrap_or_default().iter().copied().map(u16::from).collect();
    let mut cursor = Cursor::new(&units);
    cursor.advance(at);
    let found = bytes.get(at..).unwrap_or_default().iter().take(4).map(|byte| format!("{byte:02x}"));
    cursor.error(expected, format!("bytes {}", found.collect::<Vec<_>>().join(" ")))
}
