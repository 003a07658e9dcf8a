//! What a recording of a real host says is decided by what was seen, and never guessed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use mp_agent::recording::{
    KeysProbe, MAX_OBSERVATIONS, Observation, Recording, Seen, SnapshotTiming, Verdict, answers,
    logged_events,
};

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
    let entry = |references| Seen::ProfileEntry {
        sid: sid(),
        state: Some(5),
        references: Some(references),
        central: None,
    };
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
    recording.put_in_order();
    recording
}

/// A good day on which this was seen besides.
fn day_with(more: Vec<(u64, Seen)>) -> Recording {
    recording([good_day(), more].concat())
}

/// A good day but for what `left_out` says of.
fn day_without(left_out: impl Fn(&Seen) -> bool, more: Vec<(u64, Seen)>) -> Recording {
    let mut day = good_day();
    day.retain(|(_, seen)| !left_out(seen));
    recording([day, more].concat())
}

fn with_fact(name: &str, is: &str) -> Recording {
    let mut recording = recording(good_day());
    recording.facts.push((name.to_owned(), is.to_owned()));
    recording
}

fn logged(log: &str, id: u32, details: &[&str]) -> Seen {
    Seen::Logged {
        log: log.to_owned(),
        id,
        time: "2026-01-01T00:00:00Z".to_owned(),
        user: Some(SID.to_owned()),
        details: details.iter().map(|&detail| detail.to_owned()).collect(),
    }
}

fn is_program(seen: &Seen, name: &str) -> bool {
    matches!(seen, Seen::Started { program, .. } | Seen::Ended { program, .. } if program == name)
}

fn is_unload(seen: &Seen) -> bool {
    matches!(seen, Seen::HiveUnloaded { .. })
}

#[track_caller]
fn check(item: usize, verdict: Verdict, recording: &Recording) {
    let answer = answers(recording).swap_remove(item - 1);
    assert_eq!(answer.verdict, verdict, "{answer:?}");
    assert!(!answer.because.is_empty());
}

fn verdicts(recording: &Recording) -> Vec<Verdict> {
    let answers = answers(recording);
    assert_eq!(answers.iter().map(|answer| answer.item).collect::<Vec<_>>(), (1..=13).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| !answer.because.is_empty()));
    answers.iter().map(|answer| answer.verdict).collect()
}

#[test]
fn an_empty_recording_shows_nothing() {
    let recording = Recording::default();
    assert_eq!(recording.days(), 0);
    assert_eq!(verdicts(&recording), [Verdict::NotSeen; 13]);
}

#[test]
fn a_day_as_it_should_be_passes_what_it_shows() {
    use Verdict::{NotSeen, Pass};
    let recording = with_fact("redirection-guard", "on");
    assert_eq!(recording.days(), 1);
    let expected =
        [Pass, Pass, Pass, NotSeen, NotSeen, Pass, NotSeen, NotSeen, Pass, NotSeen, Pass, NotSeen, NotSeen];
    assert_eq!(verdicts(&recording), expected);
    let text = serde_json::to_string(&recording).unwrap();
    assert_eq!(serde_json::from_str::<Recording>(&text).unwrap(), recording);
}

#[test]
fn item_1_is_about_the_order_of_a_logon() {
    const LOG: &str = "Microsoft-Windows-User Profile Service/Operational";
    check(1, Verdict::Pass, &day_with(vec![(120, logged(LOG, 2, &[]))]));
    // The profile service was not ready when the script began.
    check(1, Verdict::Fail, &day_with(vec![(700, logged(LOG, 2, &[]))]));
    let early = vec![(350, program("explorer.exe", 12, true))];
    check(1, Verdict::Fail, &day_without(|seen| is_program(seen, "explorer.exe"), early));
    check(1, Verdict::NotSeen, &day_without(|seen| is_program(seen, "explorer.exe"), Vec::new()));
    check(1, Verdict::NotSeen, &day_without(|seen| is_program(seen, "metaprofiles-agent.exe"), Vec::new()));
}

#[test]
fn what_was_seen_by_looking_may_be_one_look_late() {
    const LOG: &str = "Microsoft-Windows-User Profile Service/Operational";
    let mut late = day_with(vec![(60, logged(LOG, 2, &[]))]);
    check(1, Verdict::Fail, &late);
    late.every_ms = 50;
    check(1, Verdict::Pass, &late);
}

#[test]
fn item_2_is_about_the_order_of_a_logoff() {
    const LOG: &str = "Microsoft-Windows-User Profile Service/Operational";
    check(2, Verdict::Pass, &day_with(vec![(62_500, logged(LOG, 3, &[]))]));
    check(2, Verdict::Fail, &day_with(vec![(60_500, logged(LOG, 3, &[]))]));
    let early = vec![(60_500, Seen::HiveUnloaded { sid: SID.to_owned() })];
    check(2, Verdict::Fail, &day_without(is_unload, early));
    check(2, Verdict::NotSeen, &day_without(is_unload, Vec::new()));
}

