use std::io::{self, Write};

use mp_registry::{FileTime, KeyAction, KeyEdit, KeyPath, ValueEdit};

use super::Line;

/// Writes what edits do to keys and values. A key that is only passed through gets no line of its own.
pub(crate) fn write_edits(out: &mut impl Write, path: &KeyPath, edit: &KeyEdit) -> io::Result<()> {
    write_edit(out, &mut Line::at(path), edit)
}

fn write_edit(out: &mut impl Write, line: &mut Line, edit: &KeyEdit) -> io::Result<()> {
    if edit.action != KeyAction::Pass {
        line.edit(edit);
        line.write(out)?;
    }
    for value in edit.values() {
        line.value_edit(value, edit.last_write);
        line.write(out)?;
    }
    for below in edit.subkeys() {
        let here = line.descend(&below.name);
        write_edit(out, line, below)?;
        line.ascend(here);
    }
    Ok(())
}

impl Line {
    /// A line about a key itself.
    pub(super) fn edit(&mut self, edit: &KeyEdit) {
        self.begin();
        if edit.action == KeyAction::Delete {
            self.yes("deleted");
            return;
        }
        self.modified(edit.last_write);
        if let Some(class) = &edit.class {
            self.name("class", class);
        }
        match edit.action {
            KeyAction::Replace => self.yes("replace"),
            KeyAction::Pass => self.yes("pass"),
            KeyAction::Ensure | KeyAction::Delete => {}
        }
    }

    /// A line about a value of the key at hand.
    pub(super) fn value_edit(&mut self, edit: &ValueEdit, modified: FileTime) {
        self.begin();
        match edit {
            ValueEdit::Set(value) => {
                self.value(value);
                self.modified(modified);
            }
            ValueEdit::Delete(name) => {
                self.name("name", name);
                self.yes("deleted");
            }
        }
    }
}
