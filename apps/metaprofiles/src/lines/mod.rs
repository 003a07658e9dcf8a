//! Keys, values, edits and files as JSON Lines: one object per line, in the order in which Windows sorts names.
//!
//! | line | fields |
//! |---|---|
//! | a key | `path`, `modified`, `class` if it has one, `link` (true) if it is a symbolic link |
//! | a value | `path`, `name` (empty for the default value), `type` (number), `data` (hexadecimal), `modified` (of its key) |
//! | a deleted key or value | `path`, for a value `name`, and `deleted` (true) |
//! | a key that is emptied first | as a key, and `replace` (true) |
//!
//! Paths begin below the root, whose own path is empty. `modified` is left out where the time is not known. Strings hold any
//! UTF-16: what is no text (a lone surrogate) is written as a JSON escape `\udXXX`, a NUL as `\u0000`, and nothing is lost on
//! the way back.

mod edit;
mod text;
mod time;
mod tree;

pub(crate) use edit::write_edits;
pub(crate) use text::{push_hex, push_name, push_string};
pub(crate) use time::{parse_time, time_text};
pub(crate) use tree::write_tree;

use mp_registry::{FileTime, KeyPath, Name, Value};

/// One line that is being written, and the path of the key at hand, which most lines begin with.
#[derive(Default)]
struct Line {
    /// The path as the inside of a JSON string.
    path: Vec<u8>,
    bytes: Vec<u8>,
}

impl Line {
    fn at(path: &KeyPath) -> Self {
        let mut line = Self::default();
        path.names().iter().for_each(|name| {
            line.descend(name);
        });
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
    fn begin(&mut self) -> &mut Self {
        self.bytes.clear();
        self.bytes.extend(br#"{"path":""#);
        self.bytes.extend(&self.path);
        self.bytes.push(b'"');
        self
    }

    fn name(&mut self, field: &str, name: &Name) -> &mut Self {
        self.field(field);
        self.bytes.push(b'"');
        push_name(&mut self.bytes, name.units());
        self.bytes.push(b'"');
        self
    }

    fn modified(&mut self, time: FileTime) -> &mut Self {
        if time != FileTime::default() {
            self.field("modified");
            push_string(&mut self.bytes, &time_text(time));
        }
        self
    }

    fn yes(&mut self, field: &str) -> &mut Self {
        self.field(field);
        self.bytes.extend(b"true");
        self
    }

    fn value(&mut self, value: &Value) -> &mut Self {
        self.name("name", &value.name).field("type");
        self.bytes.extend(value.ty.0.to_string().as_bytes());
        self.field("data");
        self.bytes.push(b'"');
        push_hex(&mut self.bytes, &value.data);
        self.bytes.push(b'"');
        self
    }

    fn field(&mut self, name: &str) {
        self.bytes.extend([b',', b'"']);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend([b'"', b':']);
    }

    /// Ends the line.
    fn end(&mut self) -> &[u8] {
        self.bytes.extend(b"}\n");
        &self.bytes
    }
}
