//! The book of a day: what each user did, what storage took, and what the Agents reported.
//!
//! A deed sets a place to a text that is written once in a day, or deletes what is there. It *knows* the deeds that its user
//! saw, directly or through others, at this place: those it may replace, and no others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use mp_dataset::{DataSet, ProfileKind};
use mp_profile::{Scope, Sid, VersionTag};

use crate::{
    places::{PLACES, Place, Said, Spot},
    story::Story,
};

/// Host and number of a load of a user's registry.
pub(crate) type Load = (usize, u64);

/// Which of the data sets that storage has taken are in what somebody was given.
pub(crate) type Given = Arc<BTreeSet<usize>>;

/// A user sets or deletes something.
#[derive(Debug)]
pub(crate) struct Deed {
    pub(crate) spot: Spot,
    /// `None` for a deletion.
    pub(crate) text: Option<String>,
    /// What was there before.
    pub(crate) saw: Option<String>,
    /// The deeds that it may replace.
    pub(crate) known: BTreeSet<usize>,
    pub(crate) load: Load,
    /// What its load had been given before it.
    pub(crate) given: Given,
    /// It was done in a profile that stays on its host, and so is what the next load there begins with.
    pub(crate) stays: bool,
    /// It was done in a profile that is never exported.
    pub(crate) temporary: bool,
    /// It was part of the deletion of a whole key, the one of this number.
    pub(crate) of_key: Option<usize>,
    /// It was lost with the machine or the service before anything could be exported, or the spool was full and that was told.
    pub(crate) excused: bool,
    /// It was seen in a spool.
    pub(crate) accepted: bool,
    /// An import or late merge that may have left it alone was cut off, and its report with it.
    pub(crate) untold: bool,
}

/// Which way a data set went to storage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    Stored,
    Beside,
}

/// Whether a place was without content in what storage took, and how many deeds there were then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    host: usize,
    deeds: usize,
    turn: usize,
    way: Way,
    gone: bool,
}

/// A user's content that another one's took the place of, which is to be reported.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) spot: Spot,
    pub(crate) host: usize,
    pub(crate) why: String,
}

#[derive(Default)]
pub(crate) struct Book {
    pub(crate) story: Story,
    pub(crate) deeds: Vec<Deed>,
    pub(crate) by_text: BTreeMap<(Spot, String), usize>,
    /// Texts that were stored, and when first.
    pub(crate) stored: BTreeMap<usize, usize>,
    pub(crate) beside: BTreeSet<usize>,
    pub(crate) seen: BTreeMap<Spot, Vec<Seen>>,
    /// Data sets that storage has taken.
    pub(crate) turn: usize,
    /// Where there are two servers: which of them are in a version.
    pub(crate) versions: BTreeMap<(Scope, Sid, String), BTreeSet<usize>>,
    pub(crate) expected: Vec<Expected>,
    /// Scope, user and place of the overrides that were reported.
    pub(crate) overrides: BTreeSet<(Scope, Sid, String)>,
    /// User and place of what an import left alone, because the session had changed it.
    pub(crate) changed_before: BTreeSet<(Sid, String)>,
    /// What was kept beside and is to be reported: host and user.
    pub(crate) kept_beside: BTreeSet<(usize, Sid)>,
    /// Codes of the problems that were reported, by host and user.
    pub(crate) problems: BTreeSet<(usize, Sid, String)>,
    /// Merges that overrode something, for the tally.
    pub(crate) overridden: usize,
}

impl Book {
    /// Takes a deed into the book.
    pub(crate) fn note(&mut self, mut deed: Deed) {
        let own = |other: &&Deed| other.load == deed.load && other.spot == deed.spot;
        let last = self.deeds.iter().rposition(|other| own(&other));
        let parents: Vec<usize> = match (last, &deed.saw) {
            (Some(last), saw) if self.deeds[last].text == *saw => vec![last],
            (_, Some(text)) if deed.spot.place.default().as_ref() == Some(text) => Vec::new(),
            (_, Some(text)) => vec![self.find(&deed.spot, text, "a profile holds it")],
            (_, None) => self.deletions_before(&deed),
        };
        for parent in parents {
            deed.known.extend(self.deeds[parent].known.iter().copied());
            deed.known.insert(parent);
        }
        let number = self.deeds.len();
        if let Some(text) = &deed.text {
            let former = self.by_text.insert((deed.spot.clone(), text.clone()), number);
            assert!(former.is_none(), "each text is written once at a place");
        }
        self.deeds.push(deed);
    }

