//! What comes of each kind of meeting.

use mp_dataset::ProfileKind;
use mp_storage::{
    Backend, FolderBackend, MemoryBackend,
    backend::{Author, Base, Change, QuarantineNote, Removed, Retention, folder::FirstUse},
    peers::{BackendSource, Taken},
};

use super::{AT, Failing, current, key, packed, packed_of, set, store, tags, take, take_all, unpacked};

fn pair() -> (MemoryBackend, MemoryBackend) {
    Default::default()
}

fn removed(backend: &dyn Backend) {
    let tag = backend.version(&key()).unwrap().unwrap().tag();
    let change = Change { at: AT, by: Author::Service, reason: "asked for".to_owned() };
    assert_eq!(backend.remove(&key(), &tag, &change, &Retention::newest(50)).unwrap(), Removed::Done);
}

#[test]
fn what_one_has_stored_comes_over_with_numbers_and_stamps() {
    let (first, second) = pair();
    for at in 0..4 {
        set(&first, at, "file", &format!("text {at}"));
    }
    assert_eq!(take_all(&second, &first, false).versions, 4);
    assert_eq!(tags(&second), tags(&first));
    assert_eq!(second.versions(&key()).unwrap(), first.versions(&key()).unwrap());
    // Once more there is nothing to do, and the other way round neither.
    assert_eq!(take_all(&second, &first, false), Taken::default());
    assert_eq!(take_all(&first, &second, true), Taken::default());
    // While the first one was away the second one took something: it comes back.
    set(&second, 9, "file", "later");
    assert_eq!(take_all(&first, &second, true).versions, 1);
    assert_eq!((tags(&first), current(&first)["file"].as_deref()), (tags(&second), Some("later")));
}

#[test]
fn what_both_have_stored_apart_is_merged_by_one_and_taken_over_by_the_other() {
    let (first, second) = pair();
    set(&first, 0, "shared", "before");
    set(&first, 0, "gone", "before");
    take_all(&second, &first, false);
    set(&first, 1, "shared", "of the first");
    set(&first, 2, "first", "1");
    let theirs = set(&second, 3, "shared", "of the second");
    super::change(&second, 4, |files| drop(files.insert("gone".to_owned(), None)));
    // The lower one leaves it to the other one.
    let taken = take_all(&second, &first, false);
    assert_eq!(
        (taken.waits, taken.versions, current(&second)["shared"].as_deref()),
        (true, 0, Some("of the second"))
    );
    let taken = take_all(&first, &second, true);
    let overrides = taken.merged.unwrap();
    assert_eq!((taken.quarantined, overrides.total()), (1, 1));
    assert!(overrides.named[0].place.to_string().ends_with("shared"), "{overrides:?}");
    // What was stored later counts; the other one is beside.
    let files = current(&first);
    assert_eq!((files["shared"].as_deref(), files["first"].as_deref()), (Some("of the second"), Some("1")));
    assert_eq!(files["gone"], None);
    let [beside] = &first.quarantined(&key()).unwrap()[..] else { panic!("one file is beside") };
    let beside = unpacked(&first.read_quarantined(&key(), &beside.id).unwrap().unwrap());
    assert_eq!(beside["shared"].as_deref(), Some("of the first"));
    let info = &first.versions(&key()).unwrap()[0];
    assert!(info.stamp.as_ref().unwrap().notes.as_ref().unwrap().starts_with("merged with"), "{info:?}");
    // The other one has both then, and keeps what it had.
    assert_eq!(take_all(&second, &first, false).versions, 1);
    assert_eq!((tags(&second)[0].clone(), current(&second)), (tags(&first)[0].clone(), files));
    assert!(tags(&second).contains(&theirs.tag().0));
    assert_eq!(take_all(&first, &second, true), Taken::default());
}

/// A profile that is captured for migration becomes the first data set and replaces none, also where the server that took it
/// did not know yet that there is one.
#[test]
fn a_captured_profile_gives_way_to_what_sessions_have_stored() {
    let text = |text: &str| Some(text.to_owned());
    for (captured_here, goes_on) in [(true, false), (false, false), (true, true), (false, true)] {
        let (first, second) = pair();
        let (capturing, other) = if captured_here { (&first, &second) } else { (&second, &first) };
        super::change(other, 0, |files| {
            files.extend([("theme".to_owned(), text("dark")), ("gone".to_owned(), None)]);
        });
        let profile = ["theme", "gone", "only here"].map(|name| (name.to_owned(), text("captured")));
        store(capturing, 5, &packed_of(&profile.into(), ProfileKind::Roaming));
        if goes_on {
            set(capturing, 6, "theme", "changed since");
        }
        let taken = take_all(&first, &second, true);
        assert_eq!((taken.quarantined, taken.merged.unwrap().total() > 1), (1 + u64::from(goes_on), true));
        let theme = if goes_on { "changed since" } else { "dark" };
        let expected = [("theme", text(theme)), ("gone", None), ("only here", text("captured"))];
        assert_eq!(current(&first), expected.map(|(name, text)| (name.to_owned(), text)).into());
        assert_eq!(take_all(&second, &first, false).versions, 1);
        assert_eq!(current(&second), current(&first));
    }
}

