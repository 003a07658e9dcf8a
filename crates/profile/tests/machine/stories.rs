//! What the machine does in the cases that its design names, one by one.

use mp_dataset::ProfileKind;
use mp_profile::machine::{
    Action, Aim, Answer, ExportKind, Incident, Job, JobEnd, Load, Request, RequestNumber, SessionChange,
    State, Timer, Timing,
};

use crate::world::World;

fn asynchronous() -> World {
    World::new(Timing { synchronous: false, ..Timing::default() })
}

/// A session whose import is complete and whose tasks are applied.
fn live(mut world: World, import: JobEnd) -> World {
    world.log_on(1, true);
    for end in [JobEnd::Done, import, JobEnd::Done] {
        world.finish(end);
    }
    assert_eq!(world.machine.state(), State::Live);
    world.log.clear();
    world
}

fn jobs(world: &World) -> Vec<Job> {
    let started = |action: &Action| match action {
        Action::Start { work, .. } => Some(*work),
        _ => None,
    };
    world.log.iter().filter_map(started).collect()
}

fn answers(world: &World) -> Vec<(RequestNumber, Answer)> {
    let answered = |action: &Action| match action {
        Action::Answer { request, answer } => Some((*request, *answer)),
        _ => None,
    };
    world.log.iter().filter_map(answered).collect()
}

fn export(kind: ExportKind, aim: Aim) -> Job {
    Job::Export { kind, aim }
}

#[test]
fn an_asynchronous_logon_imports_at_once_and_refreshes_after() {
    let mut world = asynchronous();
    world.log_on(1, true);
    world.finish(JobEnd::Done);
    world.finish(JobEnd::Done);
    world.finish(JobEnd::Done);
    assert_eq!(jobs(&world), [Job::Look, Job::Import, Job::Tasks]);
    assert!(world.log.iter().any(|action| matches!(action, Action::Refresh(_))));
    assert_eq!((world.machine.state(), world.machine.load()), (State::Live, Load::Merged));
}

#[test]
fn a_synchronous_logon_waits_for_the_script_and_answers_it_after_the_tasks() {
    let mut world = World::new(Timing::default());
    world.log_on(1, true);
    world.finish(JobEnd::Done);
    assert_eq!((world.machine.state(), world.machine.job()), (State::Detected, None));
    let script = world.ask(1, Request::Logon).unwrap();
    world.finish(JobEnd::Done);
    assert!(answers(&world).is_empty());
    world.finish(JobEnd::Done);
    assert_eq!(answers(&world), [(script, Answer::Merged)]);
    assert!(!world.log.iter().any(|action| matches!(action, Action::Refresh(_))));
}

#[test]
fn a_synchronous_logon_without_its_script_imports_after_the_grace() {
    let mut world = World::new(Timing::default());
    world.log_on(1, true);
    world.finish(JobEnd::Done);
    world.fire_timer(Timer::Grace);
    assert_eq!(jobs(&world), [Job::Look, Job::Import]);
}

#[test]
fn a_script_whose_bound_is_over_is_told_to_continue_and_the_import_goes_on() {
    let mut world = World::new(Timing::default());
    world.log_on(1, true);
    world.finish(JobEnd::Done);
    let script = world.ask(1, Request::Logon).unwrap();
    world.fire_timer(Timer::Request(script));
    assert_eq!(answers(&world), [(script, Answer::Continue)]);
    world.finish(JobEnd::Done);
    world.finish(JobEnd::Done);
    assert_eq!(world.machine.load(), Load::Merged);
    assert!(world.log.iter().any(|action| matches!(action, Action::Refresh(_))), "the shell runs already");
}

#[test]
fn a_second_logon_script_never_imports_again() {
    let mut world = live(asynchronous(), JobEnd::Done);
    let script = world.ask(1, Request::Logon).unwrap();
    assert_eq!(answers(&world), [(script, Answer::Merged)]);
    assert!(jobs(&world).is_empty());
}

