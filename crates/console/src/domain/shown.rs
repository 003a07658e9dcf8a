//! What a data set holds, as people read it: values as the Registry Editor shows them.

use mp_dataset::{Change, DataSetDiff, FileAttributes, FileChange, FileEntry};
use mp_registry::{KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit, ValueType};
use serde::Serialize;
use utoipa::ToSchema;

/// Bytes of a value, and characters of a text, that are shown.
const SHOWN_BYTES: usize = 4 * 1024;
const SHOWN_TEXT: usize = 16 * 1024;
/// Characters that the audit log gets of one thing.
const SHORT: usize = 200;

/// What a data set says of a thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ItemState {
    /// It is there, with this content.
    Set,
    /// The user deleted it.
    Deleted,
    /// A key that the user deleted and made anew: what is not in it is not there.
    MadeAnew,
    /// A key that is only on the way to others.
    Passed,
}

/// The content of a value or file, or what is said of a key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ShownItem {
    state: ItemState,
    /// Type of a value: REG_SZ, or a number in hexadecimal.
    r#type: Option<String>,
    /// REG_SZ and REG_EXPAND_SZ.
    text: Option<String>,
    /// REG_MULTI_SZ.
    lines: Option<Vec<String>>,
    /// REG_DWORD and REG_QWORD, in hexadecimal and decimal.
    #[schema(example = "0x00000096 (150)")]
    number: Option<String>,
    /// The bytes of any other value, and of a text or number that is not well formed.
    hex: Option<String>,
    /// Length of a value's data or of a file.
    bytes: Option<u64>,
    /// Whether only the beginning is shown.
    cut: bool,
    /// Last modification of a file, RFC 3339.
    #[schema(format = DateTime)]
    modified: Option<String>,
    /// Attributes of a file: hidden, system, read-only.
    attributes: Vec<&'static str>,
}

/// What sort of thing something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ItemSort {
    Key,
    Value,
    File,
}

/// A key, value or file by its place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ItemAt {
    sort: ItemSort,
    /// Path of the key, or of the value's key, below HKEY_CURRENT_USER.
    key: Option<String>,
    /// Name of the value; empty for the key's default value.
    value: Option<String>,
    /// Place of the file, such as Desktop:notes.txt.
    file: Option<String>,
}

/// How something differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Differs {
    Added,
    Removed,
    Changed,
}

/// One thing that differs between two data sets. Of what one of them says nothing, that is as the mandatory profile has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ShownChange {
    #[serde(flatten)]
    pub(crate) at: ItemAt,
    differs: Differs,
    pub(crate) before: Option<ShownItem>,
    pub(crate) after: Option<ShownItem>,
}

impl ShownChange {
    /// Where, for people.
    pub(crate) fn place(&self) -> String {
        let key = |path: &str| if path.is_empty() { "HKCU".to_owned() } else { format!("HKCU\\{path}") };
        match &self.at {
            ItemAt { file: Some(file), .. } => file.clone(),
            ItemAt { key: Some(path), value: Some(name), .. } => {
                format!("{}: {}", key(path), if name.is_empty() { "(default)" } else { name })
            }
            ItemAt { key: path, .. } => key(path.as_deref().unwrap_or_default()),
        }
    }

    /// Whether a text is in its place or content, in any case.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        let inside = |item: &Option<ShownItem>| item.as_ref().is_some_and(|item| item.mentions(text));
        self.place().to_lowercase().contains(text) || inside(&self.before) || inside(&self.after)
    }
}

impl ItemAt {
    pub(crate) fn key(path: &KeyPath) -> Self {
        Self { sort: ItemSort::Key, key: Some(path.to_string()), value: None, file: None }
    }

    pub(crate) fn value(path: &KeyPath, name: &Name) -> Self {
        Self { sort: ItemSort::Value, value: Some(name.to_string()), ..Self::key(path) }
    }

    pub(crate) fn file(entry: &FileEntry) -> Self {
        Self { sort: ItemSort::File, key: None, value: None, file: Some(entry.path.to_string()) }
    }
}

impl ShownItem {
    fn of_state(state: ItemState) -> Self {
        Self {
            state,
            r#type: None,
            text: None,
            lines: None,
            number: None,
            hex: None,
            bytes: None,
            cut: false,
            modified: None,
            attributes: Vec::new(),
        }
    }

    pub(crate) fn key(edit: &KeyEdit) -> Self {
        Self::of_state(match edit.action {
            KeyAction::Ensure => ItemState::Set,
            KeyAction::Pass => ItemState::Passed,
            KeyAction::Delete => ItemState::Deleted,
            KeyAction::Replace => ItemState::MadeAnew,
        })
    }

    pub(crate) fn value(edit: &ValueEdit) -> Self {
        match edit {
            ValueEdit::Delete(_) => Self::of_state(ItemState::Deleted),
            ValueEdit::Set(value) => Self::data(value),
        }
    }

    pub(crate) fn file(entry: &FileEntry) -> Self {
        let FileChange::Present(content) = &entry.change else { return Self::of_state(ItemState::Deleted) };
        let attributes = [
            (FileAttributes::HIDDEN, "hidden"),
            (FileAttributes::SYSTEM, "system"),
            (FileAttributes::READ_ONLY, "read-only"),
        ];
        let attributes = attributes.iter().filter(|(attribute, _)| content.attributes.contains(*attribute));
        let since =
            content.modified.to_system().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let millis = since.and_then(|since| i64::try_from(since.as_millis()).ok());
        Self {
            bytes: u64::try_from(content.bytes.len()).ok(),
            modified: millis.map(|millis| super::UnixMillis(millis).rfc3339()),
            attributes: attributes.map(|(_, word)| *word).collect(),
            ..Self::of_state(ItemState::Set)
        }
    }

