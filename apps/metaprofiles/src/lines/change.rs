use std::io::{self, Write};

use mp_dataset::{Change, DataSetDiff};
use mp_registry::FileTime;

use super::Line;

/// Writes what differs between two data sets: per key, value and file one object with `change` (`added`, `removed`,
/// `changed`) and the lines `old` and `new`, as far as there are any.
pub(crate) fn write_changes(out: &mut impl Write, diff: &DataSetDiff<'_>) -> io::Result<()> {
    for key in &diff.keys {
        let mut line = Line::at(&key.path);
        if let Some(change) = &key.key {
            write_change(out, &mut line, change, |line, edit| line.edit(edit))?;
        }
        for change in &key.values {
            write_change(out, &mut line, change, |line, edit| line.value_edit(edit, FileTime::default()))?;
        }
    }
    let mut line = Line::default();
    for change in &diff.files {
        write_change(out, &mut line, change, |line, entry| line.file(entry, false))?;
    }
    Ok(())
}

fn write_change<T: Copy>(
    out: &mut impl Write,
    line: &mut Line,
    change: &Change<T>,
    tell: impl Fn(&mut Line, T),
) -> io::Result<()> {
    let kind = match change {
        Change::Added(_) => "added",
        Change::Removed(_) => "removed",
        Change::Changed { .. } => "changed",
    };
    write!(out, "{{\"change\":\"{kind}\"")?;
    for (field, side) in [("old", change.before()), ("new", change.after())] {
        if let Some(side) = side {
            tell(line, *side);
            write!(out, ",\"{field}\":")?;
            out.write_all(line.object())?;
        }
    }
    out.write_all(b"}\n")
}
