//! Attacks that would have a data set start programs, or set policies, on other session hosts.
//!
//! The tests go through the whole list of built-in exclusions: each place that the list calls an autorun is attacked by a
//! forged data set under a broad rule, under a rule that names it without permission, and under one with it.

use mp_dataset::{DataSet, FileChange, FileEntry};
use mp_profile::{
    CompiledRules, DataSubset, EXCLUSIONS, Excluded, Exclusion, Explanation, FolderRule, KnownFolder, Lift,
    RuleProblem, Sets, import, memory::MemoryProfile,
};
use mp_registry::{Key, KeyEdit, KeyPath, Registry, Value};

use crate::support::{allowed, content, file, folder, key, not_key, rules, subset, values};

/// A place that the exclusion is about.
fn place(exclusion: &Exclusion) -> (KeyPath, String) {
    let concrete = |text: &str| text.replace('*', "x");
    match exclusion.excluded {
        Excluded::Key(path) => (KeyPath::parse(&concrete(path)), "evil".to_owned()),
        Excluded::Value(path, name) => (KeyPath::parse(&concrete(path)), concrete(name)),
        Excluded::Folder(path) => (KeyPath::parse(&concrete(path)), "evil.lnk".to_owned()),
        Excluded::File(mask) => (KeyPath::parse("Desktop"), concrete(mask)),
    }
}

/// A data subset with one rule that names exactly what the exclusion is about.
fn naming(exclusion: &Exclusion, allow_autorun: bool) -> DataSubset {
    let files = |path: &str, masks: &[&str]| FolderRule {
        masks: masks.iter().map(|&mask| mask.to_owned()).collect(),
        allow_autorun,
        ..folder("Profile", path)
    };
    let permit = |rule| if allow_autorun { allowed(rule) } else { rule };
    match exclusion.excluded {
        Excluded::Key(path) => subset("s", &[permit(key(path))], &[]),
        Excluded::Value(path, name) => subset("s", &[permit(values(path, &[name]))], &[]),
        Excluded::Folder(path) => subset("s", &[], &[files(path, &[])]),
        Excluded::File(mask) => subset("s", &[], &[files("", &[mask])]),
    }
}

/// A data set that holds the exclusion's place, forged by somebody who does not ask the rules.
fn forged(exclusion: &Exclusion) -> DataSet {
    let (path, name) = place(exclusion);
    let mut set = DataSet::default();
    match exclusion.excluded {
        Excluded::Key(_) | Excluded::Value(..) => {
            let mut tree = Key::new("");
            tree.ensure(&path).set_value(Value::sz(&*name, "calc.exe"));
            set.registry = KeyEdit::write(&tree);
        }
        Excluded::Folder(_) | Excluded::File(_) => set.files.push(FileEntry {
            path: file(&format!("Profile:{path}\\{name}")),
            change: FileChange::Present(content("calc.exe", 1)),
            unknown: Default::default(),
        }),
    }
    set
}

/// Whether the import of the forged data set wrote the place.
fn planted(exclusion: &Exclusion, rules: &CompiledRules) -> bool {
    let mut profile = MemoryProfile::mandatory(Key::new(""));
    let set = forged(exclusion);
    let report = import(&mut profile, rules, &Sets { global: Some(&set), group: None }).unwrap().report;
    let (path, name) = place(exclusion);
    let value = profile.registry.value(&path, &name.as_str().into()).unwrap();
    let file = profile.files.get(&file(&format!("Profile:{path}\\{name}")));
    let written = value.is_some() || file.is_some();
    assert_eq!(written, report.notes.notes.is_empty(), "{}: refused and noted, or neither", exclusion.code);
    written
}

fn broad() -> CompiledRules {
    let tops = ["Software", "Environment", "Control Panel", "Volatile*"].map(key);
    rules(&[subset("s", &tops, &[folder("Profile", "")])])
}

#[test]
fn a_forged_data_set_plants_nothing_that_starts_programs_or_sets_policies() {
    let broad = broad();
    for exclusion in EXCLUSIONS {
        assert!(!planted(exclusion, &broad), "{}", exclusion.code);
    }
}