#[test]
fn the_logoff_script_is_answered_after_the_upload_and_logoff_makes_a_second_pass() {
    let mut world = live(asynchronous(), JobEnd::Done);
    let script = world.ask(1, Request::Logoff).unwrap();
    world.finish(JobEnd::Done);
    assert!(answers(&world).is_empty());
    world.finish(JobEnd::Partly);
    assert_eq!(answers(&world), [(script, Answer::Spooled)]);
    world.log_off(1, true);
    world.finish(JobEnd::Done);
    let last = export(ExportKind::Final, Aim::Replace);
    assert_eq!(jobs(&world), [last, Job::Upload, last, Job::Upload]);
    assert_eq!(world.machine.state(), State::Released);
    world.finish(JobEnd::Done);
    world.end(1);
    world.fire_timer(Timer::Gone);
    assert!(world.machine.is_idle());
    assert_eq!(world.log.last(), Some(&Action::Forget));
}

#[test]
fn a_logoff_script_that_runs_early_makes_a_checkpoint_only() {
    let mut world = live(asynchronous(), JobEnd::Done);
    world.ask(1, Request::Logoff);
    world.finish(JobEnd::Done);
    world.finish(JobEnd::Done);
    world.fire_timer(Timer::SessionEnd);
    assert_eq!(world.machine.state(), State::Live);
    assert!(!world.log.contains(&Action::ReleaseHold));
}

#[test]
fn a_logoff_without_script_is_exported_at_once_and_again_when_the_session_is_gone() {
    let mut world = live(asynchronous(), JobEnd::Done);
    world.log_off(1, true);
    world.session(1, SessionChange::Disconnect, true);
    world.finish(JobEnd::Done);
    world.finish(JobEnd::Done);
    assert!(!world.log.contains(&Action::ReleaseHold), "the session still writes");
    world.end(1);
    world.fire_timer(Timer::Gone);
    world.finish(JobEnd::Done);
    world.finish(JobEnd::Done);
    let last = export(ExportKind::Final, Aim::Replace);
    assert_eq!(jobs(&world), [last, Job::Upload, last, Job::Upload]);
    assert!(world.machine.is_idle());
}

#[test]
fn sessions_share_the_hive_and_only_the_last_one_exports_for_good() {
    let mut world = live(asynchronous(), JobEnd::Done);
    world.log_on(2, true);
    world.finish(JobEnd::Done);
    world.log_off(1, true);
    world.finish(JobEnd::Done);
    world.finish(JobEnd::Done);
    world.log_off(2, true);
    let (checkpoint, last) =
        (export(ExportKind::Checkpoint, Aim::Replace), export(ExportKind::Final, Aim::Replace));
    assert_eq!(jobs(&world), [Job::Look, checkpoint, Job::Upload, last]);
}

#[test]
fn storage_away_is_merged_late_and_exported_beside_until_then() {
    let mut world = live(asynchronous(), JobEnd::Partly);
    assert_eq!(world.machine.load(), Load::NotMerged);
    world.session(1, SessionChange::Lock, true);
    assert_eq!(jobs(&world), [export(ExportKind::Checkpoint, Aim::Beside)]);
    world.finish(JobEnd::Done);
    world.finish(JobEnd::Partly);
    world.fire_timer(Timer::LateMerge);
    world.finish(JobEnd::Partly);
    world.fire_timer(Timer::LateMerge);
    world.finish(JobEnd::Done);
    assert_eq!(world.machine.load(), Load::Merged);
    world.log_off(1, true);
    assert_eq!(jobs(&world).last(), Some(&export(ExportKind::Final, Aim::Replace)));
}

#[test]
fn the_script_is_answered_before_the_rest_of_the_import() {
    let mut world = World::new(Timing::default());
    world.log_on(1, true);
    world.finish(JobEnd::Done);
    let script = world.ask(1, Request::Logon).unwrap();
    world.finish(JobEnd::RestFollows);
    world.finish(JobEnd::Done);
    assert_eq!(answers(&world), [(script, Answer::Merged)]);
    assert_eq!((world.machine.load(), world.machine.job()), (Load::Begun, Some(Job::LateMerge)));
    world.finish(JobEnd::Done);
    assert_eq!(world.machine.load(), Load::Merged);
    assert!(world.log.iter().any(|action| matches!(action, Action::Refresh(_))));
}

