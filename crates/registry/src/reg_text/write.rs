//! Edits as Regedit would write them.

use std::fmt::Write as _;

use crate::{
    KeyAction, KeyEdit, KeyPath, MAX_DEPTH, MAX_KEY_NAME, MAX_VALUE_NAME, Name, Value, ValueEdit, ValueType,
};

use super::{
    CodePage, HiveRoot, Version, WriteError, WriteErrorKind,
    cursor::{ascii, is_break},
};

/// Regedit begins a new line of bytes once a line, its last comma included, has this many characters.
const HEX_LINE: usize = 77;

/// Writes edits in version 5.00: UTF-16LE with byte order mark, lines ending with CR LF, bytes wrapped as Regedit does.
///
/// Each part is a root, the path of a key below it, and the edits of that key, whose own name is not used. To write a
/// whole tree, give [`KeyEdit::write`] of it. A `REG_SZ` is written as quoted text if it is one that quoted text gives
/// back exactly, else as `hex(1)`.
///
/// # Errors
/// When a part cannot be said in `.reg` text ([`WriteErrorKind`]).
pub fn write_v5(parts: &[(HiveRoot, &KeyPath, &KeyEdit)]) -> Result<Vec<u8>, WriteError> {
    let units = Writer::write(parts, Version::V5, CodePage::default())?.text;
    Ok([0xFEFF].into_iter().chain(units).flat_map(u16::to_le_bytes).collect())
}

/// Writes edits as `REGEDIT4`, in the code page `ansi`; otherwise like [`write_v5`].
///
/// # Errors
/// When a part cannot be said in `.reg` text, or a name or text not in this code page ([`WriteErrorKind`]).
pub fn write_v4(parts: &[(HiveRoot, &KeyPath, &KeyEdit)], ansi: CodePage) -> Result<Vec<u8>, WriteError> {
    let writer = Writer::write(parts, Version::V4, ansi)?;
    let whole = ansi.narrow(&writer.text).ok_or(WriteErrorKind::NotInCodePage(ansi));
    whole.map_err(|why| WriteError { root: writer.root, path: writer.path, value: None, why })
}

struct Writer {
    text: Vec<u16>,
    version: Version,
    ansi: CodePage,
    root: HiveRoot,
    path: KeyPath,
}

impl Writer {
    fn write(
        parts: &[(HiveRoot, &KeyPath, &KeyEdit)],
        version: Version,
        ansi: CodePage,
    ) -> Result<Self, WriteError> {
        let (root, path) = (HiveRoot::CurrentUser, KeyPath::root());
        let mut writer = Self { text: Vec::new(), version, ansi, root, path };
        writer.push(version.header());
        writer.push("\r\n");
        for (root, path, edit) in parts {
            writer.root = *root;
            writer.path = (*path).clone();
            for name in path.names() {
                writer.check_key_name(name).map_err(|why| writer.error(None, why))?;
            }
            writer.key(edit)?;
        }
        writer.push("\r\n");
        Ok(writer)
    }

    fn key(&mut self, edit: &KeyEdit) -> Result<(), WriteError> {
        let at_root = self.path.depth() == 0;
        if self.path.depth() > MAX_DEPTH {
            return Err(self.error(None, WriteErrorKind::TooDeep));
        }
        match edit.action {
            KeyAction::Delete | KeyAction::Replace if at_root => {
                return Err(self.error(None, WriteErrorKind::RootDeleted));
            }
            KeyAction::Delete => {
                self.key_line("\r\n[-");
                return Ok(());
            }
            KeyAction::Replace => {
                self.key_line("\r\n[-");
                self.key_line("\r\n[");
            }
            KeyAction::Ensure => self.key_line("\r\n["),
            // A root is always there, so that naming it creates nothing.
            KeyAction::Pass if at_root && !edit.values().is_empty() => self.key_line("\r\n["),
            KeyAction::Pass if !at_root && writes(edit) => {
                return Err(self.error(None, WriteErrorKind::OnlyIfThere));
            }
            KeyAction::Pass => {}
        }
        for value in edit.values() {
            self.value(value).map_err(|why| self.error(Some(value.name()), why))?;
        }
        for below in edit.subkeys() {
            self.path.push(below.name.clone());
            self.check_key_name(&below.name).map_err(|why| self.error(None, why))?;
            self.key(below)?;
            self.path.pop();
        }
        Ok(())
    }

    fn key_line(&mut self, bracket: &str) {
        self.push(bracket);
        self.push(self.root.name());
        for name in self.path.names() {
            self.text.push(u16::from(b'\\'));
            self.text.extend(name.units());
        }
        self.push("]\r\n");
    }

