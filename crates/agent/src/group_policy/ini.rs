/// How a text is kept in its file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-16, little-endian, with its mark: `scripts.ini` as Windows writes it.
    Utf16,
    /// One byte for each of the first 256 characters, so that bytes of any code page come back as they were: `gpt.ini`.
    Bytes,
}

/// The text of a file, and how it was kept. Of UTF-16 that is not well formed, the rest is replaced by U+FFFD.
#[must_use]
pub fn decode(bytes: &[u8]) -> (String, Encoding) {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => {
            let units: Vec<u16> =
                rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            (String::from_utf16_lossy(&units), Encoding::Utf16)
        }
        _ => (bytes.iter().map(|&byte| char::from(byte)).collect(), Encoding::Bytes),
    }
}

/// The file of a text. A text with characters that one byte cannot hold is kept as UTF-16.
#[must_use]
pub fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    let bytes: Option<Vec<u8>> = text.chars().map(|char| u8::try_from(char).ok()).collect();
    match (encoding, bytes) {
        (Encoding::Bytes, Some(bytes)) => bytes,
        _ => [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
    }
}

/// The lines of a text, their ends taken off.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The text of these lines, with the line ends of Windows.
pub(super) fn text(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\r\n"]).collect()
}

/// Where a section is: its header's line, and the line behind its last.
pub(super) fn section(lines: &[String], name: &str) -> Option<(usize, usize)> {
    let header = |line: &String| line.trim().starts_with('[');
    let wanted = format!("[{name}]");
    let start = lines.iter().position(|line| line.trim().eq_ignore_ascii_case(&wanted))?;
    let after = lines[start + 1..].iter().position(header).map_or(lines.len(), |len| start + 1 + len);
    Some((start, after))
}

/// Name and value of a line `name=value`.
pub(super) fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    (!name.is_empty() && !name.starts_with(';')).then(|| (name, value.trim()))
}
