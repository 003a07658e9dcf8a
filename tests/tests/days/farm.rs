//! The hosts, the passing of time on them, and what their users do.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use fastrand::Rng;
use mp_agent::{CachedPlan, Intent, SpoolEntry};
use mp_dataset::ProfileKind;
use mp_profile::{
    Clock, Sid,
    machine::{Job, JobEnd},
};
use mp_registry::{FileTime, Name};

use crate::{
    book::{Book, Deed},
    host::Host,
    kind::Kind,
    line::Line,
    places::{PLACES, Place, Said, Spot},
    plans::{Choices, group_of, rules, scopes},
    profiles::Loaded,
    servers::Servers,
    store::StoreHouse,
    story::Story,
    verdict::Tally,
};

pub(crate) struct Farm {
    pub(crate) rng: Rng,
    pub(crate) kind: Kind,
    pub(crate) hosts: Vec<Host>,
    pub(crate) users: Vec<Sid>,
    pub(crate) book: Arc<Mutex<Book>>,
    /// One Storage Server, or two.
    pub(crate) houses: Vec<Arc<StoreHouse>>,
    /// What happens to them where there are two.
    pub(crate) servers: Servers,
    pub(crate) story: Story,
    /// What the console says from some time on.
    pub(crate) second_plans: Vec<CachedPlan>,
    pub(crate) tally: Tally,
    time: Arc<Mutex<Duration>>,
    texts: u64,
    key_deletions: usize,
}

impl Farm {
    pub(crate) fn new(seed: u64, servers: usize, story: &Story) -> Self {
        let mut rng = Rng::with_seed(seed);
        let kind = Kind::of(&mut rng);
        story.tell(format!("{kind:?}"));
        let houses = (0..servers).map(|number| Arc::new(StoreHouse::new(3, kind.folder, number, servers)));
        let houses: Vec<_> = houses.collect();
        let book = Arc::new(Mutex::new(Book { story: story.clone(), ..Book::default() }));
        let time = Arc::default();
        let (first, second) = (rules(&mut rng), rules(&mut rng));
        let (mut hosts, mut second_plans) = (Vec::new(), Vec::new());
        for number in 0..3 {
            let choices = Choices::by(&mut rng, number);
            let line = Line::new(number, &houses, &book, choices.plan(1, &first), &time);
            second_plans.push(choices.plan(2, &second));
            let limit = kind.full.then(|| rng.u64(1_500..8_000));
            let mut host = Host::new(format!("TS{}", number + 1), line, &time, limit, story);
            host.start();
            hosts.push(host);
        }
        Self {
            rng,
            kind,
            hosts,
            users: (1001..1003).map(|rid| format!("S-1-5-21-1-2-3-{rid}").parse().unwrap()).collect(),
            book,
            houses,
            servers: Servers::new(seed),
            story: story.clone(),
            second_plans,
            tally: Tally::default(),
            time,
            texts: 0,
            key_deletions: 0,
        }
    }

    pub(crate) fn now(&self) -> Duration {
        *self.time.lock().unwrap()
    }

    /// Lets time pass. What is due happens in its order; jobs begin and end when chance wants it.
    pub(crate) fn pass(&mut self, span: Duration) {
        let until = *self.time.lock().unwrap() + span;
        loop {
            let mut next = until;
            for at in 0..self.hosts.len() {
                if let Some(due) = self.hosts[at].poll() {
                    next = next.min(due);
                }
                self.some_jobs(at);
            }
            let mut now = self.time.lock().unwrap();
            if next >= until && self.hosts.iter().all(|host| host.jobs.is_empty()) {
                *now = until;
                return;
            }
            // A job that has not ended takes some time.
            *now = next.max(*now + Duration::from_millis(200));
            if *now >= until {
                return;
            }
        }
    }

    fn some_jobs(&mut self, at: usize) {
        while !self.hosts[at].jobs.is_empty() && self.rng.u8(..) < 200 {
            let which = self.rng.usize(..self.hosts[at].jobs.len());
            self.run_job(at, which);
        }
    }

