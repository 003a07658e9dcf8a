//! What a recording says about each behaviour, in the order of `docs/windows-evidence.md`.

mod profile;
mod survives;
mod timing;

use super::{RecordedAnswer, Recording, Seen, Verdict};

/// What the helper's program is called.
const HELPER: &str = "metaprofiles-agent.exe";
const SHELL: &str = "explorer.exe";
/// The shell of a session that shows single programs only.
const REMOTE_APP: &str = "rdpshell.exe";

type Answer = (Verdict, String);
/// A behaviour, and what answers it.
type Item = (&'static str, fn(&Recording) -> Answer);

const ITEMS: [Item; 13] = [
    ("the hive is loaded before the logon script runs, and the shell waits for the script", timing::logon),
    ("the logoff script runs while the hive is still loaded", timing::logoff),
    ("a held profile counts once more, and no event 1530 follows", profile::hold),
    ("a subscriber of ISensLogon2 can delay a logoff", timing::subscriber),
    ("logon scripts also run for single published programs", timing::remote_app),
    ("the system can refuse junctions that users made", redirections),
    ("default programs can be set in the profile", survives::default_programs),
    ("keys that DPAPI protects survive", survives::keys),
    ("the shell starts on a hive whose access list keeps other users out", profile::access),
    ("a folder whose name ends with .man refuses the logon when it is away", profile::super_mandatory),
    ("a mandatory profile has State bit 1 and not 0x800", profile::state),
    ("two sessions of one user share a hive until the last one ends", profile::two_sessions),
    ("a hive saved by RegSaveKeyEx holds the same and is had sooner than by enumeration", survives::snapshot),
];

/// Answers every item, in their order.
#[must_use]
pub fn answers(recording: &Recording) -> Vec<RecordedAnswer> {
    ITEMS
        .into_iter()
        .zip(1..)
        .map(|((behaviour, answer), item)| {
            let (verdict, because) = answer(recording);
            RecordedAnswer { item, behaviour: behaviour.to_owned(), verdict, because }
        })
        .collect()
}

fn redirections(recording: &Recording) -> Answer {
    match fact(recording, "redirection-guard") {
        None => not_seen("whether the system has the guard is not known"),
        Some("on") => (Verdict::Pass, "the guard is on".to_owned()),
        Some(other) => (Verdict::Fail, format!("the guard is {other}")),
    }
}

fn fact<'a>(recording: &'a Recording, name: &str) -> Option<&'a str> {
    recording.facts.iter().find(|(other, _)| other == name).map(|(_, is)| is.as_str())
}

fn not_seen(why: impl Into<String>) -> Answer {
    (Verdict::NotSeen, why.into())
}

fn nobody() -> Answer {
    not_seen("no logon was seen")
}

/// The user whose logon was recorded, and their session: the first whose hive was seen to come.
fn user(recording: &Recording) -> Option<(&str, u32)> {
    let hive = recording.observations.iter().filter(|one| one.at > 0).find_map(|one| match &one.seen {
        Seen::HiveLoaded { sid, .. } => Some(sid.as_str()),
        _ => None,
    })?;
    let session = recording.observations.iter().find_map(|one| match &one.seen {
        Seen::Session { session, sid: Some(sid), .. } if sid == hive => Some(*session),
        _ => None,
    })?;
    Some((hive, session))
}

/// When the user's hive was seen to come; one that was there from the start was not.
fn loaded(recording: &Recording, user: &str) -> Option<u64> {
    at(recording, |seen| matches!(seen, Seen::HiveLoaded { sid, .. } if sid == user)).filter(|&at| at > 0)
}

fn unloaded(recording: &Recording, user: &str) -> Option<u64> {
    at(recording, |seen| matches!(seen, Seen::HiveUnloaded { sid } if sid == user))
}

fn at(recording: &Recording, is_it: impl Fn(&Seen) -> bool) -> Option<u64> {
    recording.observations.iter().find(|one| is_it(&one.seen)).map(|one| one.at)
}

/// Start and end of the runs of a program in a session.
fn runs(recording: &Recording, name: &str, of: u32) -> Vec<(u64, Option<u64>)> {
    let started = recording.observations.iter().filter_map(|one| match &one.seen {
        Seen::Started { program, session, process } if program == name && *session == of => {
            Some((one.at, *process))
        }
        _ => None,
    });
    started
        .map(|(start, number)| {
            let ended = recording.observations.iter().find(|one| {
                one.at >= start && matches!(&one.seen, Seen::Ended { process, .. } if *process == number)
            });
            (start, ended.map(|one| one.at))
        })
        .collect()
}
