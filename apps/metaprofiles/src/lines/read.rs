use std::{
    collections::HashSet,
    io::{BufRead, Read},
};

use anyhow::{Context, anyhow, bail, ensure};
use mp_registry::{FileTime, Key, MAX_DEPTH, Value, ValueType, upcase};

use super::record::Record;

/// The longest line that is read, in bytes: a value of 256 MiB has twice as many digits.
const MAX_LINE: u64 = 520 << 20;

/// Reads keys and values back into a tree, in any order. A key that only its values or sub-keys name is made as well.
///
/// # Errors
/// Names the line that is no key and no value, or says something a second time.
pub(crate) fn read_tree(mut from: impl BufRead) -> anyhow::Result<Key> {
    let mut reader = TreeReader::default();
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        from.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            break;
        }
        ensure!(u64::try_from(line.len())? <= MAX_LINE, "line {number} is longer than {MAX_LINE} bytes");
        if !line.trim_ascii().is_empty() {
            reader.line(&line).with_context(|| format!("line {number}"))?;
        }
    }
    Ok(reader.root)
}

#[derive(Default)]
struct TreeReader {
    root: Key,
    /// Folded paths of the keys that had a line of their own.
    keys: HashSet<Vec<u16>>,
}

impl TreeReader {
    fn line(&mut self, line: &[u8]) -> anyhow::Result<()> {
        let record: Record = serde_json::from_slice(line).map_err(|error| explain(&error))?;
        ensure!(record.file.is_none(), "this is a file of a data set; a hive holds keys and values");
        ensure!(!record.deleted && !record.replace, "this deletes something; a hive holds what is there");
        let path = record.path.as_ref().context("expected a field \"path\"")?;
        let names = path.to_path();
        ensure!(names.depth() <= MAX_DEPTH, "the key lies deeper than {MAX_DEPTH} keys");
        if record.name.is_none() {
            let folded = path.units().iter().map(|&unit| upcase::upcase(unit)).collect();
            ensure!(self.keys.insert(folded), "there was a key \"{names}\" before");
        }
        let key = self.root.ensure(&names);
        let time = record.modified.map_or(FileTime::default(), |time| time.0);
        match (record.name, record.ty, record.data) {
            (Some(name), Some(ty), Some(data)) => {
                let value = Value::new(name.into_name(), ValueType(ty), data.0);
                let name = &value.name;
                ensure!(key.value(name).is_none(), "there was a value \"{name}\" of \"{names}\" before");
                key.set_value(value);
            }
            (None, None, None) => {
                key.last_write = time;
                key.class = record.class.map(super::record::Utf16::into_name);
                key.link = record.link;
                if let Some(name) = names.names().last() {
                    key.name.clone_from(name);
                }
            }
            _ => bail!(
                "expected \"name\", \"type\" and \"data\" of a value together, or none of them for a key"
            ),
        }
        Ok(())
    }
}

/// Says the column alone: that the line is the first of those that the parser was given helps nobody.
fn explain(error: &serde_json::Error) -> anyhow::Error {
    let (text, column) = (error.to_string(), error.column());
    let place = format!(" at line {} column {column}", error.line());
    anyhow!("column {column}: {}", text.strip_suffix(&place).unwrap_or(&text))
}
