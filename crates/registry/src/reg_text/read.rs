//! The lines of a `.reg` file.

use crate::{MAX_DEPTH, MAX_KEY_NAME, MAX_VALUE_NAME, Name, Value, ValueEdit, ValueType};

use super::{
    CodePage, HiveRoot, MAX_ENTRIES, ReadError, RegFile, Version,
    build::Builder,
    cursor::{Cursor, ascii},
};

pub(super) fn read(text: &[u16], ansi: CodePage) -> Result<RegFile, ReadError> {
    let mut cursor = Cursor::new(text);
    let version = header(&mut cursor)?;
    let mut reader = Reader { cursor, version, ansi, builder: Builder::default(), open: None, values: 0 };
    while !reader.cursor.at_end() {
        reader.line()?;
    }
    reader.close_key();
    Ok(RegFile { version, roots: reader.builder.finish() })
}

fn header(cursor: &mut Cursor<'_>) -> Result<Version, ReadError> {
    const EXPECTED: &str = "the header `Windows Registry Editor Version 5.00` or `REGEDIT4`";
    cursor.skip_blanks();
    let line = cursor.rest().get(..cursor.line_len()).unwrap_or_default();
    let line = Name::from_units(line).to_text().unwrap_or_default();
    let version = [Version::V4, Version::V5].into_iter().find(|known| line.trim_end() == known.header());
    let version = version.ok_or_else(|| cursor.expected(EXPECTED))?;
    cursor.next_line();
    Ok(version)
}

/// The key that the value lines belong to.
struct OpenKey {
    root: HiveRoot,
    path: Vec<Name>,
    values: Vec<ValueEdit>,
    /// Regedit passes over the values of a key that it deletes.
    deleted: bool,
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    version: Version,
    ansi: CodePage,
    builder: Builder,
    open: Option<OpenKey>,
    /// Number of value lines.
    values: usize,
}

