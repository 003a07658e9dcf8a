//! Random days: several sessions of one user, events lost, told twice and late, jobs that end whenever and however, timers,
//! service restarts and kills.

use std::time::Duration;

use mp_dataset::ProfileKind;
use mp_profile::{
    SessionId,
    machine::{Event, JobEnd, Request, SessionChange, Timing},
};
use proptest::prelude::*;

use crate::world::World;

#[derive(Clone, Debug)]
enum Op {
    LogOn {
        slot: u32,
        told: bool,
    },
    LogOff {
        slot: u32,
        told: bool,
    },
    End(u32),
    Session {
        slot: u32,
        change: SessionChange,
        told: bool,
    },
    /// An event that was told is told again, however late.
    Again {
        slot: u32,
        change: SessionChange,
        logon: u64,
    },
    Ask {
        slot: u32,
        request: Request,
    },
    Fire(usize),
    Finish(JobEnd),
    Hang,
    Wake(JobEnd),
    Change,
    List,
    GrowOld,
    NextKind(ProfileKind),
    Stop {
        shutdown: bool,
    },
    StartAgain,
    Kill,
}

fn change() -> impl Strategy<Value = SessionChange> {
    prop_oneof![
        Just(SessionChange::Logon),
        Just(SessionChange::Logoff),
        Just(SessionChange::Connect),
        Just(SessionChange::Disconnect),
        Just(SessionChange::Lock),
        Just(SessionChange::Unlock),
    ]
}

fn pause() -> impl Strategy<Value = SessionChange> {
    prop_oneof![
        Just(SessionChange::Connect),
        Just(SessionChange::Disconnect),
        Just(SessionChange::Lock),
        Just(SessionChange::Unlock),
    ]
}

fn luck() -> impl Strategy<Value = JobEnd> {
    prop_oneof![
        6 => Just(JobEnd::Done),
        3 => Just(JobEnd::RestFollows),
        2 => Just(JobEnd::Partly),
        1 => Just(JobEnd::Failed),
    ]
}

fn kind() -> impl Strategy<Value = ProfileKind> {
    prop_oneof![
        4 => Just(ProfileKind::Mandatory),
        1 => Just(ProfileKind::Local),
        1 => Just(ProfileKind::Roaming),
        1 => Just(ProfileKind::Temporary),
        1 => Just(ProfileKind::Unknown),
    ]
}

fn op(events_are_lost: bool) -> impl Strategy<Value = Op> {
    let told = move || prop_oneof![4 => Just(true), 1 => Just(!events_are_lost)];
    let request = prop_oneof![Just(Request::Logon), Just(Request::Logoff), Just(Request::Refresh)];
    prop_oneof![
        4 => (0..3_u32, told()).prop_map(|(slot, told)| Op::LogOn { slot, told }),
        4 => (0..3_u32, told()).prop_map(|(slot, told)| Op::LogOff { slot, told }),
        4 => (0..3_u32).prop_map(Op::End),
        2 => (0..3_u32, pause(), told()).prop_map(|(slot, change, told)| Op::Session { slot, change, told }),
        2 => (0..3_u32, change(), 0..40_u64).prop_map(|(slot, change, logon)| Op::Again { slot, change, logon }),
        4 => (0..3_u32, request).prop_map(|(slot, request)| Op::Ask { slot, request }),
        6 => any::<usize>().prop_map(Op::Fire),
        12 => luck().prop_map(Op::Finish),
        1 => Just(Op::Hang),
        1 => luck().prop_map(Op::Wake),
        3 => Just(Op::Change),
        1 => Just(Op::List),
        1 => Just(Op::GrowOld),
        1 => kind().prop_map(Op::NextKind),
        1 => any::<bool>().prop_map(|shutdown| Op::Stop { shutdown }),
        1 => Just(Op::StartAgain),
        1 => Just(Op::Kill),
    ]
}

fn timing() -> impl Strategy<Value = Timing> {
    (any::<[bool; 5]>(), 1..4_u32).prop_map(
        |([synchronous, late, merge_newer, checkpoint, refuses], polls)| Timing {
            synchronous,
            refuses,
            merge_newer,
            late_merge: late.then_some(Duration::from_secs(60)),
            checkpoint: checkpoint.then_some(Duration::from_secs(900)),
            gone_polls: polls,
            hive_polls: polls,
            ..Timing::default()
        },
    )
}

fn run(timing: Timing, ops: Vec<Op>, luck: JobEnd) {
    let mut world = World::new(timing);
    for op in ops {
        match op {
            Op::LogOn { slot, told } => world.log_on(slot, told),
            Op::LogOff { slot, told } => world.log_off(slot, told),
            Op::End(slot) => world.end(slot),
            Op::Session { slot, change, told } => world.session(slot, change, told),
            Op::Again { slot, change, logon } => {
                let there = world.sessions.get(&slot);
                // Of a session that is there only what was told of it can be told again.
                let told =
                    there.is_none_or(|session| session.logon != logon || change == SessionChange::Logon);
                if told && (change != SessionChange::Logon || there.is_some_and(|there| there.logon == logon))
                {
                    world.tell(Event::Session { session: SessionId(slot), logon: Some(logon), change });
                }
            }
            Op::Ask { slot, request } => drop(world.ask(slot, request)),
            Op::Fire(which) => world.fire(which),
            Op::Finish(luck) => world.finish(luck),
            Op::Hang => world.hang(),
            Op::Wake(luck) => world.wake(luck),
            Op::Change => world.change(),
            Op::List => world.list(),
            Op::GrowOld => world.grow_old(),
            Op::NextKind(kind) => world.next_kind = kind,
            Op::Stop { shutdown } => world.stop(shutdown),
            Op::StartAgain if world.stopped => world.start_again(),
            Op::StartAgain => {}
            Op::Kill => world.kill(),
        }
    }
    world.drain(luck);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Every event is told, some twice and late.
    #[test]
    fn told_days(timing in timing(), ops in prop::collection::vec(op(false), 0..80), luck in luck()) {
        run(timing, ops, luck);
    }

    /// One event in five is lost.
    #[test]
    fn days_with_lost_events(timing in timing(), ops in prop::collection::vec(op(true), 0..80), luck in luck()) {
        run(timing, ops, luck);
    }
}
