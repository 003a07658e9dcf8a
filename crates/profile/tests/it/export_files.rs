use mp_dataset::{FileAttributes, FileChange};
use mp_profile::{CompiledRules, Exported, FileErrorKind, NoteCode, Part};

use crate::support::{Session, content, file, folder, for_group, mandatory, rules, subset};

fn app() -> CompiledRules {
    rules(&[subset("app", &[], &[folder("RoamingAppData", "App")])])
}

fn change(exported: &Exported, path: &str) -> Option<FileChange> {
    exported.global.file(&file(path)).map(|entry| entry.change.clone())
}

#[test]
fn files_travel_when_they_differ_from_the_defaults() {
    let rules = app();
    let mut template = mandatory(&[]);
    template.files.put(file("RoamingAppData:App\\default.ini"), content("d", 1));
    template.files.put(file("RoamingAppData:App\\gone.ini"), content("g", 1));
    template.files.put(file("RoamingAppData:Other\\x"), content("x", 1));
    let mut session = Session::logon(&rules, &template, None);
    session.profile.files.put(file("RoamingAppData:App\\sub\\mine.ini"), content("m", 7));
    session.profile.files.remove(&file("RoamingAppData:App\\gone.ini"));
    let stored = session.logoff();
    assert_eq!(stored.global.files.len(), 2);
    assert_eq!(change(&stored, "RoamingAppData:App\\gone.ini"), Some(FileChange::Deleted));
    assert_eq!(
        change(&stored, "RoamingAppData:App\\sub\\mine.ini"),
        Some(FileChange::Present(content("m", 7)))
    );

    let next = Session::logon(&rules, &template, Some(&stored));
    let files: Vec<_> = next.profile.files.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(
        files,
        ["RoamingAppData:App\\default.ini", "RoamingAppData:App\\sub\\mine.ini", "RoamingAppData:Other\\x"]
    );
    assert_eq!((next.imported.report.files_written, next.imported.report.files_deleted), (1, 1));
}

#[test]
fn what_cannot_be_read_keeps_its_earlier_content() {
    let rules = app();
    let path = file("RoamingAppData:App\\a.ini");
    let mut session = Session::logon(&rules, &mandatory(&[]), None);
    session.profile.files.put(path.clone(), content("first", 1));
    let stored = session.logoff();
    for cause in [
        FileErrorKind::InUse,
        FileErrorKind::ReparsePoint,
        FileErrorKind::Encrypted,
        FileErrorKind::TooLarge { len: 9, limit: 1 },
    ] {
        let mut session = Session::logon(&rules, &mandatory(&[]), Some(&stored));
        session.profile.files.put(path.clone(), content("second", 2));
        session.profile.files.lock(&path, cause);
        let exported = session.logoff();
        assert_eq!(exported.global.files, stored.global.files);
        assert_eq!(exported.report.notes.notes.len(), 1, "{:?}", exported.report.notes);
    }
    let mut session = Session::logon(&rules, &mandatory(&[]), Some(&stored));
    session.profile.files.redirect("RoamingAppData", "\\\\server\\share");
    let exported = session.logoff();
    assert_eq!(
        exported.global.files, stored.global.files,
        "a redirected folder says nothing about its files"
    );
    assert_eq!(exported.report.notes.of(NoteCode::FolderNotInProfile).count(), 1);
}

#[test]
fn too_large_files_are_left_out_and_smaller_ones_come_first() {
    let mut limited = folder("RoamingAppData", "App");
    limited.max_file_bytes = Some(10);
    let mut small = subset("app", &[], &[limited]);
    small.max_total_bytes = Some(12);
    let rules = rules(&[small]);
    let mut session = Session::logon(&rules, &mandatory(&[]), None);
    for (name, text) in [("huge", "12345678901"), ("a-big", "12345678"), ("small", "1234"), ("more", "1")] {
        session.profile.files.put(file(&format!("RoamingAppData:App\\{name}")), content(text, 1));
    }
    let exported = session.logoff();
    let names: Vec<_> =
        exported.global.files.iter().map(|entry| entry.path.components[1].to_string()).collect();
    assert_eq!(names, ["more", "small"]);
    assert_eq!(exported.report.notes.of(NoteCode::FileTooLarge).count(), 1);
    assert_eq!(exported.report.notes.of(NoteCode::SubsetFull).count(), 1);
    assert_eq!((exported.report.global.files, exported.report.global.file_bytes), (2, 5));
}

#[test]
fn a_small_file_is_read_even_if_its_time_did_not_change() {
    let rules = app();
    let path = file("RoamingAppData:App\\a.ini");
    let mut session = Session::logon(&rules, &mandatory(&[]), None);
    session.profile.files.put(path.clone(), content("one", 1));
    let stored = session.logoff();
    let mut session = Session::logon(&rules, &mandatory(&[]), Some(&stored));
    session.profile.files.put(path.clone(), content("two", 1));
    assert_eq!(
        change(&session.logoff(), "RoamingAppData:App\\a.ini"),
        Some(FileChange::Present(content("two", 1)))
    );
    let mut hidden = content("two", 1);
    hidden.attributes = FileAttributes::HIDDEN;
    session.profile.files.put(path, hidden.clone());
    assert_eq!(change(&session.logoff(), "RoamingAppData:App\\a.ini"), Some(FileChange::Present(hidden)));
}

#[test]
fn a_place_seen_through_two_folders_travels_once() {
    let rules = rules(&[
        subset("outer", &[], &[folder("RoamingAppData", "Microsoft\\Windows")]),
        for_group(subset("inner", &[], &[folder("SendTo", "")]), "TS"),
    ]);
    let mut session = Session::logon(&rules, &mandatory(&[]), None);
    session.profile.files.put(file("SendTo:a.lnk"), content("a", 1));
    session.profile.files.put(file("RoamingAppData:Microsoft\\Windows\\Recent\\b.lnk"), content("b", 1));
    let exported = session.logoff();
    let names = |part: Part| {
        let set = if part == Part::Global { &exported.global } else { exported.group.as_ref().unwrap() };
        set.files.iter().map(|entry| entry.path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(Part::Global), ["RoamingAppData:Microsoft\\Windows\\Recent\\b.lnk"]);
    assert_eq!(names(Part::Group), ["SendTo:a.lnk"]);
}

#[test]
fn excluded_files_are_named_in_the_report() {
    let rules = rules(&[subset("s", &[], &[folder("RoamingAppData", "Microsoft")])]);
    let mut session = Session::logon(&rules, &mandatory(&[]), None);
    session.profile.files.put(file("RoamingAppData:Microsoft\\Protect\\S-1\\key"), content("k", 1));
    session.profile.files.put(file("RoamingAppData:Microsoft\\Word\\x.dotx"), content("w", 1));
    let exported = session.logoff();
    assert_eq!(exported.global.files.len(), 1);
    let notes: Vec<_> = exported.report.notes.of(NoteCode::Excluded).collect();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].place, "RoamingAppData:Microsoft\\Protect");
    assert!(notes[0].text.starts_with("MP-EXC-130: "));
}
