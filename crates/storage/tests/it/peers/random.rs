//! Three servers that meet by chance, go away in the midst of meeting, and are written to by whoever reaches them.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use mp_storage::{Backend, FolderBackend, MemoryBackend, backend::folder::FirstUse, peers::BackendSource};

use super::{Failing, change, current, set, take, take_all};

const STEPS: u64 = 60;

/// What was acknowledged.
#[derive(Default)]
struct Book {
    kept: BTreeMap<String, String>,
    deleted: BTreeSet<String>,
    slots: BTreeSet<String>,
}

fn play(seed: u64, servers: &[Box<dyn Backend>]) {
    let mut rng = Rng::with_seed(seed);
    let mut book = Book::default();
    for at in 0..STEPS {
        let own = rng.usize(..servers.len());
        let other = (own + rng.usize(1..servers.len())) % servers.len();
        let server = servers[own].as_ref();
        match rng.u8(..10) {
            0..3 => {
                let (name, text) = (format!("file {at}"), format!("text {at}"));
                set(server, at, &name, &text);
                book.kept.insert(name, text);
            }
            // Of three that meet crosswise, none knows all that the other ones have had in common.
            3 if servers.len() == 2 => {
                let there: Vec<String> = current(server)
                    .into_iter()
                    .filter(|(name, text)| name != "slot" && text.is_some())
                    .map(|it| it.0)
                    .collect();
                if let Some(name) = rng.choice(there) {
                    change(server, at, |files| drop(files.insert(name.clone(), None)));
                    book.deleted.insert(name);
                }
            }
            4 => {
                let text = format!("slot {at}");
                set(server, at, "slot", &text);
                book.slots.insert(text);
            }
            5..8 => drop(take_all(server, servers[other].as_ref(), own < other)),
            _ => {
                let failing = Failing::after(servers[other].as_ref(), rng.usize(..5));
                drop(take(server, &failing, own < other, rng.bool()));
            }
        }
    }
    // At last they all reach each other.
    for _ in 0..6 {
        for own in 0..servers.len() {
            for other in (0..servers.len()).filter(|other| *other != own) {
                take(servers[own].as_ref(), &BackendSource(servers[other].as_ref()), own < other, false)
                    .unwrap();
            }
        }
    }
    let heads: BTreeSet<_> = servers
        .iter()
        .map(|server| server.version(&super::key()).unwrap().map(|version| version.tag().0))
        .collect();
    assert_eq!(heads.len(), 1, "seed {seed}: they do not agree: {heads:?}");
    for server in servers {
        let files = current(server.as_ref());
        for (name, text) in &book.kept {
            let expected = if book.deleted.contains(name) { None } else { Some(text) };
            let found = files.get(name).and_then(Option::as_ref);
            assert_eq!(found, expected, "seed {seed}: {name}");
        }
        let slot = files.get("slot").and_then(Option::as_ref);
        assert!(slot.is_none_or(|text| book.slots.contains(text)), "seed {seed}: {slot:?}");
        assert_eq!(slot.is_some(), !book.slots.is_empty(), "seed {seed}");
    }
}

#[test]
fn whoever_meets_whom_nothing_is_lost_and_all_agree_at_last() {
    for seed in 0..50 {
        let server = || Box::<MemoryBackend>::default() as Box<dyn Backend>;
        play(seed, &[server(), server()]);
        play(seed, &[server(), server(), server()]);
    }
}

#[test]
fn folders_meet_as_well() {
    for seed in 300..302 {
        let folder = tempfile::tempdir().unwrap();
        let server = |name: &str| {
            let path = folder.path().join(name);
            Box::new(FolderBackend::open(&path, "global", FirstUse::Allowed).unwrap()) as Box<dyn Backend>
        };
        play(seed, &[server("a"), server("b")]);
        play(seed, &[server("c"), Box::<MemoryBackend>::default(), server("d")]);
    }
}
