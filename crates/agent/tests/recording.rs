//! What a recording of a real host says is decided by what was seen, and never guessed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use mp_agent::recording::{MAX_OBSERVATIONS, Recording, Seen, Verdict, answers};

const SID: &str = "S-1-5-21-1-2-3-1001";
const PRIVATE: &str = "O:BAD:P(A;CI;KA;;;SY)(A;CI;KR;;;RC)(A;CI;KA;;;S-1-5-21-1-2-3-1001)";

fn program(name: &str, process: u32, start: bool) -> Seen {
    let (program, session) = (name.to_owned(), 2);
    if start {
        Seen::Started { program, session, process }
    } else {
        Seen::Ended { program, session, process }
    }
}

/// A logon and logoff as they should be.
fn good_day() -> Vec<(u64, Seen)> {
    let sid = || SID.to_owned();
    let entry = |references| Seen::ProfileEntry { sid: sid(), state: Some(5), references: Some(references) };
    vec![
        (100, Seen::HiveLoaded { sid: sid(), access: "D:(A;CI;KA;;;AU)".to_owned() }),
        (150, entry(1)),
        (200, Seen::Session { session: 2, sid: Some(sid()), connected: true }),
        (300, program("metaprofiles-agent.exe", 11, true)),
        (400, entry(2)),
        (500, Seen::HiveAccess { sid: sid(), access: PRIVATE.to_owned() }),
        (900, program("metaprofiles-agent.exe", 11, false)),
        (1_000, program("explorer.exe", 12, true)),
        (60_000, program("explorer.exe", 12, false)),
        (61_000, program("metaprofiles-agent.exe", 13, true)),
        (62_000, program("metaprofiles-agent.exe", 13, false)),
        (63_000, Seen::HiveUnloaded { sid: sid() }),
        (64_000, Seen::SessionGone { session: 2 }),
    ]
}

fn recording(day: Vec<(u64, Seen)>) -> Recording {
    let mut recording = Recording::default();
    day.into_iter().for_each(|(at, seen)| recording.note(at, seen));
    recording
}

fn verdicts(recording: &Recording) -> Vec<Verdict> {
    let answers = answers(recording);
    assert_eq!(answers.iter().map(|answer| answer.item).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| !answer.because.is_empty()));
    answers.iter().map(|answer| answer.verdict).collect()
}

#[test]
fn an_empty_recording_shows_nothing() {
    let recording = Recording::default();
    assert!(!recording.is_complete());
    assert_eq!(verdicts(&recording), [Verdict::NotSeen; 12]);
}

#[test]
fn a_day_as_it_should_be_passes_what_it_shows() {
    use Verdict::{NotSeen, Pass};
    let mut recording = recording(good_day());
    recording.facts.push(("redirection-guard".to_owned(), "on".to_owned()));
    assert!(recording.is_complete());
    let expected = [Pass, Pass, Pass, NotSeen, NotSeen, Pass, NotSeen, NotSeen, Pass, NotSeen, Pass, NotSeen];
    assert_eq!(verdicts(&recording), expected);
    let text = serde_json::to_string(&recording).unwrap();
    assert_eq!(serde_json::from_str::<Recording>(&text).unwrap(), recording);
}

#[test]
fn a_shell_that_did_not_wait_fails_the_first_item() {
    let mut day = good_day();
    day.retain(|(_, seen)| !matches!(seen, Seen::Started { program, .. } if program == "explorer.exe"));
    day.insert(4, (350, program("explorer.exe", 12, true)));
    assert_eq!(verdicts(&recording(day))[0], Verdict::Fail);
}

#[test]
fn a_hive_that_went_before_the_logoff_script_fails_the_second_item() {
    let mut day = good_day();
    day.retain(|(_, seen)| !matches!(seen, Seen::HiveUnloaded { .. }));
    day.insert(9, (60_500, Seen::HiveUnloaded { sid: SID.to_owned() }));
    assert_eq!(verdicts(&recording(day))[1], Verdict::Fail);
}

#[test]
fn a_forced_unload_fails_the_hold() {
    let mut day = good_day();
    let time = "2026-01-01T00:00:00Z".to_owned();
    day.push((64_100, Seen::Logged { log: "Application".to_owned(), id: 1530, time }));
    assert_eq!(verdicts(&recording(day))[2], Verdict::Fail);
}

#[test]
fn a_hive_that_went_with_the_first_of_two_sessions_fails_the_last_item() {
    let second = |session| Seen::Session { session, sid: Some(SID.to_owned()), connected: true };
    let mut day = good_day();
    day.insert(4, (310, second(3)));
    assert_eq!(verdicts(&recording(day.clone()))[11], Verdict::Fail);
    day.insert(9, (60_100, Seen::SessionGone { session: 3 }));
    day.insert(10, (60_200, Seen::SessionGone { session: 2 }));
    assert_eq!(verdicts(&recording(day))[11], Verdict::Pass);
}

#[test]
fn a_hive_that_was_there_from_the_start_is_no_logon() {
    let mut day = good_day();
    day[0].0 = 0;
    assert!(!recording(day).is_complete());
}

#[test]
fn a_recording_is_bounded() {
    let mut recording = Recording::default();
    for at in 0..u64::try_from(MAX_OBSERVATIONS).unwrap() + 5 {
        recording.note(at, Seen::SessionGone { session: 1 });
    }
    assert_eq!((recording.observations.len(), recording.left_out), (MAX_OBSERVATIONS, 5));
}
