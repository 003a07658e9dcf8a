use std::{path::PathBuf, time::Instant};

use mp_hive::ReadOptions;
use mp_registry::{Key, KeyAction, KeyEdit, KeyPath, Value, ValueEdit};

use crate::support::{Machine, rules, session};

fn test_data() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    std::env::var_os("METAPROFILES_TESTDATA").map_or_else(|| default.into(), PathBuf::from)
}

fn kept_values(root: &Key) -> Vec<String> {
    fn add(key: &Key, path: &mut KeyPath, values: &mut Vec<String>) {
        values.extend(key.values().iter().map(|value| format!("{path}: {value:?}")));
        for below in key.subkeys() {
            path.push(below.name.clone());
            add(below, path, values);
            path.pop();
        }
    }
    let mut values = Vec::new();
    add(root, &mut KeyPath::root(), &mut values);
    values
}

/// A real user's registry is written as changes on top of an empty mandatory profile and found again wholly, but for what is
/// never kept.
#[test]
fn a_real_users_registry_travels_whole() {
    let hives = test_data().join("hives");
    let found: Vec<_> = ["log2timeline+plaso/NTUSER-WIN7.DAT", "strozfriedberg+notatin/NTUSER.DAT"]
        .into_iter()
        .map(|name| hives.join(name))
        .filter(|path| path.exists())
        .collect();
    if found.is_empty() {
        println!("SKIPPED a_real_users_registry_travels_whole: no test data at {}", hives.display());
        return;
    }
    for path in found {
        let user = mp_hive::open(&path, ReadOptions::default()).unwrap().hive.root;
        let rules = rules(&["Software", "Control Panel", "Environment", "Network", "Console"], &[]);
        let machine = Machine::with(&Key::default());
        let started = Instant::now();
        let (_, stored) = session(&machine, &rules, None, |profile| {
            let mut all = KeyEdit::write(&user);
            all.name = "".into();
            all.action = KeyAction::Pass;
            assert!(profile.registry().apply(&all).unwrap().problems.is_empty());
        });
        let counts = stored.global.registry.counts();
        assert!(counts.values > 500, "{counts:?}");
        assert!(!stored.report.notes.notes.is_empty(), "real profiles hold things that are excluded");

        let (imported, again) = session(&machine, &rules, Some(&stored), |_| {});
        assert_eq!(imported.report.values_written, counts.values);
        assert_eq!(again.global.registry.counts(), counts);
        println!("{}: {counts:?}, two sessions in {:?}", path.display(), started.elapsed());

        // On a host whose mandatory profile is that very registry, the data set changes nothing.
        let same = Machine::with(&user);
        let before = kept_values(
            &mp_hive::open(&same.folder().join("NTUSER.MAN"), ReadOptions::default()).unwrap().hive.root,
        );
        let (imported, _) = session(&same, &rules, Some(&stored), |_| {});
        assert_eq!((imported.report.values_written, imported.report.keys_created), (0, 0));
        let after = kept_values(
            &mp_hive::open(&same.folder().join("NTUSER.MAN"), ReadOptions::default()).unwrap().hive.root,
        );
        assert_eq!(before, after);
    }
}

/// A real hive as the mandatory profile: nothing of it travels but what the user changes.
#[test]
fn a_real_mandatory_profile_travels_as_its_difference() {
    let path = test_data().join("hives/log2timeline+plaso/NTUSER-WIN7.DAT");
    if !path.exists() {
        println!(
            "SKIPPED a_real_mandatory_profile_travels_as_its_difference: no test data at {}",
            path.display()
        );
        return;
    }
    let user = mp_hive::open(&path, ReadOptions::default()).unwrap().hive.root;
    let rules = rules(&["Software", "Control Panel"], &[("RoamingAppData", "")]);
    let machine = Machine::with(&user);
    let (_, stored) = session(&machine, &rules, None, |profile| {
        let mut edit = KeyEdit::root();
        let desktop = edit.at_or_pass(&KeyPath::parse("Control Panel\\Desktop"));
        desktop.edit_value(ValueEdit::Set(Value::sz("Wallpaper", "C:\\mine.bmp")));
        desktop.edit_value(ValueEdit::Set(Value::sz("SCRNSAVE.EXE", "evil.scr")));
        let panel = edit.at_or_pass(&KeyPath::parse("Control Panel"));
        panel.insert_subkey(KeyEdit::new("Mouse", KeyAction::Delete));
        let applied = profile.registry().apply(&edit).unwrap();
        assert_eq!((applied.values_written, applied.keys_deleted), (2, 1));
    });
    let counts = stored.global.registry.counts();
    assert_eq!(
        (counts.values, counts.deleted_keys, counts.deleted_values),
        (1, 1, 0),
        "{:?}",
        stored.global.registry
    );

    session(&machine, &rules, Some(&stored), |profile| {
        let registry = profile.registry();
        let desktop = KeyPath::parse("Control Panel\\Desktop");
        let wallpaper = registry.value(&desktop, &"Wallpaper".into()).unwrap();
        assert_eq!(wallpaper.and_then(|value| value.to_text()).as_deref(), Some("C:\\mine.bmp"));
        assert_ne!(
            registry
                .value(&desktop, &"SCRNSAVE.EXE".into())
                .unwrap()
                .and_then(|value| value.to_text())
                .as_deref(),
            Some("evil.scr")
        );
        assert_eq!(registry.list(&KeyPath::parse("Control Panel\\Mouse")).unwrap(), None);
    });
}
