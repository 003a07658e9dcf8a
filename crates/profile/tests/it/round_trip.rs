//! Properties over random profiles, rules and sessions.

use std::collections::BTreeMap;

use mp_dataset::{FileChange, FilePath};
use mp_profile::{
    CompiledRules, Explanation, Exported, RegistryRule, RuleAction, Sets, import, known_folder,
    memory::MemoryProfile,
};
use mp_registry::{Key, KeyAction, KeyEdit, KeyPath, Name, Registry, Value, ValueEdit, ValueType};
use proptest::prelude::*;

use crate::support::{Session, content, file, folder, for_group, key, rules, sets, subset};

const KEYS: [&str; 5] = ["Software", "App", "Run", "app2", "Policies"];
const VALUES: [&str; 4] = ["", "a", "B", "Load"];
const FOLDERS: [&str; 3] = ["RoamingAppData", "Desktop", "SendTo"];
const FILES: [&str; 3] = ["a.ini", "B.ost", "x"];

fn path(max: usize) -> impl Strategy<Value = KeyPath> {
    let name = prop::sample::select(KEYS.as_slice());
    prop::collection::vec(name, 1..=max).prop_map(|names| names.into_iter().map(Name::from).collect())
}

fn value() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(VALUES.as_slice());
    (name, 0_u32..20, 0_u8..3).prop_map(|(name, ty, data)| Value::new(name, ValueType(ty), vec![data; 2]))
}

fn file_path() -> impl Strategy<Value = FilePath> {
    let folder = prop::sample::select(FOLDERS.as_slice());
    let name = prop::sample::select(FILES.as_slice());
    (folder, any::<bool>(), name)
        .prop_map(|(folder, deep, name)| file(&format!("{folder}:{}{name}", if deep { "sub\\" } else { "" })))
}

/// What a user's programs do.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Set(KeyPath, Value),
    Unset(KeyPath, Name),
    DropKey(KeyPath),
    Put(FilePath, u8),
    Remove(FilePath),
}

pub(crate) fn acts(most: usize) -> impl Strategy<Value = Vec<Act>> {
    let name = || prop::sample::select(VALUES.as_slice()).prop_map(Name::from);
    let act = prop_oneof![
        4 => (path(4), value()).prop_map(|(path, value)| Act::Set(path, value)),
        2 => (path(4), name()).prop_map(|(path, name)| Act::Unset(path, name)),
        1 => path(4).prop_map(Act::DropKey),
        2 => (file_path(), 0_u8..3).prop_map(|(path, byte)| Act::Put(path, byte)),
        1 => file_path().prop_map(Act::Remove),
    ];
    prop::collection::vec(act, 0..most)
}

/// `session` tells times of different sessions apart, as a real clock does.
pub(crate) fn run(profile: &mut MemoryProfile, session: u64, acts: &[Act]) {
    for (act, time) in acts.iter().zip(session * 1_000..) {
        match act {
            Act::Set(path, value) => profile.registry.root.ensure(path).set_value(value.clone()),
            Act::Unset(path, name) => {
                if let Some(key) = profile.registry.root.at_mut(path) {
                    key.remove_value(name);
                }
            }
            Act::DropKey(path) => {
                let mut parent = path.clone();
                let name = parent.pop().unwrap();
                if let Some(key) = profile.registry.root.at_mut(&parent) {
                    key.remove_subkey(&name);
                }
            }
            Act::Put(path, byte) => {
                profile.files.put(path.clone(), content(&byte.to_string(), time));
            }
            Act::Remove(path) => _ = profile.files.remove(path),
        }
    }
}

pub(crate) fn template() -> impl Strategy<Value = MemoryProfile> {
    acts(25).prop_map(|acts| {
        let mut profile = MemoryProfile::mandatory(Key::new(""));
        run(&mut profile, 1, &acts);
        profile
    })
}

fn registry_rule() -> impl Strategy<Value = RegistryRule> {
    let names = prop::collection::vec(prop::sample::select(["@", "a", "*"].as_slice()), 0..2);
    (path(3), any::<bool>(), prop::bool::weighted(0.3), names).prop_map(
        |(path, recursive, exclude, names)| RegistryRule {
            action: if exclude { RuleAction::Exclude } else { RuleAction::Include },
            recursive,
            values: names.into_iter().map(str::to_owned).collect(),
            ..key(&path.to_string())
        },
    )
}

