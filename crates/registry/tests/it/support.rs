use std::path::{Path, PathBuf};

use mp_registry::{
    KeyEdit, KeyPath, Name, Value, ValueEdit,
    reg_text::{self, CodePage, HiveRoot, ReadError},
};

/// The folder with the real-world test data; `None`, with a line that says so, where it is missing.
pub(crate) fn test_data(test: &str, below: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder =
        std::env::var_os("METAPROFILES_TESTDATA").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let path = folder.join(below);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED {test}: no test data at {}", path.display());
    None
}

/// All files below a folder whose names end with `.reg`.
pub(crate) fn reg_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(reg_files(&path));
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("reg")) {
            found.push(path);
        }
    }
    found
}

pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Reads version 5.00 text, given without its header, and gives the edits below `HKEY_CURRENT_USER`.
pub(crate) fn read_user(body: &str) -> Result<KeyEdit, ReadError> {
    let text = format!("Windows Registry Editor Version 5.00\r\n\r\n{body}");
    let file = reg_text::read(text.as_bytes(), CodePage::default())?;
    Ok(file.root(HiveRoot::CurrentUser).cloned().unwrap_or_else(KeyEdit::root))
}

/// The value edits of the key `K`, which the text opens first.
pub(crate) fn read_values(lines: &str) -> Result<Vec<ValueEdit>, ReadError> {
    let edit = read_user(&format!("[HKEY_CURRENT_USER\\K]\r\n{lines}"))?;
    Ok(edit.at(&KeyPath::parse("K")).unwrap().values().to_vec())
}

/// The only value that the line sets.
pub(crate) fn read_value(line: &str) -> Result<Value, ReadError> {
    let mut values = read_values(line)?;
    match (values.pop(), values.is_empty()) {
        (Some(ValueEdit::Set(value)), true) => Ok(value),
        other => panic!("{line}: {other:?}"),
    }
}

pub(crate) fn name(text: &str) -> Name {
    Name::from(text)
}
