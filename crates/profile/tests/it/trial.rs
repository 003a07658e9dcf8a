//! What a data subset would keep, rule by rule.

use mp_dataset::{DataSet, FileChange, FileEntry, UnknownFields, encode};
use mp_profile::{
    ExportInputs, MAX_VALUE_BYTES, RuleAction, Trial, TrialCounts, TrialError, export, memory::MemoryProfile,
    try_subset,
};
use mp_registry::{KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit, ValueType};

use crate::support::{content, file, folder, for_group, key, not_key, rules, subset, tree};

fn profile() -> MemoryProfile {
    let root = tree(&[
        "Software\\Contoso: Zoom = 100",
        "Software\\Contoso\\Cache: Last = x",
        "Software\\Contoso\\Cache: Size = 12",
        "Software\\Other: Name = y",
        "Software\\Microsoft\\Windows\\CurrentVersion\\Run: Evil = z",
    ]);
    let mut profile =
        MemoryProfile { kind: mp_dataset::ProfileKind::Local, ..MemoryProfile::mandatory(root) };
    let long = Value::new("Long", ValueType::BINARY, vec![7; MAX_VALUE_BYTES + 1]);
    profile.registry.root.ensure(&KeyPath::parse("Software\\Contoso")).set_value(long);
    profile.files.put(file("RoamingAppData:Contoso\\small.json"), content("{}", 1));
    profile.files.put(file("RoamingAppData:Contoso\\large.json"), content(&"x".repeat(5_000), 1));
    profile.files.put(file("Desktop:notes.txt"), content("note", 1));
    profile
}

fn rule<'a>(trial: &'a Trial, text: &str) -> &'a mp_profile::RuleTrial {
    trial.rules.iter().find(|rule| rule.rule == text).unwrap_or_else(|| panic!("{text}: {trial:#?}"))
}

#[test]
fn each_rule_says_what_it_keeps_refuses_and_leaves_out() {
    let mut small = folder("RoamingAppData", "Contoso");
    small.max_file_bytes = Some(1_000);
    let registry =
        [key("Software\\Contoso"), not_key("Software\\Contoso\\Cache"), key("Software\\Microsoft\\Windows")];
    let tried = subset("Contoso", &registry, &[small]);
    let trial = try_subset(&mut profile(), &tried).unwrap();

    let order: Vec<_> = trial.rules.iter().map(|rule| (rule.rule.as_str(), rule.of_registry)).collect();
    assert_eq!(
        order,
        [
            ("HKCU\\Software\\Contoso", true),
            ("exclude HKCU\\Software\\Contoso\\Cache", true),
            ("HKCU\\Software\\Microsoft\\Windows", true),
            ("RoamingAppData\\Contoso", false),
        ]
    );
    let contoso = rule(&trial, "HKCU\\Software\\Contoso");
    assert_eq!((contoso.kept.keys, contoso.kept.values), (1, 1), "{contoso:#?}");
    assert_eq!((contoso.refused.values, contoso.refused.value_bytes), (1, MAX_VALUE_BYTES as u64 + 1));
    let cache = rule(&trial, "exclude HKCU\\Software\\Contoso\\Cache");
    assert_eq!((cache.action, cache.left_out.keys, cache.left_out.values), (RuleAction::Exclude, 1, 2));
    assert_eq!((cache.kept, cache.compressed_bytes), (TrialCounts::default(), 0));
    let windows = rule(&trial, "HKCU\\Software\\Microsoft\\Windows");
    assert_eq!(windows.refused.values, 1, "what starts programs: {windows:#?}");
    let files = rule(&trial, "RoamingAppData\\Contoso");
    assert_eq!((files.kept.files, files.kept.file_bytes), (1, 2));
    assert_eq!((files.refused.files, files.refused.file_bytes), (1, 5_000));
    assert!(files.compressed_bytes > 0 && files.compressed_bytes < trial.compressed_bytes);

    assert_eq!((trial.kept.values, trial.kept.files), (1, 1));
    for code in ["MP-PRF-101", "MP-PRF-103", "MP-PRF-107"] {
        assert!(trial.notes.notes.iter().any(|note| note.code.code() == code), "{code}: {:#?}", trial.notes);
    }
}

/// The figures are those of the export itself.
#[test]
fn what_is_kept_is_what_the_agent_would_export() {
    let tried = for_group(subset("Contoso", &[key("Software")], &[folder("Profile", "")]), "TS");
    let trial = try_subset(&mut profile(), &tried).unwrap();
    let inputs = ExportInputs { has_group: true, ..ExportInputs::default() };
    let exported = export(&mut profile(), &rules(&[tried]), &inputs).unwrap();
    let counts = exported.report.group;
    let mut encoded = Vec::new();
    encode(&exported.group.unwrap(), &mut encoded).unwrap();
    assert_eq!(trial.compressed_bytes, encoded.len() as u64);
    assert_eq!((trial.kept.values, trial.kept.files), (counts.values, counts.files));
    assert_eq!((trial.kept.keys, trial.kept.file_bytes), (counts.keys, counts.file_bytes));
    assert_eq!(trial.notes, exported.report.notes);
}

#[test]
fn data_sets_laid_over_each_other_are_a_profile() {
    let set = |edit: &dyn Fn(&mut KeyEdit), files: Vec<FileEntry>| {
        let mut set = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
        edit(&mut set.registry);
        set.replace_files(files);
        set
    };
    let entry =
        |path: &str, change| FileEntry { path: file(path), change, unknown: UnknownFields::default() };
    let contoso = KeyPath::parse("Software\\Contoso");
    // The key is only passed through, as where the mandatory profile has it.
    let first = set(
        &|root| {
            let key = root.at_or_pass(&contoso);
            key.edit_value(ValueEdit::Set(Value::sz("Zoom", "100")));
            key.edit_value(ValueEdit::Set(Value::sz("Gone", "1")));
        },
        vec![
            entry("Desktop:a.txt", FileChange::Present(content("a", 1))),
            entry("Desktop:b.txt", FileChange::Present(content("b", 1))),
            entry("Nowhere:c.txt", FileChange::Present(content("c", 1))),
        ],
    );
    let second = set(
        &|root| {
            root.at_or_pass(&contoso).edit_value(ValueEdit::Delete(Name::from("Gone")));
            root.at_or_pass(&KeyPath::parse("Software\\Empty")).action = KeyAction::Ensure;
        },
        vec![entry("Desktop:b.txt", FileChange::Deleted)],
    );
    let mut profile = MemoryProfile::of_data_sets([&first, &second]);
    let tried = subset("all", &[key("Software")], &[folder("Desktop", "")]);
    let trial = try_subset(&mut profile, &tried).unwrap();
    assert_eq!((trial.kept.values, trial.kept.files), (1, 1), "{trial:#?}");
    assert_eq!(trial.kept.keys, 3, "Software, Contoso and Empty");
}

#[test]
fn a_rule_that_cannot_be_used_is_told() {
    let wrong = subset("wrong", &[key("HKCU\\Software")], &[]);
    assert!(matches!(try_subset(&mut profile(), &wrong), Err(TrialError::Rule(_))));
    let nothing = try_subset(&mut profile(), &subset("nothing", &[key("Nowhere")], &[])).unwrap();
    assert_eq!((nothing.kept, nothing.compressed_bytes), (TrialCounts::default(), 0));
}
