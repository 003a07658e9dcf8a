use mp_dataset::{DataSet, FileChange, FileEntry, UnknownFields};
use mp_profile::{
    ExportReport, FileErrorKind, ImportReport, NoteCode, Sets, Unapplied, import, memory::MemoryProfile,
};
use mp_registry::{KeyAction, KeyEdit, KeyPath, Value, ValueEdit, ValueType};

use crate::support::{
    Session, content, file, folder, key, lines, mandatory, not_key, rules, set, subset, tree, unset, values,
};

fn data_set(lines: &[&str], files: &[(&str, FileChange)]) -> DataSet {
    let mut set = DataSet { registry: KeyEdit::write(&tree(lines)), ..DataSet::default() };
    let entry = |(path, change): &(&str, FileChange)| FileEntry {
        path: file(path),
        change: change.clone(),
        unknown: UnknownFields::default(),
    };
    set.replace_files(files.iter().map(entry).collect());
    set
}

fn imported(profile: &mut MemoryProfile, rules: &mp_profile::CompiledRules, set: &DataSet) -> ImportReport {
    import(profile, rules, &Sets { global: Some(set), group: None }).unwrap().report
}

#[test]
fn only_what_the_current_rules_keep_is_written() {
    let rules =
        rules(&[subset("s", &[key("Software"), not_key("Software\\Secret")], &[folder("Desktop", "")])]);
    let present = || FileChange::Present(content("x", 1));
    let set = data_set(
        &[
            "Software\\App: a = 1",
            "Software\\Secret: s = 1",
            "Software\\Microsoft\\Windows\\CurrentVersion\\Run: evil = 1",
            "Software\\Policies\\X: p = 1",
            "Control Panel: c = 1",
        ],
        &[("Desktop:ok.txt", present()), ("Startup:evil.lnk", present()), ("Nowhere:x", present())],
    );
    let mut profile = mandatory(&["Software\\Policies\\X: p = 0"]);
    let report = imported(&mut profile, &rules, &set);
    assert_eq!(
        lines(&profile.registry.root),
        [
            "Software\\App: a = 1",
            "Software\\Microsoft\\Windows\\CurrentVersion",
            "Software\\Policies\\X: p = 0"
        ]
    );
    assert_eq!(profile.files.iter().count(), 1);
    assert_eq!((report.values_written, report.files_written), (1, 1));
    assert_eq!(report.notes.of(NoteCode::RefusedByRule).count(), 2, "the key and its value");
    assert!(report.notes.of(NoteCode::Excluded).any(|note| note.text.starts_with("MP-EXC-010")));
}

#[test]
fn unsafe_names_are_refused() {
    let rules = rules(&[subset("s", &[key("Software\\App")], &[folder("Desktop", "")])]);
    let present = || FileChange::Present(content("x", 1));
    let mut set = data_set(
        &[],
        &[
            ("Desktop:..\\..\\evil.exe", present()),
            ("Desktop:a.txt:stream", present()),
            ("Desktop:CON", present()),
            ("Desktop:dot.", present()),
            ("Desktop:dir", present()),
            ("Desktop:dir\\below", present()),
        ],
    );
    // Not sorted out by `replace_files`, as from a forged file.
    set.files.push(FileEntry {
        path: file("Desktop:DIR"),
        change: present(),
        unknown: UnknownFields::default(),
    });
    let app = set.registry.at_or_pass(&KeyPath::parse("Software\\App"));
    app.edit_value(ValueEdit::Set(Value::new("SymbolicLinkValue", ValueType::LINK, [0])));
    app.insert_subkey(KeyEdit::new("x".repeat(256).as_str(), KeyAction::Ensure));
    let mut profile = mandatory(&[]);
    let report = imported(&mut profile, &rules, &set);
    assert_eq!(profile.files.iter().map(|(path, _)| path.to_string()).collect::<Vec<_>>(), ["Desktop:dir"]);
    assert_eq!(report.notes.of(NoteCode::UnsafeName).count(), 6, "{:?}", report.notes);
    assert_eq!(report.notes.of(NoteCode::NameCollision).count(), 2);
    assert!(lines(&profile.registry.root).is_empty());
}

#[test]
fn tombstones_never_reach_what_the_rules_leave_out() {
    let rules = rules(&[subset(
        "s",
        &[key("Software\\App"), not_key("Software\\App\\Local"), values("Software\\Named", &["Mine"])],
        &[],
    )]);
    let mut set = DataSet::default();
    for path in ["Software\\App", "Software\\Named"] {
        let mut parent = KeyPath::parse(path);
        let name = parent.pop().unwrap();
        set.registry.at_or_pass(&parent).insert_subkey(KeyEdit::new(name, KeyAction::Delete));
    }
    let mut profile = mandatory(&[
        "Software\\App: a = 1",
        "Software\\App\\Local: l = 1",
        "Software\\App\\Other: o = 1",
        "Software\\Named: Mine = 1",
        "Software\\Named: Theirs = 1",
    ]);
    imported(&mut profile, &rules, &set);
    assert_eq!(
        lines(&profile.registry.root),
        ["Software\\App\\Local: l = 1", "Software\\Named: Theirs = 1"],
        "of a key that is not kept itself only the kept value goes"
    );
}

