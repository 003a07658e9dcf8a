//! What every backend promises. A backend conforms when [`all`] passes over an empty one.

mod adopting;
mod beside;
mod history;
mod versions;

use mp_profile::Scope;
use mp_storage::{
    Backend, FolderBackend, MemoryBackend, ObjectBackend,
    at_rest::AtRest,
    backend::{
        Author, Base, Change, Key, Replaced, Retention, Stamp, Version, folder::FirstUse,
        object::ObjectOptions,
    },
};

use crate::support::{file, sid};

#[test]
fn the_memory_backend_conforms() {
    all(&MemoryBackend::default());
}

#[test]
fn the_folder_backend_conforms() {
    let folder = tempfile::tempdir().unwrap();
    all(&FolderBackend::open(folder.path(), "global", FirstUse::Allowed).unwrap());
}

#[test]
fn the_memory_backend_conforms_sealed() {
    all(&MemoryBackend::with(crate::at_rest::Keys::new().sealed()));
}

#[test]
fn the_folder_backend_conforms_sealed() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), crate::at_rest::Keys::new());
    all(&FolderBackend::open_with(folder.path(), "global", FirstUse::Allowed, keys.sealed()).unwrap());
}

#[test]
fn the_object_backend_conforms_sealed_on_s3_and_postgresql() {
    let Some(mut rig) = crate::objects::Rig::new("conformance-sealed") else { return };
    rig.options.at_rest = crate::at_rest::Keys::new().sealed();
    all(&rig.open());
}

#[test]
fn the_object_backend_conforms_on_s3_and_postgresql() {
    let Some(rig) = crate::objects::Rig::new("conformance") else { return };
    all(&rig.open());
}

#[test]
fn the_object_backend_conforms_on_azure_and_postgresql() {
    let name = "conformance-azure";
    let Some(azurite) = mp_test_servers::Azurite::start(name) else { return };
    let Some(postgres) = mp_test_servers::Postgres::server(name) else { return };
    let options = ObjectOptions {
        store: azurite.store(name).parse().unwrap(),
        catalogue: postgres.new_database(),
        environment: azurite.environment().into_iter().collect(),
        at_rest: AtRest::plain(),
        looks: false,
    };
    all(&ObjectBackend::open(&options).unwrap());
}

/// The whole contract, over a backend that holds nothing. Users are numbered from 1 to 99.
pub(crate) fn all(backend: &dyn Backend) {
    beside::knows_nobody_at_first(backend);
    versions::stores_and_returns(backend);
    versions::changes_what_is_current_only(backend);
    versions::acknowledges_twice_what_is_sent_twice(backend);
    versions::numbers_go_on_after_a_deletion(backend);
    versions::keeps_scopes_and_users_apart(backend);
    versions::of_many_writers_one_wins(backend);
    history::keeps_former_versions(backend);
    history::keeps_by_age_and_size(backend);
    history::tells_who_stored_what_and_when(backend);
    history::reads_any_version_that_is_kept(backend);
    history::pins_hold_whatever_comes(backend);
    history::a_restored_version_is_a_new_one(backend);
    history::says_who_deleted_and_why(backend);
    history::readers_and_retention_do_not_meet(backend);
    adopting::takes_numbers_as_they_are(backend);
    adopting::notes_what_a_version_holds(backend);
    beside::quarantines_beside(backend);
    beside::takes_out_of_quarantine(backend);
    beside::lists_scopes_and_users(backend);
    beside::finds_no_damage(backend);
}

/// A time, in milliseconds since 1970; the contract's stories begin at it.
const BEGUN: u64 = 1_800_000_000_000;

fn key(number: u32) -> Key {
    Key { scope: Scope::Global, sid: sid(number) }
}

fn administrator() -> Author {
    Author::Administrator("admin".to_owned())
}

fn stamp(at: u64) -> Stamp {
    Stamp::new(at, administrator())
}

fn change(reason: &str) -> Change {
    Change { at: BEGUN, by: administrator(), reason: reason.to_owned() }
}

fn keep(versions: u32) -> Retention {
    Retention::newest(versions)
}

/// Stores the file of a seed; two former versions are kept.
fn replace(backend: &dyn Backend, key: &Key, base: &Base, seed: u64) -> Version {
    replace_at(backend, key, base, seed, BEGUN, &keep(2))
}

fn replace_at(
    backend: &dyn Backend,
    key: &Key,
    base: &Base,
    seed: u64,
    at: u64,
    retention: &Retention,
) -> Version {
    match backend.replace(key, base, &file(&key.sid, seed), &stamp(at), retention).unwrap() {
        Replaced::As { version, .. } => version,
        Replaced::Conflict => panic!("a conflict for seed {seed}"),
    }
}

/// Stores the files of the seeds, one after the other.
fn replace_all(
    backend: &dyn Backend,
    key: &Key,
    seeds: impl IntoIterator<Item = u64>,
    keep: &Retention,
) -> Vec<Version> {
    let mut versions = Vec::new();
    for seed in seeds {
        let base = backend.base_now(key).unwrap();
        versions.push(replace_at(backend, key, &base, seed, BEGUN, keep));
    }
    versions
}

/// The numbers of the versions whose content is kept, newest first.
fn kept(backend: &dyn Backend, key: &Key) -> Vec<u64> {
    let versions = backend.versions(key).unwrap();
    versions.iter().filter(|info| info.kept).map(|info| info.number).collect()
}
