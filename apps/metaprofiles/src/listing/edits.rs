use std::fmt::Write as _;

use mp_registry::{Key, KeyAction, KeyEdit, KeyPath, ValueEdit};

use super::value::{show, value_name};

/// What edits do, one line per key and below it one per value: `+` is added, `-` deleted, `~` changed. `before` is the key
/// as it is without the edits, if it is there and known.
pub(crate) fn edits(path: &KeyPath, edit: &KeyEdit, before: Option<&Key>) -> String {
    let mut listing = Listing { text: String::new(), path: path.clone() };
    listing.key(edit, before);
    listing.text
}

struct Listing {
    text: String,
    path: KeyPath,
}

impl Listing {
    fn key(&mut self, edit: &KeyEdit, before: Option<&Key>) {
        match edit.action {
            KeyAction::Delete => return self.line('-', before),
            KeyAction::Replace => {
                self.line('-', before);
                self.line('+', None);
            }
            KeyAction::Ensure if before.is_none() => self.line('+', None),
            KeyAction::Ensure | KeyAction::Pass if !edit.values().is_empty() => self.line(' ', before),
            KeyAction::Ensure | KeyAction::Pass => {}
        }
        let before = before.filter(|_| edit.action != KeyAction::Replace);
        for value in edit.values() {
            let old = before.and_then(|key| key.value(value.name()));
            let name = value_name(value.name());
            let line = match (value, old) {
                (ValueEdit::Set(new), None) => format!("    + {name} {}", show(new)),
                (ValueEdit::Set(new), Some(old)) => format!("    ~ {name} {} -> {}", show(old), show(new)),
                (ValueEdit::Delete(_), None) => format!("    - {name}"),
                (ValueEdit::Delete(_), Some(old)) => format!("    - {name} {}", show(old)),
            };
            self.text.push_str(&line);
            self.text.push('\n');
        }
        for below in edit.subkeys() {
            self.path.push(below.name.clone());
            self.key(below, before.and_then(|key| key.subkey(&below.name)));
            self.path.pop();
        }
    }

    fn line(&mut self, sign: char, before: Option<&Key>) {
        let path = if self.path.depth() == 0 { "(root)".to_owned() } else { self.path.to_string() };
        let _ = write!(self.text, "{sign} {path}");
        let counts = before.filter(|_| sign == '-').map(Key::counts).unwrap_or_default();
        if counts.keys > 1 || counts.values > 0 {
            let _ =
                write!(self.text, " (with {} keys below it and {} values)", counts.keys - 1, counts.values);
        }
        self.text.push('\n');
    }
}
