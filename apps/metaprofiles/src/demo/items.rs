//! What the user of the demo does, and where it must be seen again.

use std::sync::Arc;

use anyhow::Result;
use mp_dataset::{FileAttributes, FileContent, FilePath};
use mp_profile::{CompiledRules, Explanation, SessionProfile};
use mp_registry::{FileTime, KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit, ValueType};

/// A value or a file.
#[derive(Clone)]
pub(super) enum Place {
    Value(KeyPath, Name),
    File(FilePath),
}

/// What is at a place.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Content {
    Nothing,
    Value(ValueType, Arc<[u8]>),
    File(FileContent),
}

/// Where something the user did must be seen again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Travels {
    /// On every session host.
    Everywhere,
    /// On the session hosts of the same group.
    InGroup,
    /// On no other session host.
    Nowhere,
}

/// One thing that the user does at TS1.
pub(super) struct Item {
    pub(super) does: &'static str,
    pub(super) place: Place,
    pub(super) leaves: Content,
    pub(super) travels: Travels,
}

pub(super) fn items() -> Vec<Item> {
    use Travels::{Everywhere, InGroup, Nowhere};
    let ledger = r"Software\Contoso\Ledger";
    let lone = Name::from_units([0xD83D, u16::from(b'!'), 0].as_slice());
    vec![
        set(
            "chooses a wallpaper",
            r"Control Panel\Desktop",
            Value::sz("WallPaper", r"D:\Pictures\harbour.jpg"),
            Everywhere,
        ),
        set(
            "slows the double click",
            r"Control Panel\Mouse",
            Value::sz("DoubleClickSpeed", "900"),
            Everywhere,
        ),
        deleted("deletes a default value", r"Control Panel\Desktop", "CursorBlinkRate", Everywhere),
        set(
            "signs documents",
            r"Software\Microsoft\Office\16.0\Common\UserInfo",
            Value::sz("UserName", "Ada Byron"),
            Everywhere,
        ),
        set(
            "moves the ledger's window",
            &format!(r"{ledger}\Window"),
            Value::new("Position", ValueType::BINARY, [10, 0, 20, 0, 128, 2, 224, 1]),
            InGroup,
        ),
        set("ledger writes an odd value", ledger, Value::new(lone, ValueType(0xFFFF), [1, 2, 3]), InGroup),
        file(
            "writes a signature",
            r"Microsoft\Signatures",
            "Work.htm",
            b"<p>Ada Byron, Accounting</p>",
            FileAttributes::default(),
            Everywhere,
        ),
        no_file("deletes a default file", r"Microsoft\Signatures", "Template.htm", Everywhere),
        file(
            "ledger writes settings",
            r"Contoso\Ledger",
            "settings.json",
            br#"{"currency":"GBP"}"#,
            FileAttributes::HIDDEN,
            InGroup,
        ),
        file(
            "ledger writes a log",
            r"Contoso\Ledger",
            "debug.log",
            b"started",
            FileAttributes::default(),
            Nowhere,
        ),
        set(
            "malware starts at logon",
            r"Software\Microsoft\Windows\CurrentVersion\Run",
            Value::sz("Updater", r"C:\Users\Public\u.exe"),
            Nowhere,
        ),
        set("uses an unlisted program", r"Software\Fabrikam\Viewer", Value::dword("Zoom", 150), Nowhere),
    ]
}

fn set(does: &'static str, key: &str, value: Value, travels: Travels) -> Item {
    let place = Place::Value(KeyPath::parse(key), value.name.clone());
    Item { does, place, leaves: Content::Value(value.ty, value.data), travels }
}

fn deleted(does: &'static str, key: &str, name: &str, travels: Travels) -> Item {
    Item { does, place: Place::Value(KeyPath::parse(key), name.into()), leaves: Content::Nothing, travels }
}

fn file(
    does: &'static str,
    folder: &str,
    name: &str,
    bytes: &[u8],
    attributes: FileAttributes,
    travels: Travels,
) -> Item {
    let content =
        FileContent { modified: FileTime(0x01DC_5B00_1234_5678), attributes, bytes: Arc::from(bytes) };
    Item { does, place: roaming(folder, name), leaves: Content::File(content), travels }
}

fn no_file(does: &'static str, folder: &str, name: &str, travels: Travels) -> Item {
    Item { does, place: roaming(folder, name), leaves: Content::Nothing, travels }
}

fn roaming(folder: &str, name: &str) -> Place {
    let mut components = KeyPath::parse(folder).names().to_vec();
    components.push(name.into());
    Place::File(FilePath { folder: "RoamingAppData".to_owned(), components })
}

impl Place {
    /// What is there now.
    pub(super) fn read(&self, profile: &mut dyn SessionProfile) -> Result<Content> {
        Ok(match self {
            Self::Value(path, name) => match profile.registry().value(path, name)? {
                Some(value) => Content::Value(value.ty, value.data),
                None => Content::Nothing,
            },
            // A file that cannot be read is not there; the demo made it plain and small.
            Self::File(path) => profile.files().read(path, 1 << 20).map_or(Content::Nothing, Content::File),
        })
    }

    /// What a user or a program does.
    pub(super) fn write(&self, profile: &mut dyn SessionProfile, content: &Content) -> Result<()> {
        match (self, content) {
            (Self::Value(path, name), content) => {
                let mut edits = KeyEdit::root();
                let mut key = &mut edits;
                for name in path.names() {
                    key = key.subkey_or(name, KeyAction::Ensure);
                }
                key.edit_value(match content {
                    Content::Value(ty, data) => ValueEdit::Set(Value::new(name.clone(), *ty, data.clone())),
                    _ => ValueEdit::Delete(name.clone()),
                });
                let applied = profile.registry().apply(&edits)?;
                anyhow::ensure!(applied.problems.is_empty(), "{:?}", applied.problems);
            }
            (Self::File(path), Content::File(file)) => profile.files().write(path, file)?,
            (Self::File(path), _) => {
                profile.files().delete(path)?;
            }
        }
        Ok(())
    }

    /// Why it travels or not, in the engine's own words.
    pub(super) fn why(&self, rules: &CompiledRules) -> String {
        let explanation = match self {
            Self::Value(path, name) => rules.explain_value(path, name),
            Self::File(path) => rules.explain_file(path),
        };
        match explanation {
            Explanation::Kept { subset, .. } => format!("data subset \"{subset}\""),
            Explanation::Excluded { code, .. } => format!("excluded: {code}"),
            Explanation::LeftOut { subset, rule } => format!("left out by \"{subset}\": {rule}"),
            Explanation::NoRule => "no data subset is about it".to_owned(),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(path, name) => write!(f, "{path}\\{name}"),
            Self::File(path) => write!(f, "{path}"),
        }
    }
}

impl std::fmt::Display for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("(nothing)"),
            Self::File(file) => write!(f, "{} bytes", file.bytes.len()),
            Self::Value(ty, data) => {
                let value = Value::new("", *ty, data.clone());
                match value.to_text() {
                    Some(text) => f.write_str(&text),
                    None => write!(f, "{ty:?}, {} bytes", data.len()),
                }
            }
        }
    }
}
