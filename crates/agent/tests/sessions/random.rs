//! Users who work on three hosts, one session at a time, while storage fails in all its ways.

use std::{collections::BTreeMap, sync::Arc};

use mp_agent::Outcome;
use mp_profile::{Scope, Sid};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use crate::{
    console::FakeConsole,
    station::{APP, Station, user, value_in},
    store::{Faults, decode},
};

/// One session: who, where, and how storage is at its logon and at its logoff.
#[derive(Clone, Debug)]
struct Step {
    user: u32,
    host: usize,
    at_logon: Faults,
    at_logoff: Faults,
    /// Whether the spool of the host is sent afterwards, storage being well.
    sent: bool,
}

fn faults() -> impl Strategy<Value = Faults> {
    prop_oneof![
        4 => Just(Faults::default()),
        1 => Just(Faults { away: true, ..Faults::default() }),
        1 => Just(Faults { read_only: true, ..Faults::default() }),
        1 => Just(Faults { lost_acknowledgements: true, ..Faults::default() }),
        1 => Just(Faults { refused: Some(Scope::Global), ..Faults::default() }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..2_u32, 0..3_usize, faults(), faults(), any::<bool>())
        .prop_map(|(user, host, at_logon, at_logoff, sent)| Step { user, host, at_logon, at_logoff, sent });
    proptest::collection::vec(step, 1..14)
}

/// What each user set, in the order of sessions: name to text.
type Model = BTreeMap<Sid, BTreeMap<String, String>>;

fn play(steps: &[Step]) {
    let console = Arc::new(FakeConsole::default());
    let hosts = ["TS1", "TS2", "TS3"].map(|name| Station::new(name, &console));
    let mut model = Model::new();
    let mut went_on_without = BTreeMap::<Sid, usize>::new();
    for (number, step) in steps.iter().enumerate() {
        let (sid, host) = (user(1000 + step.user), &hosts[step.host]);
        console.store.fail(step.at_logon.clone());
        let merged = host.logon(&sid).outcome == Outcome::Merged;
        let name = format!("Session{number}");
        host.set(&sid, APP, &name, "done");
        model.entry(sid.clone()).or_default().insert(name, "done".to_owned());
        *went_on_without.entry(sid.clone()).or_default() += usize::from(!merged);
        console.store.fail(step.at_logoff.clone());
        host.logoff(&sid);
        console.store.back();
        if step.sent {
            host.agent(|agent| agent.send_spool(None)).unwrap();
        }
    }
    for host in &hosts {
        let sent = host.agent(|agent| agent.send_spool(None)).unwrap();
        assert!(sent.tried.iter().all(|delivery| delivery.result.is_ok()), "{sent:?}");
        assert!(host.spool().users().unwrap().is_empty());
    }
    let kept: Vec<_> = console.store.quarantined().iter().map(|kept| decode(&kept.bytes)).collect();
    for (sid, settings) in model {
        let current = console.store.current(&Scope::Global, &sid).map(|(_, bytes)| decode(&bytes));
        let kept: Vec<_> = kept.iter().filter(|set| set.origin.sid == sid.as_str()).collect();
        let in_current = |name: &str| current.as_ref().and_then(|set| value_in(set, APP, name));
        let mut beside = 0;
        for (name, text) in &settings {
            if in_current(name).as_ref() == Some(text) {
                continue;
            }
            beside += 1;
            let found = kept.iter().any(|set| value_in(set, APP, name).as_ref() == Some(text));
            assert!(found, "{sid} lost {name}: {steps:#?}");
        }
        // Nothing is put aside without need: a user whose sessions all were merged has all of it at hand.
        if went_on_without[&sid] == 0 {
            assert_eq!((beside, kept.len()), (0, 0), "{sid}: {steps:#?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_setting_is_lost(steps in steps()) {
        play(&steps);
    }

    /// A user who stays on one host.
    #[test]
    fn on_one_host_all_is_at_hand(steps in steps()) {
        let steps: Vec<Step> = steps.into_iter().map(|step| Step { host: 0, ..step }).collect();
        play(&steps);
    }
}