    /// The deletions that a load may have been given, or that were done in it.
    fn deletions_before(&self, deed: &Deed) -> Vec<usize> {
        let given = |number: usize, other: &Deed| {
            let (host, _) = deed.load;
            let here = other.load == deed.load || (deed.stays && other.load.0 == host);
            here || self.had_been_given(deed, number) || (other.accepted && other.load.0 == host)
        };
        let all = self.deeds.iter().enumerate();
        let of_spot =
            all.filter(|(_, other)| other.spot == deed.spot && other.text.is_none() && !other.temporary);
        of_spot.filter(|(number, other)| given(*number, other)).map(|(number, _)| number).collect()
    }

    /// Whether storage had the place without content at a deletion, or after it while there were at most so many deeds. What was
    /// deleted may have been stored later only, out of a spool.
    fn is_gone(&self, number: usize, until: usize) -> bool {
        let deed = &self.deeds[number];
        let Deed { spot, saw, .. } = deed;
        // What its load had deleted before it is gone when that is: there may have been nothing stored yet then.
        let own = |other: &&Deed| other.load == deed.load && other.spot == *spot;
        let before = self.deeds[..number].iter().rposition(|other| own(&other));
        if let Some(before) = before.filter(|before| saw.is_none() && self.deeds[*before].text.is_none()) {
            return self.is_gone(before, until);
        }
        let saw = saw.as_ref().and_then(|saw| self.by_text.get(&(spot.clone(), saw.clone())));
        let since = saw.map(|saw| self.stored.get(saw).copied());
        let all = self.seen.get(spot).into_iter().flatten();
        let mut stored = all
            .filter(|seen| seen.way == Way::Stored && since.flatten().is_none_or(|since| seen.turn >= since));
        let then = stored.clone().rfind(|seen| seen.deeds <= number);
        then.is_some_and(|seen| seen.gone)
            || stored.any(|seen| seen.deeds > number && seen.deeds <= until && seen.gone)
    }

    /// Whether a load had been given what storage had of a deed, before it did another one.
    pub(crate) fn had_been_given(&self, later: &Deed, number: usize) -> bool {
        let deed = &self.deeds[number];
        let here = |seen: &&Seen| {
            let sent = seen.host == deed.load.0 && seen.deeds > number && seen.way == Way::Stored;
            sent && (deed.text.is_some() || seen.gone)
        };
        let all = self.seen.get(&deed.spot).into_iter().flatten();
        all.filter(here).any(|seen| later.given.contains(&seen.turn))
    }

    /// Whether a data set that the deed's host sent after it, to be kept beside, shows the place without content.
    fn is_gone_beside(&self, number: usize) -> bool {
        let deed = &self.deeds[number];
        let sent = |seen: &Seen| seen.host == deed.load.0 && seen.deeds > number && seen.way == Way::Beside;
        self.seen.get(&deed.spot).is_some_and(|all| all.iter().any(|seen| seen.gone && sent(seen)))
    }

    /// The deed that wrote a text.
    fn find(&self, spot: &Spot, text: &str, where_found: &str) -> usize {
        let found = self.by_text.get(&(spot.clone(), text.to_owned()));
        let number = *found.unwrap_or_else(|| {
            panic!("INVENTED: {spot:?} is {text:?}, which its user never wrote there; {where_found}")
        });
        assert!(
            !self.deeds[number].temporary,
            "INVENTED: {text:?} comes from a temporary profile; {where_found}"
        );
        number
    }

