use std::fmt::Write as _;

use mp_dataset::{Change, DataSetDiff, FileChange, FileEntry};
use mp_registry::{KeyAction, KeyEdit, ValueEdit};

use super::value::{show, value_name};

/// What differs between two data sets: a line per key, below it one per value, and then one per file. `+` is in the new one
/// only, `-` in the old one only, `~` in both and different.
pub(crate) fn changes(diff: &DataSetDiff<'_>) -> String {
    let mut text = String::new();
    for key in &diff.keys {
        let path = if key.path.depth() == 0 { "(root)".to_owned() } else { key.path.to_string() };
        match &key.key {
            Some(change) => line(&mut text, "", &path, change, key_state),
            None => {
                let _ = writeln!(text, "  {path}");
            }
        }
        for change in &key.values {
            let name =
                change.after().or(change.before()).map(|edit| value_name(edit.name())).unwrap_or_default();
            line(&mut text, "    ", &name, change, value_state);
        }
    }
    for change in &diff.files {
        let path = change.after().or(change.before()).map(|entry| entry.path.to_string()).unwrap_or_default();
        line(&mut text, "", &path, change, file_state);
    }
    text
}

fn line<T: Copy>(
    text: &mut String,
    indent: &str,
    name: &str,
    change: &Change<T>,
    state: impl Fn(T) -> String,
) {
    let (sign, state) = match *change {
        Change::Added(new) => ('+', state(new)),
        Change::Removed(old) => ('-', state(old)),
        Change::Changed { old, new } => {
            ('~', format!("{} -> {}", or_there(state(old)), or_there(state(new))))
        }
    };
    let line = format!("{indent}{sign} {name} {state}");
    let _ = writeln!(text, "{}", line.trim_end());
}

/// What needs no word of its own beside its sign needs one beside an arrow.
fn or_there(state: String) -> String {
    if state.is_empty() { "(there)".to_owned() } else { state }
}

fn key_state(edit: &KeyEdit) -> String {
    let action = match edit.action {
        KeyAction::Ensure => "",
        KeyAction::Pass => "(only if it is there)",
        KeyAction::Delete => "(deleted)",
        KeyAction::Replace => "(emptied first)",
    };
    match &edit.class {
        Some(class) => format!("{action} class \"{class}\"").trim_start().to_owned(),
        None => action.to_owned(),
    }
}

fn value_state(edit: &ValueEdit) -> String {
    match edit {
        ValueEdit::Set(value) => show(value),
        ValueEdit::Delete(_) => "(deleted)".to_owned(),
    }
}

fn file_state(entry: &FileEntry) -> String {
    match &entry.change {
        FileChange::Deleted => "(deleted)".to_owned(),
        FileChange::Present(content) => {
            let hash = blake3::hash(&content.bytes).to_hex();
            let bits = content.attributes.bits();
            let time = crate::lines::time_text(content.modified);
            format!("({} bytes, {time}, attributes {bits:#x}, BLAKE3 {}…)", content.bytes.len(), &hash[..16])
        }
    }
}
