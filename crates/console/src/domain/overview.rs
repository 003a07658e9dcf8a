use mp_protocol::session_report::Outcome;

/// Machines of one role that are not revoked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MachineCounts {
    pub(crate) active: i64,
    /// Those of which nothing was heard for some minutes.
    pub(crate) silent: i64,
    pub(crate) without_group: i64,
}

/// Sessions that are alike in what the overview tells of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Logons {
    /// Whole hours after the beginning of the time that is looked at.
    pub(crate) hour: i64,
    pub(crate) outcome: Outcome,
    /// What the logon's import took; `None` where it was not reported.
    pub(crate) milliseconds: Option<i64>,
    pub(crate) sessions: i64,
    pub(crate) overridden: i64,
}

/// The time within which so many percent of the logons were done; `None` without logons.
pub(crate) fn percentile<'a>(logons: impl Iterator<Item = &'a Logons>, percent: i64) -> Option<i64> {
    let mut times: Vec<(i64, i64)> =
        logons.filter_map(|logons| Some((logons.milliseconds?, logons.sessions))).collect();
    times.sort_unstable();
    let all: i64 = times.iter().map(|(_, sessions)| sessions).sum();
    // The smallest time that so many percent do not exceed (nearest rank).
    let rank = (all.saturating_mul(percent) + 99) / 100;
    let mut counted = 0;
    let found = times.into_iter().find(|(_, sessions)| {
        counted += sessions;
        counted >= rank
    });
    found.map(|(milliseconds, _)| milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logons(milliseconds: Option<i64>, sessions: i64) -> Logons {
        Logons { hour: 0, outcome: Outcome::Merged, milliseconds, sessions, overridden: 0 }
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let all = [logons(Some(300), 1), logons(Some(100), 90), logons(None, 1_000), logons(Some(200), 9)];
        let of = |percent| percentile(all.iter(), percent);
        assert_eq!(
            (of(50), of(90), of(91), of(99), of(100)),
            (Some(100), Some(100), Some(200), Some(200), Some(300))
        );
        assert_eq!(percentile([logons(None, 5)].iter(), 50), None);
        assert_eq!(percentile([logons(Some(7), 1)].iter(), 1), Some(7));
    }
}
