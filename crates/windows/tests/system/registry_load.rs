//! What belongs to one load of a hive: the marker, its unloading, and what others do to it meanwhile.

use std::{thread, time::Duration};

use crate::support::FakeUser;
use mp_registry::{KeyAction, KeyEdit, KeyPath, Registry, RegistryErrorKind, TakeAll, Value, ValueEdit};

#[test]
fn the_marker_is_kept_in_a_volatile_key_of_ours() {
    let user = FakeUser::new();
    let mut registry = user.registry();
    assert_eq!(registry.marker(), Ok(None));
    registry.set_marker(b"first").unwrap();
    registry.set_marker(&[7; 65_536]).unwrap();
    assert_eq!(user.registry().marker(), Ok(Some(vec![7; 65_536])));
    assert!(registry.set_marker(&[7; 65_537]).is_err());

    // A volatile key takes no lasting sub-key (ERROR_CHILD_MUST_BE_VOLATILE); `Software` is none.
    let below = |path: &str| format!("{}\\Software\\{path}", user.sid);
    for ours in ["MetaProfiles", "MetaProfiles\\Session"] {
        assert_eq!(crate::support::try_create_key(&below(&format!("{ours}\\x")), 0).err(), Some(1021));
        let dacl = crate::support::dacl(&crate::support::try_create_key(&below(ours), 1).unwrap());
        assert_eq!(dacl, "D:P(A;;KA;;;SY)(A;;KA;;;BA)");
    }
    crate::support::try_create_key(&below("Vendor"), 0).unwrap();
}

#[test]
fn a_marker_is_not_looked_for_behind_a_link() {
    let user = FakeUser::new();
    let mut registry = user.registry();
    crate::support::try_create_key(&format!("{}\\Software\\MetaProfiles", user.sid), 0).unwrap();
    user.create_link("Software\\MetaProfiles\\Session", "elsewhere");
    for refused in [registry.set_marker(b"x").unwrap_err(), registry.marker().unwrap_err()] {
        assert_eq!(refused.cause, RegistryErrorKind::SymbolicLink);
    }
}

#[test]
fn an_unloaded_hive_is_told_as_such() {
    let user = FakeUser::new();
    let mut registry = user.registry();
    let mut edits = KeyEdit::root();
    edits.at_or_pass(&KeyPath::parse("a\\b")).action = KeyAction::Ensure;
    user.unload();
    let gone = RegistryErrorKind::HiveGone;
    assert_eq!(registry.list(&KeyPath::root()).unwrap_err().cause, gone);
    assert_eq!(registry.read_tree(&KeyPath::root(), &mut TakeAll).unwrap_err().cause, gone);
    assert_eq!(registry.apply(&edits).unwrap_err().cause, gone);
    assert_eq!(registry.value(&KeyPath::root(), &"x".into()).unwrap_err().cause, gone);
    assert_eq!(registry.set_marker(b"x").unwrap_err().cause, gone);
}

#[test]
fn a_key_that_denies_access_is_reported_and_the_rest_is_done() {
    let user = FakeUser::new();
    let mut registry = user.registry();
    let mut edits = KeyEdit::root();
    for path in ["a", "locked", "z"] {
        edits.at_or_pass(&KeyPath::parse(path)).action = KeyAction::Ensure;
        edits.at_or_pass(&KeyPath::parse(path)).edit_value(ValueEdit::Set(Value::dword("x", 1)));
    }
    registry.apply(&edits).unwrap();
    let locked = crate::support::try_create_key(&format!("{}\\locked", user.sid), 0).unwrap();
    crate::support::lock(&locked);

    let read = registry.read_tree(&KeyPath::root(), &mut TakeAll).unwrap();
    assert_eq!(read.tree.unwrap().counts().values, 2);
    let applied = registry.apply(&edits).unwrap();
    assert_eq!(applied.values_written, 2);
    for problems in [read.problems, applied.problems] {
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].path, KeyPath::parse("locked"));
        assert_eq!(problems[0].cause, RegistryErrorKind::AccessDenied);
    }
    let denied = registry.list(&KeyPath::parse("locked")).unwrap_err();
    assert_eq!(denied.cause, RegistryErrorKind::AccessDenied);
}

/// The index of a value moves when an earlier one is deleted: a reader that does not notice misses values, which the engine
/// would take for deletions by the user.
#[test]
fn no_value_is_missed_while_others_come_and_go() {
    let user = FakeUser::new();
    let mut registry = user.registry();
    let restless = KeyPath::parse("restless");
    let mut edits = KeyEdit::root();
    let key = edits.at_or_pass(&restless);
    key.action = KeyAction::Ensure;
    let come_and_go = ["a", "b", "c"];
    for name in come_and_go {
        key.edit_value(ValueEdit::Set(Value::dword(name, 0)));
    }
    for number in 0..60_u32 {
        key.edit_value(ValueEdit::Set(Value::dword(format!("steady {number}").as_str(), number)));
    }
    registry.apply(&edits).unwrap();

    thread::scope(|scope| {
        let restless_one = scope.spawn(|| {
            let mut other = user.registry();
            for _ in 0..60 {
                for name in come_and_go {
                    for edit in [ValueEdit::Delete(name.into()), ValueEdit::Set(Value::dword(name, 0))] {
                        let mut edits = KeyEdit::root();
                        edits.at_or_pass(&restless).edit_value(edit);
                        other.apply(&edits).unwrap();
                    }
                }
                thread::sleep(Duration::from_millis(3));
            }
        });
        let mut whole = 0;
        while !restless_one.is_finished() {
            // That it cannot be read is an honest answer, too; a part of it is none.
            let Ok(read) = registry.read_tree(&restless, &mut TakeAll) else { continue };
            let tree = read.tree.unwrap();
            let names = tree.values().iter().filter_map(|value| value.name.to_text());
            assert_eq!(names.filter(|name| name.starts_with("steady")).count(), 60);
            let twice = tree.values().windows(2).any(|pair| pair[0].name.same(&pair[1].name));
            assert!(!twice, "no value is met twice");
            whole += 1;
        }
        assert!(whole > 0, "it was never read");
    });
}
