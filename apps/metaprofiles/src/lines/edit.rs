use std::io::{self, Write};

use mp_registry::{KeyAction, KeyEdit, KeyPath, ValueEdit};

use super::Line;

/// Writes what edits do to keys and values. A key that is only passed through gets no line of its own.
pub(crate) fn write_edits(out: &mut impl Write, path: &KeyPath, edit: &KeyEdit) -> io::Result<()> {
    write_edit(out, &mut Line::at(path), edit)
}

fn write_edit(out: &mut impl Write, line: &mut Line, edit: &KeyEdit) -> io::Result<()> {
    match edit.action {
        KeyAction::Pass => {}
        KeyAction::Delete => return out.write_all(line.begin().yes("deleted").end()),
        KeyAction::Ensure | KeyAction::Replace => {
            line.begin().modified(edit.last_write);
            if let Some(class) = &edit.class {
                line.name("class", class);
            }
            if edit.action == KeyAction::Replace {
                line.yes("replace");
            }
            out.write_all(line.end())?;
        }
    }
    for value in edit.values() {
        let line = match value {
            ValueEdit::Set(value) => line.begin().value(value).modified(edit.last_write),
            ValueEdit::Delete(name) => line.begin().name("name", name).yes("deleted"),
        };
        out.write_all(line.end())?;
    }
    for below in edit.subkeys() {
        let here = line.descend(&below.name);
        write_edit(out, line, below)?;
        line.ascend(here);
    }
    Ok(())
}
