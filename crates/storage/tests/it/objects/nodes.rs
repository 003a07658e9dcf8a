//! Several nodes on one store, and neighbours that are away.

use std::{thread, time::Duration};

use mp_profile::Scope;
use mp_storage::{
    Backend, ObjectBackend,
    backend::{
        Author, BackendError, Base, Key, QuarantineNote, Read, Replaced, Retention, Stamp, Version,
        object::Collected,
    },
};

use super::Rig;
use crate::support::{file, sid};

const AT: u64 = 1_800_000_000_000;

fn key(number: u32) -> Key {
    Key { scope: Scope::Global, sid: sid(number) }
}

fn put(
    node: &ObjectBackend,
    key: &Key,
    base: &Base,
    seed: u64,
    keep: u32,
) -> Result<Option<Version>, BackendError> {
    let stamp = Stamp::new(AT, Author::Service);
    let stored = node.replace(key, base, &file(&key.sid, seed), &stamp, &Retention::newest(keep))?;
    Ok(match stored {
        Replaced::As { version, .. } => Some(version),
        Replaced::Conflict => None,
    })
}

fn put_all(node: &ObjectBackend, key: &Key, seeds: std::ops::Range<u64>, keep: u32) {
    for seed in seeds {
        put(node, key, &node.base_now(key).unwrap(), seed, keep).unwrap().unwrap();
    }
}

