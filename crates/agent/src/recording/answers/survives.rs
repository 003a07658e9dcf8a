//! What is the same afterwards: default programs, keys, and a hive that was read in another way.

use std::collections::BTreeMap;

use super::{
    super::{KeysProbe, SnapshotTiming},
    Answer, Recording, Seen, Verdict, fact, not_seen,
};

/// What each load of a user's hive held of each scheme of addresses at its end: (user, scheme), one entry per load.
type Chosen<'a> = BTreeMap<(&'a str, &'a str), Vec<Option<&'a str>>>;

/// The choice at the end of one load of the hive must be there at the end of the next.
pub(super) fn default_programs(recording: &Recording) -> Answer {
    let mut now: BTreeMap<(&str, &str), Option<&str>> = BTreeMap::new();
    let mut loads = Chosen::new();
    for one in &recording.observations {
        match &one.seen {
            Seen::DefaultProgram { sid, scheme, program } => {
                now.insert((sid, scheme), program.as_deref());
            }
            Seen::HiveUnloaded { sid } => close(&mut now, &mut loads, sid),
            _ => {}
        }
    }
    let left: Vec<&str> = now.keys().map(|(sid, _)| *sid).collect();
    left.into_iter().for_each(|sid| close(&mut now, &mut loads, sid));
    let pairs = loads.iter().flat_map(|((_, scheme), programs)| {
        programs.windows(2).filter_map(|pair| Some((*scheme, pair[0]?, pair[1])))
    });
    let pairs: Vec<(&str, &str, Option<&str>)> = pairs.collect();
    if let Some((scheme, before, after)) = pairs.iter().find(|(_, before, after)| *after != Some(*before)) {
        let after = after.unwrap_or("none");
        return (Verdict::Fail, format!("{scheme} was opened by {before}, and at the next logon by {after}"));
    }
    if let Some((scheme, program, _)) = pairs.first() {
        return (Verdict::Pass, format!("{scheme} was opened by {program}, also at the next logon"));
    }
    match fact(recording, "ucpd") {
        // The driver alone does not show that a choice does not survive, but it refuses to let one be written.
        Some("on") => {
            (Verdict::Fail, "the driver UCPD is on, which lets no other program write them".to_owned())
        }
        _ => not_seen("it needs a choice, and two logons in one recording (--days 2)"),
    }
}

fn close<'a>(now: &mut BTreeMap<(&'a str, &'a str), Option<&'a str>>, loads: &mut Chosen<'a>, of: &str) {
    let ended: Vec<(&str, &str)> = now.keys().filter(|(sid, _)| *sid == of).copied().collect();
    for key in ended {
        if let Some(program) = now.remove(&key) {
            loads.entry(key).or_default().push(program);
        }
    }
}

pub(super) fn keys(recording: &Recording) -> Answer {
    let outcomes = recording.observations.iter().filter_map(|one| match &one.seen {
        // What was there when the recording began was found at another time.
        Seen::KeysProbe { outcome, .. } if one.at > 0 => Some((one.at, *outcome)),
        _ => None,
    });
    let outcomes: Vec<(u64, KeysProbe)> = outcomes.collect();
    let of = |what: KeysProbe| outcomes.iter().find(|(_, outcome)| *outcome == what);
    if let Some((at, _)) = of(KeysProbe::Lost) {
        return (
            Verdict::Fail,
            format!("what was encrypted at a former logon could not be decrypted at {at} ms"),
        );
    }
    if let Some((at, _)) = of(KeysProbe::Kept) {
        return (Verdict::Pass, format!("what was encrypted at a former logon was decrypted at {at} ms"));
    }
    not_seen(
        "it needs `metaprofiles-agent check --keys` by the user at two logons, and a data subset that keeps the keys",
    )
}

pub(super) fn snapshot(recording: &Recording) -> Answer {
    let timing = recording.observations.iter().find_map(|one| match &one.seen {
        Seen::Snapshot { timing, .. } => Some(timing),
        _ => None,
    });
    let Some(timing) = timing else { return not_seen("no hive was read in both ways") };
    let SnapshotTiming { values, enumerate_us, save_us, read_us, bytes, differences, failed } = timing;
    if let Some(why) = failed {
        return not_seen(format!("{values} values were enumerated in {enumerate_us} µs; no snapshot: {why}"));
    }
    let faster = save_us + read_us < *enumerate_us;
    let text = format!(
        "{values} values were enumerated in {enumerate_us} µs, saved in {save_us} µs ({bytes} bytes) and read in {read_us} µs, with \
         {differences} differences"
    );
    (if faster && *differences == 0 { Verdict::Pass } else { Verdict::Fail }, text)
}
