//! The user's registry that the demo's mandatory profile is made of: a real one when the test data are there, else one that
//! is generated to a real one's shape.

use std::path::PathBuf;

use anyhow::{Context, Result};
use mp_registry::{FileTime, Key, KeyPath, Value, ValueType};

/// Below the test data: a used profile of Windows 10, 1.3 MB.
const REAL_HIVE: &str = "hives/strozfriedberg+notatin/NTUSER.DAT";

/// A tree below `HKEY_CURRENT_USER`, and where it comes from.
pub(super) struct Template {
    pub(super) root: Key,
    pub(super) source: String,
}

/// The real hive when there is one, else a generated one.
pub(super) fn load() -> Result<Template> {
    let data = std::env::var_os("METAPROFILES_TESTDATA").map(PathBuf::from);
    let real = data.map(|folder| folder.join(REAL_HIVE)).filter(|file| file.is_file());
    let mut template = match real {
        Some(file) => {
            let opened = mp_hive::open(&file, mp_hive::ReadOptions::default());
            let opened = opened.with_context(|| format!("cannot read the hive \"{}\"", file.display()))?;
            Template { root: opened.hive.root, source: format!("a real user's hive ({REAL_HIVE})") }
        }
        None => {
            Template { root: generate(), source: "a generated hive in the shape of a real one".to_owned() }
        }
    };
    defaults(&mut template.root);
    Ok(template)
}

/// What the demo's story relies on to be there.
fn defaults(root: &mut Key) {
    let desktop = root.ensure(&KeyPath::parse(r"Control Panel\Desktop"));
    desktop.set_value(Value::sz("CursorBlinkRate", "530"));
    desktop.set_value(Value::sz("WallPaper", r"C:\Windows\Web\Wallpaper\Windows\img0.jpg"));
    let mouse = root.ensure(&KeyPath::parse(r"Control Panel\Mouse"));
    mouse.set_value(Value::sz("DoubleClickSpeed", "500"));
}

/// Sizes of real hives: the median value has 8 bytes, the biggest hundredth of the values hold half of all bytes.
const KEYS: usize = 2_850;
const VALUES: usize = 5_500;
const WORDS: [&str; 40] = [
    "Microsoft",
    "Windows",
    "Office",
    "Common",
    "Explorer",
    "Settings",
    "User",
    "Preferences",
    "Recent",
    "Open",
    "Save",
    "Toolbar",
    "Window",
    "Position",
    "Font",
    "Color",
    "Default",
    "Path",
    "File",
    "Document",
    "Template",
    "Network",
    "Printer",
    "Security",
    "Cache",
    "Options",
    "View",
    "Layout",
    "Column",
    "Width",
    "Height",
    "Language",
    "Keyboard",
    "Mouse",
    "Desktop",
    "Theme",
    "Sound",
    "Search",
    "History",
    "Session",
];

fn generate() -> Key {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut root = Key::new("ROOT");
    let mut paths: Vec<KeyPath> =
        ["Software", "Control Panel", "Environment", "Printers", "Console", r"Software\Microsoft"]
            .map(KeyPath::parse)
            .into();
    while paths.len() < KEYS {
        let parent = paths[random.below(paths.len())].clone();
        if parent.depth() < 10 {
            paths.push(parent.join(&name(&mut random).as_str().into()));
        }
    }
    for path in &paths {
        root.ensure(path).last_write =
            FileTime(0x01DB_0000_0000_0000 + random.next() % 0x0000_0100_0000_0000);
    }
    for _ in 0..VALUES {
        let path = &paths[random.below(paths.len())];
        let value = value(&mut random);
        root.ensure(path).set_value(value);
    }
    root
}

fn name(random: &mut Random) -> String {
    let words: String = (0..=random.below(2)).map(|_| WORDS[random.below(WORDS.len())]).collect();
    if random.below(2) == 0 { words } else { format!("{words}{}", random.below(100)) }
}

fn value(random: &mut Random) -> Value {
    let name = name(random);
    match random.below(100) {
        0..45 => Value::dword(name.as_str(), u32::try_from(random.below(1 << 16)).unwrap_or(0)),
        45..80 => {
            let text: Vec<&str> = (0..=random.below(6)).map(|_| WORDS[random.below(WORDS.len())]).collect();
            Value::sz(name.as_str(), &text.join(" "))
        }
        80..98 => Value::new(name.as_str(), ValueType::BINARY, bytes(random, 48)),
        _ => Value::new(name.as_str(), ValueType::BINARY, bytes(random, 16_000)),
    }
}

/// Half structure and half noise, as shell item lists are.
fn bytes(random: &mut Random, most: usize) -> Vec<u8> {
    let words = 1 + random.below(most / 8);
    (0..words).flat_map(|_| (random.next() & 0xFFFF_FFFF).to_le_bytes()).collect()
}

/// A small generator of pseudo-random numbers (xorshift64*), so that the generated hive is the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }
}