#[test]
fn the_same_file_on_both_is_one_version() {
    let (first, second) = pair();
    set(&first, 0, "file", "0");
    take_all(&second, &first, false);
    // An Agent got no answer from the first one in time, and sent it to the second one.
    set(&first, 1, "file", "1");
    set(&second, 1, "file", "1");
    assert_eq!(take_all(&first, &second, true), Taken::default());
    assert_eq!(tags(&first), tags(&second));
    // After different ways to the same content both agree on a number.
    set(&first, 2, "file", "2");
    set(&second, 2, "file", "other");
    set(&second, 3, "file", "2");
    take_all(&first, &second, true);
    assert_eq!(take_all(&second, &first, false).versions, 1);
    assert_eq!(tags(&first)[0], tags(&second)[0]);
}

#[test]
fn a_data_set_that_was_deleted_is_deleted_elsewhere_unless_it_goes_on_there() {
    let (first, second) = pair();
    set(&first, 0, "file", "0");
    take_all(&second, &first, false);
    removed(&second);
    assert_eq!(take_all(&first, &second, true).versions, 1);
    assert_eq!(first.version(&key()).unwrap(), None);
    let newest = &first.versions(&key()).unwrap()[0];
    assert_eq!(newest.removed.as_ref().unwrap().reason, "asked for");
    set(&first, 1, "file", "anew");
    assert_eq!(take_all(&second, &first, false).versions, 1);
    assert_eq!(tags(&first)[0], tags(&second)[0]);
    // Deleted on one, and changed on the other one at the same time: what was stored stays.
    removed(&first);
    set(&second, 2, "file", "changed");
    take_all(&first, &second, true);
    take_all(&second, &first, false);
    assert_eq!((current(&first)["file"].as_deref(), tags(&first)), (Some("changed"), tags(&second)));
    removed(&second);
    set(&first, 3, "file", "again");
    take_all(&second, &first, false);
    assert_eq!(
        (current(&second)["file"].as_deref(), tags(&second)[0].clone()),
        (Some("again"), tags(&first)[0].clone())
    );
}

#[test]
fn a_move_that_is_broken_off_anywhere_goes_on_and_doubles_nothing() {
    let from = MemoryBackend::default();
    for at in 0..5 {
        set(&from, at, "file", &format!("text {at}"));
    }
    let pinned = from.versions(&key()).unwrap()[2].tag.clone();
    let change = Change { at: AT, by: Author::Service, reason: String::new() };
    assert!(from.pin(&key(), &mp_profile::VersionTag(pinned), true, &change).unwrap());
    for number in 0..3_u64 {
        let note = QuarantineNote { reason: format!("{number}"), agent: "TS1".to_owned(), at: AT + number };
        let files = [("beside".to_owned(), Some(number.to_string()))].into();
        from.quarantine(&key(), &packed(&files), &note).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut broken_off = 0;
    let path = folder.path().join("to");
    loop {
        // The process is another one each time.
        let first_use = if broken_off == 0 { FirstUse::Allowed } else { FirstUse::Refused };
        let to = FolderBackend::open(&path, "global", first_use).unwrap();
        // Each time it gets a little further: one answer and what it had before.
        match take(&to, &Failing::after(&from, broken_off + 1), true, true) {
            Ok(_) => break,
            Err(_) => broken_off += 1,
        }
    }
    assert!(broken_off > 3, "{broken_off}");
    let to = FolderBackend::open(&path, "global", FirstUse::Refused).unwrap();
    let known = |backend: &dyn Backend| -> Vec<_> {
        let versions = backend.versions(&key()).unwrap().into_iter();
        versions.map(|info| (info.tag, info.base, info.stamp, info.pinned, info.current, info.kept)).collect()
    };
    assert_eq!(known(&to), known(&from));
    let notes = |backend: &dyn Backend| -> Vec<_> {
        let quarantined = backend.quarantined(&key()).unwrap().into_iter();
        let mut notes: Vec<_> = quarantined.map(|info| info.note.unwrap()).collect();
        notes.sort_by_key(|note| note.at);
        notes
    };
    assert_eq!(notes(&to), notes(&from));
    assert_eq!(take(&to, &BackendSource(&from), true, true).unwrap(), Taken::default());
    // What an Agent that has not heard of the move stores on the old one is brought over as well.
    set(&from, 9, "late", "1");
    set(&to, 9, "new", "1");
    take(&to, &BackendSource(&from), true, true).unwrap();
    let files = current(&to);
    assert_eq!((files["late"].as_deref(), files["new"].as_deref()), (Some("1"), Some("1")));
}

#[test]
fn a_number_that_was_given_to_what_never_became_current_counts_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let open = |first_use| FolderBackend::open(folder.path(), "global", first_use).unwrap();
    let backend = open(FirstUse::Allowed);
    set(&backend, 0, "file", "0");
    let version = set(&backend, 1, "file", "1");
    drop(backend);
    // A crash came after the number was written down, and before the file was there.
    let never = packed(&[("file".to_owned(), Some("never".to_owned()))].into());
    let seal: String = never.digest().to_string().chars().take(16).collect();
    let versions = folder.path().join("office").join(format!("{}.versions", key().sid));
    std::fs::write(versions.join(format!("00000057-{seal}.number")), b"").unwrap();
    let backend = open(FirstUse::Refused);
    assert_eq!(backend.version(&key()).unwrap(), Some(version));
    assert_eq!(set(&backend, 2, "file", "2").sequence, 3);
    assert_eq!(
        backend.base_now(&key()).unwrap(),
        Base::Version(backend.version(&key()).unwrap().unwrap().tag())
    );
}