#[test]
fn autoruns_are_kept_only_by_a_rule_that_names_them_with_permission() {
    for exclusion in EXCLUSIONS.iter().filter(|exclusion| exclusion.lift == Lift::Allowed) {
        let code = exclusion.code;
        let error = CompiledRules::compile(&[naming(exclusion, false)], None).unwrap_err();
        assert!(
            matches!(error.problem, RuleProblem::NeedsPermission { code: own, .. } if own == code),
            "{error}"
        );
        assert!(planted(exclusion, &rules(&[naming(exclusion, true)])), "{code} is allowed");
    }
}

#[test]
fn what_must_be_named_is_kept_without_permission() {
    let named: Vec<_> = EXCLUSIONS.iter().filter(|exclusion| exclusion.lift == Lift::Named).collect();
    assert!(named.len() > 20);
    for exclusion in named {
        assert!(planted(exclusion, &rules(&[naming(exclusion, false)])), "{}", exclusion.code);
    }
}

#[test]
fn policies_and_hives_are_kept_by_no_rule() {
    let never: Vec<_> = EXCLUSIONS.iter().filter(|exclusion| exclusion.lift == Lift::Never).collect();
    assert!(never.len() > 5);
    for exclusion in never {
        let code = exclusion.code;
        let error = CompiledRules::compile(&[naming(exclusion, false)], None).unwrap_err();
        assert!(matches!(error.problem, RuleProblem::NeverKept { code: own, .. } if own == code), "{error}");
        let error = CompiledRules::compile(&[naming(exclusion, true)], None).unwrap_err();
        assert_eq!(error.problem, RuleProblem::AllowsNothing, "{code}");
    }
}

#[test]
fn permission_for_one_place_is_none_for_others() {
    let run = r"Software\Microsoft\Windows\CurrentVersion\Run";
    let rules = rules(&[subset("s", &[key("Software"), allowed(key(run))], &[])]);
    let code = |path: &str, name: &str| match rules.explain_value(&KeyPath::parse(path), &name.into()) {
        Explanation::Excluded { code, .. } => Some(code),
        _ => None,
    };
    assert_eq!(code(run, "OneDrive"), None);
    assert_eq!(code(&format!("{run}Once"), "x").as_deref(), Some("MP-EXC-011"));
    assert_eq!(code(r"Software\Microsoft\Command Processor", "AutoRun").as_deref(), Some("MP-EXC-017"));
}

#[test]
fn permission_must_be_of_use() {
    let problem = |rule| CompiledRules::compile(&[subset("s", &[rule], &[])], None).unwrap_err().problem;
    assert_eq!(problem(allowed(key("Software"))), RuleProblem::AllowsNothing);
    assert_eq!(problem(allowed(values(r"Control Panel\Desktop", &["*"]))), RuleProblem::AllowsNothing);
    let not = allowed(not_key(r"Software\Microsoft\Windows\CurrentVersion\Run"));
    assert_eq!(problem(not), RuleProblem::OnlyForInclude("allow-autorun"));
}

/// The place of a folder exclusion is counted from the profile folder whatever special folder a rule names.
#[test]
fn no_other_name_of_a_folder_leads_to_what_starts_programs() {
    let startup = "AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup";
    let lead = mp_profile::KNOWN_FOLDERS.iter().filter_map(|folder: &KnownFolder| {
        let rest = startup.strip_prefix(folder.default_place)?;
        Some((folder.name, rest.trim_start_matches('\\')))
    });
    let lead: Vec<_> = lead.collect();
    assert!(lead.len() >= 5, "{lead:?}");
    for (name, below) in lead {
        let error = CompiledRules::compile(&[subset("s", &[], &[folder(name, below)])], None).unwrap_err();
        assert!(
            matches!(error.problem, RuleProblem::NeedsPermission { code: "MP-EXC-140", .. }),
            "{name}: {error}"
        );
    }
}
