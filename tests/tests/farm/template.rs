//! The registry of the mandatory profile.

use std::path::PathBuf;

use mp_registry::{Key, KeyPath, Value, ValueType};

/// What the stories rely on, in a tree of some hundred keys.
pub(crate) fn generated() -> Key {
    let mut root = Key::new("ROOT");
    for number in 0_u32..300 {
        let path = format!("Software\\Microsoft\\Program{}\\Part{number}", number % 20);
        let key = root.ensure(&KeyPath::parse(&path));
        key.set_value(Value::dword("Number", number));
        key.set_value(Value::sz("Text", &"lorem ipsum ".repeat(usize::try_from(number % 7).unwrap())));
        key.set_value(Value::new("Bytes", ValueType::BINARY, number.to_le_bytes().repeat(9)));
    }
    defaults(&mut root);
    root
}

/// A used profile of Windows 10, when the test data are there.
pub(crate) fn real(test: &str) -> Option<Key> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let data = std::env::var_os("METAPROFILES_TESTDATA").map_or_else(|| default.into(), PathBuf::from);
    let file = data.join("hives/strozfriedberg+notatin/NTUSER.DAT");
    if !file.is_file() {
        println!("SKIPPED {test}: no test data at {}", data.display());
        return None;
    }
    let mut root = mp_hive::open(&file, mp_hive::ReadOptions::default()).unwrap().hive.root;
    defaults(&mut root);
    Some(root)
}

fn defaults(root: &mut Key) {
    let desktop = root.ensure(&KeyPath::parse(r"Control Panel\Desktop"));
    desktop.set_value(Value::sz("CursorBlinkRate", "530"));
    desktop.set_value(Value::sz("WallPaper", r"C:\Windows\Web\img0.jpg"));
    root.ensure(&KeyPath::parse(r"Control Panel\Mouse")).set_value(Value::sz("DoubleClickSpeed", "500"));
}
