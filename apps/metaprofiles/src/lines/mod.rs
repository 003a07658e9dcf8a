//! Keys, values, edits and files as JSON Lines: one object per line, in the order in which Windows sorts names.
//!
//! | line | fields |
//! |---|---|
//! | a key | `path`, `modified`, `class` if it has one, `link` (true) if it is a symbolic link |
//! | a value | `path`, `name` (empty for the default value), `type` (number), `data` (hexadecimal), `modified` (of its key) |
//! | a deleted key or value | `path`, for a value `name`, and `deleted` (true) |
//! | a key that is emptied first | as a key, and `replace` (true) |
//! | a file | `file` (folder, colon, path), `size`, `modified`, `attributes`, `blake3`, and `data` where asked for |
//! | a deleted file | `file` and `deleted` (true) |
//!
//! Paths begin below the root, whose own path is empty. `modified` is left out where the time is not known. Strings hold any
//! UTF-16: what is no text (a lone surrogate) is written as a JSON escape `\udXXX`, a NUL as `\u0000`, and nothing is lost on
//! the way back.

mod change;
mod edit;
mod file;
mod read;
mod record;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod tree;

pub(crate) use change::write_changes;
pub(crate) use edit::write_edits;
pub(crate) use file::write_file;
pub(crate) use read::read_tree;
pub(crate) use time::time_text;
pub(crate) use tree::write_tree;

use std::io::{self, Write};

use mp_registry::{FileTime, KeyPath, Name, Value};

use text::{push_hex, push_name};

/// One line that is being written, and the path of the key at hand, which most lines begin with.
#[derive(Default)]
struct Line {
    /// The path as the inside of a JSON string.
    path: Vec<u8>,
    text: Vec<u8>,
}

impl Line {
    fn at(path: &KeyPath) -> Self {
        let mut line = Self::default();
        for name in path.names() {
            line.descend(name);
        }
        line
    }

    /// Goes down to a sub-key; gives what [`Line::ascend`] wants to come back.
    fn descend(&mut self, name: &Name) -> usize {
        let length = self.path.len();
        if length > 0 {
            self.path.extend(br"\\");
        }
        push_name(&mut self.path, name.units());
        length
    }

    fn ascend(&mut self, length: usize) {
        self.path.truncate(length);
    }

    /// Begins a line about the key at hand.
    fn begin(&mut self) {
        self.text.clear();
        self.text.extend(br#"{"path":""#);
        self.text.extend(&self.path);
        self.text.push(b'"');
    }

    /// Begins a line about something else.
    fn clear(&mut self) {
        self.text.clear();
    }

    fn name(&mut self, field: &str, name: &Name) {
        self.field(field);
        self.text.push(b'"');
        push_name(&mut self.text, name.units());
        self.text.push(b'"');
    }

    fn modified(&mut self, time: FileTime) {
        if time != FileTime::default() {
            self.raw("modified", &format!("\"{}\"", time_text(time)));
        }
    }

    fn yes(&mut self, field: &str) {
        self.raw(field, "true");
    }

    fn number(&mut self, field: &str, number: impl ToString) {
        self.raw(field, &number.to_string());
    }

    fn bytes(&mut self, field: &str, bytes: &[u8]) {
        self.field(field);
        self.text.push(b'"');
        push_hex(&mut self.text, bytes);
        self.text.push(b'"');
    }

    fn value(&mut self, value: &Value) {
        self.name("name", &value.name);
        self.number("type", value.ty.0);
        self.bytes("data", &value.data);
    }

    /// A field whose value needs no escapes.
    fn raw(&mut self, field: &str, json: &str) {
        self.field(field);
        self.text.extend(json.as_bytes());
    }

    fn field(&mut self, name: &str) {
        self.text.push(if self.text.is_empty() { b'{' } else { b',' });
        self.text.push(b'"');
        self.text.extend(name.as_bytes());
        self.text.extend(br#"":"#);
    }

    /// Ends the object and gives it.
    fn object(&mut self) -> &[u8] {
        self.text.push(b'}');
        &self.text
    }

    /// Ends the line and writes it.
    fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.text.extend(b"}\n");
        out.write_all(&self.text)
    }
}
