//! Attacks of a user on the service that touches their profile, one by one. What Wine cannot show (links of the file system)
//! is shown on the simulated session host.

use std::{
    fs::{self, File},
    os::windows::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use crate::{
    profile::{All, LIMIT, Profile, at, plain},
    support::FakeUser,
};
use mp_dataset::FilePath;
use mp_profile::{FileErrorKind, FolderLocation, MAX_COMPONENTS, ProfileFiles};
use mp_registry::{
    Key, KeyAction, KeyEdit, KeyPath, Name, Registry, RegistryErrorKind, TakeAll, Value, ValueType,
};
use mp_windows::WindowsFiles;
use windows_sys::Win32::Storage::FileSystem::GetShortPathNameW;

/// What `read`, `write` and `delete` say to a path, which must be the same.
fn refusal(files: &mut WindowsFiles, path: &FilePath) -> FileErrorKind {
    let written = files.write(path, &plain(b"evil")).unwrap_err().cause;
    assert_eq!(files.delete(path).unwrap_err().cause, written, "{path}");
    assert_eq!(files.read(path, LIMIT).unwrap_err().cause, written, "{path}");
    written
}

/// All paths below a folder, for seeing that nothing came or went.
fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything_in(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

#[test]
fn names_that_mean_something_else_to_windows_are_refused() {
    let profile = Profile::new();
    let mut files = profile.files();
    fs::create_dir(profile.folder.join("Desktop")).unwrap();
    let before = everything_in(&profile.folder);
    let streams = ["a.txt:stream", "a.txt::$DATA", ":x", "x:"];
    let devices = [
        "CON",
        "con",
        "NUL.txt",
        "nul.tar.gz",
        "AUX",
        "PRN.x",
        "COM1",
        "COM\u{b9}",
        "LPT\u{b3}.log",
        "lpt9",
        "CONIN$",
        "CONOUT$",
        "NUL  .txt",
        "CLOCK$",
    ];
    let trimmed = ["a.txt.", "a.txt ", "a. .", "..", ".", "...", " ", "Startup. "];
    let paths = [r"a\b", "a/b", r"..\..\x", r"\\server\share", r"\??\C:\x", "a\0b"];
    let others = ["a\u{1}", "a\nb", "a*", "a?", "a<b", "a>b", "a|b", "a\"b", ""];
    let long = "x".repeat(256);
    let names = [&streams[..], &devices, &trimmed, &paths, &others, &[&long]].concat();
    for name in names {
        for path in
            [at("Desktop", &[name]), at("Desktop", &[name, "b.txt"]), at("Desktop", &["d", name, "b"])]
        {
            let cause = refusal(&mut files, &path);
            assert!(matches!(cause, FileErrorKind::UnsafeName(_)), "{name:?}: {cause:?}");
        }
        let listed = files.list("Desktop", &[Name::from(name)], true, &mut All);
        assert!(matches!(listed.unwrap_err().cause, FileErrorKind::UnsafeName(_)), "{name:?}");
    }
    assert_eq!(everything_in(&profile.folder), before);
}

#[test]
fn a_short_form_of_a_name_is_no_way_round_the_rules() {
    let profile = Profile::new();
    let mut files = profile.files();
    let startup = ["Start Menu of mine", "Startup programs"];
    files.write(&at("Desktop", &[startup[0], startup[1], "own program.lnk"]), &plain(b"own")).unwrap();
    let long = profile.folder.join("Desktop").join(startup[0]).join(startup[1]).join("own program.lnk");
    let wide: Vec<u16> = long.as_os_str().encode_wide().chain([0]).collect();
    let mut short = [0; 1024];
    // SAFETY: the path ends with a NUL, the result has as much room as it is said to have.
    let len = unsafe { GetShortPathNameW(wide.as_ptr(), short.as_mut_ptr(), 1024) };
    let short = PathBuf::from(std::ffi::OsString::from_wide(&short[..usize::try_from(len).unwrap()]));
    let names: Vec<_> = short.iter().rev().take(3).map(|name| name.to_str().unwrap()).collect();
    let [file, folder, menu] = names[..] else { panic!("{short:?}") };
    if !menu.contains('~') || !file.contains('~') {
        println!(
            "SKIPPED a_short_form_of_a_name_is_no_way_round_the_rules: this volume makes no short names"
        );
        return;
    }
    assert!(short.exists(), "the system follows the short form: {short:?}");
    let before = everything_in(&profile.folder);
    for path in [
        at("Desktop", &[menu, startup[1], "evil.lnk"]),
        at("Desktop", &[startup[0], folder, "evil.lnk"]),
        at("Desktop", &[startup[0], startup[1], file]),
        at("Desktop", &[menu, folder, file]),
    ] {
        let cause = refusal(&mut files, &path);
        assert_eq!(cause, FileErrorKind::UnsafeName("it is the short form of another name"), "{path}");
    }
    assert_eq!(everything_in(&profile.folder), before);
    assert_eq!(fs::read(&long).unwrap(), b"own");
    // A file that is really called so is a file like any other.
    let own = at("Desktop", &["notes~1.txt"]);
    files.write(&own, &plain(b"mine")).unwrap();
    assert_eq!(files.read(&own, LIMIT).unwrap(), plain(b"mine"));
    files.write(&own, &plain(b"again")).unwrap();
    assert_eq!(files.delete(&own), Ok(true));
}

#[test]
fn a_hard_link_to_a_file_elsewhere_is_neither_read_nor_written() {
    let profile = Profile::new();
    let mut files = profile.files();
    let victim = profile.folder.with_extension("victim");
    fs::write(&victim, "of somebody else").unwrap();
    let path = at("Desktop", &["a.txt"]);
    files.write(&path, &plain(b"mine")).unwrap();
    let listed = files.list("Desktop", &[], true, &mut All).unwrap();
    assert_eq!(listed.files.len(), 1, "a plain file when it is listed");
    // Between the listing and the reading, and between the check and the writing.
    let on_disk = profile.folder.join("Desktop").join("a.txt");
    fs::remove_file(&on_disk).unwrap();
    fs::hard_link(&victim, &on_disk).unwrap();
    assert_eq!(refusal(&mut files, &path), FileErrorKind::HardLinked);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "of somebody else");
    fs::remove_file(&victim).unwrap();
}

#[test]
fn a_file_that_is_swapped_while_it_is_written_keeps_its_other_names() {
    // A link that is put there after the check is replaced by the rename; the file it named elsewhere is not touched. Here
    // it is put there before, and the check is passed by the second name going away and coming back.
    let profile = Profile::new();
    let mut files = profile.files();
    let victim = profile.folder.with_extension("victim");
    let path = at("Desktop", &["a.txt"]);
    files.write(&path, &plain(b"mine")).unwrap();
    let on_disk = profile.folder.join("Desktop").join("a.txt");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = fs::write(&victim, "of somebody else");
                let _ = fs::remove_file(&on_disk);
                let _ = fs::hard_link(&victim, &on_disk);
                let _ = fs::remove_file(&on_disk);
            }
        });
        for _ in 0..200 {
            // It may succeed or not; it must never write through.
            let _ = files.write(&path, &plain(b"evil"));
            if let Ok(content) = fs::read(&victim) {
                assert_ne!(content, b"evil");
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(fs::read_to_string(&victim).unwrap(), "of somebody else");
    fs::remove_file(&victim).unwrap();
}

#[test]
fn a_huge_sparse_file_is_not_read() {
    let profile = Profile::new();
    fs::create_dir(profile.folder.join("Desktop")).unwrap();
    let len = 100 << 30;
    File::create(profile.folder.join("Desktop").join("a.bin")).unwrap().set_len(len).unwrap();
    let files = profile.files();
    let listed = files.list("Desktop", &[], true, &mut All).unwrap();
    assert_eq!(listed.files[0].len, len);
    let read = files.read(&at("Desktop", &["a.bin"]), LIMIT);
    assert_eq!(read.unwrap_err().cause, FileErrorKind::TooLarge { len, limit: LIMIT });
}

#[test]
fn folders_in_folders_end_somewhere() {
    let profile = Profile::new();
    let deep: PathBuf = std::iter::repeat_n("d", MAX_COMPONENTS + 20).collect();
    let start: Vec<u16> = r"\\?\".encode_utf16().chain(profile.folder.as_os_str().encode_wide()).collect();
    let start = PathBuf::from(std::ffi::OsString::from_wide(&start));
    fs::create_dir_all(start.join("Desktop").join(&deep)).unwrap();
    let mut files = profile.files();
    let listed = files.list("Desktop", &[], true, &mut All).unwrap();
    assert!(listed.files.is_empty());
    assert!(matches!(listed.problems[..], [ref one] if matches!(one.cause, FileErrorKind::UnsafeName(_))));
    let path = at("Desktop", &["d"; MAX_COMPONENTS + 1]);
    assert!(matches!(refusal(&mut files, &path), FileErrorKind::UnsafeName(_)));
    fs::remove_dir_all(start.join("Desktop")).unwrap();
}

#[test]
fn what_an_import_left_behind_is_found_and_is_no_file_of_the_users() {
    let profile = Profile::new();
    fs::create_dir(profile.folder.join("Desktop")).unwrap();
    let names = ["~metaprofiles-4711-0.tmp", "~metaprofiles-notes.txt", "own.tmp"];
    names.iter().for_each(|name| fs::write(profile.folder.join("Desktop").join(name), "half").unwrap());
    let mut files = profile.files();
    let listed = files.list("Desktop", &[], true, &mut All).unwrap();
    assert_eq!(listed.left_behind, [at("Desktop", &[names[0]])]);
    assert_eq!(listed.files.len(), 2);
    assert_eq!(files.delete(&listed.left_behind[0]), Ok(true));
}

#[test]
fn the_users_choice_of_folders_leads_nowhere_else() {
    let profile = Profile::new();
    let elsewhere = profile.folder.with_extension("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    for place in [
        elsewhere.to_str().unwrap(),
        r"%USERPROFILE%\..\somebody\Desktop",
        r"%USERPROFILE%\a\..\..\x",
        r"\\server\share",
        r"\\?\C:\windows",
        r"\??\C:\windows",
        r"C:\windows",
        r"%SystemRoot%",
        r"%USERPROFILE%x",
        r"%USERPROFILE%\NUL",
        r"%USERPROFILE%\a:b",
        "relative",
    ] {
        profile.shell_folders(&[Value::expand_sz("Desktop", place)]);
        let mut files = profile.files();
        assert!(matches!(files.locate("Desktop"), Ok(FolderLocation::Redirected(_))), "{place}");
        let cause = refusal(&mut files, &at("Desktop", &["a.txt"]));
        assert_eq!(cause, FileErrorKind::NotInProfile, "{place}");
        assert!(files.list("Desktop", &[], true, &mut All).is_err(), "{place}");
    }
    assert!(everything_in(&elsewhere).is_empty());
    fs::remove_dir(&elsewhere).unwrap();
    // A value of any other kind, or of any length, says nothing.
    profile.shell_folders(&[Value::new("Desktop", ValueType::BINARY, vec![0x41; 8 << 20])]);
    assert_eq!(profile.files().locate("Desktop"), Ok(FolderLocation::InProfile));
}

fn tree_of(user: &FakeUser, path: &str) -> Option<Key> {
    user.registry().read_tree(&KeyPath::parse(path), &mut TakeAll).unwrap().tree
}

#[test]
fn a_registry_link_leads_no_import_and_no_export_elsewhere() {
    let user = FakeUser::new();
    let mut tree = Key::new("");
    tree.ensure(&KeyPath::parse(r"Software\Victim\Below")).set_value(Value::sz("v", "of the victim"));
    tree.ensure(&KeyPath::parse(r"Software\Holder"));
    user.registry().apply(&KeyEdit::write(&tree)).unwrap();
    let victim = || tree_of(&user, r"Software\Victim").unwrap();
    let before = victim();
    user.create_link(r"Software\Holder\App", r"Software\Victim");

    let mut edits = Key::new("");
    edits.ensure(&KeyPath::parse(r"Software\Holder\App\Below")).set_value(Value::sz("v", "evil"));
    let write = KeyEdit::write(&edits);
    let mut delete = KeyEdit::root();
    let holder = KeyPath::parse(r"Software\Holder");
    delete.at_or_pass(&holder).insert_subkey(KeyEdit::new("App", KeyAction::Delete));
    for edits in [write, delete] {
        let applied = user.registry().apply(&edits).unwrap();
        assert!(applied.problems.iter().any(|problem| problem.cause == RegistryErrorKind::SymbolicLink));
    }
    assert_eq!(victim(), before);
    let read = user.registry().read_tree(&KeyPath::parse("Software"), &mut TakeAll).unwrap();
    assert!(read.tree.unwrap().at(&KeyPath::parse(r"Holder\App")).is_none());
    let causes: Vec<_> = read.problems.iter().map(|problem| &problem.cause).collect();
    assert_eq!(causes, [&RegistryErrorKind::SymbolicLink]);
}

#[test]
fn a_value_called_as_that_of_links_makes_no_link_whatever_its_length() {
    let user = FakeUser::new();
    let path = KeyPath::parse(r"Software\App");
    let mut tree = Key::new("");
    tree.ensure(&path).set_value(Value::new("SymbolicLinkValue", ValueType::BINARY, vec![7; 4 << 20]));
    user.registry().apply(&KeyEdit::write(&tree)).unwrap();
    let read = tree_of(&user, r"Software\App").unwrap();
    assert_eq!(read.values()[0].data.len(), 4 << 20);
}

#[test]
fn a_key_with_too_many_values_is_given_up_and_nothing_else_is() {
    let user = FakeUser::new();
    let mut tree = Key::new("");
    let values = (0..32_769_u32).map(|number| Value::dword(format!("{number:05}").as_str(), number));
    tree.ensure(&KeyPath::parse(r"Software\Flood")).replace_values(values.collect());
    tree.ensure(&KeyPath::parse(r"Software\Other")).set_value(Value::sz("v", "1"));
    assert!(user.registry().apply(&KeyEdit::write(&tree)).unwrap().problems.is_empty());
    let read = user.registry().read_tree(&KeyPath::parse("Software"), &mut TakeAll).unwrap();
    let names: Vec<_> = read.tree.unwrap().subkeys().iter().map(|key| key.name.to_string()).collect();
    assert_eq!(names, ["Other"]);
    let [problem] = &read.problems[..] else { panic!("{:?}", read.problems) };
    assert!(problem.to_string().contains("32768 values"), "{problem}");
}