pub(crate) fn some_rules() -> impl Strategy<Value = CompiledRules> {
    let of_keys = || prop::collection::vec(registry_rule(), 0..4);
    let folders = || prop::sample::subsequence(FOLDERS.to_vec(), 0..3);
    let usable = |rule: &RegistryRule| !rule.key.to_ascii_lowercase().starts_with("software\\policies");
    (of_keys(), of_keys(), folders(), folders()).prop_map(move |(global, group, in_global, in_group)| {
        let pick = |rules: Vec<RegistryRule>| rules.into_iter().filter(usable).collect::<Vec<_>>();
        let whole = |names: Vec<&str>| names.into_iter().map(|name| folder(name, "")).collect::<Vec<_>>();
        rules(&[
            subset("g", &pick(global), &whole(in_global)),
            for_group(subset("s", &pick(group), &whole(in_group)), "TS"),
        ])
    })
}

fn is_kept(explanation: &Explanation) -> bool {
    matches!(explanation, Explanation::Kept { .. })
}

/// All values and files, split into what the rules keep and what they do not.
fn seen(profile: &MemoryProfile, rules: &CompiledRules) -> [Vec<String>; 2] {
    fn add(key: &Key, path: &mut KeyPath, rules: &CompiledRules, seen: &mut [Vec<String>; 2]) {
        for value in key.values() {
            let kept = is_kept(&rules.explain_value(path, &value.name));
            seen[usize::from(!kept)].push(format!("{path}: {value:?}"));
        }
        for below in key.subkeys() {
            path.push(below.name.clone());
            add(below, path, rules, seen);
            path.pop();
        }
    }
    let mut seen = [Vec::new(), Vec::new()];
    add(&profile.registry.root, &mut KeyPath::root(), rules, &mut seen);
    for (path, content) in profile.files.iter() {
        let kept = is_kept(&rules.explain_file(path));
        let place: KeyPath =
            known_folder(&path.folder).unwrap().place_of(&path.components).into_iter().collect();
        seen[usize::from(!kept)].push(format!("{place} {content:?}"));
    }
    seen
}

/// The kept keys, each with whether anything in it or below it is left out by the rules.
fn keys(profile: &MemoryProfile, rules: &CompiledRules) -> BTreeMap<KeyPath, bool> {
    fn add(key: &Key, path: &mut KeyPath, rules: &CompiledRules, keys: &mut BTreeMap<KeyPath, bool>) -> bool {
        let mut mixed = key.values().iter().any(|value| !is_kept(&rules.explain_value(path, &value.name)));
        for below in key.subkeys() {
            path.push(below.name.clone());
            mixed |= add(below, path, rules, keys);
            path.pop();
        }
        let kept = is_kept(&rules.explain_key(path));
        if kept {
            keys.insert(path.clone(), mixed);
        }
        mixed || !kept
    }
    let mut keys = BTreeMap::new();
    add(&profile.registry.root, &mut KeyPath::root(), rules, &mut keys);
    keys
}

/// Asserts that a profile shows what the user left in another: all values and files that are kept, and the same keys, save
/// those that may be there only for something in them that the rules leave out.
pub(crate) fn shows(now: &MemoryProfile, left: &MemoryProfile, rules: &CompiledRules) {
    assert_eq!(seen(now, rules)[0], seen(left, rules)[0]);
    let (now, left) = (keys(now, rules), keys(left, rules));
    for (path, mixed) in &left {
        assert!(*mixed || now.contains_key(path), "{path} is missing");
    }
    for (path, mixed) in now {
        assert!(mixed || left.contains_key(&path), "{path} came back");
    }
}

