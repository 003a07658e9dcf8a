use std::{fmt, path::Path, str::FromStr};

use anyhow::{Context, bail, ensure};
use mp_registry::{
    KeyAction, KeyEdit, KeyPath, Name,
    reg_text::{self, CodePage, HiveRoot},
};

use super::MAX_TEXT;
use crate::input;

/// The key of `.reg` text that is a hive's root: a predefined key or one below it, such as `HKEY_USERS\Default`.
#[derive(Clone)]
pub(super) struct RegRoot {
    root: HiveRoot,
    path: KeyPath,
}

impl RegRoot {
    /// The edits of the key at `path` of a hive as `.reg` text.
    pub(super) fn write(&self, path: &KeyPath, edit: &KeyEdit) -> anyhow::Result<Vec<u8>> {
        let path = self.path.names().iter().chain(path.names()).cloned().collect();
        Ok(reg_text::write_v5(&[(self.root, &path, edit)])?)
    }

    /// The edits of a hive that a file of `.reg` text holds; `None` if it holds none.
    pub(super) fn read(&self, path: &Path) -> anyhow::Result<Option<KeyEdit>> {
        self.edits(path, &input::read(path, MAX_TEXT)?)
    }

    /// The same, of a file that was read.
    pub(super) fn edits(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<Option<KeyEdit>> {
        let file = path.display();
        let text = reg_text::read(bytes, CodePage::default());
        let text = text.with_context(|| format!("cannot read {file} as .reg text"))?;
        if let Some((other, _)) = text.roots.iter().find(|(root, _)| *root != self.root) {
            bail!(
                "{file}: it is about {other} too; a hive has one root, and --root says which key of the text it is"
            );
        }
        let Some(mut edit) = text.root(self.root).cloned() else { return Ok(None) };
        for name in self.path.names() {
            edit = only_below(edit, name).with_context(|| {
                format!("{file}: it is about keys that are not below {self}; give another --root")
            })?;
        }
        let deletes = matches!(edit.action, KeyAction::Delete | KeyAction::Replace);
        ensure!(!deletes, "{file}: it deletes {self}, and a hive's root cannot be deleted");
        edit.action = KeyAction::Pass;
        edit.name = Name::default();
        Ok(Some(edit))
    }
}

/// The edit of a sub-key, if nothing else is edited.
fn only_below(edit: KeyEdit, name: &Name) -> Option<KeyEdit> {
    let (values, mut subkeys) = edit.into_parts();
    let below = subkeys.pop().filter(|below| below.name.same(name))?;
    (values.is_empty() && subkeys.is_empty()).then_some(below)
}

impl fmt::Display for RegRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.path.depth() == 0 { "" } else { "\\" };
        write!(f, "{}{slash}{}", self.root, self.path)
    }
}

impl FromStr for RegRoot {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (root, path) = text.split_once('\\').unwrap_or((text, ""));
        let root = HiveRoot::from_units(&root.encode_utf16().collect::<Vec<_>>());
        let root = root.context("expected HKEY_CURRENT_USER, HKEY_USERS or another predefined key first")?;
        Ok(Self { root, path: KeyPath::parse(path) })
    }
}