    /// A host sent a data set, and storage took it this way. `before` is what it replaced.
    pub(crate) fn took(
        &mut self,
        host: usize,
        sid: &Sid,
        scope: &Scope,
        way: Way,
        set: &DataSet,
        before: Option<&DataSet>,
    ) {
        self.turn += 1;
        for place in &PLACES {
            let said = place.said_by(set);
            if said != Said::Nothing {
                self.story.tell(format!("        {said:?} at {}", place.labels()[0]));
            }
            if place.of_group != matches!(scope, Scope::Group(_)) {
                assert!(
                    said == Said::Nothing,
                    "LEAKED: the data set of {scope} says {said:?} of {:?}",
                    place.labels()
                );
                continue;
            }
            let spot = Spot { sid: sid.clone(), scope: scope.clone(), place };
            match &said {
                Said::Text(text) if Some(text) == place.default().as_ref() => {}
                Said::Text(text) => {
                    let number = self.find(&spot, text, "a data set holds it");
                    match way {
                        Way::Stored => drop(self.stored.entry(number).or_insert(self.turn)),
                        Way::Beside => drop(self.beside.insert(number)),
                    }
                }
                Said::Deleted => {
                    let deleted = |deed: &Deed| deed.spot == spot && deed.text.is_none() && !deed.temporary;
                    assert!(
                        self.deeds.iter().any(deleted),
                        "INVENTED: {spot:?} is deleted, which its user never did"
                    );
                }
                Said::Nothing => {}
            }
            // Without a baseline an export is a picture: what is not in it was not there.
            let is_picture = set.origin.profile != ProfileKind::Mandatory || way == Way::Beside;
            let gone = place.after(Some(set)).is_none();
            let mut see = |way, gone| {
                let seen = Seen { host, deeds: self.deeds.len(), turn: self.turn, way, gone };
                self.seen.entry(spot.clone()).or_default().push(seen);
            };
            see(way, gone);
            if said == Said::Nothing && is_picture {
                see(Way::Beside, true);
            }
            if way == Way::Stored {
                self.expect(host, spot, before, set);
            }
        }
    }

    /// A version was made of others, and of what storage has taken last.
    pub(crate) fn contains(
        &mut self,
        scope: &Scope,
        sid: &Sid,
        version: VersionTag,
        of: &[Option<VersionTag>],
    ) {
        let named = |tag: &VersionTag| (scope.clone(), sid.clone(), tag.0.clone());
        let mut turns: BTreeSet<usize> = [self.turn].into();
        for tag in of.iter().flatten() {
            turns.extend(self.versions.get(&named(tag)).into_iter().flatten());
        }
        self.versions.entry(named(&version)).or_default().extend(turns);
    }

    /// What was stored and is not any more was known to whoever replaced it, or is reported.
    fn expect(&mut self, host: usize, spot: Spot, before: Option<&DataSet>, after: &DataSet) {
        let Some(Said::Text(lost)) = before.map(|before| spot.place.said_by(before)) else { return };
        let Some(&lost_deed) = self.by_text.get(&(spot.clone(), lost.clone())) else { return };
        let said = spot.place.said_by(after);
        let knew = match &said {
            Said::Text(text) if *text == lost => true,
            Said::Text(text) => {
                let by = self.by_text.get(&(spot.clone(), text.clone()));
                by.is_some_and(|by| self.deeds[*by].untold || self.deeds[*by].known.contains(&lost_deed))
            }
            Said::Deleted | Said::Nothing => {
                if said == Said::Nothing && !spot.place.in_tool() && spot.place.is_default {
                    panic!("FORGOTTEN: {spot:?} was {lost:?}, and now nothing is said of it");
                }
                let knows = |deed: &Deed| deed.untold || deed.known.contains(&lost_deed);
                let deletes = |deed: &Deed| deed.spot == spot && deed.text.is_none() && knows(deed);
                self.deeds.iter().any(deletes)
            }
        };
        if !knew {
            self.overridden += 1;
            let why = format!("{spot:?} was {lost:?} and is {said:?} now");
            self.expected.push(Expected { spot, host, why });
        }
    }

