//! Many sessions of one user.

use std::{sync::Barrier, thread};

use mp_profile::{DataSetStore, Fetched, Scope, Stored, VersionTag};

use crate::support::{Farm, data_set, sid};

#[test]
fn of_eight_writers_with_the_same_base_one_wins_each_round() {
    const WRITERS: u64 = 8;
    const ROUNDS: u64 = 6;
    let farm = Farm::new();
    let clients: Vec<_> = (0..8).map(|id| farm.agent(id, None).1).collect();
    let mut base: Option<VersionTag> = None;
    for round in 0..ROUNDS {
        let start = Barrier::new(clients.len());
        let answers: Vec<Stored> = thread::scope(|scope| {
            let writers: Vec<_> = clients
                .iter()
                .zip(0..WRITERS)
                .map(|(client, writer)| {
                    let (start, base) = (&start, &base);
                    scope.spawn(move || {
                        let body = data_set(&sid(1), round * WRITERS + writer, 50_000);
                        start.wait();
                        client.store(&Scope::Global, &sid(1), base.as_ref(), &body).unwrap()
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let won: Vec<(u64, &VersionTag)> = (0..WRITERS)
            .zip(&answers)
            .filter_map(|(writer, answer)| match answer {
                Stored::As(tag) => Some((writer, tag)),
                Stored::Conflict => None,
            })
            .collect();
        let [(winner, tag)] = won.as_slice() else { panic!("{} writers won", won.len()) };
        let Fetched::Data { version, bytes } = clients[0].fetch(&Scope::Global, &sid(1), None).unwrap()
        else {
            panic!("nothing is stored")
        };
        assert_eq!(&version, *tag);
        assert_eq!(bytes, data_set(&sid(1), round * WRITERS + winner, 50_000));
        base = Some(version);
    }
}

#[test]
fn readers_see_whole_versions_while_others_write() {
    let farm = Farm::new();
    let (writer, reader) = (farm.agent(1, None).1, farm.agent(2, None).1);
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut base = None;
            for seed in 0..30 {
                match writer
                    .store(&Scope::Global, &sid(1), base.as_ref(), &data_set(&sid(1), seed, 30_000))
                    .unwrap()
                {
                    Stored::As(tag) => base = Some(tag),
                    Stored::Conflict => panic!("a conflict without a second writer"),
                }
            }
        });
        let mut last = 0;
        while !writing.is_finished() {
            if let Fetched::Data { version, bytes } = reader.fetch(&Scope::Global, &sid(1), None).unwrap() {
                let digest = mp_dataset::check(&bytes, &mp_dataset::Limits::default()).unwrap().digest;
                assert!(version.0.contains(&digest.to_string()), "the version is not that of the bytes");
                let sequence: u64 = version.0[1..].split('-').next().unwrap().parse().unwrap();
                assert!(sequence >= last);
                last = sequence;
            }
        }
    });
}
