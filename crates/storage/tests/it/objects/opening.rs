//! What is found out before the first Agent comes.

use std::fs;

use mp_profile::Scope;
use mp_storage::{
    Backend, ObjectBackend,
    backend::{
        Author, Base, Key, Retention, Stamp,
        object::{Environment, ObjectOptions, OpenError},
    },
};

use super::Rig;
use crate::support::{file, sid};

/// The error of opening, with all its sources.
fn refused(options: &ObjectOptions) -> (OpenError, String) {
    let error = ObjectBackend::open(options).unwrap_err();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    assert!(!text.contains("secret-of"), "{text}");
    (error, text)
}

#[test]
fn a_store_that_works_leaves_no_trace_of_the_test() {
    let Some(rig) = Rig::new("self-test") else { return };
    drop(rig.open());
    drop(rig.open());
    assert_eq!(crate::support::files_below(&rig.folder()), ["metaprofiles-store.json"]);
}

#[test]
fn wrong_credentials_and_endpoints_are_told_apart() {
    let Some(rig) = Rig::new("refusals") else { return };
    let with = |name: &str, value: &str| {
        let changed = rig.s3.environment().into_iter().map(|(key, old)| {
            let value = if key == name { value.to_owned() } else { old };
            (key, value)
        });
        ObjectOptions { environment: changed.collect::<Environment>(), ..rig.options.clone() }
    };
    let (error, text) = refused(&with("AWS_SECRET_ACCESS_KEY", "secret-of-another"));
    assert!(matches!(error, OpenError::Store { doing: "write", .. }), "{text}");
    assert!(text.contains("MP-STO-144") && text.contains("s3:PutObject"), "{text}");

    let (_, text) = refused(&with("AWS_ENDPOINT", "http://127.0.0.1:9"));
    assert!(text.contains("check the endpoint"), "{text}");
}

#[test]
fn a_catalogue_that_cannot_be_used_is_told() {
    let Some(rig) = Rig::new("catalogues") else { return };
    let at = |url: String| refused(&ObjectOptions { catalogue: url, ..rig.options.clone() });
    assert!(matches!(at("mysql://x".to_owned()).0, OpenError::CatalogueAddress));
    let (error, text) = at(rig.options.catalogue.replace(rig.database(), "absent"));
    assert!(matches!(error, OpenError::Catalogue { .. }), "{text}");
    assert!(text.contains("postgres://localhost/absent") && text.contains("does not exist"), "{text}");
    let (_, text) = at("postgres://me:secret-of-mine@127.0.0.1:9/farm".to_owned());
    assert!(text.contains("postgres://127.0.0.1:9/farm"), "{text}");
}

#[test]
fn catalogue_and_objects_of_different_stores_are_not_mixed() {
    let Some(rig) = Rig::new("strangers") else { return };
    let node = rig.open();
    let key = Key { scope: Scope::Global, sid: sid(1) };
    let stamp = Stamp::new(1, Author::Service);
    node.replace(&key, &Base::Nothing, &file(&key.sid, 1), &stamp, &Retention::newest(1)).unwrap();
    drop(node);

    let empty = ObjectOptions { catalogue: rig.postgres.new_database(), ..rig.options.clone() };
    let (error, text) = refused(&empty);
    assert!(matches!(error, OpenError::Strangers { .. }) && text.contains("this one is empty"), "{text}");

    let other = Rig::new("strangers-2").unwrap();
    drop(other.open());
    let (error, text) =
        refused(&ObjectOptions { catalogue: other.options.catalogue.clone(), ..rig.options.clone() });
    assert!(matches!(error, OpenError::Strangers { .. }) && text.contains("another catalogue"), "{text}");

    let marker = rig.folder().join("metaprofiles-store.json");
    let text = fs::read(&marker).unwrap();
    fs::remove_file(&marker).unwrap();
    assert!(refused(&rig.options).1.contains("has lost its marker"));
    fs::write(&marker, text).unwrap();
    assert!(rig.open().version(&key).unwrap().is_some());
}

#[test]
fn nodes_may_start_at_the_same_time() {
    let Some(rig) = Rig::new("starting") else { return };
    std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..4).map(|_| scope.spawn(|| rig.open())).collect();
        nodes.into_iter().for_each(|node| drop(node.join().unwrap()));
    });
}

#[test]
fn a_later_schema_is_left_alone() {
    let Some(rig) = Rig::new("later-schema") else { return };
    drop(rig.open());
    let table = "metaprofiles_storage._sqlx_migrations";
    let later = format!(
        "INSERT INTO {table} (version, description, success, checksum, execution_time) \
         SELECT 9999, 'later', success, checksum, execution_time FROM {table} LIMIT 1"
    );
    rig.postgres.execute(rig.database(), &later);
    assert!(matches!(refused(&rig.options).0, OpenError::Schema { .. }));
}
