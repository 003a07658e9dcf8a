//! New keys for old, and plain stores that become sealed ones.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use mp_profile::Scope;
use mp_storage::{
    Backend, FolderBackend,
    at_rest::{AtRest, KeyedStore, Kinds, encrypt_all, rewrap_all, stored_under},
};

use super::{Keys, Sealed, file, key, read, store};
use crate::support::{files_below, group};

/// All files but the records and the marker.
fn data(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files =
        files_below(folder).into_iter().filter(|name| !name.ends_with(".key") && !name.ends_with(".json"));
    files.map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

/// Ten users with two versions each.
fn fill(backend: &dyn Backend) {
    for number in 1..=10 {
        let key = key(group("Office"), number);
        for seed in 1..3 {
            store(backend, &key, &file(&key, seed, 400));
        }
    }
}

fn all_read(backend: &dyn Backend) {
    for number in 1..=10 {
        let key = key(group("Office"), number);
        assert_eq!(read(backend, &key).unwrap(), file(&key, 2, 400).bytes());
    }
}

#[test]
fn a_rotation_wraps_the_data_keys_anew_and_touches_no_data() {
    let it = Sealed::new();
    fill(&it.open());
    let before = data(it.folder.path());
    let old = it.keys.file().ids()[0];
    let new = it.keys.file().add().unwrap();
    let keys = it.keys.file();
    let (backend, _) = FolderBackend::look_with(it.folder.path(), AtRest::sealed(Arc::clone(&keys))).unwrap();
    let found = stored_under(&backend).unwrap();
    assert_eq!((found.by_key.clone(), found.store), (BTreeMap::from([(old, 10)]), Some(old)));
    assert!(found.has_others_than(new));

    let done = rewrap_all(&backend, |_| {}).unwrap();
    assert_eq!((done.data_sets, done.changed), (10, 11), "the store's own and one for each");
    assert_eq!(rewrap_all(&backend, |_| {}).unwrap().changed, 0);
    assert_eq!(data(it.folder.path()), before);
    let found = stored_under(&backend).unwrap();
    assert_eq!((found.by_key.clone(), found.store), (BTreeMap::from([(new, 10)]), Some(new)));
    assert_eq!((found.files, found.plain_data_sets), (Kinds { sealed: 20, plain: 0 }, 0));
    assert!(!found.has_others_than(new));

    assert_eq!(keys.forget_former().unwrap(), [old]);
    all_read(&it.open());
}

#[test]
fn a_running_service_learns_of_the_new_key() {
    let it = Sealed::new();
    let running = it.open();
    fill(&running);
    let new = it.keys.file().add().unwrap();
    let (beside, _) = FolderBackend::look_with(it.folder.path(), it.keys.sealed()).unwrap();
    rewrap_all(&beside, |_| {}).unwrap();
    it.keys.file().forget_former().unwrap();
    all_read(&running);
    let late = key(Scope::Global, 50);
    store(&running, &late, &file(&late, 1, 100));
    assert_eq!(stored_under(&running).unwrap().by_key, BTreeMap::from([(new, 11)]));
}

#[test]
fn a_rotation_that_is_killed_anywhere_is_begun_again() {
    for die_after in 0..=11 {
        let it = Sealed::new();
        fill(&it.open());
        let new = it.keys.file().add().unwrap();
        {
            let (backend, _) = FolderBackend::look_with(it.folder.path(), it.keys.sealed()).unwrap();
            let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                rewrap_all(&backend, |done| assert!(done.data_sets != die_after, "killed"))
            }));
            assert_eq!(killed.is_err(), (1..=10).contains(&die_after));
        }
        // As when it dies while it writes a record.
        fs::write(it.path("office/S-1-5-21-1-2-3-4.key.1-1.tmp"), b"half a rec").unwrap();
        all_read(&it.open());
        let (backend, _) = FolderBackend::look_with(it.folder.path(), it.keys.sealed()).unwrap();
        rewrap_all(&backend, |_| {}).unwrap();
        assert_eq!(stored_under(&backend).unwrap().by_key, BTreeMap::from([(new, 10)]));
        all_read(&backend);
    }
}

#[test]
fn a_plain_store_is_read_as_before_and_sealed_when_asked() {
    let it = Sealed::new();
    fill(&it.open_with(AtRest::plain()));
    let office = key(group("Office"), 1);
    let before: Vec<_> = {
        let backend = it.open();
        all_read(&backend);
        store(&backend, &office, &file(&office, 3, 400));
        assert_eq!(backend.kinds(&office).unwrap(), Kinds { sealed: 1, plain: 2 });
        store(&backend, &office, &file(&office, 2, 400));
        backend
            .quarantine(&key(group("Office"), 2), &file(&key(group("Office"), 2), 9, 400), &super::note())
            .unwrap();
        (1..=10).map(|number| backend.versions(&key(group("Office"), number)).unwrap()).collect()
    };
    let backend = it.open();
    assert_eq!(encrypt_all(&backend, |_| {}).unwrap().changed, 20);
    assert_eq!(encrypt_all(&backend, |_| {}).unwrap().changed, 0);
    let found = stored_under(&backend).unwrap();
    assert_eq!((found.files, found.plain_data_sets), (Kinds { sealed: 23, plain: 0 }, 0));
    all_read(&backend);
    let after: Vec<_> =
        (1..=10).map(|number| backend.versions(&key(group("Office"), number)).unwrap()).collect();
    assert_eq!(after, before, "versions keep numbers, tags, lengths and times");
    assert!((1..=10).all(|number| {
        let key = key(group("Office"), number);
        backend.inspect(&key, None).unwrap().damage.is_empty()
            && !super::lies_below(it.folder.path(), &file(&key, 1, 400))
    }));
}

#[test]
fn an_object_store_is_sealed_and_rotated_while_another_node_works() {
    let Some(mut rig) = crate::objects::Rig::new("rotation") else { return };
    let keys = Keys::new();
    fill(&rig.open());
    rig.options.at_rest = keys.sealed();
    let (node, beside) = (rig.open(), rig.open());
    all_read(&node);
    assert_eq!(encrypt_all(&beside, |_| {}).unwrap().changed, 20);
    let key = key(group("Office"), 1);
    assert_eq!(node.kinds(&key).unwrap(), Kinds { sealed: 2, plain: 0 });
    all_read(&node);
    let new = keys.file().add().unwrap();
    assert_eq!(rewrap_all(&beside, |_| {}).unwrap().changed, 11);
    assert_eq!(stored_under(&beside).unwrap().by_key, BTreeMap::from([(new, 10)]));
    all_read(&node);
    assert_eq!(node.inspect(&key, None).unwrap().damage, []);

    let told = |at_rest: AtRest| {
        let options = mp_storage::backend::object::ObjectOptions { at_rest, ..rig.options.clone() };
        let error = mp_storage::ObjectBackend::open(&options).unwrap_err();
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        text
    };
    assert!(told(AtRest::plain()).contains("MP-STO-160"));
    assert!(told(Keys::new().sealed()).contains("MP-STO-161"));
}
