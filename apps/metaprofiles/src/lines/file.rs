use std::io::{self, Write};

use mp_dataset::{FileAttributes, FileChange, FileEntry};
use mp_registry::Name;

use super::Line;

/// Writes a line about a file of a data set, with its bytes if `data`.
pub(crate) fn write_file(out: &mut impl Write, entry: &FileEntry, data: bool) -> io::Result<()> {
    let mut line = Line::default();
    line.file(entry, data);
    line.write(out)
}

impl Line {
    /// A line about a file.
    pub(super) fn file(&mut self, entry: &FileEntry, data: bool) {
        let mut place: Vec<u16> = entry.path.folder.encode_utf16().collect();
        for (index, component) in entry.path.components.iter().enumerate() {
            place.push(u16::from(if index == 0 { b':' } else { b'\\' }));
            place.extend(component.units());
        }
        self.clear();
        self.name("file", &Name::from_units(place));
        let content = match &entry.change {
            FileChange::Deleted => return self.yes("deleted"),
            FileChange::Present(content) => content,
        };
        self.number("size", content.bytes.len());
        self.modified(content.modified);
        let known = [
            (FileAttributes::READ_ONLY, "read-only"),
            (FileAttributes::HIDDEN, "hidden"),
            (FileAttributes::SYSTEM, "system"),
        ];
        let set = known.into_iter().filter(|(attribute, _)| content.attributes.contains(*attribute));
        let set: Vec<_> = set.map(|(_, name)| format!("\"{name}\"")).collect();
        self.raw("attributes", &format!("[{}]", set.join(",")));
        self.raw("blake3", &format!("\"{}\"", blake3::hash(&content.bytes)));
        if data {
            self.bytes("data", &content.bytes);
        }
    }
}