#[test]
fn of_two_nodes_that_race_on_one_user_one_wins_each_time() {
    const ROUNDS: u64 = 20;
    let Some(rig) = Rig::new("racing-nodes") else { return };
    let nodes = [rig.open(), rig.open()];
    let key = key(1);
    // Each node stores upon what it finds, and begins again after a conflict, as Agents do.
    let wins: Vec<Vec<Version>> = thread::scope(|scope| {
        let racers: Vec<_> = nodes
            .iter()
            .zip(1..)
            .map(|(node, racer)| {
                let key = &key;
                scope.spawn(move || {
                    let mut won = Vec::new();
                    let mut seed = racer * 1000;
                    while won.len() < usize::try_from(ROUNDS).unwrap() {
                        seed += 1;
                        won.extend(put(node, key, &node.base_now(key).unwrap(), seed, 1000).unwrap());
                    }
                    won
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let infos = nodes[0].versions(&key).unwrap();
    let mut acknowledged: Vec<_> = wins.concat().iter().map(|version| version.tag().0).collect();
    let mut stored: Vec<_> = infos.iter().map(|info| info.tag.clone()).collect();
    acknowledged.sort();
    stored.sort();
    assert_eq!(acknowledged, stored, "every acknowledged version is there, and no other");
    for pair in infos.windows(2) {
        assert_eq!((pair[0].number, pair[0].base.as_ref()), (pair[1].number + 1, Some(&pair[1].tag)));
    }
    assert_eq!(nodes[1].inspect(&key, None).unwrap().damage, []);
}

#[test]
fn a_retry_on_the_other_node_is_the_same_version() {
    let Some(rig) = Rig::new("retry") else { return };
    let (first, second) = (rig.open(), rig.open());
    let version = put(&first, &key(1), &Base::Nothing, 1, 3).unwrap().unwrap();
    drop(first);
    assert_eq!(put(&second, &key(1), &Base::Nothing, 1, 3).unwrap(), Some(version));
    assert_eq!(second.versions(&key(1)).unwrap().len(), 1);
}

#[test]
fn what_no_row_names_is_deleted_after_the_grace_and_nothing_else() {
    let Some(rig) = Rig::new("garbage") else { return };
    let node = rig.open();
    put_all(&node, &key(1), 1..6, 2);
    put_all(&node, &key(2), 1..3, 2);
    let note = QuarantineNote { reason: "x".to_owned(), agent: "TS-1".to_owned(), at: AT };
    node.quarantine(&key(2), &file(&sid(2), 9), &note).unwrap();
    // As a node leaves it that dies between object and row.
    let orphan = rig.data_sets()[0].with_file_name(format!("{}-0.mpd", "0".repeat(64)));
    std::fs::write(&orphan, b"never acknowledged").unwrap();
    assert_eq!(rig.data_sets().len(), 9);

    let done = node.collect(Duration::from_secs(3600), true).unwrap();
    assert_eq!(done, Collected { listed: 9, ..Collected::default() }, "all of it is younger than the grace");
    let done = node.collect(Duration::ZERO, true).unwrap();
    assert_eq!(done, Collected { busy: false, listed: 9, orphans: 1, deleted: 3 });
    assert_eq!(rig.data_sets().len(), 6);
    assert!(!orphan.exists());
    for (number, files) in [(1, 3), (2, 3)] {
        let found = node.inspect(&key(number), None).unwrap();
        assert_eq!((found.files, found.damage.len()), (files, 0));
    }
    assert_eq!(node.collect(Duration::ZERO, true).unwrap().deleted, 0);
}

#[test]
fn what_the_collector_has_claimed_is_never_named() {
    let Some(rig) = Rig::new("claimed") else { return };
    let node = rig.open();
    put_all(&node, &key(1), 1..2, 2);
    // A node that was asleep between object and row comes back when the collector has passed: here every name is claimed as
    // soon as it is known.
    rig.postgres.execute(
        rig.database(),
        "CREATE FUNCTION claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF NEW.garbage_since IS NULL THEN RAISE unique_violation; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER claim BEFORE INSERT ON metaprofiles_storage.objects FOR EACH ROW EXECUTE FUNCTION claim();",
    );
    let base = node.base_now(&key(1)).unwrap();
    assert!(put(&node, &key(1), &base, 2, 2).is_err());
    assert_eq!(node.base_now(&key(1)).unwrap(), base);
    let done = node.collect(Duration::ZERO, true).unwrap();
    assert_eq!((done.orphans, rig.data_sets().len()), (1, 1), "what was refused is an orphan");
    assert_eq!(node.inspect(&key(1), None).unwrap().damage, []);
}

#[test]
fn one_node_collects_at_a_time() {
    let Some(rig) = Rig::new("collectors") else { return };
    let nodes = [rig.open(), rig.open(), rig.open()];
    put_all(&nodes[0], &key(1), 1..30, 1);
    let done: Vec<Collected> = thread::scope(|scope| {
        let collectors: Vec<_> =
            nodes.iter().map(|node| scope.spawn(|| node.collect(Duration::ZERO, true).unwrap())).collect();
        collectors.into_iter().map(|collector| collector.join().unwrap()).collect()
    });
    assert_eq!(done.iter().map(|done| done.deleted).sum::<u64>(), 27);
    assert_eq!(rig.data_sets().len(), 2);
}

#[test]
fn without_the_object_store_it_says_so_and_goes_on_when_it_is_back() {
    let Some(rig) = Rig::alone("store-away") else { return };
    let node = rig.open();
    let first = put(&node, &key(1), &Base::Nothing, 1, 3).unwrap().unwrap();
    rig.s3.stop();
    assert_eq!(node.version(&key(1)).unwrap(), Some(first), "the catalogue knows it");
    let error = node.read(&key(1), None).unwrap_err();
    assert!(error.to_string().contains("s3://profiles/store-away/data-sets/global/"), "{error}");
    assert!(put(&node, &key(1), &Base::Version(first.tag()), 2, 3).is_err());
    assert!(node.inspect(&key(1), Some(AT)).is_err(), "what cannot be reached is not damaged");
    rig.s3.start_again();
    assert_eq!(node.read(&key(1), None).unwrap(), Read::Data(first, file(&sid(1), 1).bytes().to_vec()));
    assert_eq!(put(&node, &key(1), &Base::Version(first.tag()), 2, 3).unwrap().unwrap().sequence, 2);
}

#[test]
fn without_the_database_it_says_so_and_goes_on_when_it_is_back() {
    let Some(rig) = Rig::new("database-away") else { return };
    let node = rig.open();
    let first = put(&node, &key(1), &Base::Nothing, 1, 3).unwrap().unwrap();
    let name = rig.database();
    rig.postgres.execute(
        "postgres",
        &format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS false; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ),
    );
    for error in [node.version(&key(1)).unwrap_err(), node.read(&key(1), None).unwrap_err()] {
        assert!(error.to_string().contains(&format!("the catalogue postgres://localhost/{name}")), "{error}");
    }
    assert!(put(&node, &key(1), &Base::Version(first.tag()), 2, 3).is_err());
    rig.postgres.execute("postgres", &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    assert_eq!(node.read(&key(1), None).unwrap(), Read::Data(first, file(&sid(1), 1).bytes().to_vec()));
    assert_eq!(put(&node, &key(1), &Base::Version(first.tag()), 2, 3).unwrap().unwrap().sequence, 2);
}
