//! What only file systems with links and other names than Windows' can hold.

use mp_dataset::{FileAttributes, FilePath};
use mp_profile::{FileErrorKind, FileFilter, NoteCode, ProfileFiles};
use mp_registry::Key;

use crate::support::{Machine, content, file, rules, session};

struct All;

impl FileFilter for All {
    fn enter(&mut self, _: &FilePath) -> bool {
        true
    }
    fn take(&mut self, _: &FilePath) -> bool {
        true
    }
}

fn problems(files: &dyn ProfileFiles, folder: &str) -> Vec<(String, FileErrorKind)> {
    let listing = files.list(folder, &[], true, &mut All).unwrap();
    listing.problems.into_iter().map(|problem| (problem.path, problem.cause)).collect()
}

#[test]
fn links_are_never_followed() {
    let machine = Machine::with(&Key::default());
    let outside = machine.root.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret.txt"), "secret").unwrap();
    let desktop = machine.folder().join("Desktop");
    std::fs::create_dir(&desktop).unwrap();
    std::os::unix::fs::symlink(&outside, desktop.join("folder")).unwrap();
    std::os::unix::fs::symlink(outside.join("secret.txt"), desktop.join("file.txt")).unwrap();
    std::fs::hard_link(outside.join("secret.txt"), desktop.join("hard.txt")).unwrap();
    std::os::unix::fs::symlink(&outside, machine.folder().join("Favorites")).unwrap();

    let mut profile = machine.open();
    let files = profile.files();
    assert_eq!(
        problems(files, "Desktop"),
        [
            ("Desktop:file.txt".to_owned(), FileErrorKind::ReparsePoint),
            ("Desktop:folder".to_owned(), FileErrorKind::ReparsePoint),
            ("Desktop:hard.txt".to_owned(), FileErrorKind::HardLinked),
        ]
    );
    let listed = files.list("Favorites", &[], true, &mut All);
    assert_eq!(listed.unwrap_err().cause, FileErrorKind::ReparsePoint);
    for (path, cause) in [
        ("Desktop:folder\\secret.txt", FileErrorKind::ReparsePoint),
        ("Desktop:file.txt", FileErrorKind::ReparsePoint),
        ("Desktop:hard.txt", FileErrorKind::HardLinked),
        ("Favorites:secret.txt", FileErrorKind::ReparsePoint),
    ] {
        let path = file(path);
        assert_eq!(files.read(&path, 100).unwrap_err().cause, cause, "{path}");
        let written = files.write(&path, &content("evil", FileAttributes::default()));
        assert_eq!(written.unwrap_err().cause, cause, "{path}");
        assert_eq!(files.delete(&path).unwrap_err().cause, cause, "{path}");
    }
    assert_eq!(std::fs::read(outside.join("secret.txt")).unwrap(), b"secret");
}

#[test]
fn a_file_that_became_a_link_keeps_its_stored_content() {
    let machine = Machine::with(&Key::default());
    let rules = rules(&[], &[("Desktop", "")]);
    let path = file("Desktop:a.txt");
    let (_, stored) = session(&machine, &rules, None, |profile| {
        profile.files().write(&path, &content("mine", FileAttributes::default())).unwrap();
    });
    let (_, exported) = session(&machine, &rules, Some(&stored), |_| {
        let on_disk = machine.folder().join("Desktop/a.txt");
        std::fs::remove_file(&on_disk).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &on_disk).unwrap();
    });
    assert_eq!(exported.global.files, stored.global.files);
    assert_eq!(exported.report.notes.of(NoteCode::FileNeverTravels).count(), 1);
}

#[test]
fn names_on_disk_that_windows_cannot_have_are_problems() {
    use std::os::unix::ffi::OsStrExt;
    let machine = Machine::with(&Key::default());
    let desktop = machine.folder().join("Desktop");
    std::fs::create_dir(&desktop).unwrap();
    for name in [b"a:b".as_slice(), b"\xff", b"Case", b"case", b"fine"] {
        std::fs::write(desktop.join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
    }
    let mut profile = machine.open();
    let listing = profile.files().list("Desktop", &[], true, &mut All).unwrap();
    let names: Vec<_> = listing.files.iter().map(|found| found.path.to_string()).collect();
    assert_eq!(names, ["Desktop:Case", "Desktop:fine"]);
    assert_eq!(listing.problems.len(), 3);
    assert!(listing.problems.iter().all(|problem| matches!(problem.cause, FileErrorKind::UnsafeName(_))));
}