#[test]
fn item_3_is_about_the_hold() {
    let folder = |exists| vec![(64_000, Seen::ProfileFolder { sid: SID.to_owned(), exists })];
    check(3, Verdict::Pass, &day_with(folder(false)));
    check(3, Verdict::Fail, &day_with(vec![(64_100, logged("Application", 1530, &[]))]));
    let once = |seen: &Seen| matches!(seen, Seen::ProfileEntry { references: Some(2), .. });
    check(3, Verdict::NotSeen, &day_without(once, Vec::new()));
}

#[test]
fn item_4_is_about_subscribers_that_winlogon_waits_for() {
    let slow = |at, details: &[&str]| day_with(vec![(at, logged("Application", 6006, details))]);
    check(4, Verdict::Pass, &slow(62_500, &["Sens", "61", "Logoff"]));
    check(4, Verdict::Fail, &slow(63_500, &["Sens", "61", "Logoff"]));
    check(4, Verdict::NotSeen, &slow(500, &["Sens", "61", "Logon"]));
    check(4, Verdict::NotSeen, &slow(62_500, &["GPClient", "61", "Logoff"]));
}

#[test]
fn item_5_is_about_published_programs() {
    let published =
        |session| vec![(950, Seen::Started { program: "rdpshell.exe".to_owned(), session, process: 14 })];
    check(5, Verdict::Pass, &day_with(published(2)));
    check(5, Verdict::Fail, &day_with(published(3)));
    check(5, Verdict::NotSeen, &recording(good_day()));
}

#[test]
fn item_6_is_about_the_redirection_guard() {
    check(6, Verdict::Pass, &with_fact("redirection-guard", "on"));
    check(6, Verdict::Fail, &with_fact("redirection-guard", "off"));
    check(6, Verdict::NotSeen, &with_fact("ucpd", "on"));
}

#[test]
fn item_7_is_about_a_choice_at_two_logons() {
    let sid = || SID.to_owned();
    let choice = |program: Option<&str>| Seen::DefaultProgram {
        sid: sid(),
        scheme: "http".to_owned(),
        program: program.map(str::to_owned),
    };
    let next = |program| {
        vec![
            (2_000, choice(None)),
            (3_000, choice(Some("MSEdgeHTM"))),
            (70_000, Seen::HiveLoaded { sid: sid(), access: PRIVATE.to_owned() }),
            (70_100, choice(None)),
            (71_000, choice(program)),
        ]
    };
    check(7, Verdict::Pass, &day_with(next(Some("MSEdgeHTM"))));
    check(7, Verdict::Fail, &day_with(next(Some("IE.HTTP"))));
    check(7, Verdict::Fail, &day_with(next(None)));
    check(7, Verdict::NotSeen, &day_with(vec![(3_000, choice(Some("MSEdgeHTM")))]));
    check(7, Verdict::Fail, &with_fact("ucpd", "on"));
    check(7, Verdict::NotSeen, &with_fact("ucpd", "off"));
    // What survives shows more than a driver that is there.
    let mut both = day_with(next(Some("MSEdgeHTM")));
    both.facts.push(("ucpd".to_owned(), "on".to_owned()));
    check(7, Verdict::Pass, &both);
}

#[test]
fn item_8_is_about_keys_at_two_logons() {
    let probe = |at, outcome| (at, Seen::KeysProbe { sid: SID.to_owned(), outcome });
    check(8, Verdict::Pass, &day_with(vec![probe(2_000, KeysProbe::Made), probe(80_000, KeysProbe::Kept)]));
    check(8, Verdict::Fail, &day_with(vec![probe(2_000, KeysProbe::Made), probe(80_000, KeysProbe::Lost)]));
    check(8, Verdict::NotSeen, &day_with(vec![probe(2_000, KeysProbe::Made)]));
    check(8, Verdict::NotSeen, &day_with(vec![probe(0, KeysProbe::Lost)]));
    for outcome in [KeysProbe::Made, KeysProbe::Kept, KeysProbe::Lost] {
        assert_eq!(KeysProbe::of(outcome.word()), Some(outcome));
    }
    assert_eq!(KeysProbe::of("other"), None);
}

#[test]
fn item_9_is_about_the_shell_on_a_closed_hive() {
    let no_shell = |seen: &Seen| is_program(seen, "explorer.exe");
    check(9, Verdict::Pass, &recording(good_day()));
    check(9, Verdict::Fail, &day_without(no_shell, Vec::new()));
    let again = (20..23).map(|process| (2_000, program("explorer.exe", process, true))).collect();
    check(9, Verdict::Fail, &day_with(again));
    let open = vec![(600, Seen::HiveAccess { sid: SID.to_owned(), access: "D:(A;CI;KA;;;WD)".to_owned() })];
    check(9, Verdict::NotSeen, &day_with(open));
    check(9, Verdict::NotSeen, &day_without(|seen| no_shell(seen) || is_unload(seen), Vec::new()));
}

