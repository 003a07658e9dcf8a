use std::io::{self, Write};

use mp_registry::{Key, KeyPath};

use super::Line;

/// Writes a key, its values, and then all below it in the same way. `path` is that of the key.
pub(crate) fn write_tree(out: &mut impl Write, path: &KeyPath, key: &Key) -> io::Result<()> {
    write_key(out, &mut Line::at(path), key)
}

fn write_key(out: &mut impl Write, line: &mut Line, key: &Key) -> io::Result<()> {
    line.begin();
    line.modified(key.last_write);
    if let Some(class) = &key.class {
        line.name("class", class);
    }
    if key.link {
        line.yes("link");
    }
    line.write(out)?;
    for value in key.values() {
        line.begin();
        line.value(value);
        line.modified(key.last_write);
        line.write(out)?;
    }
    for below in key.subkeys() {
        let here = line.descend(&below.name);
        write_key(out, line, below)?;
        line.ascend(here);
    }
    Ok(())
}