fn nothing_excluded(exported: &Exported, rules: &CompiledRules) {
    fn check(edit: &KeyEdit, path: &mut KeyPath, rules: &CompiledRules) {
        for value in edit.values() {
            assert!(is_kept(&rules.explain_value(path, value.name())), "{path}: {value:?}");
        }
        let alone = edit.values().is_empty() && edit.subkeys().is_empty();
        assert!(
            !alone || is_kept(&rules.explain_key(path)) || path.depth() == 0,
            "{path}: {:?}",
            edit.action
        );
        for below in edit.subkeys() {
            path.push(below.name.clone());
            check(below, path, rules);
            path.pop();
        }
    }
    for set in [Some(&exported.global), exported.group.as_ref()].into_iter().flatten() {
        check(&set.registry, &mut KeyPath::root(), rules);
        for entry in &set.files {
            assert!(is_kept(&rules.explain_file(&entry.path)), "{}", entry.path);
        }
    }
}

/// So many cases, or as many as `PROPTEST_CASES` says.
pub(crate) fn cases(usual: u32) -> u32 {
    std::env::var_os("PROPTEST_CASES").map_or(usual, |_| ProptestConfig::default().cases)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(150), failure_persistence: None, ..ProptestConfig::default() })]

    /// What a user leaves behind on one host is there again after the next logon, on a fresh copy of the same profile.
    #[test]
    fn the_next_logon_shows_what_the_last_logoff_left(
        rules in some_rules(), template in template(), first in acts(20), second in acts(20),
    ) {
        let mut session = Session::logon(&rules, &template, None);
        run(&mut session.profile, 2, &first);
        let stored = session.logoff();
        nothing_excluded(&stored, &rules);
        let mut next = Session::logon(&rules, &template, Some(&stored));
        shows(&next.profile, &session.profile, &rules);
        prop_assert_eq!(&seen(&next.profile, &rules)[1], &seen(&template, &rules)[1], "what is left out never changes");

        run(&mut next.profile, 3, &second);
        let stored = next.logoff();
        nothing_excluded(&stored, &rules);
        let last = Session::logon(&rules, &template, Some(&stored));
        shows(&last.profile, &next.profile, &rules);
    }

    /// A session in which the user does nothing changes nothing in the data sets, on whatever host.
    #[test]
    fn an_idle_session_changes_nothing(
        rules in some_rules(), template in template(), other in template(), acts in acts(20),
    ) {
        let mut session = Session::logon(&rules, &template, None);
        run(&mut session.profile, 2, &acts);
        let stored = session.logoff();
        let mut idle = Session::logon(&rules, &template, Some(&stored));
        let again = idle.logoff();
        prop_assert_eq!(plain(&again), plain(&stored));
        let mut elsewhere = Session::logon(&rules, &other, Some(&stored));
        let again = elsewhere.logoff();
        prop_assert_eq!(plain(&again), plain(&stored));
    }

    /// What the user deleted stays deleted on hosts whose mandatory profile holds it.
    #[test]
    fn deletions_stay_deleted_elsewhere(
        rules in some_rules(), template in template(), other in template(), acts in acts(30),
    ) {
        let mut session = Session::logon(&rules, &template, None);
        run(&mut session.profile, 2, &acts);
        let stored = session.logoff();
        let elsewhere = Session::logon(&rules, &other, Some(&stored));
        for set in [Some(&stored.global), stored.group.as_ref()].into_iter().flatten() {
            for path in deleted_values(&set.registry) {
                let live = elsewhere.profile.registry.value(&path.0, &path.1).unwrap();
                prop_assert!(live.is_none(), "{:?}", path);
            }
            for entry in set.files.iter().filter(|entry| entry.change == FileChange::Deleted) {
                prop_assert!(elsewhere.profile.files.get(&entry.path).is_none());
            }
        }
    }

    /// The second of two imports writes nothing.
    #[test]
    fn importing_twice_writes_once(
        rules in some_rules(), template in template(), other in template(), acts in acts(20),
    ) {
        let mut session = Session::logon(&rules, &template, None);
        run(&mut session.profile, 2, &acts);
        let stored = session.logoff();
        let mut elsewhere = Session::logon(&rules, &other, Some(&stored));
        let before = elsewhere.profile.clone();
        let second = import(&mut elsewhere.profile, &rules, &sets(Some(&stored))).unwrap().report;
        prop_assert_eq!(
            (second.keys_created, second.values_written, second.keys_deleted, second.values_deleted), (0, 0, 0, 0)
        );
        prop_assert_eq!((second.files_written, second.files_deleted), (0, 0));
        prop_assert_eq!(before.registry, elsewhere.profile.registry);
    }

    /// Whatever a data set holds, nothing outside the rules changes.
    #[test]
    fn a_forged_data_set_reaches_only_what_is_kept(
        rules in some_rules(), template in template(), edits in edits(4), acts in acts(20),
    ) {
        let mut forged = Session::logon(&rules, &MemoryProfile::mandatory(Key::new("")), None);
        run(&mut forged.profile, 2, &acts);
        let mut set = forged.logoff().global;
        set.registry = edits;
        let mut profile = template.clone();
        import(&mut profile, &rules, &Sets { global: Some(&set), group: None }).unwrap();
        prop_assert_eq!(&seen(&profile, &rules)[1], &seen(&template, &rules)[1]);
    }
}

