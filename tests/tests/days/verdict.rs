//! The verdict at the end of a day, when everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use mp_dataset::DataSet;
use mp_profile::{Scope, Sid};

use crate::{
    book::{Book, Deed},
    places::Spot,
};

/// What became of the deeds of some days.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Tally {
    pub(crate) days: u64,
    pub(crate) deeds: usize,
    pub(crate) deletions: usize,
    pub(crate) stored: usize,
    pub(crate) only_beside: usize,
    pub(crate) lost_with_machine: usize,
    pub(crate) told_spool_full: usize,
    pub(crate) only_in_local_profile: usize,
    pub(crate) overridden_and_told: usize,
    pub(crate) killed_in_midst: usize,
    pub(crate) storage_crashes: usize,
    pub(crate) servers_away: usize,
    pub(crate) merged_by_servers: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.days += other.days;
        self.deeds += other.deeds;
        self.deletions += other.deletions;
        self.stored += other.stored;
        self.only_beside += other.only_beside;
        self.lost_with_machine += other.lost_with_machine;
        self.told_spool_full += other.told_spool_full;
        self.only_in_local_profile += other.only_in_local_profile;
        self.overridden_and_told += other.overridden_and_told;
        self.killed_in_midst += other.killed_in_midst;
        self.storage_crashes += other.storage_crashes;
        self.servers_away += other.servers_away;
        self.merged_by_servers += other.merged_by_servers;
    }
}

impl Book {
    /// Checks all places of all users.
    pub(crate) fn judge(&self, current: &BTreeMap<(Scope, Sid), DataSet>) -> Tally {
        let mut spots: BTreeMap<&Spot, Vec<usize>> = BTreeMap::new();
        for (number, deed) in self.deeds.iter().enumerate().filter(|(_, deed)| !deed.temporary) {
            spots.entry(&deed.spot).or_default().push(number);
        }
        for (spot, deeds) in &spots {
            self.nothing_is_lost(deeds);
            let set = current.get(&(spot.scope.clone(), spot.sid.clone()));
            self.nothing_comes_back(spot, deeds, spot.place.after(set));
        }
        self.all_is_told();
        let all = || self.deeds.iter().enumerate().filter(|(_, deed)| !deed.temporary);
        let count = |which: &dyn Fn(usize, &Deed) -> bool| {
            all().filter(|(number, deed)| which(*number, deed)).count()
        };
        Tally {
            days: 1,
            deeds: count(&|_, deed| !deed.excused),
            deletions: count(&|_, deed| !deed.excused && deed.text.is_none()),
            stored: count(&|number, deed| !deed.excused && self.is_stored(number)),
            only_beside: self.beside.iter().filter(|number| !self.stored.contains_key(number)).count(),
            lost_with_machine: count(&|_, deed| deed.excused),
            overridden_and_told: self.overridden,
            ..Tally::default()
        }
    }

    /// Each deed is in storage, current or former or beside, or somebody replaced it who had seen it.
    fn nothing_is_lost(&self, deeds: &[usize]) {
        for &number in deeds {
            let deed = &self.deeds[number];
            let counts = !deed.excused || (deed.accepted && deed.text.is_some());
            if !counts || deed.text == deed.saw {
                continue;
            }
            // What stays on its host is there, whether it was sent or not.
            let counts = |other: &usize| {
                let other = &self.deeds[*other];
                !other.excused || other.accepted || other.stays
            };
            let replaced = deeds.iter().filter(|other| counts(other));
            let replaced = replaced.clone().any(|other| self.deeds[*other].known.contains(&number));
            assert!(self.is_safe(number) || replaced, "LOST: {deed:?} is neither stored nor kept beside");
        }
    }

