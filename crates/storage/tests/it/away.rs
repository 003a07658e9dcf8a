//! What an Agent is told when the store, or the key of what is stored, is not there: come back later.

use std::sync::Arc;

use mp_profile::{DataSetStore as _, Scope};
use mp_storage::{FolderBackend, at_rest::AtRest, backend::folder::FirstUse};

use crate::{
    at_rest::Keys,
    requests::{raw, request},
    support::{Farm, data_set, files_below, sid},
};

fn refused(farm: &Farm, id: u8, code: &str) {
    let (identity, client) = farm.agent(id, None);
    let (status, answer) =
        raw(farm, &identity, &request("GET", "/v1/data-sets/global/S-1-5-21-1-2-3-1", &[], b""));
    assert!(status == 503 && answer.contains(code), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("retry-after: 10"), "{answer}");
    let error = client.fetch(&Scope::Global, &sid(1), None).unwrap_err();
    assert!(error.to_string().contains(code), "{error}");
}

#[test]
fn without_the_key_it_says_so_and_changes_nothing() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), Keys::new());
    let base = folder.path().join("base");
    let mut farm = {
        let sealed = FolderBackend::open_with(&base, "global", FirstUse::Allowed, keys.sealed()).unwrap();
        Farm::over(folder, Arc::new(sealed))
    };
    let (_, client) = farm.agent(1, None);
    client.store(&Scope::Global, &sid(1), None, &data_set(&sid(1), 1, 100)).unwrap();
    let before = files_below(&base);
    farm.stop();
    // The service would not start like that; its key file may be lost later.
    let (locked, _) = FolderBackend::look_with(&base, AtRest::plain()).unwrap();
    farm.serve("127.0.0.1:0".parse().unwrap(), Arc::new(locked));
    refused(&farm, 2, "MP-STO-035");
    assert_eq!(files_below(&base), before);
}

#[test]
fn without_the_object_store_an_agent_is_told_to_come_again() {
    let Some(rig) = crate::objects::Rig::alone("away") else { return };
    let farm = Farm::over(tempfile::tempdir().unwrap(), Arc::new(rig.open()));
    let (_, client) = farm.agent(1, None);
    client.store(&Scope::Global, &sid(1), None, &data_set(&sid(1), 1, 100)).unwrap();
    rig.s3.stop();
    refused(&farm, 2, "MP-STO-036");
}