#[test]
fn item_10_is_about_a_folder_that_is_away() {
    let entry = |at, central: &str| {
        let (state, references) = (Some(5), Some(1));
        (at, Seen::ProfileEntry { sid: SID.to_owned(), state, references, central: Some(central.to_owned()) })
    };
    let refused = |at| (at, logged("Application", 1500, &[]));
    let such = r"\\server\profiles\kiosk.man.V6";
    check(10, Verdict::Pass, &recording(vec![entry(0, such), refused(500)]));
    let came = (600, Seen::HiveLoaded { sid: SID.to_owned(), access: PRIVATE.to_owned() });
    check(10, Verdict::Fail, &recording(vec![entry(0, such), refused(500), came.clone()]));
    let away = (500, logged("Application", 1521, &[]));
    check(10, Verdict::Fail, &recording(vec![entry(0, such), away, came.clone()]));
    check(10, Verdict::NotSeen, &recording(vec![entry(0, such), came]));
    check(10, Verdict::NotSeen, &recording(vec![entry(0, r"\\server\profiles\kiosk.V6"), refused(500)]));
}

#[test]
fn item_11_is_about_the_type_of_the_profile() {
    let entry = |state| {
        let (references, central) = (Some(1), None);
        vec![(900, Seen::ProfileEntry { sid: SID.to_owned(), state, references, central })]
    };
    check(11, Verdict::Pass, &day_with(entry(Some(0x105))));
    check(11, Verdict::Fail, &day_with(entry(Some(0x805))));
    check(11, Verdict::Fail, &day_with(entry(Some(0x100))));
    let entries = |seen: &Seen| matches!(seen, Seen::ProfileEntry { .. });
    check(11, Verdict::NotSeen, &day_without(entries, entry(None)));
}

#[test]
fn item_12_is_about_two_sessions_of_one_user() {
    let second = (310, Seen::Session { session: 3, sid: Some(SID.to_owned()), connected: true });
    let gone = |at, session| (at, Seen::SessionGone { session });
    check(12, Verdict::Fail, &day_with(vec![second.clone()]));
    check(12, Verdict::Pass, &day_with(vec![second, gone(60_100, 3), gone(60_200, 2)]));
    check(12, Verdict::NotSeen, &recording(good_day()));
}

#[test]
fn item_13_is_about_a_snapshot_against_enumeration() {
    let timing = |save_us, differences, failed: Option<&str>| Seen::Snapshot {
        sid: SID.to_owned(),
        timing: SnapshotTiming {
            values: 10_000,
            enumerate_us: 30_000,
            save_us,
            read_us: 5_000,
            bytes: 2_000_000,
            differences,
            failed: failed.map(str::to_owned),
        },
    };
    check(13, Verdict::Pass, &day_with(vec![(20_000, timing(6_000, 0, None))]));
    check(13, Verdict::Fail, &day_with(vec![(20_000, timing(60_000, 0, None))]));
    check(13, Verdict::Fail, &day_with(vec![(20_000, timing(6_000, 2, None))]));
    check(13, Verdict::NotSeen, &day_with(vec![(20_000, timing(0, 0, Some("access denied")))]));
}

#[test]
fn a_hive_that_was_there_from_the_start_is_no_logon() {
    let mut day = good_day();
    day[0].0 = 0;
    assert_eq!(recording(day).days(), 0);
}

#[test]
fn events_are_read_as_windows_prints_them() {
    let xml = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
               <Provider Name='Microsoft-Windows-Winlogon' Guid='{dbe9b383-7cf3-4331-91cc-a3cb16a3b538}'/>\
               <EventID Qualifiers='32768'>6006</EventID><Version>0</Version>\
               <TimeCreated SystemTime='2026-11-23T00:00:02.5000000Z'/><EventRecordID>9</EventRecordID>\
               <Security UserID='S-1-5-21-1-2-3-1001'/></System>\
               <EventData><Data>Sens</Data><Data Name='Seconds'>61</Data><Data>Logoff</Data></EventData></Event>\n\
               <Event xmlns='x'><System><EventID>1530</EventID>\
               <TimeCreated SystemTime=\"2026-11-22T23:59:59Z\"/><Security/></System></Event>\n\
               <Event xmlns='x'><System><EventID>none</EventID></System></Event>";
    let began = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_392_000);
    let events = logged_events("Application", xml, began);
    let [slow, early] = &events[..] else { panic!("{events:?}") };
    let expected = Seen::Logged {
        log: "Application".to_owned(),
        id: 6006,
        time: "2026-11-23T00:00:02.5000000Z".to_owned(),
        user: Some(SID.to_owned()),
        details: vec!["Sens".to_owned(), "61".to_owned(), "Logoff".to_owned()],
    };
    assert_eq!(*slow, Observation { at: 2_500, seen: expected });
    assert!(matches!(&early.seen, Seen::Logged { id: 1530, user: None, details, .. } if details.is_empty()));
    assert_eq!(early.at, 0);
    assert_eq!(logged_events("Application", "Access is denied.", began), []);
}

#[test]
fn a_recording_is_bounded() {
    let mut recording = Recording::default();
    for at in 0..u64::try_from(MAX_OBSERVATIONS).unwrap() + 5 {
        recording.note(at, Seen::SessionGone { session: 1 });
    }
    assert_eq!((recording.observations.len(), recording.left_out), (MAX_OBSERVATIONS, 5));
}