    /// What is stored now is what somebody did last: of all that was stored, something that nobody replaced who knew it.
    fn nothing_comes_back(&self, spot: &Spot, deeds: &[usize], current: Option<String>) {
        let stored: Vec<usize> = deeds.iter().copied().filter(|number| self.is_stored(*number)).collect();
        if stored.is_empty() {
            assert!(
                current == spot.place.default(),
                "INVENTED: {spot:?} is {current:?}, though nothing was stored"
            );
            return;
        }
        let free = if spot.place.in_tool() { self.free(spot) } else { BTreeSet::new() };
        let counts = |other: &&usize| !free.contains(other);
        let replaced = |number: &usize| {
            stored.iter().filter(counts).any(|other| self.deeds[*other].known.contains(number))
        };
        let standing: Vec<&usize> = stored.iter().filter(|number| !replaced(number)).collect();
        let is_one = |number: &usize| self.deeds[*number].text == current;
        if standing.iter().copied().any(is_one) {
            return;
        }
        // Of a key that another session had deleted, what it said nothing of is as the mandatory profile has it.
        if !free.is_empty() && current == spot.place.default() {
            return;
        }
        let all: Vec<&Deed> = deeds.iter().map(|number| &self.deeds[*number]).collect();
        let word = match deeds.iter().find(|number| self.deeds[**number].text == current) {
            _ if current.is_none() || current == spot.place.default() => "LOST",
            None => "INVENTED",
            Some(back)
                if stored.iter().any(|other| {
                    self.deeds[*other].text.is_none() && self.deeds[*other].known.contains(back)
                }) =>
            {
                "RESURRECTED"
            }
            Some(_) => "TURNED BACK",
        };
        panic!(
            "{word}: {spot:?} is {current:?}; stored were {stored:?}, and not replaced {standing:?} of {all:#?}"
        );
    }

    /// The deeds in a key that was deleted here and changed there. Such a key is one item with all that is in it (ADR 4): what
    /// either side knew does not count.
    fn free(&self, spot: &Spot) -> BTreeSet<usize> {
        let in_key = |deed: &Deed| deed.spot.place.in_tool() && deed.spot.sid == spot.sid && !deed.temporary;
        let all = || self.deeds.iter().enumerate().filter(|(_, deed)| in_key(deed));
        let mut free = BTreeSet::new();
        for (deletion, of) in all().filter_map(|(number, deed)| Some((number, deed.of_key?))) {
            let same = |deed: &Deed| deed.of_key == Some(of);
            let apart = |number: usize, deed: &Deed| {
                let here = all().find(|(_, part)| same(part) && part.spot == deed.spot);
                here.is_some_and(|(here, part)| {
                    let one_profile =
                        deed.load == part.load || (deed.stays && part.stays && deed.load.0 == part.load.0);
                    // That a place without content was deleted nobody sees there.
                    let knew = part.saw.is_some() && deed.known.contains(&here);
                    !one_profile
                        && !part.known.contains(&number)
                        && !knew
                        && !self.had_been_given(deed, here)
                        && !self.had_been_given(part, number)
                })
            };
            if all().any(|(number, deed)| apart(number, deed)) {
                let known = &self.deeds[deletion].known;
                free.insert(deletion);
                free.extend(known.iter().copied());
                free.extend(
                    all().filter(|(_, deed)| deed.known.contains(&deletion)).map(|(number, _)| number),
                );
            }
        }
        free
    }

    /// What was overridden, and what was kept beside, is in a report.
    fn all_is_told(&self) {
        for expected in &self.expected {
            let told = |label: String| {
                let spot = &expected.spot;
                self.changed_before.contains(&(spot.sid.clone(), label.clone()))
                    || self.overrides.contains(&(spot.scope.clone(), spot.sid.clone(), label))
            };
            assert!(
                expected.spot.place.labels().into_iter().any(told),
                "NOT TOLD: {} by host {}",
                expected.why,
                expected.host
            );
        }
        for (host, sid) in &self.kept_beside {
            let told = |code: &str| self.problems.contains(&(*host, sid.clone(), code.to_owned()));
            assert!(
                told("MP-AGT-042") || told("MP-AGT-045"),
                "NOT TOLD: something of {sid} was kept beside what is stored by host {host}"
            );
        }
    }
}