    /// The same of all places of a data set that gave way to another one.
    pub(crate) fn expect_all(
        &mut self,
        host: usize,
        sid: &Sid,
        scope: &Scope,
        before: Option<&DataSet>,
        after: &DataSet,
    ) {
        for place in PLACES.iter().filter(|place| place.of_group == matches!(scope, Scope::Group(_))) {
            self.expect(host, Spot { sid: sid.clone(), scope: scope.clone(), place }, before, after);
        }
    }

    /// Whether a deed is in storage, or can do without: what it deleted was never out of its load.
    pub(crate) fn is_safe(&self, number: usize) -> bool {
        self.stored.contains_key(&number)
            || self.beside.contains(&number)
            || (self.deeds[number].text.is_none()
                && (self.is_gone(number, usize::MAX)
                    || self.is_gone_beside(number)
                    || self.came_to_nothing(number)))
    }

    /// Whether it was sent since it was done.
    pub(crate) fn is_sent(&self, number: usize) -> bool {
        let deed = &self.deeds[number];
        let sent = |seen: &Seen| seen.host == deed.load.0 && seen.deeds > number && seen.gone;
        match deed.text {
            Some(_) => self.is_safe(number),
            None => self.seen.get(&deed.spot).is_some_and(|all| all.iter().any(sent)),
        }
    }

    pub(crate) fn is_stored(&self, number: usize) -> bool {
        let deed = &self.deeds[number];
        if deed.text.is_some() {
            return self.stored.contains_key(&number);
        }
        !deed.excused && self.is_gone(number, usize::MAX)
    }

    /// Whether a deletion only took back what its own load had made, or one before it on its host, and storage never had.
    fn came_to_nothing(&self, number: usize) -> bool {
        let deed = &self.deeds[number];
        let mut saw = &deed.saw;
        let own = self.deeds[..number].iter().enumerate().rev();
        for (before, other) in own.filter(|(_, other)| other.load == deed.load && other.spot == deed.spot) {
            if saw.is_none() && other.text.is_none() {
                return self.is_safe(before);
            }
            if other.text != *saw || self.stored.contains_key(&before) {
                break;
            }
            saw = &other.saw;
        }
        let Some(saw) = saw else { return true };
        // What the load was given later had the place without content already.
        let mut given =
            self.seen.get(&deed.spot).into_iter().flatten().filter(|seen| deed.given.contains(&seen.turn));
        if given.rfind(|seen| seen.way == Way::Stored).is_some_and(|seen| seen.gone) {
            return deed.spot.place.default().as_ref() == Some(saw);
        }
        // An earlier load on this host made it, and this one was given it out of the spool.
        let before = self.by_text.get(&(deed.spot.clone(), saw.clone()));
        before.is_some_and(|&before| {
            let maker = &self.deeds[before];
            maker.load != deed.load
                && maker.load.0 == deed.load.0
                && !self.stored.contains_key(&before)
                && self.came_to_nothing(before)
        })
    }

    /// The deeds of a load that nothing later has taken the place of in it, but for those that changed nothing.
    pub(crate) fn last_of_load(&self, load: Load) -> Vec<usize> {
        let mut last: BTreeMap<&'static Place, usize> = BTreeMap::new();
        let counts = |deed: &Deed| deed.load == load && !deed.temporary && deed.text != deed.saw;
        for (number, deed) in self.deeds.iter().enumerate().filter(|(_, deed)| counts(deed)) {
            last.insert(deed.spot.place, number);
        }
        last.into_values().collect()
    }

    /// What a load held at a place and is nowhere is nobody's fault.
    pub(crate) fn excuse(
        &mut self,
        load: Load,
        place: &'static Place,
        is_safe: impl Fn(&Self, usize) -> bool,
    ) {
        for number in (0..self.deeds.len()).rev() {
            let deed = &self.deeds[number];
            if deed.load != load || deed.spot.place != place {
                continue;
            }
            // What came before something safe was replaced by it.
            if is_safe(self, number) {
                return;
            }
            self.deeds[number].excused = true;
        }
    }
}
