//! A user who works on three hosts at once, while storage fails in all its ways.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use mp_agent::Outcome;
use mp_profile::Scope;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof, proptest};

use crate::{
    console::FakeConsole,
    station::{APP, Station, sid, stored, value_in},
    store::Faults,
};

const HOSTS: [&str; 3] = ["TS1", "TS2", "TS3"];

/// What happens on one of the hosts.
#[derive(Clone, Debug)]
enum Event {
    Logon,
    /// The user sets a value that no one else sets, and one that all set.
    Set,
    /// The user removes a value that the host's session set before.
    Unset,
    /// An export of a session that goes on.
    Checkpoint,
    Logoff,
    /// The Agent sends what waits.
    Send,
    Storage(Faults),
}

fn events() -> impl Strategy<Value = Vec<(usize, Event)>> {
    let faults = prop_oneof![
        4 => Just(Faults::default()),
        1 => Just(Faults { away: true, ..Faults::default() }),
        1 => Just(Faults { read_only: true, ..Faults::default() }),
        2 => Just(Faults { lost_acknowledgements: true, ..Faults::default() }),
    ];
    let event = prop_oneof![
        4 => Just(Event::Logon),
        6 => Just(Event::Set),
        2 => Just(Event::Unset),
        4 => Just(Event::Checkpoint),
        2 => Just(Event::Logoff),
        2 => Just(Event::Send),
        3 => faults.prop_map(Event::Storage),
    ];
    proptest::collection::vec((0..HOSTS.len(), event), 4..40)
}

/// What one host's session did.
#[derive(Default)]
struct Session {
    merged: bool,
    own: BTreeSet<String>,
    gone: BTreeSet<String>,
}

fn play(events: &[(usize, Event)]) {
    let console = Arc::new(FakeConsole::default());
    let hosts = HOSTS.map(|name| Station::new(name, &console));
    let sid = sid();
    let mut sessions: [Option<Session>; 3] = [None, None, None];
    let (mut kept, mut gone) = (BTreeSet::new(), BTreeSet::new());
    let mut shared = BTreeSet::new();
    let mut without = BTreeMap::<String, bool>::new();
    let mut close = |host: &Station, session: Session| {
        host.logoff(&sid);
        for name in session.own {
            without.insert(name.clone(), !session.merged);
            kept.insert(name);
        }
        gone.extend(session.gone);
    };
    for (number, (index, event)) in events.iter().enumerate() {
        let (host, session) = (&hosts[*index], &mut sessions[*index]);
        match (event, session.as_mut()) {
            (Event::Storage(faults), _) => console.store.fail(faults.clone()),
            (Event::Send, _) => drop(host.agent(|agent| agent.send_spool(None)).unwrap()),
            (Event::Logon, None) => {
                let merged = host.logon(&sid).outcome == Outcome::Merged;
                *session = Some(Session { merged, ..Session::default() });
            }
            (Event::Set, Some(session)) => {
                let name = format!("Own{number}");
                host.set(&sid, APP, &name, "done");
                host.set(&sid, APP, "Shared", &number.to_string());
                shared.insert(number.to_string());
                session.own.insert(name);
            }
            (Event::Unset, Some(session)) => {
                if let Some(name) = session.own.pop_first() {
                    host.unset(&sid, APP, &name);
                    session.gone.insert(name);
                }
            }
            (Event::Checkpoint, Some(_)) => drop(host.try_logoff(&sid).unwrap()),
            (Event::Logoff, Some(_)) => {
                if let Some(session) = session.take() {
                    close(host, session);
                }
            }
            (Event::Logon, Some(_)) | (_, None) => {}
        }
    }
    console.store.back();
    for (host, session) in hosts.iter().zip(sessions) {
        if let Some(session) = session {
            close(host, session);
        }
    }
    for host in &hosts {
        let sent = host.agent(|agent| agent.send_spool(None)).unwrap();
        assert!(sent.tried.iter().all(|delivery| delivery.result.is_ok()), "{sent:?}");
        assert!(host.spool().users().unwrap().is_empty());
    }
    let history = console.store.history(&Scope::Global, &sid);
    let current = |name: &str| stored(&console.store, &Scope::Global, &sid, APP, name);
    for name in &kept {
        match without[name] {
            // Its session was merged at its logon, so it is at hand whatever the others did.
            false => assert_eq!(current(name).as_deref(), Some("done"), "{name}: {events:#?}"),
            true => {
                let found = history.iter().any(|set| value_in(set, APP, name).is_some());
                assert!(found, "{name} is lost: {events:#?}");
            }
        }
    }
    for name in gone {
        assert_eq!(current(&name), None, "{name}: {events:#?}");
    }
    assert!(current("Shared").is_none_or(|text| shared.contains(&text)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sessions_at_once_lose_nothing_of_each_other(events in events()) {
        play(&events);
    }
}