    fn value(&mut self, edit: &ValueEdit) -> Result<(), WriteErrorKind> {
        let name = edit.name();
        check_name(name, MAX_VALUE_NAME)?;
        self.check_code_page(name)?;
        let line_start = self.text.len();
        if name.is_empty() {
            self.push("@");
        } else {
            self.quoted(name.units());
        }
        self.push("=");
        match edit {
            ValueEdit::Delete(_) => self.push("-"),
            ValueEdit::Set(value) => self.data(value, line_start)?,
        }
        self.push("\r\n");
        Ok(())
    }

    fn data(&mut self, value: &Value, line_start: usize) -> Result<(), WriteErrorKind> {
        if let (ValueType::DWORD, Ok(bytes)) = (value.ty, <[u8; 4]>::try_from(&*value.data)) {
            self.push(&format!("dword:{:08x}", u32::from_le_bytes(bytes)));
            return Ok(());
        }
        match value.ty {
            ValueType::SZ if let Some(text) = clean_text(&value.data) => {
                if self.version == Version::V4 && self.ansi.narrow(&text).is_none() {
                    return Err(WriteErrorKind::NotInCodePage(self.ansi));
                }
                self.quoted(&text);
                return Ok(());
            }
            ValueType::BINARY => self.push("hex:"),
            ValueType(ty) => self.push(&format!("hex({ty:x}):")),
        }
        if self.version == Version::V4 && value.ty.is_text() {
            let units = units(&value.data).ok_or(WriteErrorKind::NotInCodePage(self.ansi))?;
            let bytes = self.ansi.narrow(&units).ok_or(WriteErrorKind::NotInCodePage(self.ansi))?;
            self.hex(&bytes, line_start);
        } else {
            self.hex(&value.data, line_start);
        }
        Ok(())
    }

    fn hex(&mut self, bytes: &[u8], line_start: usize) {
        let mut column = self.text.len() - line_start;
        let mut text = String::with_capacity(bytes.len().saturating_mul(3));
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 {
                text.push(',');
                column += 1;
                if column >= HEX_LINE {
                    text.push_str("\\\r\n  ");
                    column = 2;
                }
            }
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            column += 2;
        }
        self.push(&text);
    }

    fn quoted(&mut self, text: &[u16]) {
        self.push("\"");
        for &unit in text {
            if matches!(ascii(unit), '"' | '\\') {
                self.push("\\");
            }
            self.text.push(unit);
        }
        self.push("\"");
    }

    fn push(&mut self, text: &str) {
        self.text.extend(text.encode_utf16());
    }

    fn check_key_name(&self, name: &Name) -> Result<(), WriteErrorKind> {
        check_name(name, MAX_KEY_NAME)?;
        if name.is_empty() {
            return Err(WriteErrorKind::EmptyName);
        }
        if name.units().iter().any(|&unit| ascii(unit) == '\\') {
            return Err(WriteErrorKind::BackslashInName);
        }
        self.check_code_page(name)
    }

    fn check_code_page(&self, name: &Name) -> Result<(), WriteErrorKind> {
        let held = self.version == Version::V5 || self.ansi.narrow(name.units()).is_some();
        if held { Ok(()) } else { Err(WriteErrorKind::NotInCodePage(self.ansi)) }
    }

    fn error(&self, value: Option<&Name>, why: WriteErrorKind) -> WriteError {
        WriteError { root: self.root, path: self.path.clone(), value: value.cloned(), why }
    }
}

/// Whether anything is written into this key or below it, so that the key has to be named.
fn writes(edit: &KeyEdit) -> bool {
    match edit.action {
        KeyAction::Ensure | KeyAction::Replace => true,
        KeyAction::Delete => false,
        KeyAction::Pass => !edit.values().is_empty() || edit.subkeys().iter().any(writes),
    }
}

fn check_name(name: &Name, longest: usize) -> Result<(), WriteErrorKind> {
    if name.units().len() > longest {
        Err(WriteErrorKind::NameTooLong)
    } else if name.units().contains(&0) {
        Err(WriteErrorKind::NulInName)
    } else if name.units().iter().any(|&unit| is_break(unit)) {
        Err(WriteErrorKind::LineBreakInName)
    } else {
        Ok(())
    }
}

fn units(data: &[u8]) -> Option<Vec<u16>> {
    let (pairs, rest) = data.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect())
}

/// The text of a `REG_SZ` if it is valid UTF-16 with one NUL, at its end, and no line break.
fn clean_text(data: &[u8]) -> Option<Vec<u16>> {
    let mut text = units(data)?;
    let terminated = text.pop() == Some(0);
    let clean = terminated && !text.iter().any(|&unit| unit == 0 || is_break(unit));
    (clean && char::decode_utf16(text.iter().copied()).all(|unit| unit.is_ok())).then_some(text)
}
