use super::{RecordedAnswer, Recording, Seen, Verdict};

/// What the helper's program is called.
const HELPER: &str = "metaprofiles-agent.exe";
const SHELL: &str = "explorer.exe";
/// The shell of a session that shows single programs only.
const REMOTE_APP: &str = "rdpshell.exe";
/// Bit of `State`: the profile is mandatory.
const MANDATORY: u32 = 0x1;
/// Bit of `State`: it is temporary.
const TEMPORARY: u32 = 0x800;
/// Groups that hold every user, as access lists name them.
const EVERYBODY: [&str; 3] = [";;;AU)", ";;;WD)", ";;;BU)"];

type Answer = (Verdict, String);
/// A behaviour, and what answers it.
type Item = (&'static str, fn(&Recording) -> Answer);

/// Answers every item, in their order.
#[must_use]
pub fn answers(recording: &Recording) -> Vec<RecordedAnswer> {
    let items: [Item; 12] = [
        ("the hive is loaded before the logon script runs, and the shell waits for the script", logon),
        ("the logoff script runs while the hive is still loaded", logoff),
        ("a held profile counts once more, and no event 1530 follows", hold),
        ("a subscriber of ISensLogon2 can delay a logoff", |_| {
            needs("a COM+ subscriber, which is not built")
        }),
        ("logon scripts also run for single published programs", remote_app),
        ("the system can refuse junctions that users made", |all| fact(all, "redirection-guard", "on")),
        ("default programs can be set in the profile", |all| {
            let (verdict, because) = fact(all, "ucpd", "off");
            // The driver alone does not show that a choice survives.
            (if verdict == Verdict::Fail { verdict } else { Verdict::NotSeen }, because)
        }),
        ("keys that DPAPI protects survive", |_| {
            needs("a data subset with the credentials, and a look at them")
        }),
        ("the shell starts on a hive whose access list keeps other users out", access),
        ("a folder whose name ends with .man refuses the logon when it is away", |_| {
            needs("a super-mandatory profile on a share that is switched off")
        }),
        ("a mandatory profile has State bit 1 and not 0x800", state),
        ("two sessions of one user share a hive until the last one ends", two_sessions),
    ];
    items
        .into_iter()
        .zip(1..)
        .map(|((behaviour, answer), item)| {
            let (verdict, because) = answer(recording);
            RecordedAnswer { item, behaviour: behaviour.to_owned(), verdict, because }
        })
        .collect()
}

fn needs(what: &str) -> Answer {
    (Verdict::NotSeen, format!("it needs {what}"))
}

fn fact(recording: &Recording, name: &str, good: &str) -> Answer {
    match recording.facts.iter().find(|(other, _)| other == name) {
        None => (Verdict::NotSeen, format!("{name} is not known")),
        Some((_, is)) => (if is == good { Verdict::Pass } else { Verdict::Fail }, format!("{name} is {is}")),
    }
}

/// Verdict on an order of moments, all of which must have been seen.
fn order(moments: &[(&str, Option<u64>)]) -> Answer {
    let missing = moments.iter().find(|(_, at)| at.is_none());
    if let Some((what, _)) = missing {
        return (Verdict::NotSeen, format!("{what} was not seen"));
    }
    let holds = moments.is_sorted_by_key(|(_, at)| *at);
    let text: Vec<String> =
        moments.iter().map(|(what, at)| format!("{what} at {} ms", at.unwrap_or_default())).collect();
    (if holds { Verdict::Pass } else { Verdict::Fail }, text.join(", "))
}

/// The user whose logon was recorded: the first whose hive was seen to come.
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
pub(super) fn loaded(recording: &Recording, user: &str) -> Option<u64> {
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

fn logon(recording: &Recording) -> Answer {
    let Some((sid, session)) = user(recording) else { return nobody() };
    let helper = runs(recording, HELPER, session).first().copied();
    let shell = runs(recording, SHELL, session).first().map(|(start, _)| *start);
    order(&[
        ("the hive", loaded(recording, sid)),
        ("the start of the logon script", helper.map(|(start, _)| start)),
        ("its end", helper.and_then(|(_, end)| end)),
        ("the start of the shell", shell),
    ])
}

fn logoff(recording: &Recording) -> Answer {
    let Some((sid, session)) = user(recording) else { return nobody() };
    let helpers = runs(recording, HELPER, session);
    let last = helpers.get(1..).and_then(|later| later.last()).copied();
    order(&[
        ("the start of the logoff script", last.map(|(start, _)| start)),
        ("its end", last.and_then(|(_, end)| end)),
        ("the unloading of the hive", unloaded(recording, sid)),
    ])
}

fn hold(recording: &Recording) -> Answer {
    let Some((user, _)) = user(recording) else { return nobody() };
    let most = recording.observations.iter().filter_map(|one| match &one.seen {
        Seen::ProfileEntry { sid, references, .. } if sid == user => *references,
        _ => None,
    });
    let Some(most) = most.max() else {
        return (Verdict::NotSeen, "the profile list counts no references".to_owned());
    };
    let complaints = at(recording, |seen| matches!(seen, Seen::Logged { id: 1530, .. })).is_some();
    match (most, complaints) {
        (0 | 1, _) => (Verdict::NotSeen, format!("the count was {most} at most, so nothing was held")),
        (_, true) => (Verdict::Fail, format!("the count was {most}, and an event 1530 was logged")),
        (_, false) => (Verdict::Pass, format!("the count was {most}, and no event 1530 was logged")),
    }
}

fn remote_app(recording: &Recording) -> Answer {
    let session = recording.observations.iter().find_map(|one| match &one.seen {
        Seen::Started { program, session, .. } if program == REMOTE_APP => Some(*session),
        _ => None,
    });
    match session {
        None => needs("a session of a published program"),
        Some(session) if runs(recording, HELPER, session).is_empty() => {
            (Verdict::Fail, format!("no script ran in session {session} of a published program"))
        }
        Some(session) => (Verdict::Pass, format!("it ran in session {session}")),
    }
}

fn access(recording: &Recording) -> Answer {
    let Some((user, session)) = user(recording) else { return nobody() };
    let last = recording.observations.iter().rev().find_map(|one| match &one.seen {
        Seen::HiveLoaded { sid, access } | Seen::HiveAccess { sid, access } if sid == user => Some(access),
        _ => None,
    });
    let open = last.is_some_and(|list| {
        // Reading alone does no harm: what all may do is more when it is not `KR`.
        list.split('(').any(|entry| {
            EVERYBODY.iter().any(|all| format!("({entry}").contains(all)) && !entry.contains(";KR;")
        })
    });
    match (last, open, runs(recording, SHELL, session).first()) {
        (None, ..) => (Verdict::NotSeen, "the hive's access list was not seen".to_owned()),
        (Some(list), true, _) => (Verdict::NotSeen, format!("the list lets every user in: {list}")),
        (Some(_), false, None) => (Verdict::NotSeen, "the shell was not seen to start".to_owned()),
        (Some(list), false, Some(_)) => (Verdict::Pass, format!("the shell started with the list {list}")),
    }
}

fn state(recording: &Recording) -> Answer {
    let Some((user, _)) = user(recording) else { return nobody() };
    let mut states = recording.observations.iter().filter_map(|one| match &one.seen {
        Seen::ProfileEntry { sid, state: Some(state), .. } if sid == user => Some(*state),
        _ => None,
    });
    match states.next_back() {
        None => (Verdict::NotSeen, "the profile list says no state".to_owned()),
        Some(state) if state & (MANDATORY | TEMPORARY) == MANDATORY => {
            (Verdict::Pass, format!("State was {state:#x}"))
        }
        Some(state) => (Verdict::Fail, format!("State was {state:#x}, if the profile was mandatory")),
    }
}

fn two_sessions(recording: &Recording) -> Answer {
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
                return (
                    verdict,
                    format!("{left} of the user's sessions were left when the hive was unloaded"),
                );
            }
            _ => {}
        }
    }
    needs("a second session of the same user on this host, and the end of both")
}

fn nobody() -> Answer {
    (Verdict::NotSeen, "no logon was seen".to_owned())
}
