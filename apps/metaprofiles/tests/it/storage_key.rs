//! `metaprofiles storage key`, over a base folder and over an object store.

use std::fs;

use crate::{
    stored::Place,
    support::{Folder, failure, output},
};

fn create(folder: &Folder, name: &str) -> (String, String) {
    let file = folder.path(name);
    let id = output(&["storage", "key", "create", "--file", &file]).trim().to_owned();
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    (file, id)
}

/// The whole life of keys, the same over every store.
fn life(place: &Place) {
    let (file, first) = create(&place.folder, "storage.key");
    let with = ["--key-file", file.as_str()];
    let key = |command: &[&str]| place.json(&[&["key"], command, &with].concat());

    let before = key(&["status"]);
    assert_eq!((&before["store-key"], &before["plain-data-sets"]), (&serde_json::Value::Null, &2.into()));
    assert_eq!((&before["plain-files"], &before["sealed-files"]), (&3.into(), &0.into()), "{before}");
    let done = key(&["encrypt-all"]);
    assert_eq!((&done["data-sets"], &done["changed"]), (&2.into(), &3.into()), "{done}");
    assert_eq!(key(&["encrypt-all"])["changed"], 0, "again, it finds nothing to do");
    let status = key(&["status"]);
    assert_eq!((&status["plain-files"], &status["sealed-files"]), (&0.into(), &3.into()), "{status}");
    assert_eq!(status["under"][0], serde_json::json!({ "key": first, "data-sets": 2, "in-key-file": true }));
    assert_eq!(status["store-key"], first.as_str());
    assert_eq!(place.json(&[&["verify"], &with[..]].concat())["damage"], serde_json::json!([]));
    let said = place.refused(&["verify"]);
    assert!(said.contains("MP-STO-160"), "{said}");

    // A key that waits for its rotation is used by nothing, and the old one cannot be forgotten.
    let second = output(&[&["storage", "key", "add"], &with[..]].concat()).trim().to_owned();
    assert_eq!(key(&["status"])["keys"].as_array().unwrap().len(), 2);
    let said = place.refused(&[&["key", "forget"], &with[..]].concat());
    assert!(said.contains("metaprofiles storage key rotate"), "{said}");
    // Those of the data sets, and that of the store.
    // The keys of two data sets, and that of the store.
    let rotated = key(&["rotate"]);
    assert_eq!((&rotated["key"], &rotated["changed"]), (&second.as_str().into(), &3.into()), "{rotated}");
    // The next one makes its key itself.
    let third = key(&["rotate"])["key"].as_str().unwrap().to_owned();
    assert!(third != second && third != first);
    let forgotten = place.done(&[&["key", "forget"], &with[..]].concat());
    assert_eq!(forgotten.lines().collect::<Vec<_>>(), [second.as_str(), first.as_str()]);
    let status = key(&["status"]);
    assert_eq!(status["under"][0]["key"], third.as_str());
    assert_eq!(status["keys"].as_array().unwrap().len(), 1, "{status}");
    assert_eq!(place.json(&[&["verify"], &with[..]].concat())["files"], 3);
    assert!(place.done(&[&["key", "status"], &with[..]].concat()).contains("3 files encrypted, 0 not"));

    // Another farm's key file opens nothing, and says which key is missing.
    let (foreign, _) = create(&place.folder, "foreign.key");
    let (code, told, _) = place.run(&["key", "status", "--key-file", &foreign]);
    assert!(code == 1 && told.contains(&format!("{third}  2 data sets  NOT IN THE KEY FILE")), "{told}");
    let said = place.refused(&["key", "encrypt-all", "--key-file", &foreign]);
    assert!(said.contains("MP-STO-161"), "{said}");
}

#[test]
fn keys_of_a_base_folder_live() {
    life(&Place::folder());
}

#[test]
fn keys_of_an_object_store_live() {
    let Some((place, _s3, _)) = Place::objects("keys-of-objects") else { return };
    life(&place);
}

#[test]
fn a_key_file_is_the_owners_alone_and_never_made_twice() {
    let folder = Folder::new();
    let (file, _) = create(&folder, "storage.key");
    let text = fs::read(&file).unwrap();
    let said = failure(&["storage", "key", "create", "--file", &file], 1);
    assert!(said.contains("MP-STO-164"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), text);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let said = failure(&["storage", "key", "add", "--key-file", &file], 1);
        assert!(said.contains("MP-STO-166") && said.contains("chmod 600"), "{said}");
        assert_eq!(fs::read(&file).unwrap(), text);
    }
    let bad = folder.file("bad.key", "{}");
    #[cfg(unix)]
    fs::set_permissions(&bad, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert!(failure(&["storage", "key", "add", "--key-file", &bad], 1).contains("MP-STO-165"));
}
