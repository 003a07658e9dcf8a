//! Attacks of a user on what touches their profile, with links of the file system, one by one. The rest is shown in the
//! Windows room (`crates/windows/tests/system/attacks.rs`) and in the pure one (`crates/profile/tests/it/`: `autoruns.rs`, `floods.rs`); that of a
//! folder with a million files is beside the code (`crates/agent/src/hosts/simulated/list.rs`).

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use mp_dataset::{FileAttributes, FilePath};
use mp_profile::{FileErrorKind, FileFilter, FileListing, MAX_COMPONENTS, NoteCode, ProfileFiles, import};
use mp_registry::Key;

use crate::support::{Machine, content, file, rules, session, sets};

struct All;

impl FileFilter for All {
    fn enter(&mut self, _: &FilePath) -> bool {
        true
    }
    fn take(&mut self, _: &FilePath) -> bool {
        true
    }
}

fn list(files: &dyn ProfileFiles) -> FileListing {
    files.list("Desktop", &[], true, &mut All).unwrap()
}

/// A machine, its user's desktop, and a folder elsewhere with somebody's secret.
fn ground() -> (Machine, PathBuf, PathBuf) {
    let machine = Machine::with(&Key::default());
    let (desktop, elsewhere) = (machine.folder().join("Desktop"), machine.root.path().join("elsewhere"));
    fs::create_dir(&desktop).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("a.txt"), "secret").unwrap();
    (machine, desktop, elsewhere)
}

fn untouched(elsewhere: &Path) {
    let names: Vec<_> = fs::read_dir(elsewhere).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a.txt"]);
    assert_eq!(fs::read(elsewhere.join("a.txt")).unwrap(), b"secret");
}

#[test]
fn a_file_that_is_swapped_between_the_listing_and_the_opening_is_not_opened() {
    let (machine, desktop, elsewhere) = ground();
    let (on_disk, path) = (desktop.join("a.txt"), file("Desktop:a.txt"));
    let secret = elsewhere.join("a.txt");
    let to_link = || symlink(&secret, &on_disk).unwrap();
    let to_hard_link = || fs::hard_link(&secret, &on_disk).unwrap();
    let to_pipe = || assert!(Command::new("mkfifo").arg(&on_disk).status().unwrap().success());
    let to_folder = || fs::create_dir(&on_disk).unwrap();
    let swaps: [&dyn Fn(); 4] = [&to_link, &to_hard_link, &to_pipe, &to_folder];
    let mut profile = machine.open();
    let files = profile.files();
    for swap in swaps {
        fs::write(&on_disk, "mine").unwrap();
        assert_eq!(list(files).files.len(), 1);
        fs::remove_file(&on_disk).unwrap();
        swap();
        assert!(files.read(&path, 100).is_err());
        assert!(files.write(&path, &content("evil", FileAttributes::default())).is_err());
        assert!(files.delete(&path).is_err());
        assert!(list(files).files.is_empty());
        fs::remove_file(&on_disk).or_else(|_| fs::remove_dir(&on_disk)).unwrap();
        untouched(&elsewhere);
    }
}

/// The check of a folder and what is done in it are two calls. The user swaps the folder for a link between them, as often
/// as they can; whether they are ever lucky is up to the scheduler, so that the same is shown step by step beside the code
/// (`crates/agent/src/hosts/simulated/disk.rs`).
#[test]
fn a_folder_that_is_swapped_for_a_link_all_the_time_leads_nowhere() {
    let (machine, desktop, elsewhere) = ground();
    let (folder, aside) = (desktop.join("d"), desktop.join("aside"));
    fs::create_dir(&folder).unwrap();
    let path = file("Desktop:d\\a.txt");
    let stop = AtomicBool::new(false);
    let mut profile = machine.open();
    let files = profile.files();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // A write may have made the folder anew meanwhile; then this round is in vain.
                let _ = fs::rename(&folder, &aside);
                let _ = symlink(&elsewhere, &folder);
                let _ = fs::remove_file(&folder);
                let _ = fs::rename(&aside, &folder);
                let _ = fs::remove_dir_all(&aside);
            }
        });
        let mut written = 0;
        for _ in 0..400 {
            written += usize::from(files.write(&path, &content("evil", FileAttributes::default())).is_ok());
            if let Ok(read) = files.read(&path, 100) {
                assert_ne!(read.bytes.as_ref(), b"secret");
            }
            for found in list(files).files {
                assert_ne!(found.len, 6, "the secret was listed");
            }
            let _ = files.delete(&path);
        }
        stop.store(true, Ordering::Relaxed);
        assert!(written > 0, "the folder was there now and then");
    });
    untouched(&elsewhere);
}

