//! `metaprofiles storage verify`, over a base folder and over an object store.

use std::{
    fs,
    path::{Path, PathBuf},
};

use mp_storage::{Backend, FolderBackend, ObjectBackend, backend::Read};
use serde_json::json;

use crate::stored::{Place, data_set, key, sid, store};

/// Spoils the file, anywhere below a folder, that holds these bytes.
fn spoil(folder: &Path, content: &[u8]) {
    let mut folders = vec![folder.to_owned()];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read(&path).unwrap() == content {
                found.push(path);
            }
        }
    }
    let [path] = &found[..] else { panic!("{found:?}") };
    let mut bytes = content.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
}

/// Of user 1, version 2 is damaged: that is told, repaired, and told to be repaired.
fn damage_is_found_and_repaired(place: &Place, at: serde_json::Value, current: impl Fn() -> Vec<u8>) {
    let (code, told, said) = place.run(&["verify"]);
    assert_eq!(code, 1, "{said}");
    assert!(told.contains("2 data sets, 3 files") && told.contains("1 damaged"), "{told}");
    assert!(said.contains("the current version 2 of S-1-5-21-1-2-3-1 in global is damaged"), "{said}");
    let found = |arguments: &[&str]| -> serde_json::Value {
        let (code, told, said) = place.run(arguments);
        assert_eq!(code, 1, "{said}");
        serde_json::from_str(&told).unwrap()
    };
    let looked = found(&["verify", "--json"]);
    for (name, value) in at.as_object().unwrap() {
        assert_eq!(&looked[name], value, "{looked}");
    }
    let damage = &looked["damage"][0];
    assert_eq!(
        (&damage["what"], &damage["number"], &damage["remedy"]),
        (&json!("current"), &json!(2), &json!("none"))
    );
    let repaired = &found(&["verify", "--repair", "--json"])["damage"][0];
    assert_eq!(
        (&repaired["remedy"], &repaired["from"], &repaired["to"]),
        (&json!("fell-back"), &json!(1), &json!(3))
    );
    assert_eq!(current(), data_set(&sid(1), "one").bytes());
}

fn current(backend: &dyn Backend) -> Vec<u8> {
    match backend.read(&key(1), None).unwrap() {
        Read::Data(_, bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_damaged_base_folder_falls_back() {
    let place = Place::folder();
    let base = PathBuf::from(place.folder.path("base"));
    assert!(place.done(&["verify"]).starts_with("2 data sets, 3 files"));
    spoil(&base, data_set(&sid(1), "two").bytes());
    let at = json!({ "base-folder": base, "service-running": false });
    damage_is_found_and_repaired(&place, at, || current(&FolderBackend::look(&base).unwrap().0));
}

#[test]
fn a_damaged_object_store_falls_back_while_a_node_runs() {
    let Some((place, s3, options)) = Place::objects("verify-objects") else { return };
    assert!(place.done(&["verify"]).starts_with("2 data sets, 3 files"));
    let node = ObjectBackend::open(&options).unwrap();
    spoil(&s3.bucket_folder(), data_set(&sid(1), "two").bytes());
    let at = json!({ "store": options.store.to_string() });
    damage_is_found_and_repaired(&place, at, || current(&node));
    assert_eq!(store(&node, 1, "four"), 4);
}

#[test]
#[cfg(unix)]
fn credentials_come_from_a_file_of_the_owners() {
    use std::os::unix::fs::PermissionsExt;

    let Some((place, s3, options)) = Place::objects("verify-secrets") else { return };
    let lines = s3.environment().into_iter().map(|(name, value)| format!("{name}={value}\n"));
    let text = lines.chain([format!("METAPROFILES_CATALOGUE={}\n", options.catalogue)]).collect::<String>();
    let secrets = place.folder.file("storage.env", text);
    let store = options.store.to_string();
    let run = || {
        let arguments = ["storage", "verify", "--store", &store, "--secrets", &secrets];
        let done = crate::support::metaprofiles(&arguments).output().unwrap();
        (done.status.code().unwrap(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, said) = run();
    assert!(code == 1 && said.contains("chmod 600"), "{said}");
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(run(), (0, String::new()));
}