#[test]
fn the_rest_comes_before_the_last_export_also_after_a_kill() {
    let mut world = World::new(Timing::default());
    world.log_on(1, true);
    world.finish(JobEnd::Done);
    world.fire_timer(Timer::Grace);
    world.finish(JobEnd::RestFollows);
    world.log.clear();
    world.kill();
    world.finish(JobEnd::Done);
    world.log_off(1, true);
    world.finish(JobEnd::Done);
    let last = export(ExportKind::Final, Aim::Replace);
    assert_eq!(jobs(&world), [Job::Look, Job::LateMerge, last]);
}

#[test]
fn a_rest_that_cannot_be_had_is_tried_again_and_exported_beside_until_then() {
    let mut world = live(asynchronous(), JobEnd::RestFollows);
    world.finish(JobEnd::Failed);
    assert_eq!(world.machine.load(), Load::NotMerged);
    world.fire_timer(Timer::LateMerge);
    world.log_off(1, true);
    world.finish(JobEnd::Partly);
    let last = export(ExportKind::Final, Aim::Beside);
    assert_eq!(jobs(&world), [Job::LateMerge, last]);
}

#[test]
fn a_connect_merges_what_is_newer_only_if_the_plan_says_so() {
    let mut world = live(asynchronous(), JobEnd::Done);
    world.session(1, SessionChange::Unlock, true);
    world.finish(JobEnd::Done);
    assert_eq!(jobs(&world), [Job::Tasks]);

    let timing = Timing { synchronous: false, merge_newer: true, ..Timing::default() };
    let mut world = live(World::new(timing), JobEnd::Done);
    world.session(1, SessionChange::Connect, true);
    world.finish(JobEnd::Done);
    assert_eq!(jobs(&world), [Job::Tasks, Job::MergeNewer]);
    assert!(!world.log.iter().any(|action| matches!(action, Action::Refresh(_))));
    world.finish(JobEnd::Done);
    assert!(world.log.iter().any(|action| matches!(action, Action::Refresh(_))));
}

#[test]
fn a_new_logon_waits_for_the_old_load_within_a_bound() {
    let mut world = live(asynchronous(), JobEnd::Done);
    world.log_off(1, true);
    world.log_on(2, true);
    assert_eq!(world.machine.state(), State::Exporting);
    world.fire_timer(Timer::Release);
    assert_eq!(world.machine.state(), State::Detected);
    assert!(world.log.contains(&Action::ReleaseHold));
    assert!(world.log.contains(&Action::Report(Incident::HoldForced)));
    // The job that was given up still runs, so nothing begins before it has ended.
    world.finish(JobEnd::Done);
    assert_eq!(jobs(&world).last(), Some(&Job::Look));
    world.finish(JobEnd::Done);
    assert_eq!(world.machine.load(), Load::Merged, "the marker says that it is the same load");
}

#[test]
fn adopted_sessions_keep_what_the_marker_says() {
    let mut world = live(asynchronous(), JobEnd::Done);
    world.kill();
    world.finish(JobEnd::Done);
    assert_eq!((world.machine.state(), world.machine.load()), (State::Live, Load::Merged));
    assert!(!jobs(&world).contains(&Job::Import));
}

#[test]
fn an_old_session_without_marker_is_never_imported_into() {
    let mut world = World::new(Timing::default());
    world.log_on(1, false);
    world.grow_old();
    world.kill();
    world.finish(JobEnd::Done);
    assert_eq!(world.machine.load(), Load::Unmerged);
    world.log_off(1, true);
    assert_eq!(jobs(&world), [Job::Look, export(ExportKind::Final, Aim::Beside)]);
}

#[test]
fn a_young_session_without_marker_is_imported_into() {
    let mut world = asynchronous();
    world.log_on(1, false);
    world.kill();
    world.finish(JobEnd::Done);
    assert_eq!(jobs(&world), [Job::Look, Job::Import]);
}

#[test]
fn a_stop_makes_a_checkpoint_sends_it_and_lets_go() {
    let mut world = live(asynchronous(), JobEnd::Done);
    world.stop(false);
    world.finish(JobEnd::Done);
    world.finish(JobEnd::Done);
    assert_eq!(jobs(&world), [export(ExportKind::Checkpoint, Aim::Replace), Job::Upload]);
    assert_eq!(world.log[world.log.len() - 1], Action::Stopped);
    assert!(world.log.contains(&Action::ReleaseHold) && !world.log.contains(&Action::Forget));
}

