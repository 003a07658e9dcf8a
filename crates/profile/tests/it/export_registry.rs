use mp_dataset::{DataSet, ProfileKind};
use mp_profile::{
    Baseline, CompiledRules, ExportError, ExportInputs, FileFilter, ProfileFiles, export,
    memory::MemoryProfile,
};
use mp_registry::{KeyAction, KeyEdit, KeyPath, Value, ValueEdit};

use crate::support::{Session, drop_key, for_group, key, mandatory, not_key, rules, set, subset, unset};

fn app() -> CompiledRules {
    rules(&[subset("app", &[key("Software\\App")], &[])])
}

fn at<'a>(set: &'a DataSet, path: &str) -> Option<&'a KeyEdit> {
    set.registry.at(&KeyPath::parse(path))
}

#[test]
fn what_is_as_at_logon_stays_out() {
    let rules = app();
    let template =
        mandatory(&["Software\\App: Theme = light", "Software\\App: Size = 1", "Software\\Other: x = y"]);
    let mut session = Session::logon(&rules, &template, None);
    assert!(session.logoff().global.is_empty());

    set(&mut session.profile, "Software\\App", "Size", "2");
    let exported = session.logoff();
    let app = at(&exported.global, "Software\\App").unwrap();
    assert_eq!(app.values(), [ValueEdit::Set(Value::sz("Size", "2"))]);
    assert_eq!((exported.report.global.values, exported.report.global.deleted_values), (1, 0));
    assert!(exported.group.unwrap().is_empty());
}

#[test]
fn going_back_to_the_default_is_a_choice_and_is_kept() {
    let rules = app();
    let template = mandatory(&["Software\\App: Theme = light"]);
    let mut first = Session::logon(&rules, &template, None);
    set(&mut first.profile, "Software\\App", "Theme", "dark");
    let stored = first.logoff();

    let mut second = Session::logon(&rules, &template, Some(&stored));
    assert_eq!(second.lines(), ["Software\\App: Theme = dark"]);
    set(&mut second.profile, "Software\\App", "Theme", "light");
    let stored = second.logoff();

    let other_host = mandatory(&["Software\\App: Theme = blue"]);
    assert_eq!(Session::logon(&rules, &other_host, Some(&stored)).lines(), ["Software\\App: Theme = light"]);
}

#[test]
fn deletions_travel_and_stay() {
    let rules = app();
    let template =
        mandatory(&["Software\\App: Tip = on", "Software\\App\\Old\\Deep: v = 1", "Software\\App: Keep = 1"]);
    let mut session = Session::logon(&rules, &template, None);
    unset(&mut session.profile, "Software\\App", "Tip");
    drop_key(&mut session.profile, "Software\\App", "Old");
    let stored = session.logoff();
    assert_eq!(stored.report.global.deleted_values, 1);
    assert_eq!(at(&stored.global, "Software\\App\\Old").unwrap().action, KeyAction::Delete);

    let mut next = Session::logon(&rules, &template, Some(&stored));
    assert_eq!(next.lines(), ["Software\\App: Keep = 1"]);
    let again = next.logoff();
    assert_eq!(again.global.registry, stored.global.registry, "a tombstone stays");

    set(&mut next.profile, "Software\\App\\Old", "mine", "x");
    let made_anew = next.logoff();
    let last = Session::logon(&rules, &template, Some(&made_anew));
    assert_eq!(
        last.lines(),
        ["Software\\App: Keep = 1", "Software\\App\\Old: mine = x"],
        "without the default below it"
    );
}

#[test]
fn everything_lands_in_one_data_set() {
    let rules = rules(&[
        subset("all", &[key("Software\\App")], &[]),
        for_group(subset("silo", &[key("Software\\App\\Silo")], &[]), "TS"),
    ]);
    let template = mandatory(&["Software\\App\\Silo: old = 1"]);
    let mut session = Session::logon(&rules, &template, None);
    set(&mut session.profile, "Software\\App", "a", "1");
    set(&mut session.profile, "Software\\App\\Silo", "b", "2");
    unset(&mut session.profile, "Software\\App\\Silo", "old");
    let stored = session.logoff();
    assert!(at(&stored.global, "Software\\App\\Silo").is_none());
    let group = stored.group.as_ref().unwrap();
    assert!(at(group, "Software\\App").unwrap().values().is_empty());
    assert_eq!(at(group, "Software\\App\\Silo").unwrap().values().len(), 2);
    assert_eq!(
        Session::logon(&rules, &template, Some(&stored)).lines(),
        ["Software\\App: a = 1", "Software\\App\\Silo: b = 2"]
    );
}

