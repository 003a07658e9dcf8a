//! Jobs that do not end in time.

use mp_profile::machine::{
    Action, Aim, Answer, ExportKind, Incident, Job, JobEnd, Load, Request, State, Timing,
};

use crate::world::World;

fn jobs(world: &World) -> Vec<Job> {
    let started = |action: &Action| match action {
        Action::Start { work, .. } => Some(*work),
        _ => None,
    };
    world.log.iter().filter_map(started).collect()
}

fn tells(world: &World, incident: Incident) -> bool {
    world.log.contains(&Action::Report(incident))
}

#[test]
fn a_session_goes_on_without_an_import_that_hangs_and_its_late_end_means_nothing() {
    let mut world = World::new(Timing::default());
    world.log_on(1, true);
    world.finish(JobEnd::Done);
    let script = world.ask(1, Request::Logon).unwrap();
    world.hang();
    world.finish(JobEnd::Done);
    assert!(tells(&world, Incident::JobHangs) && tells(&world, Incident::ImportFailed));
    assert!(world.log.contains(&Action::Answer { request: script, answer: Answer::NotMerged }));
    assert_eq!((world.machine.state(), world.machine.load()), (State::Live, Load::Unmerged));
    world.wake(JobEnd::Done);
    assert_eq!(world.machine.load(), Load::Unmerged);
    world.log_off(1, true);
    let last = Job::Export { kind: ExportKind::Final, aim: Aim::Beside };
    assert_eq!(jobs(&world).last(), Some(&last));
}

#[test]
fn a_new_load_of_the_hive_hears_nothing_of_a_job_that_hung_in_the_former_one() {
    let mut world = World::new(Timing { synchronous: false, ..Timing::default() });
    world.log_on(1, true);
    world.finish(JobEnd::Done);
    world.hang();
    world.finish(JobEnd::Done);
    world.log_off(1, true);
    world.end(1);
    world.list();
    for _ in 0..6 {
        world.finish(JobEnd::Done);
    }
    assert_eq!(world.machine.state(), State::Absent);
    assert!(!world.machine.is_idle(), "its number must not be given again");
    world.log_on(1, true);
    world.finish(JobEnd::Done);
    assert_eq!(world.machine.job(), Some(Job::Import));
    world.wake(JobEnd::Done);
    assert_eq!(world.machine.job(), Some(Job::Import), "the late end is not the new import's");
    world.finish(JobEnd::Done);
    assert_eq!(world.machine.load(), Load::Merged);
}

#[test]
fn an_export_that_was_given_up_for_a_new_logon_and_hangs_is_not_waited_for() {
    let mut world = World::new(Timing { synchronous: false, ..Timing::default() });
    world.log_on(1, true);
    for _ in 0..3 {
        world.finish(JobEnd::Done);
    }
    world.log_off(1, true);
    world.log_on(2, true);
    world.fire_timer(mp_profile::machine::Timer::Release);
    assert_eq!(world.machine.state(), State::Detected);
    assert!(matches!(world.machine.job(), Some(Job::Export { .. })), "its end is waited for");
    world.hang();
    assert_eq!(world.machine.job(), Some(Job::Look));
}

#[test]
fn an_upload_that_hangs_leaves_what_waits_in_the_spool() {
    let mut world = World::new(Timing { synchronous: false, ..Timing::default() });
    world.log_on(1, true);
    for _ in 0..3 {
        world.finish(JobEnd::Done);
    }
    let script = world.ask(1, Request::Logoff).unwrap();
    world.finish(JobEnd::Done);
    assert_eq!(world.machine.job(), Some(Job::Upload));
    world.hang();
    assert!(world.log.contains(&Action::Answer { request: script, answer: Answer::Spooled }));
}
