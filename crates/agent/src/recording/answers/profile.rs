//! Profiles: held, closed to others, of which type, shared.

use super::{
    Answer, HELPER, REMOTE_APP, Recording, SHELL, Seen, Verdict, nobody, not_seen, runs, unloaded, user,
};

/// Bit of `State`: the profile is mandatory.
const MANDATORY: u32 = 0x1;
/// Bit of `State`: it is temporary.
const TEMPORARY: u32 = 0x800;
/// Groups that hold every user, as access lists name them.
const EVERYBODY: [&str; 3] = [";;;AU)", ";;;WD)", ";;;BU)"];
/// A hive that programs still held open was unloaded by force.
const FORCED: u32 = 1530;
/// The logon was refused, because the profile could not be loaded.
const REFUSED: u32 = 1500;
/// The shell is started again when it fails; this often, it does not work.
const TOO_OFTEN: usize = 3;

pub(super) fn hold(recording: &Recording) -> Answer {
    let Some((user, _)) = user(recording) else { return nobody() };
    let most = recording.observations.iter().filter_map(|one| match &one.seen {
        Seen::ProfileEntry { sid, references, .. } if sid == user => *references,
        _ => None,
    });
    let Some(most) = most.max() else { return not_seen("the profile list counts no references") };
    let complaints = super::at(recording, |seen| matches!(seen, Seen::Logged { id: FORCED, .. })).is_some();
    let folder = recording.observations.iter().rev().find_map(|one| match &one.seen {
        Seen::ProfileFolder { sid, exists } if sid == user => Some(*exists),
        _ => None,
    });
    let folder = match folder {
        Some(true) => "; the local folder is there at the end",
        Some(false) => "; the local folder is gone at the end",
        None => "",
    };
    match (most, complaints) {
        (0 | 1, _) => not_seen(format!("the count was {most} at most, so nothing was held")),
        (_, true) => (Verdict::Fail, format!("the count was {most}, and an event 1530 was logged{folder}")),
        (_, false) => (Verdict::Pass, format!("the count was {most}, and no event 1530 was logged{folder}")),
    }
}

pub(super) fn access(recording: &Recording) -> Answer {
    let Some((user, session)) = user(recording) else { return nobody() };
    let last = recording.observations.iter().rev().find_map(|one| match &one.seen {
        Seen::HiveLoaded { sid, access } | Seen::HiveAccess { sid, access } if sid == user => Some(access),
        _ => None,
    });
    let Some(list) = last else { return not_seen("the hive's access list was not seen") };
    // Reading alone does no harm: what all may do is more when it is not `KR`.
    let open = list.split('(').any(|entry| {
        EVERYBODY.iter().any(|all| format!("({entry}").contains(all)) && !entry.contains(";KR;")
    });
    if open {
        return not_seen(format!("the list lets every user in: {list}"));
    }
    let starts = runs(recording, SHELL, session).len();
    let published = !runs(recording, REMOTE_APP, session).is_empty();
    let script = runs(recording, HELPER, session).first().and_then(|(_, end)| *end);
    match starts {
        TOO_OFTEN.. => (Verdict::Fail, format!("the shell was started {starts} times with the list {list}")),
        1.. => (Verdict::Pass, format!("the shell started with the list {list}")),
        0 if published => (Verdict::Pass, format!("a published program started with the list {list}")),
        0 if script.is_some() && unloaded(recording, user) > script => {
            (Verdict::Fail, format!("the session ended without a shell, with the list {list}"))
        }
        0 => not_seen("the shell was not seen to start"),
    }
}

pub(super) fn super_mandatory(recording: &Recording) -> Answer {
    let of_such = |seen: &Seen| match seen {
        Seen::ProfileEntry { sid, central: Some(central), .. } if ends_with_man(central) => Some(sid.clone()),
        _ => None,
    };
    let Some(user) = recording.observations.iter().find_map(|one| of_such(&one.seen)) else {
        return not_seen(
            "no user had a profile from a folder that ends with .man; log on once with the share there, \
             and record the next logon with the share away",
        );
    };
    let since = super::at(recording, |seen| of_such(seen).as_ref() == Some(&user)).unwrap_or_default();
    let refused = super::at(recording, |seen| matches!(seen, Seen::Logged { id: REFUSED, .. }));
    // The former copy may be used; that the server's was not found is then logged.
    let away = super::at(recording, |seen| matches!(seen, Seen::Logged { id: 1521 | 1509, .. }));
    let came = recording.observations.iter().any(|one| {
        matches!(&one.seen, Seen::HiveLoaded { sid, .. } if *sid == user) && one.at > 0 && one.at >= since
    });
    match (refused, away, came) {
        (Some(at), _, false) => (
            Verdict::Pass,
            format!("the logon was refused at {at} ms (event {REFUSED}), and no hive was loaded"),
        ),
        (Some(at), _, true) => {
            (Verdict::Fail, format!("event {REFUSED} was logged at {at} ms, and the hive was loaded"))
        }
        (None, Some(at), true) => (
            Verdict::Fail,
            format!("the folder was away at {at} ms, and the logon went on with another copy"),
        ),
        (None, ..) => not_seen("the folder that ends with .man was not away at the logon"),
    }
}

/// Whether a folder is of a super-mandatory profile, with or without the version that Windows appends.
fn ends_with_man(folder: &str) -> bool {
    let folder = folder.trim_end_matches('\\').to_ascii_lowercase();
    let name = match folder.rsplit_once(".v") {
        Some((name, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => &folder,
    };
    name.ends_with(".man")
}

pub(super) fn state(recording: &Recording) -> Answer {
    let Some((user, _)) = user(recording) else { return nobody() };
    let mut states = recording.observations.iter().filter_map(|one| match &one.seen {
        Seen::ProfileEntry { sid, state: Some(state), .. } if sid == user => Some(*state),
        _ => None,
    });
    match states.next_back() {
        None => not_seen("the profile list says no state"),
        Some(state) if state & (MANDATORY | TEMPORARY) == MANDATORY => {
            (Verdict::Pass, format!("State was {state:#x}"))
        }
        Some(state) => (Verdict::Fail, format!("State was {state:#x}, if the profile was mandatory")),
    }
}

pub(super) fn two_sessions(recording: &Recording) -> Answer {
    let mut open: Vec<(u32, &str)> = Vec::new();
    let mut shared: Option<&str> = None;
    for one in &recording.observations {
        match &one.seen {
            Seen::Session { session, sid, .. } => {
                open.retain(|(other, _)| other != session);
                if let Some(sid) = sid {
                    if open.iter().any(|(_, other)| other == sid) {
                        shared = Some(sid);
                    }
                    open.push((*session, sid));
                }
            }
            Seen::SessionGone { session } => open.retain(|(other, _)| other != session),
            Seen::HiveUnloaded { sid } if shared == Some(sid) => {
                let left = open.iter().filter(|(_, other)| other == sid).count();
                let verdict = if left == 0 { Verdict::Pass } else { Verdict::Fail };
                let text = format!("{left} of the user's sessions were left when the hive was unloaded");
                return (verdict, text);
            }
            _ => {}
        }
    }
    not_seen("it needs a second session of the same user on this host, and the end of both")
}