#[test]
fn a_key_whose_excluded_part_is_not_there_is_deleted_wholly() {
    let rules = rules(&[subset("s", &[key("Software\\App"), not_key("Software\\App\\Local")], &[])]);
    let mut set = DataSet::default();
    let software = set.registry.at_or_pass(&KeyPath::parse("Software"));
    software.insert_subkey(KeyEdit::new("App", KeyAction::Delete));
    let mut profile = mandatory(&["Software\\App\\Deep: a = 1", "Software\\Else"]);
    imported(&mut profile, &rules, &set);
    assert_eq!(lines(&profile.registry.root), ["Software\\Else"]);
}

#[test]
fn mirrored_places_lose_what_the_data_set_does_not_have() {
    let mut mirror = key("Software\\App");
    mirror.delete_if_missing = true;
    let mut mirrored_folder = folder("Desktop", "");
    mirrored_folder.delete_if_missing = true;
    let rules = rules(&[subset("s", &[mirror], &[mirrored_folder])]);
    let mut template = mandatory(&["Software\\App: d = 0", "Software\\App: e = 0", "Software\\Else: x = 1"]);
    template.files.put(file("Desktop:default.lnk"), content("d", 1));
    template.files.put(file("Desktop:gone.lnk"), content("g", 1));
    let mut session = Session::logon(&rules, &template, None);
    unset(&mut session.profile, "Software\\App", "e");
    session.profile.files.remove(&file("Desktop:gone.lnk"));
    let stored = session.logoff();
    assert_eq!(stored.report.global.values, 1, "a mirrored place travels whole");

    let mut other =
        mandatory(&["Software\\App: d = 9", "Software\\App\\New: n = 0", "Software\\Else: x = 1"]);
    other.files.put(file("Desktop:other.lnk"), content("o", 1));
    other.files.put(file("Desktop:default.lnk"), content("d", 1));
    let session = Session::logon(&rules, &other, Some(&stored));
    assert_eq!(session.lines(), ["Software\\App: d = 0", "Software\\Else: x = 1"]);
    let files: Vec<_> = session.profile.files.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(files, ["Desktop:default.lnk"]);
    let nothing_stored = Session::logon(&rules, &other, None);
    assert_eq!(nothing_stored.profile.files.iter().count(), 2, "without a data set nothing is deleted");
}

#[test]
fn what_could_not_be_written_is_not_taken_for_the_users_will() {
    let rules = rules(&[subset("s", &[], &[folder("Desktop", "")])]);
    let path = file("Desktop:a.txt");
    let mut session = Session::logon(&rules, &mandatory(&[]), None);
    session.profile.files.put(path.clone(), content("mine", 1));
    let stored = session.logoff();

    let mut template = mandatory(&[]);
    template.files.put(path.clone(), content("default", 1));
    template.files.lock(&path, FileErrorKind::InUse);
    let mut session = Session::logon(&rules, &template, Some(&stored));
    assert_eq!(session.imported.report.notes.of(NoteCode::FileUnwritten).count(), 1);
    assert!(!session.imported.unapplied.is_empty());
    let text = serde_json::to_string(&session.imported.unapplied).unwrap();
    assert_eq!(serde_json::from_str::<Unapplied>(&text).unwrap(), session.imported.unapplied);
    session.profile.files.unlock_all();
    assert_eq!(session.logoff().global.files, stored.global.files);
    session.profile.files.put(path, content("new", 5));
    assert_ne!(session.logoff().global.files, stored.global.files, "what the user did since counts");
}

#[test]
fn reports_are_json() {
    let rules = rules(&[subset("s", &[key("Software\\App")], &[])]);
    let mut session = Session::logon(&rules, &mandatory(&[]), None);
    set(&mut session.profile, "Software\\App", "a", "1");
    let exported = session.logoff();
    let text = serde_json::to_string(&exported.report).unwrap();
    assert_eq!(serde_json::from_str::<ExportReport>(&text).unwrap(), exported.report);
    let set = data_set(&["Software\\Policies: p = 1", "Software\\App: a = 1"], &[]);
    let mut report = imported(&mut mandatory(&[]), &rules, &set);
    report.notes.add(NoteCode::FileUnread, "x", "y");
    let text = serde_json::to_string(&report).unwrap();
    assert!(text.contains("\"MP-PRF-106\""), "{text}");
    assert_eq!(NoteCode::FileUnread.code(), "MP-PRF-106");
    assert_eq!(serde_json::from_str::<ImportReport>(&text).unwrap(), report);
}
