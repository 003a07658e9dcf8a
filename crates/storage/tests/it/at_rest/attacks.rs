//! What somebody may do who can write to the store and has no key.

use std::fs;

use mp_profile::Scope;
use mp_storage::{
    Backend,
    backend::{BackendError, Damaged, Remedy},
};

use super::{AT, Sealed, file, key, read, store};
use crate::support::group;

#[test]
fn a_file_put_in_the_place_of_another_users_or_scopes_is_not_believed() {
    let it = Sealed::new();
    let backend = it.open();
    let victim = key(group("Office"), 1);
    let (own, other) = (file(&victim, 1, 500), file(&victim, 2, 500));
    store(&backend, &victim, &own);
    let place = it.path("office/S-1-5-21-1-2-3-1.mpd");
    let right = fs::read(&place).unwrap();

    // The same user's of another scope, another user's of the same scope, and both with the data key taken along.
    let elsewhere = [key(Scope::Global, 1), key(group("Sales"), 1), key(group("Office"), 2)];
    for (from, name) in
        elsewhere.iter().zip(["global/S-1-5-21-1-2-3-1", "sales/S-1-5-21-1-2-3-1", "office/S-1-5-21-1-2-3-2"])
    {
        let content = if from.sid == victim.sid { other.clone() } else { file(from, 3, 500) };
        store(&backend, from, &content);
        fs::copy(it.path(&format!("{name}.mpd")), &place).unwrap();
        let refused = backend.read(&victim, None);
        assert!(matches!(refused, Err(BackendError::Damaged { .. })), "{name}: {refused:?}");
        assert!(matches!(backend.version(&victim), Err(BackendError::Damaged { .. })), "its head, too");

        let record = it.path("office/S-1-5-21-1-2-3-1.key");
        let own_record = fs::read(&record).unwrap();
        fs::copy(it.path(&format!("{name}.key")), &record).unwrap();
        let refused = backend.read(&victim, None);
        assert!(matches!(refused, Err(BackendError::Key { .. })), "{name} with its key: {refused:?}");
        assert!(backend.inspect(&victim, Some(AT)).is_err(), "and nothing is repaired without the right key");
        fs::write(&record, own_record).unwrap();
    }
    fs::write(&place, right).unwrap();
    assert_eq!(read(&backend, &victim).unwrap(), own.bytes());
}

#[test]
fn another_versions_file_under_a_versions_name_is_not_believed() {
    let it = Sealed::new();
    let backend = it.open();
    let key = key(group("Office"), 1);
    let versions: Vec<_> = (1..4).map(|seed| store(&backend, &key, &file(&key, seed, 500))).collect();
    let name = |index: usize| {
        let seal = &versions[index].digest.to_string()[..16];
        it.path(&format!("office/S-1-5-21-1-2-3-1.versions/{:08}-{seal}.mpd", index + 1))
    };
    fs::copy(name(0), name(1)).unwrap();
    assert_eq!(backend.read_version(&key, &versions[1].tag()).unwrap(), None);
    let found = backend.inspect(&key, Some(AT)).unwrap().damage;
    assert_eq!(found.iter().map(|damage| &damage.what).collect::<Vec<_>>(), [&Damaged::Former(2)]);
}

#[test]
fn every_bit_and_every_length_counts() {
    let it = Sealed::new();
    let backend = it.open();
    let key = key(group("Office"), 1);
    let (first, second) = (file(&key, 1, 200), file(&key, 2, 70_000));
    store(&backend, &key, &first);
    store(&backend, &key, &second);
    let place = it.path("office/S-1-5-21-1-2-3-1.mpd");
    let right = fs::read(&place).unwrap();
    let mut spoiled = Vec::new();
    // All of the header, its neighbourhood, and both pieces.
    for at in (0..130).chain([1000, 65_600, right.len() - 17, right.len() - 1]) {
        let mut bytes = right.clone();
        bytes[at] ^= 1 << (at % 8);
        spoiled.push((format!("bit flipped in byte {at}"), bytes));
    }
    for len in [0, 7, 119, 120, 65_672, right.len() - 1] {
        spoiled.push((format!("cut to {len}"), right[..len].to_vec()));
    }
    spoiled.push(("longer".to_owned(), [&right[..], b"x"].concat()));
    // The pieces in another order: the second one is shorter, so it comes twice.
    let swapped = [&right[..120], &right[65_672..], &right[120..65_672]].concat();
    spoiled.push(("pieces swapped".to_owned(), swapped));
    for (what, bytes) in spoiled {
        fs::write(&place, bytes).unwrap();
        let read = backend.read(&key, None);
        assert!(matches!(read, Err(BackendError::Damaged { .. })), "{what}: {:?}", read.map(drop));
    }
    let found = backend.inspect(&key, Some(AT)).unwrap().damage;
    assert_eq!(found.last().map(|damage| damage.remedy), Some(Remedy::FellBack { from: 1, to: 3 }));
    assert_eq!(read(&backend, &key).unwrap(), first.bytes());
}
