//! Hints that something changed in a user's registry.

use crate::support::FakeUser;
use mp_profile::{ChangeWatch, HostError};
use mp_registry::{Key, KeyAction, KeyEdit, KeyPath, Registry, Value};
use mp_windows::{KeyWatch, OpenMode};

fn set(user: &FakeUser, path: &str, text: &str) {
    let mut tree = Key::new("");
    tree.ensure(&KeyPath::parse(path)).set_value(Value::sz("v", text));
    user.registry().apply(&KeyEdit::write(&tree)).unwrap();
}

fn delete(user: &FakeUser, parent: &str, name: &str) {
    let mut edits = KeyEdit::root();
    edits.at_or_pass(&KeyPath::parse(parent)).insert_subkey(KeyEdit::new(name, KeyAction::Delete));
    user.registry().apply(&edits).unwrap();
}

fn watch(user: &FakeUser, keys: &[&str]) -> KeyWatch {
    let keys: Vec<_> = keys.iter().map(|key| KeyPath::parse(key)).collect();
    KeyWatch::new(&user.sid, OpenMode::AsGranted, &keys).unwrap()
}

#[test]
fn changes_below_a_key_are_told_each_time_and_others_never() {
    let user = FakeUser::new();
    set(&user, r"Software\App\Deep", "1");
    set(&user, r"Software\Other", "1");
    let mut watch = watch(&user, &[r"Software\App"]);
    assert!(!watch.changed());
    for text in ["2", "3"] {
        set(&user, r"Software\App\Deep", text);
        assert!(watch.changed() && !watch.changed(), "{text}");
    }
    set(&user, r"Software\App\New\Key", "1");
    assert!(watch.changed());
    set(&user, r"Software\Other", "2");
    assert!(!watch.changed());
}

#[test]
fn a_key_that_comes_later_is_watched_from_then_on() {
    let user = FakeUser::new();
    set(&user, "Software", "1");
    let mut watch = watch(&user, &[r"Software\Vendor\App"]);
    set(&user, r"Software\Vendor", "1");
    assert!(watch.changed(), "its parent came");
    set(&user, r"Software\Vendor\App", "1");
    assert!(watch.changed(), "it came");
    set(&user, r"Software\Vendor\App\Below", "1");
    assert!(watch.changed(), "it changed");
    delete(&user, "Software", "Vendor");
    assert!(watch.changed(), "it went");
    assert!(!watch.changed());
    set(&user, r"Software\Vendor\App", "2");
    assert!(watch.changed(), "it came again");
}

#[test]
fn a_hive_that_goes_away_counts_as_changed() {
    let user = FakeUser::new();
    set(&user, r"Software\App", "1");
    let mut watch = watch(&user, &[r"Software\App"]);
    user.unload();
    assert!(watch.changed() && watch.changed(), "nothing can be ruled out any more");
    let stranger = "S-1-5-21-1-1-1-1".parse().unwrap();
    let none = KeyWatch::new(&stranger, OpenMode::AsGranted, &[]).err();
    assert!(matches!(none, Some(HostError::NotLoaded(_))), "{none:?}");
}
