//! Files of special folders on a real file system.

use std::{
    fs,
    os::windows::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use crate::profile::{All, LIMIT, Profile, at, content, plain};
use mp_dataset::{FileAttributes, FilePath};
use mp_profile::{FileErrorKind, FileFilter, FolderLocation, ProfileFiles};
use mp_registry::{FileTime, Value};
use mp_windows::WindowsFiles;

#[test]
fn content_time_and_attributes_come_back_exactly() {
    let profile = Profile::new();
    let mut files = profile.files();
    let (read_only, hidden, system) =
        (FileAttributes::READ_ONLY, FileAttributes::HIDDEN, FileAttributes::SYSTEM);
    let path = at("RoamingAppData", &["Vendor", "App", "settings.ini"]);
    // From 1950 to 2100, each time in place of the one before, also where that one is read-only.
    for (modified, attributes, bytes) in [
        (110_000_000_000_000_003, FileAttributes::default(), &b"first"[..]),
        (133_456_789_012_345_677, hidden.with(system), b""),
        (133_456_789_012_345_678, read_only, &[7; 200_000]),
        (157_000_000_000_000_009, read_only.with(hidden), b"last"),
        (133_456_789_012_345_679, FileAttributes::default(), b"plain again"),
    ] {
        let written = content(bytes, modified, attributes);
        files.write(&path, &written).unwrap();
        assert_eq!(files.read(&path, LIMIT).unwrap(), written);
    }
    assert_eq!(profile.names_in(r"AppData\Roaming\Vendor\App"), ["settings.ini"]);
    files.write(&path, &content(b"x", 1, read_only)).unwrap();
    assert_eq!(files.delete(&path), Ok(true), "read-only files are deleted too");
    assert_eq!(files.delete(&path), Ok(false));
    assert_eq!(files.delete(&at("Desktop", &["no", "such.txt"])), Ok(false));
    assert!(files.read(&path, LIMIT).is_err());
}

#[test]
fn a_listing_is_what_the_filter_takes() {
    struct Text(Vec<String>);
    impl FileFilter for Text {
        fn enter(&mut self, folder: &FilePath) -> bool {
            self.0.push(folder.to_string());
            !folder.to_string().ends_with("skip")
        }
        fn take(&mut self, file: &FilePath) -> bool {
            file.to_string().ends_with(".txt")
        }
    }
    let profile = Profile::new();
    let mut files = profile.files();
    for path in [&["a.txt"][..], &["b.bin"], &["in", "c.txt"], &["in", "Größe.txt"], &["in", "skip", "d.txt"]]
    {
        files
            .write(&at("Desktop", path), &content(b"12345", 130_000_000_000_000_042, FileAttributes::HIDDEN))
            .unwrap();
    }
    fs::write(profile.folder.join("Desktop").join("~metaprofiles-7-7.tmp"), "left by a crash").unwrap();
    // Enough names for several calls.
    for number in 0..700 {
        let name = format!("{}{number}.txt", "long name ".repeat(15));
        fs::write(profile.folder.join("Desktop").join("in").join(name), "x").unwrap();
    }
    let mut text = Text(Vec::new());
    let listing = files.list("Desktop", &[], true, &mut text).unwrap();
    assert_eq!(listing.problems, []);
    assert_eq!(listing.files.len(), 703);
    text.0.sort();
    assert_eq!(text.0, ["Desktop:in", r"Desktop:in\skip"]);
    let found = listing.files.iter().find(|file| file.path == at("Desktop", &["in", "Größe.txt"])).unwrap();
    assert_eq!(
        (found.len, found.modified, found.attributes),
        (5, FileTime(130_000_000_000_000_042), FileAttributes::HIDDEN)
    );

    let flat = files.list("Desktop", &[], false, &mut All).unwrap();
    assert_eq!(flat.files.len(), 2);
    let below = files.list("Desktop", &["IN".into()], false, &mut All).unwrap();
    assert_eq!(below.files.len(), 702);
    assert_eq!(files.list("Desktop", &["none".into()], true, &mut All).unwrap().files, []);
    assert_eq!(files.list("Music", &[], true, &mut All).unwrap().files, []);
    let outside = files.list("Desktop", &["..".into()], true, &mut All).unwrap_err();
    assert!(matches!(outside.cause, FileErrorKind::UnsafeName(_)));
}

#[test]
fn long_paths_work() {
    let profile = Profile::new();
    let mut files = profile.files();
    let deep = "d".repeat(200);
    let mut components = vec![deep.as_str(); 4];
    components.push("file.txt");
    let path = at("Documents", &components);
    files.write(&path, &plain(b"deep")).unwrap();
    assert_eq!(files.read(&path, LIMIT).unwrap().bytes.as_ref(), b"deep");
    let listing = files.list("Documents", &[], true, &mut All).unwrap();
    assert_eq!(listing.files.iter().map(|file| &file.path).collect::<Vec<_>>(), [&path]);
    assert_eq!(files.delete(&path), Ok(true));
}

#[test]
fn what_is_no_plain_file_is_refused() {
    let profile = Profile::new();
    let mut files = profile.files();
    let (kept, linked) = (at("Desktop", &["kept.txt"]), at("Desktop", &["linked.txt"]));
    files.write(&kept, &plain(b"kept")).unwrap();
    let desktop = profile.folder.join("Desktop");
    fs::hard_link(desktop.join("kept.txt"), desktop.join("linked.txt")).unwrap();
    assert_eq!(files.read(&linked, LIMIT).unwrap_err().cause, FileErrorKind::HardLinked);
    assert_eq!(files.write(&linked, &plain(b"new")).unwrap_err().cause, FileErrorKind::HardLinked);
    assert_eq!(files.delete(&linked).unwrap_err().cause, FileErrorKind::HardLinked);
    assert_eq!(fs::read(desktop.join("kept.txt")).unwrap(), b"kept");
    fs::remove_file(desktop.join("linked.txt")).unwrap();
    assert_eq!(files.read(&kept, 3).unwrap_err().cause, FileErrorKind::TooLarge { len: 4, limit: 3 });
    assert_eq!(files.read(&kept, 4).unwrap().bytes.as_ref(), b"kept");

    fs::create_dir(desktop.join("folder")).unwrap();
    assert!(files.read(&at("Desktop", &["folder"]), LIMIT).is_err());
    assert!(files.write(&at("Desktop", &["folder"]), &plain(b"x")).is_err());
    assert!(files.delete(&at("Desktop", &["folder"])).is_err());
    assert!(files.write(&at("Desktop", &["kept.txt", "below"]), &plain(b"x")).is_err());
    for bad in ["a:stream", "con", "trail.", "trail ", "..", "a\\b", "a/b", "nul\0"] {
        for components in [&[bad][..], &[bad, "x"]] {
            let refused = files.write(&at("Desktop", components), &plain(b"x")).unwrap_err();
            assert!(matches!(refused.cause, FileErrorKind::UnsafeName(_)), "{bad:?}");
        }
    }
    assert_eq!(profile.names_in("Desktop"), ["folder", "kept.txt"]);
}

#[test]
fn a_file_that_others_hold_is_in_use_and_stays_whole() {
    let profile = Profile::new();
    let mut files = profile.files();
    let path = at("Desktop", &["held.txt"]);
    files.write(&path, &plain(b"former")).unwrap();
    let held = profile.folder.join("Desktop").join("held.txt");
    let holder = fs::OpenOptions::new().read(true).write(true).share_mode(0).open(&held).unwrap();
    assert_eq!(files.read(&path, LIMIT).unwrap_err().cause, FileErrorKind::InUse);
    assert_eq!(files.write(&path, &plain(b"new")).unwrap_err().cause, FileErrorKind::InUse);
    assert_eq!(files.delete(&path).unwrap_err().cause, FileErrorKind::InUse);
    drop(holder);
    assert_eq!(profile.names_in("Desktop"), ["held.txt"], "nothing is left beside it");
    assert_eq!(files.read(&path, LIMIT).unwrap().bytes.as_ref(), b"former");
    files.write(&path, &plain(b"new")).unwrap();
    assert_eq!(fs::read(&held).unwrap(), b"new");
    assert_eq!(fs::metadata(&held).unwrap().last_write_time(), 133_000_000_000_000_001);
}

#[test]
fn special_folders_are_where_the_user_has_them() {
    let profile = Profile::new();
    let root = profile.folder.to_str().unwrap().to_owned();
    profile.shell_folders(&[
        Value::expand_sz("Personal", r"%userprofile%\My Things\Documents"),
        Value::sz("AppData", &format!(r"{}\Data\Roaming\", root.to_ascii_uppercase())),
        Value::expand_sz("Desktop", r"\\server\share\ada\Desktop"),
        Value::expand_sz("Favorites", &format!("{root}x\\Favorites")),
        Value::expand_sz("My Music", r"%USERPROFILE%\..\bob\Music"),
        Value::expand_sz("My Pictures", r"%HOMESHARE%\Pictures"),
        Value::dword("My Video", 7),
    ]);
    let mut files = profile.files();
    let redirected = |to: &str| FolderLocation::Redirected(to.to_owned());
    for (folder, expected) in [
        ("Documents", FolderLocation::InProfile),
        ("documents", FolderLocation::InProfile),
        ("Videos", FolderLocation::InProfile),
        ("Downloads", FolderLocation::InProfile),
        ("Profile", FolderLocation::InProfile),
        ("Desktop", redirected(r"\\server\share\ada\Desktop")),
        ("Favorites", redirected(&format!("{root}x\\Favorites"))),
        ("Music", redirected(r"%USERPROFILE%\..\bob\Music")),
        ("Pictures", redirected(r"%HOMESHARE%\Pictures")),
        ("Windows", FolderLocation::Missing),
    ] {
        assert_eq!(files.locate(folder), Ok(expected), "{folder}");
    }
    files.write(&at("Documents", &["a.txt"]), &plain(b"a")).unwrap();
    files.write(&at("QuickLaunch", &["b.lnk"]), &plain(b"b")).unwrap();
    let exists = |path: &str| Path::new(&root).join(path).is_file();
    assert!(exists(r"My Things\Documents\a.txt"));
    assert!(exists(r"Data\Roaming\Microsoft\Internet Explorer\Quick Launch\b.lnk"));
    let refused = files.write(&at("Desktop", &["x"]), &plain(b"x")).unwrap_err();
    assert_eq!(refused.cause, FileErrorKind::NotInProfile);

    for unknown in [None, Some(r"\\server\profiles\ada"), Some("C:"), Some(r"Users\ada")] {
        let folder = unknown.map(|path| path.encode_utf16().collect::<Vec<_>>());
        let files = WindowsFiles::open(folder.as_deref(), &profile.user.registry()).unwrap();
        assert_eq!(files.locate("Documents"), Ok(FolderLocation::Missing));
        let refused = files.read(&at("Documents", &["a.txt"]), LIMIT).unwrap_err();
        assert_eq!(refused.cause, FileErrorKind::NotInProfile);
    }
}