    fn data(value: &Value) -> Self {
        let mut shown = Self {
            r#type: Some(format!("{:?}", value.ty)),
            bytes: u64::try_from(value.data.len()).ok(),
            ..Self::of_state(ItemState::Set)
        };
        match (value.ty, &value.data[..]) {
            (ValueType::SZ | ValueType::EXPAND_SZ, data) => shown.text = text(data),
            (ValueType::MULTI_SZ, data) => shown.lines = lines(data),
            (ValueType::DWORD, &[a, b, c, d]) => {
                let number = u32::from_le_bytes([a, b, c, d]);
                shown.number = Some(format!("{number:#010x} ({number})"));
            }
            (ValueType::QWORD, &[a, b, c, d, e, f, g, h]) => {
                let number = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
                shown.number = Some(format!("{number:#018x} ({number})"));
            }
            _ => {}
        }
        if shown.text.is_none() && shown.lines.is_none() && shown.number.is_none() {
            shown.cut = value.data.len() > SHOWN_BYTES;
            let bytes = value.data.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}"));
            shown.hex = Some(bytes.collect::<Vec<_>>().join(" "));
        }
        if let Some(text) = &mut shown.text
            && text.len() > SHOWN_TEXT
        {
            text.truncate(text.floor_char_boundary(SHOWN_TEXT));
            shown.cut = true;
        }
        if let Some(lines) = &mut shown.lines {
            let mut room = SHOWN_TEXT;
            let before = lines.len();
            lines.retain(|line| {
                room = room.saturating_sub(line.len() + 1);
                room > 0
            });
            shown.cut = lines.len() < before;
        }
        shown
    }

    /// What it is, for the audit log.
    pub(crate) fn short(&self) -> String {
        let content = self.text.as_ref().map(|text| format!("\"{text}\""));
        let content = content.or_else(|| self.lines.as_ref().map(|lines| format!("{lines:?}")));
        let content = content.or_else(|| self.number.clone()).or_else(|| self.hex.clone());
        let text = match (self.state, &self.r#type, self.bytes) {
            (ItemState::Deleted, ..) => "deleted".to_owned(),
            (ItemState::MadeAnew, ..) => "a key made anew".to_owned(),
            (ItemState::Passed, ..) => "a key on the way".to_owned(),
            (ItemState::Set, Some(ty), _) => format!("{ty} {}", content.unwrap_or_default()),
            (ItemState::Set, None, Some(bytes)) => format!("a file of {bytes} bytes"),
            (ItemState::Set, None, None) => "a key".to_owned(),
        };
        match text.char_indices().nth(SHORT) {
            Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default()),
            None => text,
        }
    }

    /// Whether a text, in lower case, is in it.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        let inside = |content: &String| content.to_lowercase().contains(text);
        self.text.as_ref().is_some_and(inside)
            || self.number.as_ref().is_some_and(inside)
            || self.lines.as_ref().is_some_and(|lines| lines.iter().any(inside))
    }
}

/// All changes, one by one: of keys, then of files.
pub(crate) fn shown_changes(diff: &DataSetDiff<'_>) -> Vec<ShownChange> {
    let mut changes = Vec::new();
    for key in &diff.keys {
        let own = key.key.iter().filter(|change| is_told(change));
        changes.extend(own.map(|change| shown(ItemAt::key(&key.path), change, ShownItem::key)));
        for value in &key.values {
            let either = value.after().or(value.before());
            let Some(name) = either.map(|edit| edit.name()) else { continue };
            changes.push(shown(ItemAt::value(&key.path, name), value, ShownItem::value));
        }
    }
    for file in &diff.files {
        let Some(entry) = file.after().or(file.before()) else { continue };
        changes.push(shown(ItemAt::file(entry), file, ShownItem::file));
    }
    changes
}

/// A key that is only passed, or is passed no more, is no change to anybody.
fn is_told(change: &Change<&KeyEdit>) -> bool {
    let says = |edit: Option<&&KeyEdit>| edit.is_some_and(|edit| edit.action != KeyAction::Pass);
    says(change.before()) || says(change.after())
}

fn shown<T>(at: ItemAt, change: &Change<&T>, item: impl Fn(&T) -> ShownItem) -> ShownChange {
    let differs = match change {
        Change::Added(_) => Differs::Added,
        Change::Removed(_) => Differs::Removed,
        Change::Changed { .. } => Differs::Changed,
    };
    let of = |held: Option<&&T>| held.map(|held| item(held));
    ShownChange { at, differs, before: of(change.before()), after: of(change.after()) }
}

fn units(data: &[u8]) -> Option<Vec<u16>> {
    let (pairs, rest) = data.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect())
}

/// A text and its end, if that is all there is.
fn text(data: &[u8]) -> Option<String> {
    let units = units(data)?;
    let (&last, text) = units.split_last()?;
    let text = (last == 0 && !text.contains(&0)).then(|| String::from_utf16(text).ok())?;
    text.filter(|text| !text.chars().any(|c| c.is_control() && !"\t\r\n".contains(c)))
}

fn lines(data: &[u8]) -> Option<Vec<String>> {
    let units = units(data)?;
    let text = units.strip_suffix(&[0, 0]).or_else(|| (units == [0]).then_some(&[][..]))?;
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(|&unit| unit == 0).map(|line| String::from_utf16(line).ok()).collect()
}