    fn run_job(&mut self, at: usize, which: usize) {
        let killed_at = if self.kind.midst && self.rng.u8(..8) == 0 { self.rng.i32(1..12) } else { 0 };
        let host = &mut self.hosts[at];
        let order = host.jobs.remove(which);
        let sid = order.sid.clone();
        let loaded = host.load_of(&sid);
        let first_import = (order.work == Job::Import).then(|| loaded.clone()).flatten();
        let first_import = first_import.filter(|_| !host.is_marked(&sid)).map(|loaded| (loaded, host.plan()));
        let first_import = first_import.map(|(loaded, plan)| {
            let plan = self.plan_of_import(at, &loaded, plan);
            (loaded, plan)
        });
        let host = &mut self.hosts[at];
        host.line.answers.lock().unwrap().clear();
        let storage_decides = first_import.is_some() && host.line.is_fine() && host.spooled(&sid).is_empty();
        let end = host.run_job(&order, killed_at);
        let answers = self.hosts[at].line.answers.lock().unwrap().clone();
        let host = &mut self.hosts[at];
        let mut book = self.book.lock().unwrap();
        if end.is_none() {
            // Its report went with it.
            if matches!(order.work, Job::Import | Job::LateMerge | Job::MergeNewer)
                && let Some(loaded) = &loaded
            {
                let here = |deed: &&mut Deed| deed.load == (at, loaded.load);
                book.deeds.iter_mut().filter(here).for_each(|deed| deed.untold = true);
            }
            self.tally.killed_in_midst += 1;
            for scope in first_import.iter().flat_map(|_| scopes()) {
                let at_house = answers.get(&scope).map_or(0, |(house, _)| *house);
                let had = self.houses[at_house].current(&scope, &sid);
                let load = first_import.as_ref().map_or(0, |(loaded, _)| loaded.load);
                host.begun.insert((load, scope), had);
            }
        }
        if let Some(loaded) = loaded.as_ref().filter(|_| order.work == Job::Look && host.is_seen(&sid)) {
            let plan = host.plan();
            host.looked.entry(loaded.load).or_insert(plan);
        }
        let given = matches!(end, Some(JobEnd::Done | JobEnd::RestFollows))
            && matches!(order.work, Job::Import | Job::LateMerge | Job::MergeNewer);
        if let Some(loaded) = loaded.filter(|_| given) {
            let given = host.given.entry(loaded.load).or_default();
            match self.houses.len() {
                1 => *given = Arc::new((0..=book.turn).collect()),
                _ => {
                    let versions = answers.iter().filter_map(|(scope, (_, tag))| {
                        book.versions.get(&(scope.clone(), sid.clone(), tag.clone()?.0))
                    });
                    Arc::make_mut(given).extend(versions.flatten());
                }
            }
        }
        drop(book);
        if let Some((loaded, plan)) = first_import.filter(|_| self.hosts[at].is_marked(&sid)) {
            self.hosts[at].followed.insert(loaded.load, plan.clone());
            if storage_decides && loaded.kind == ProfileKind::Mandatory {
                self.check_import(at, &loaded, &plan, end, &answers);
            }
        }
        if matches!(order.work, Job::Export { .. }) {
            self.note_spooled(at, &sid);
        }
        self.account(at, true);
    }

    /// What is in a spool was accepted.
    fn note_spooled(&mut self, at: usize, sid: &Sid) {
        let mut book = self.book.lock().unwrap();
        for (SpoolEntry { scope, .. }, set) in self.hosts[at].spooled(sid) {
            for place in PLACES.iter().filter(|place| place.scope(&group_of(at)) == scope) {
                let spot = Spot { sid: sid.clone(), scope: scope.clone(), place };
                if let Said::Text(text) = place.said_by(&set) {
                    let number = book.by_text.get(&(spot, text)).copied();
                    number.into_iter().for_each(|number| book.deeds[number].accepted = true);
                } else if place.after(Some(&set)).is_none() {
                    let here =
                        |deed: &&mut Deed| deed.load.0 == at && deed.spot == spot && deed.text.is_none();
                    book.deeds.iter_mut().filter(here).for_each(|deed| deed.accepted = true);
                }
            }
        }
    }

    /// Looks after the loads that went: what they held is in the spool or in storage. When the service was not there to
    /// export it, it may be lost.
    pub(crate) fn account(&mut self, at: usize, served: bool) {
        let unloaded = self.hosts[at].profiles.unloaded();
        self.account_for(at, unloaded, served);
    }

    /// The same of what is still loaded when the day ends, because a service that was killed let nothing go. The next one
    /// exports it if it knows of it: into what was adopted nothing was merged, and so nothing says that it is there.
    pub(crate) fn account_at_end(&mut self) {
        for at in 0..self.hosts.len() {
            for loaded in self.hosts[at].profiles.loaded() {
                let served = self.hosts[at].has_marker(&loaded.sid);
                self.account_for(at, vec![loaded], served);
            }
        }
    }

