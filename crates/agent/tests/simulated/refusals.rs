use mp_dataset::{FileAttributes, FilePath};
use mp_profile::{FileErrorKind, FolderLocation};
use mp_registry::{Key, KeyPath, Name, Value};

use crate::support::{Machine, content, file, rules, session};

#[test]
fn a_redirected_folder_is_left_alone() {
    let mut template = Key::default();
    let shell = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders";
    template
        .ensure(&KeyPath::parse(shell))
        .set_value(Value::expand_sz("Desktop", "\\\\server\\home\\alice\\Desktop"));
    let here = Machine::with(&Key::default());
    let rules = rules(&[], &[("Desktop", "")]);
    let path = file("Desktop:a.txt");
    let (_, stored) = session(&here, &rules, None, |profile| {
        profile.files().write(&path, &content("mine", FileAttributes::default())).unwrap();
    });

    let redirected = Machine::with(&template);
    let (imported, exported) = session(&redirected, &rules, Some(&stored), |profile| {
        let place = profile.files().locate("Desktop").unwrap();
        assert_eq!(place, FolderLocation::Redirected("\\\\server\\home\\alice\\Desktop".into()));
        assert_eq!(profile.files().read(&path, 9).unwrap_err().cause, FileErrorKind::NotInProfile);
    });
    assert_eq!(imported.report.files_written, 0);
    assert_eq!(exported.global.files, stored.global.files, "what was stored stays stored");
    assert!(!redirected.folder().join("Desktop").exists());
}

#[test]
fn names_that_cannot_be_held_or_are_not_safe() {
    let machine = Machine::with(&Key::default());
    let mut profile = machine.open();
    let files = profile.files();
    let lone = FilePath { folder: "Desktop".into(), components: vec![Name::from_units([0x61, 0xD800])] };
    for path in [lone, file("Desktop:a:b"), file("Desktop:..\\x"), file("Desktop:nul")] {
        let written = files.write(&path, &content("x", FileAttributes::default()));
        assert!(matches!(written.unwrap_err().cause, FileErrorKind::UnsafeName(_)), "{path}");
    }
    assert_eq!(files.locate("Nowhere").unwrap(), FolderLocation::Missing);
    let nowhere = files.write(&file("Nowhere:x"), &content("x", FileAttributes::default()));
    assert_eq!(nowhere.unwrap_err().cause, FileErrorKind::NotInProfile);
}

#[test]
fn sizes_are_bounded() {
    let machine = Machine::with(&Key::default());
    let mut profile = machine.open();
    let path = file("Desktop:a.txt");
    profile.files().write(&path, &content("12345", FileAttributes::READ_ONLY)).unwrap();
    assert!(profile.files().read(&path, 5).is_ok());
    let refused = profile.files().read(&path, 4).unwrap_err().cause;
    assert_eq!(refused, FileErrorKind::TooLarge { len: 5, limit: 4 });
    assert!(profile.set_marker(&vec![0; (64 << 10) + 1]).is_err());
}