#[test]
fn a_link_below_which_an_import_would_write_stops_it_and_is_told() {
    let (machine, desktop, elsewhere) = ground();
    let rules = rules(&[], &[("Desktop", "")]);
    let (_, stored) = session(&machine, &rules, None, |profile| {
        let path = file("Desktop:App\\a.txt");
        profile.files().write(&path, &content("mine", FileAttributes::default())).unwrap();
    });
    machine.host.logon_mandatory(&crate::support::sid(), "alice").unwrap();
    fs::create_dir_all(&desktop).unwrap();
    symlink(&elsewhere, desktop.join("App")).unwrap();
    let mut profile = machine.open();
    let imported = import(&mut *profile, &rules, &sets(Some(&stored))).unwrap();
    assert_eq!(imported.report.files_written, 0);
    assert_eq!(imported.report.notes.of(NoteCode::FileUnwritten).count(), 1);
    untouched(&elsewhere);
}

#[test]
fn a_huge_sparse_file_is_left_out_without_being_read() {
    let (machine, ..) = ground();
    let rules = rules(&[], &[("Desktop", "")]);
    let (_, exported) = session(&machine, &rules, None, |profile| {
        let big = fs::File::create(machine.folder().join("Desktop/big.bin")).or_else(|_| {
            fs::create_dir(machine.folder().join("Desktop"))?;
            fs::File::create(machine.folder().join("Desktop/big.bin"))
        });
        big.unwrap().set_len(100 << 30).unwrap();
        let read = profile.files().read(&file("Desktop:big.bin"), 1 << 20);
        assert_eq!(read.unwrap_err().cause, FileErrorKind::TooLarge { len: 100 << 30, limit: 1 << 20 });
    });
    assert!(exported.global.files.is_empty());
    assert_eq!(exported.report.notes.of(NoteCode::FileTooLarge).count(), 1);
}

#[test]
fn folders_in_folders_end_somewhere() {
    let (machine, desktop, _) = ground();
    let deep: PathBuf = std::iter::repeat_n("d", MAX_COMPONENTS + 20).collect();
    fs::create_dir_all(desktop.join(deep)).unwrap();
    let mut profile = machine.open();
    let listed = list(profile.files());
    assert!(listed.files.is_empty());
    assert!(matches!(&listed.problems[..], [one] if matches!(one.cause, FileErrorKind::UnsafeName(_))));
}

#[test]
fn what_an_import_left_behind_is_removed_by_the_next_and_never_travels() {
    let (machine, ..) = ground();
    let rules = rules(&[], &[("Desktop", "")]);
    let left = "~metaprofiles-4711-0.tmp";
    let (_, stored) = session(&machine, &rules, None, |profile| {
        let path = file("Desktop:a.txt");
        profile.files().write(&path, &content("mine", FileAttributes::default())).unwrap();
        fs::write(machine.folder().join("Desktop").join(left), "half of it").unwrap();
    });
    assert_eq!(stored.global.files.len(), 1, "{:?}", stored.global.files);
    machine.host.logon_mandatory(&crate::support::sid(), "alice").unwrap();
    fs::create_dir_all(machine.folder().join("Desktop")).unwrap();
    let on_disk = machine.folder().join("Desktop").join(left);
    fs::write(&on_disk, "half of it").unwrap();
    let mut profile = machine.open();
    import(&mut *profile, &rules, &sets(Some(&stored))).unwrap();
    assert!(!on_disk.exists());
    // One that a data set brings is refused.
    let mut forged = stored.global.clone();
    forged.files[0].path = file(&format!("Desktop:{left}"));
    let forged = mp_profile::Sets { global: Some(&forged), group: None };
    let imported = import(&mut *profile, &rules, &forged).unwrap();
    assert!(!on_disk.exists() && imported.report.notes.of(NoteCode::Excluded).count() == 1);
}