#[test]
fn what_other_plans_keep_is_carried_on_and_what_a_rule_excludes_is_dropped() {
    let wide = rules(&[subset("s", &[key("Software\\App"), key("Software\\Tool")], &[])]);
    let empty = mandatory(&[]);
    let mut session = Session::logon(&wide, &empty, None);
    set(&mut session.profile, "Software\\App", "a", "1");
    set(&mut session.profile, "Software\\App\\Junk", "b", "1");
    set(&mut session.profile, "Software\\Tool", "c", "1");
    let stored = session.logoff();

    let narrow = rules(&[subset("s", &[key("Software\\App"), not_key("Software\\App\\Junk")], &[])]);
    let mut session = Session::logon(&narrow, &empty, Some(&stored));
    assert_eq!(session.lines(), ["Software\\App: a = 1"], "only what the current rules keep is imported");
    let stored = session.logoff();
    assert!(at(&stored.global, "Software\\Tool").is_some(), "the rule may come back");
    assert!(at(&stored.global, "Software\\App\\Junk").is_none());
}

#[test]
fn a_data_subset_that_moves_to_a_group_takes_its_data_along() {
    let global = rules(&[subset("s", &[key("Software\\App")], &[])]);
    let grouped = rules(&[for_group(subset("s", &[key("Software\\App")], &[]), "TS")]);
    let empty = mandatory(&[]);
    let mut session = Session::logon(&global, &empty, None);
    set(&mut session.profile, "Software\\App", "a", "1");
    let stored = session.logoff();
    let mut session = Session::logon(&grouped, &empty, Some(&stored));
    assert_eq!(session.lines(), ["Software\\App: a = 1"]);
    set(&mut session.profile, "Software\\App", "a", "2");
    let stored = session.logoff();
    assert!(at(stored.group.as_ref().unwrap(), "Software\\App").is_some());
    assert_eq!(
        Session::logon(&grouped, &empty, Some(&stored)).lines(),
        ["Software\\App: a = 2"],
        "the owner's counts"
    );
}

#[test]
fn temporary_and_unknown_profiles_are_never_exported() {
    for kind in [ProfileKind::Temporary, ProfileKind::Unknown] {
        let mut profile = MemoryProfile { kind, ..mandatory(&["Software\\App: a = 1"]) };
        let refused = export(&mut profile, &app(), &ExportInputs::default());
        assert!(matches!(refused, Err(ExportError::NeverFrom(of)) if of == kind));
    }
}

#[test]
fn filters_can_be_used_by_other_hosts() {
    struct All;
    impl FileFilter for All {
        fn enter(&mut self, _: &mp_dataset::FilePath) -> bool {
            true
        }
        fn take(&mut self, _: &mp_dataset::FilePath) -> bool {
            true
        }
    }
    let mut profile = mandatory(&[]);
    profile.files.put(crate::support::file("Desktop:a\\b.txt"), crate::support::content("x", 1));
    let flat = profile.files.list("Desktop", &[], false, &mut All).unwrap();
    let deep = profile.files.list("Desktop", &[], true, &mut All).unwrap();
    assert_eq!((flat.files.len(), deep.files.len()), (0, 1));
}

#[test]
fn baselines_and_exports_are_data_set_files() {
    let rules = rules(&[subset("s", &[key("Software\\App")], &[crate::support::folder("Desktop", "")])]);
    let mut template = mandatory(&["Software\\App: a = 1", "Software\\App\\Empty"]);
    template.files.put(crate::support::file("Desktop:a"), crate::support::content("12345", 9));
    let (baseline, _) = Baseline::snapshot(&mut template, &rules).unwrap();
    assert_eq!(Baseline::from_data_set(through_a_file(&baseline.to_data_set())).unwrap(), baseline);

    let mut session = Session::logon(&rules, &template, None);
    drop_key(&mut session.profile, "Software\\App", "Empty");
    session.profile.files.remove(&crate::support::file("Desktop:a"));
    let exported = session.logoff().global;
    assert_eq!(through_a_file(&exported), exported);
    assert!(Baseline::from_data_set(exported).is_err(), "an export is no picture");
}

fn through_a_file(set: &DataSet) -> DataSet {
    let mut file = Vec::new();
    mp_dataset::encode(set, &mut file).unwrap();
    mp_dataset::decode(file.as_slice(), &mp_dataset::Limits::default()).unwrap().into_data_set()
}