    fn account_for(&mut self, at: usize, loads: Vec<Loaded>, served: bool) {
        for Loaded { sid, load, kind } in loads {
            if kind == ProfileKind::Temporary {
                continue;
            }
            let host = &self.hosts[at];
            let mut book = self.book.lock().unwrap();
            let waiting = host.spooled(&sid);
            let is_safe = |book: &Book, number: usize| {
                let deed = &book.deeds[number];
                let of_scope = || waiting.iter().filter(|(entry, _)| entry.scope == deed.spot.scope);
                let waits = || {
                    let said = |set| match deed.spot.place.said_by(set) {
                        Said::Text(text) => book.by_text.get(&(deed.spot.clone(), text)).copied(),
                        _ => None,
                    };
                    let known = |set| said(set).is_some_and(|number| deed.known.contains(&number));
                    deed.text.is_none() && of_scope().any(|(_, set)| known(set))
                };
                of_scope().any(|(entry, set)| {
                    match (&deed.text, deed.spot.place.said_by(set)) {
                        (Some(text), Said::Text(said)) => *text == said,
                        (None, Said::Deleted) => true,
                        // A picture of the whole profile.
                        (None, Said::Nothing) => !matches!(entry.intent, Intent::Replace { .. }),
                        _ => false,
                    }
                }) || match served {
                    // What was deleted waits in the spool, and will be stored.
                    true if waits() => false,
                    true => book.is_safe(number),
                    false => book.is_sent(number),
                }
            };
            for number in book.last_of_load((at, load)) {
                if is_safe(&book, number) {
                    continue;
                }
                host.tell_reports(&sid);
                let told = served && self.kind.full && host.told_of_loss(&sid);
                let deed = &book.deeds[number];
                // A profile that stays on this host is not held until its export is done: nothing of it is lost.
                let stays = kind != ProfileKind::Mandatory;
                assert!(!served || told || stays, "LOST at the unload of its hive: {deed:?}");
                self.tally.told_spool_full += usize::from(told);
                self.tally.only_in_local_profile += usize::from(stays);
                let place = deed.spot.place;
                book.excuse((at, load), place, is_safe);
            }
        }
    }

    /// A user does something in a session whose load of the hive the Agent watches.
    pub(crate) fn work(&mut self, at: usize, sid: &Sid) {
        let Some(loaded) = self.hosts[at].load_of(sid).filter(|loaded| self.hosts[at].is_watched(loaded))
        else {
            return;
        };
        let place = &PLACES[self.rng.usize(..PLACES.len())];
        match self.rng.u8(..100) {
            0..60 => {
                self.texts += 1;
                let text = format!("{}-{}", at + 1, self.texts);
                self.change(at, &loaded, place, Some(text), None);
            }
            60..85 if self.hosts[at].get(sid, place).is_some() => self.change(at, &loaded, place, None, None),
            85..93 => self.delete_tool(at, &loaded),
            93.. => self.rename(at, &loaded),
            _ => {}
        }
    }

    fn delete_tool(&mut self, at: usize, loaded: &Loaded) {
        self.key_deletions += 1;
        for place in PLACES.iter().filter(|place| place.in_tool()) {
            self.change(at, loaded, place, None, Some(self.key_deletions));
        }
        let remove = |profile: &mut mp_profile::memory::MemoryProfile| {
            let software = profile.registry.root.subkey_mut(&Name::from("Software"));
            software.and_then(|software| software.remove_subkey(&Name::from("Tool")));
        };
        self.hosts[at].profiles.host.with(&loaded.sid, remove).unwrap();
    }

    fn rename(&mut self, at: usize, loaded: &Loaded) {
        let files: Vec<&'static Place> = PLACES.iter().filter(|place| place.subset == "Files").collect();
        let (from, to) = (files[self.rng.usize(..files.len())], files[self.rng.usize(..files.len())]);
        let Some(text) = self.hosts[at].get(&loaded.sid, from) else { return };
        let spot = Spot { sid: loaded.sid.clone(), scope: to.scope(&group_of(at)), place: to };
        // A file that was there before is renamed to nothing it was called already: its texts tell the deeds apart.
        let again = self.book.lock().unwrap().by_text.contains_key(&(spot, text.clone()));
        if from != to
            && !again
            && Some(&text) != to.default().as_ref()
            && from.default().as_ref() != Some(&text)
        {
            self.change(at, loaded, from, None, None);
            self.change(at, loaded, to, Some(text), None);
        }
    }

    fn change(
        &mut self,
        at: usize,
        loaded: &Loaded,
        place: &'static Place,
        text: Option<String>,
        of_key: Option<usize>,
    ) {
        let host = &self.hosts[at];
        let kept = match host.followed.get(&loaded.load) {
            Some(plan) => plan.plan.subsets.iter().any(|subset| subset.name == place.subset),
            // It is exported by the plan of that time.
            None => !["Former", "Later"].contains(&place.subset),
        };
        if !kept {
            return;
        }
        let saw = host.get(&loaded.sid, place);
        let spot = Spot { sid: loaded.sid.clone(), scope: place.scope(&group_of(at)), place };
        host.tell(format!("{spot:?}: {saw:?} becomes {text:?} in load {}", loaded.load));
        self.texts += 1;
        let now = FileTime(host.clock.now().0 + self.texts);
        host.profiles.host.with(&loaded.sid, |profile| place.set(profile, text.as_deref(), now)).unwrap();
        let deed = Deed {
            spot,
            text,
            saw,
            known: Default::default(),
            load: (at, loaded.load),
            given: host.given.get(&loaded.load).cloned().unwrap_or_default(),
            stays: matches!(loaded.kind, ProfileKind::Local | ProfileKind::Roaming),
            temporary: loaded.kind == ProfileKind::Temporary,
            of_key,
            excused: false,
            accepted: false,
            untold: false,
        };
        self.book.lock().unwrap().note(deed);
    }
}