impl Reader<'_> {
    fn line(&mut self) -> Result<(), ReadError> {
        self.cursor.skip_blanks();
        match self.cursor.peek() {
            Some('[') => self.key()?,
            Some('@' | '"') => self.value()?,
            // Regedit knows `;` alone, but passes over lines with `#` as over any it does not understand.
            Some(';' | '#') => {}
            _ if self.cursor.at_line_end() => {}
            _ => return Err(self.cursor.expected("a key in brackets, a value or a comment")),
        }
        self.cursor.next_line();
        Ok(())
    }

    fn key(&mut self) -> Result<(), ReadError> {
        self.close_key();
        self.cursor.advance(1);
        let line = self.cursor.rest().get(..self.cursor.line_len()).unwrap_or_default();
        let Some(end) = line.iter().rposition(|&unit| ascii(unit) == ']') else {
            return Err(self.cursor.expected("a key that ends with `]` on the same line"));
        };
        let deleted = self.cursor.take('-');
        let names = line.get(usize::from(deleted)..end).unwrap_or_default();
        let mut names = names.split(|&unit| ascii(unit) == '\\');
        let Some(root) = names.next().and_then(HiveRoot::from_units) else {
            return Err(self.cursor.expected("a root such as `HKEY_CURRENT_USER`"));
        };
        let path: Vec<Name> = names.filter(|name| !name.is_empty()).map(Name::from_units).collect();
        if path.iter().any(|name| name.units().len() > MAX_KEY_NAME) {
            return Err(self.cursor.expected("key names of at most 255 characters"));
        }
        if path.len() > MAX_DEPTH {
            return Err(self.cursor.expected("a key at most 512 keys deep"));
        }
        if deleted && path.is_empty() {
            return Err(self.cursor.expected("a key below the root, which itself cannot be deleted"));
        }
        self.count(0)?;
        self.cursor.advance(end - usize::from(deleted) + 1);
        self.line_end("the end of the line or a comment after the key")?;
        self.open = Some(OpenKey { root, path, values: Vec::new(), deleted });
        Ok(())
    }

    fn close_key(&mut self) {
        match self.open.take() {
            Some(key) if key.deleted => self.builder.delete(key.root, &key.path),
            Some(key) => self.builder.key(key.root, &key.path, key.values),
            None => {}
        }
    }

    /// Bounds the memory that a file of many short lines can ask for.
    fn count(&mut self, values: usize) -> Result<(), ReadError> {
        self.values += values;
        let allowed = self.values + self.builder.len() <= MAX_ENTRIES;
        if allowed { Ok(()) } else { Err(self.cursor.expected("at most 2,000,000 keys and values")) }
    }

    fn value(&mut self) -> Result<(), ReadError> {
        if self.open.is_none() {
            return Err(self.cursor.expected("a key before the first value"));
        }
        self.count(1)?;
        let name = if self.cursor.take('@') { Name::default() } else { self.value_name()? };
        self.cursor.skip_blanks();
        if !self.cursor.take('=') {
            return Err(self.cursor.expected("`=` after the name of the value"));
        }
        self.cursor.skip_blanks();
        let edit = self.data(name)?;
        self.line_end("the end of the line or a comment after the value")?;
        if let Some(key) = &mut self.open {
            key.values.push(edit);
        }
        Ok(())
    }

    fn value_name(&mut self) -> Result<Name, ReadError> {
        let start = self.cursor;
        let name = self.quoted(false)?;
        let fits = name.len() <= MAX_VALUE_NAME;
        if fits {
            Ok(Name::from_units(name))
        } else {
            Err(start.expected("a name of at most 16,383 characters"))
        }
    }

    fn data(&mut self, name: Name) -> Result<ValueEdit, ReadError> {
        const EXPECTED: &str = "`\"text\"`, `dword:`, `hex:`, `hex(type):` or `-`";
        if self.cursor.take('-') {
            return Ok(ValueEdit::Delete(name));
        }
        let value = if self.cursor.peek() == Some('"') {
            let text = self.quoted(true)?;
            Value::new(name, ValueType::SZ, to_bytes(text.into_iter().chain([0])))
        } else if self.cursor.take_word("dword:") {
            self.cursor.skip_blanks();
            let number = self.number("1 to 8 hexadecimal digits", 8)?;
            Value::dword(name, number)
        } else if self.cursor.take_word("hex:") {
            Value::new(name, ValueType::BINARY, self.hex()?)
        } else if self.cursor.take_word("hex(") {
            let ty = ValueType(self.number("a type of 1 to 8 hexadecimal digits", 8)?);
            if !(self.cursor.take(')') && self.cursor.take(':')) {
                return Err(self.cursor.expected("`):` after the type"));
            }
            let start = self.cursor;
            let data = self.hex()?;
            let ansi_text = self.version == Version::V4 && ty.is_text();
            let data = if ansi_text { self.widen(&data, &start)? } else { data };
            Value::new(name, ty, data)
        } else {
            return Err(self.cursor.expected(EXPECTED));
        };
        Ok(ValueEdit::Set(value))
    }

    fn widen(&self, data: &[u8], at: &Cursor<'_>) -> Result<Vec<u8>, ReadError> {
        let units =
            self.ansi.widen(data).ok_or_else(|| at.expected("bytes that are text of the code page"))?;
        Ok(to_bytes(units.into_iter()))
    }

    /// A quoted text. Line breaks belong to it where `breaks` are allowed, as in data, where Regedit writes them raw and
    /// Wine writes `\r` and `\n`.
    fn quoted(&mut self, breaks: bool) -> Result<Vec<u16>, ReadError> {
        let mut text = Vec::new();
        self.cursor.advance(1);
        loop {
            let Some(&unit) = self.cursor.rest().first() else {
                return Err(self.cursor.expected("a closing `\"`"));
            };
            match ascii(unit) {
                '"' => {
                    self.cursor.advance(1);
                    return Ok(text);
                }
                '\\' => {
                    let escape = self.cursor;
                    self.cursor.advance(1);
                    text.push(match self.cursor.peek() {
                        Some('"') => u16::from(b'"'),
                        Some('\\') => u16::from(b'\\'),
                        Some('r') if breaks => u16::from(b'\r'),
                        Some('n') if breaks => u16::from(b'\n'),
                        _ => return Err(escape.expected("`\\\\` or `\\\"` for a backslash or quote in text")),
                    });
                }
                '\r' | '\n' if !breaks => return Err(self.cursor.expected("a closing `\"`")),
                _ => text.push(unit),
            }
            self.cursor.advance(1);
        }
    }

    /// A hexadecimal number of 1 to `most` (at most 8) digits.
    fn number(&mut self, expected: &'static str, most: usize) -> Result<u32, ReadError> {
        let digits = self.cursor.rest().iter().map_while(|&unit| ascii(unit).to_digit(16));
        let (count, number) = digits
            .take(most + 1)
            .fold((0, 0_u32), |(count, number), digit| (count + 1, number.wrapping_shl(4) | digit));
        if count == 0 || count > most {
            return Err(self.cursor.expected(expected));
        }
        self.cursor.advance(count);
        Ok(number)
    }

    /// Bytes between commas. A backslash, which stands at the start or after a comma, continues them on the next line
    /// that is not blank or a comment.
    fn hex(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        loop {
            self.cursor.skip_blanks();
            if self.cursor.take('\\') {
                self.line_end("the end of the line or a comment after `\\`")?;
                self.skip_empty_lines();
                if self.cursor.at_end() {
                    return Ok(bytes);
                }
            } else if self.cursor.at_line_end() || self.cursor.peek() == Some(';') {
                return Ok(bytes);
            }
            let byte = self.number("a byte of 1 or 2 hexadecimal digits", 2)?;
            bytes.extend(byte.to_le_bytes().first());
            self.cursor.skip_blanks();
            if !self.cursor.take(',') {
                return Ok(bytes);
            }
        }
    }

    fn skip_empty_lines(&mut self) {
        while !self.cursor.at_end() {
            self.cursor.skip_blanks();
            if !self.cursor.at_line_end() && self.cursor.peek() != Some(';') {
                return;
            }
            self.cursor.next_line();
        }
    }

    fn line_end(&mut self, expected: &'static str) -> Result<(), ReadError> {
        self.cursor.skip_blanks();
        let ended = self.cursor.at_line_end() || self.cursor.peek() == Some(';');
        if ended { Ok(()) } else { Err(self.cursor.expected(expected)) }
    }
}

fn to_bytes(units: impl Iterator<Item = u16>) -> Vec<u8> {
    units.flat_map(u16::to_le_bytes).collect()
}
