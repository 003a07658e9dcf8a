use mp_registry::{FileTime, Key, KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit, ValueType};

/// A tree with something of everything: types, odd names, a class, empty and nested keys.
pub(crate) fn everything() -> Key {
    let mut root = Key::new("ROOT");
    root.last_write = FileTime(133_000_000_000_000_000);
    root.set_value(Value::sz("", "default"));
    let types = root.ensure_subkey(&Name::from("Types"));
    types.class = Some(Name::from("Class"));
    for ty in 0..12 {
        types.set_value(Value::new(format!("type {ty}").as_str(), ValueType(ty), vec![0x61, 0, 0, 0]));
    }
    types.set_value(Value::new("odd", ValueType::SZ, [0x61]));
    types.set_value(Value::new("strange type", ValueType(0xFFFF_0012), []));
    types.set_value(Value::new("long", ValueType::BINARY, vec![7; 300]));
    types.set_value(Value::expand_sz("Имя 日本 =;[]\"\\", "%APPDATA%\\é"));
    types.set_value(Value::dword(Name::from_units([0xD834, 0x78]), 1));
    root.ensure(&KeyPath::parse("A\\B\\C\\D\\E")).set_value(Value::dword("deep", 5));
    root.ensure(&KeyPath::parse("Empty ]"));
    root
}

/// A key with many sub-keys and values.
pub(crate) fn wide() -> Key {
    let mut root = Key::new("ROOT");
    for number in 0..40 {
        root.ensure_subkey(&Name::from(format!("key {number:03}").as_str()));
        root.set_value(Value::dword(format!("value {number:03}").as_str(), number));
    }
    root
}

/// Edits with every action and tombstones.
pub(crate) fn edits() -> KeyEdit {
    let mut root = KeyEdit::root();
    root.at_or_pass(&KeyPath::parse("Software\\gone")).action = KeyAction::Delete;
    let replaced = root.subkey_or(&Name::from("replaced"), KeyAction::Replace);
    replaced.edit_value(ValueEdit::Delete(Name::from("tombstone")));
    replaced.edit_value(ValueEdit::Set(Value::sz("set", "1")));
    root.insert_subkey(KeyEdit::write(&everything()));
    root
}
