//! What comes before what.

use super::{
    Answer, HELPER, REMOTE_APP, Recording, SHELL, Seen, Verdict, loaded, nobody, not_seen, runs, unloaded,
    user,
};

/// The log of the service that loads profiles, and its events: it has loaded a user's, and it begins to unload it.
const PROFILES: &str = "Microsoft-Windows-User Profile Service/Operational";
const PROFILE_LOADED: u32 = 2;
const LOGOFF_BEGINS: u32 = 3;
/// What Winlogon logs when a subscriber takes long: that it does, and how long it took.
const TAKES_LONG: [u32; 2] = [6005, 6006];
/// The subscriber that hands logons and logoffs on to the subscribers of `ISensLogon2`.
const SENS: &str = "Sens";

/// Verdict on an order of moments, all of which must have been seen. Moments that were seen by looking are late by up to one
/// look, those that were logged are not.
fn order(recording: &Recording, moments: &[(&str, Option<u64>)]) -> Answer {
    if let Some((what, _)) = moments.iter().find(|(_, at)| at.is_none()) {
        return not_seen(format!("{what} was not seen"));
    }
    let moments: Vec<(&str, u64)> =
        moments.iter().map(|(what, at)| (*what, at.unwrap_or_default())).collect();
    let holds = moments.windows(2).all(|pair| pair[0].1 <= pair[1].1 + recording.every_ms);
    let text: Vec<String> = moments.iter().map(|(what, at)| format!("{what} at {at} ms")).collect();
    (if holds { Verdict::Pass } else { Verdict::Fail }, text.join(", "))
}

pub(super) fn logon(recording: &Recording) -> Answer {
    let Some((sid, session)) = user(recording) else { return nobody() };
    let helper = runs(recording, HELPER, session).first().copied();
    let shell = runs(recording, SHELL, session).first().map(|(start, _)| *start);
    let mut moments = vec![("the hive", loaded(recording, sid))];
    // The log is there on some systems and off on others.
    if let at @ Some(_) = logged(recording, PROFILE_LOADED, sid) {
        moments.push(("event 2 (profile loaded)", at));
    }
    moments.push(("the start of the logon script", helper.map(|(start, _)| start)));
    moments.push(("its end", helper.and_then(|(_, end)| end)));
    moments.push(("the start of the shell", shell));
    order(recording, &moments)
}

pub(super) fn logoff(recording: &Recording) -> Answer {
    let Some((sid, session)) = user(recording) else { return nobody() };
    let helpers = runs(recording, HELPER, session);
    let last = helpers.get(1..).and_then(|later| later.last()).copied();
    let mut moments = vec![
        ("the start of the logoff script", last.map(|(start, _)| start)),
        ("its end", last.and_then(|(_, end)| end)),
    ];
    if let at @ Some(_) = logged(recording, LOGOFF_BEGINS, sid) {
        moments.push(("event 3 (logoff noticed by the profile service)", at));
    }
    moments.push(("the unloading of the hive", unloaded(recording, sid)));
    order(recording, &moments)
}

/// When the service that loads profiles logged an event about the user.
fn logged(recording: &Recording, number: u32, of: &str) -> Option<u64> {
    super::at(
        recording,
        |seen| matches!(seen, Seen::Logged { log, id, user: Some(user), .. } if log == PROFILES && *id == number && user == of),
    )
}

/// Nothing is subscribed for this: Winlogon itself says when a subscriber of its own makes it wait, and SENS is the one that
/// hands on to `ISensLogon2`.
pub(super) fn subscriber(recording: &Recording) -> Answer {
    let Some((sid, _)) = user(recording) else { return nobody() };
    let waited = super::at(recording, |seen| match seen {
        Seen::Logged { id, details, .. } => {
            let says = |word: &str| details.iter().any(|detail| detail.eq_ignore_ascii_case(word));
            TAKES_LONG.contains(id) && says(SENS) && says("Logoff")
        }
        _ => false,
    });
    match (waited, unloaded(recording, sid)) {
        (None, _) => not_seen(
            "no subscriber took long at the logoff; Winlogon logs 6005 and 6006 when one of SENS needs more than a minute",
        ),
        (Some(at), None) => {
            not_seen(format!("Winlogon waited for SENS at {at} ms, and the hive was not seen to go"))
        }
        (Some(at), Some(gone)) => (
            if at <= gone + recording.every_ms { Verdict::Pass } else { Verdict::Fail },
            format!("Winlogon waited for SENS at {at} ms, and the hive went at {gone} ms"),
        ),
    }
}

pub(super) fn remote_app(recording: &Recording) -> Answer {
    let session = recording.observations.iter().find_map(|one| match &one.seen {
        Seen::Started { program, session, .. } if program == REMOTE_APP => Some(*session),
        _ => None,
    });
    match session {
        None => not_seen("it needs a session of a published program"),
        Some(session) if runs(recording, HELPER, session).is_empty() => {
            (Verdict::Fail, format!("no script ran in session {session} of a published program"))
        }
        Some(session) => (Verdict::Pass, format!("it ran in session {session}")),
    }
}