#[test]
fn a_hive_that_is_gone_is_told_and_let_go() {
    let mut world = live(asynchronous(), JobEnd::Done);
    world.log_off(1, true);
    world.hive = None;
    world.finish(JobEnd::Done);
    assert!(world.log.contains(&Action::Report(Incident::HiveGone)));
    assert_eq!(world.machine.state(), State::Released);
}

#[test]
fn temporary_and_unknown_profiles_are_left_alone() {
    for kind in [ProfileKind::Temporary, ProfileKind::Unknown] {
        let mut world = asynchronous();
        world.next_kind = kind;
        world.log_on(1, true);
        world.finish(JobEnd::Done);
        let script = world.ask(1, Request::Logoff).unwrap();
        assert_eq!(answers(&world), [(script, Answer::LeftAlone)]);
        world.log_off(1, true);
        assert_eq!(jobs(&world), [Job::Look]);
        assert!(!world.log.iter().any(|action| matches!(action, Action::TakeHold(_))));
    }
}

#[test]
fn local_and_roaming_profiles_are_captured() {
    for kind in [ProfileKind::Local, ProfileKind::Roaming] {
        let mut world = asynchronous();
        world.next_kind = kind;
        world.log_on(1, true);
        world.finish(JobEnd::Done);
        world.session(1, SessionChange::Lock, true);
        world.log_off(1, true);
        assert_eq!(jobs(&world), [Job::Look, export(ExportKind::Final, Aim::First)]);
    }
}

/// A session into which nothing could be merged, on a farm that refuses such logons; its script asks first, or none does.
fn refused(scripted: bool) -> World {
    let mut world = World::new(Timing { synchronous: scripted, refuses: true, ..Timing::default() });
    world.log_on(1, true);
    world.finish(JobEnd::Done);
    if scripted {
        world.ask(1, Request::Logon).unwrap();
    }
    world.finish(JobEnd::Partly);
    world.finish(JobEnd::Done);
    world
}

#[test]
fn a_logon_without_its_settings_is_refused_by_its_script_or_by_the_service_and_never_exported() {
    for scripted in [true, false] {
        let mut world = refused(scripted);
        let by_service = world.log.iter().any(|action| matches!(action, Action::Refuse(_)));
        assert_eq!(by_service, !scripted);
        assert_eq!(answers(&world).iter().any(|(_, answer)| *answer == Answer::NotMerged), scripted);
        world.change();
        world.log_off(1, true);
        world.end(1);
        world.drain(JobEnd::Done);
        assert!(
            !jobs(&world).iter().any(|job| matches!(job, Job::Export { .. } | Job::LateMerge)),
            "{:?}",
            jobs(&world)
        );
    }
}

#[test]
fn a_refused_session_does_not_take_another_ones_export_with_it() {
    let mut world = live(asynchronous(), JobEnd::Partly);
    world.follow(Timing { synchronous: false, refuses: true, ..Timing::default() });
    world.log_on(2, true);
    world.finish(JobEnd::Done);
    assert!(world.log.contains(&Action::Refuse(mp_profile::SessionId(2))));
    world.log_off(2, true);
    world.end(2);
    for _ in 0..2 {
        world.finish(JobEnd::Done);
    }
    world.log_off(1, true);
    assert_eq!(jobs(&world).last(), Some(&export(ExportKind::Final, Aim::Beside)));
}

#[test]
fn users_without_a_script_are_told_once_that_their_settings_are_missing() {
    let mut world = asynchronous();
    world.log_on(1, true);
    for end in [JobEnd::Done, JobEnd::Partly, JobEnd::Done] {
        world.finish(end);
    }
    world.log_on(2, true);
    world.ask(2, Request::Logon);
    world.finish(JobEnd::Done);
    world.list();
    let told: Vec<&Action> =
        world.log.iter().filter(|action| matches!(action, Action::TellMissing(_))).collect();
    assert_eq!(told, [&Action::TellMissing(mp_profile::SessionId(1))], "the other one's script was told");
}