/// Keys that are only passed through carry no meaning beyond what is below them.
fn plain(exported: &Exported) -> (KeyEdit, Vec<String>, KeyEdit, Vec<String>) {
    let files = |set: &mp_dataset::DataSet| set.files.iter().map(|entry| format!("{entry:?}")).collect();
    let group = exported.group.as_ref().unwrap();
    (exported.global.registry.clone(), files(&exported.global), group.registry.clone(), files(group))
}

fn deleted_values(root: &KeyEdit) -> Vec<(KeyPath, Name)> {
    fn add(edit: &KeyEdit, path: &mut KeyPath, found: &mut Vec<(KeyPath, Name)>) {
        for value in edit.values() {
            if let ValueEdit::Delete(name) = value {
                found.push((path.clone(), name.clone()));
            }
        }
        for below in edit.subkeys() {
            path.push(below.name.clone());
            add(below, path, found);
            path.pop();
        }
    }
    let mut found = Vec::new();
    add(root, &mut KeyPath::root(), &mut found);
    found
}

fn edits(depth: u32) -> impl Strategy<Value = KeyEdit> {
    let action = prop_oneof![
        Just(KeyAction::Ensure),
        Just(KeyAction::Pass),
        Just(KeyAction::Delete),
        Just(KeyAction::Replace),
    ];
    let name = prop::sample::select(KEYS.as_slice());
    let edit = prop_oneof![
        value().prop_map(ValueEdit::Set),
        prop::sample::select(VALUES.as_slice()).prop_map(|name| ValueEdit::Delete(name.into())),
    ];
    let leaf = (name, action, prop::collection::vec(edit, 0..3)).prop_map(|(name, action, values)| {
        let mut key = KeyEdit::new(name, action);
        if action != KeyAction::Delete {
            key.replace_values(values);
        }
        key
    });
    let tree = leaf.clone().prop_recursive(depth, 24, 4, move |below| {
        (leaf.clone(), prop::collection::vec(below, 0..4)).prop_map(|(mut key, below)| {
            if key.action != KeyAction::Delete {
                key.replace_subkeys(below);
            }
            key
        })
    });
    prop::collection::vec(tree, 0..4).prop_map(|below| {
        let mut root = KeyEdit::root();
        root.replace_subkeys(below);
        root
    })
}

/// Found by [`the_next_logon_shows_what_the_last_logoff_left`]: what is below a key that was made anew is made anew as well.
#[test]
fn a_key_deleted_in_one_session_and_made_anew_in_the_next_brings_no_default_back() {
    let rules = rules(&[subset("s", &[key("App")], &[])]);
    let mut root = Key::new("");
    root.ensure(&KeyPath::parse(r"App\app2")).set_value(Value::dword("B", 1));
    let template = MemoryProfile::mandatory(root);
    let mut session = Session::logon(&rules, &template, None);
    session.profile.registry.root.remove_subkey(&"App".into());
    let stored = session.logoff();
    let mut next = Session::logon(&rules, &template, Some(&stored));
    next.profile.registry.root.ensure(&KeyPath::parse(r"App\app2")).set_value(Value::dword("a", 2));
    let stored = next.logoff();
    let last = Session::logon(&rules, &template, Some(&stored));
    shows(&last.profile, &next.profile, &rules);
}
