//! What an import has to bring into a profile.

use mp_agent::CachedPlan;
use mp_profile::{ImportMode, machine::JobEnd};

use crate::{book::Deed, farm::Farm, line::Answers, places::PLACES, plans::group_of, profiles::Loaded};

impl Farm {
    /// The plan that a first import follows. When something was changed before it, it is the one of the first look at the load,
    /// if that was another one: of it, what both have in common.
    pub(crate) fn plan_of_import(&self, at: usize, loaded: &Loaded, mut plan: CachedPlan) -> CachedPlan {
        let book = self.book.lock().unwrap();
        let changed = book.deeds.iter().any(|deed| deed.load == (at, loaded.load));
        if let Some(looked) = self.hosts[at].looked.get(&loaded.load).filter(|_| changed) {
            let former = &looked.plan.subsets;
            plan.plan.subsets.retain(|subset| former.iter().any(|other| other.name == subset.name));
        }
        plan
    }

    /// What storage has is in the profile: what was set, and what was deleted.
    pub(crate) fn check_import(
        &self,
        at: usize,
        loaded: &Loaded,
        plan: &CachedPlan,
        end: Option<JobEnd>,
        answers: &Answers,
    ) {
        let settings = &plan.plan.settings;
        let book = self.book.lock().unwrap();
        for subset in &plan.plan.subsets {
            let awaited = settings.import_of(subset) == ImportMode::Synchronous;
            if !(end == Some(JobEnd::Done) || (end == Some(JobEnd::RestFollows) && awaited)) {
                continue;
            }
            for place in PLACES.iter().filter(|place| place.subset == subset.name) {
                let scope = place.scope(&group_of(at));
                let own = |deed: &Deed| {
                    let same = std::ptr::eq(deed.spot.place, place)
                        || (deed.spot.place.in_tool() && place.in_tool());
                    deed.load == (at, loaded.load) && same
                };
                if book.deeds.iter().any(own) {
                    continue;
                }
                let house = match self.houses.len() {
                    1 => &self.houses[0],
                    _ => match answers.get(&scope) {
                        Some((server, _)) => &self.houses[*server],
                        None => continue,
                    },
                };
                let stored = place.after(house.current(&scope, &loaded.sid).as_ref());
                let held = self.hosts[at].get(&loaded.sid, place);
                let begun = self.hosts[at].begun.get(&(loaded.load, scope.clone()));
                if begun.is_some_and(|begun| place.after(begun.as_ref()) == held) {
                    continue;
                }
                let label = &place.labels()[0];
                assert_eq!(
                    held, stored,
                    "NOT IMPORTED: {label} of {} is not as {scope} is stored",
                    loaded.sid
                );
            }
        }
    }
}
