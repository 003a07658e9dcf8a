//! Two Storage Servers: they are away for hours, do not reach each other, and take over from each other with the Storage
//! Service's own code whenever they do.

use std::{cell::Cell, sync::Arc, time::Duration};

use fastrand::Rng;
use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::peers::HeadPage;
use mp_storage::{
    backend::{Key, QuarantinedInfo, Retention, VersionInfo},
    peers::{BackendSource, Source, Terms, take_over},
};

use crate::{
    book::Way,
    farm::Farm,
    plans::{order, scopes, server},
    store::StoreHouse,
};

/// Versions that stay on a server, as the plans of the farm say.
pub(crate) const KEPT: u32 = 5;
/// So long a server lets Agents wait after its start for a look at the other one.
const CATCH_UP: Duration = Duration::from_secs(20);
/// So often two servers look at each other until they agree, at most.
const ROUNDS: usize = 8;

/// How it is with two servers. It has a chance of its own, so that days with one are what they were.
pub(crate) struct Servers {
    rng: Rng,
    /// They do not reach each other.
    apart: bool,
    /// When each of them has begun, if it has not looked at the other one since.
    begun: [Option<Duration>; 2],
}

impl Servers {
    pub(crate) fn new(seed: u64) -> Self {
        let rng = Rng::with_seed(seed ^ 0x5e_71_0e_75);
        Self { rng, apart: false, begun: [Some(Duration::ZERO); 2] }
    }
}

impl Farm {
    pub(crate) fn all_data_sets(&self) -> Vec<(Scope, Sid)> {
        let of = |scope: Scope| self.users.iter().map(move |sid| (scope.clone(), sid.clone()));
        scopes().into_iter().flat_map(of).collect()
    }

    fn tell_of_servers(&self, what: String) {
        self.story.tell(format!("{:>9.3} {what}", self.now().as_secs_f64()));
    }

    /// Something happens to the servers, if there are two, and they meet.
    pub(crate) fn servers_step(&mut self) {
        if self.houses.len() == 1 {
            return;
        }
        let at = self.servers.rng.usize(..2);
        match self.servers.rng.u8(..100) {
            0..5 if !self.hosts.is_empty() => {
                self.tell_of_servers(format!("{} is away", server(at).name));
                self.houses[at].go_away();
            }
            5..12 => self.server_comes_back(at),
            12..17 => self.part(true),
            17..25 => self.part(false),
            25..32 => self.cut_to(at, true),
            32..44 => self.cut_to(at, false),
            _ => {}
        }
        for own in 0..2 {
            let begun = self.servers.begun[own];
            if begun.is_some_and(|begun| self.now() >= begun + CATCH_UP) {
                self.houses[own].looked(false);
                self.servers.begun[own] = None;
            }
            let answers =
                if self.servers.rng.u8(..6) == 0 { self.servers.rng.usize(..12) } else { usize::MAX };
            if self.servers.rng.u8(..8) > 0 {
                self.look_at_the_other(own, answers);
            }
        }
    }

    fn server_comes_back(&mut self, at: usize) {
        if self.houses[at].come_back() {
            self.tell_of_servers(format!("{} is back", server(at).name));
            self.servers.begun[at] = Some(self.now());
        }
    }

    fn part(&mut self, apart: bool) {
        self.tell_of_servers(format!("the servers {}", if apart { "are apart" } else { "reach each other" }));
        self.servers.apart = apart;
    }

    fn cut_to(&mut self, at: usize, is_cut: bool) {
        let which = self.servers.rng.usize(..self.hosts.len());
        let how = if is_cut { "is cut" } else { "is mended" };
        self.hosts[which].tell(format!("its line to {} {how}", server(at).name));
        self.hosts[which].line.cut(at, is_cut);
    }

    /// Both are there, and all reach them.
    pub(crate) fn servers_come_back(&mut self) {
        for at in 0..self.houses.len() {
            self.server_comes_back(at);
            self.hosts.iter().for_each(|host| host.line.cut(at, false));
        }
        self.servers.apart = false;
        self.servers_agree();
    }

    /// They look at each other until there is nothing new.
    pub(crate) fn servers_agree(&mut self) {
        let heads = |farm: &Self, at: usize| -> Vec<Option<VersionTag>> {
            let all = farm.all_data_sets();
            all.iter().map(|(scope, sid)| farm.houses[at].head(scope, sid)).collect()
        };
        for _ in 0..ROUNDS {
            if self.houses.len() == 1 {
                return;
            }
            self.look_at_the_other(0, usize::MAX);
            self.look_at_the_other(1, usize::MAX);
            if heads(self, 0) == heads(self, 1) {
                return;
            }
            self.houses.iter().for_each(|house| house.make_room());
        }
    }

    /// One takes over what the other one has, as far as that gives so many answers.
    fn look_at_the_other(&mut self, own: usize, answers: usize) {
        let (house, other) = (Arc::clone(&self.houses[own]), Arc::clone(&self.houses[1 - own]));
        let (Some(_), Some(_), false) = (house.backend(), other.backend(), self.servers.apart) else {
            return;
        };
        let left = Cell::new(answers);
        let all = self.all_data_sets();
        let whole =
            all.into_iter().all(|(scope, sid)| self.take_over(own, &house, &other, (scope, sid), &left));
        if whole {
            house.looked(true);
            self.servers.begun[own] = None;
        }
    }

    /// `false` when the other one went away meanwhile.
    fn take_over(
        &mut self,
        own: usize,
        house: &StoreHouse,
        other: &StoreHouse,
        (scope, sid): (Scope, Sid),
        left: &Cell<usize>,
    ) -> bool {
        let (Some(backend), Some(there)) = (house.backend(), other.backend()) else { return false };
        let key = Key { scope: scope.clone(), sid: sid.clone() };
        let heads = [house.head(&scope, &sid), other.head(&scope, &sid)];
        let before = [house.current(&scope, &sid), other.current(&scope, &sid)];
        let retention = Retention::newest(KEPT);
        let (merges, now) = (order(&scope)[0] == own, u64::try_from(self.now().as_millis()).unwrap());
        let terms = Terms { peer: &server(1 - own).name, merges, moves: false, retention: &retention, now };
        let there = Leaving { source: BackendSource(there.as_ref()), left };
        let taken = match take_over(backend.as_ref(), &there, &key, &terms) {
            Ok(taken) => taken,
            Err(error) => {
                self.tell_of_servers(format!("{} breaks off {scope} of {sid}: {error}", server(own).name));
                house.has_no_room(&scope, &sid);
                return false;
            }
        };
        let Some(overrides) = taken.merged else {
            if taken.versions > 0 {
                let name = server(own).name;
                self.tell_of_servers(format!(
                    "{name} takes over {} versions of {scope} of {sid}",
                    taken.versions
                ));
            }
            return true;
        };
        let head = house.head(&scope, &sid).unwrap();
        let set = house.current(&scope, &sid).unwrap();
        self.tell_of_servers(format!("{} merges {scope} of {sid} to {}", server(own).name, head.0));
        let mut book = self.book.lock().unwrap();
        let host = self.hosts.len() + own;
        let places = overrides.named.iter().map(|item| (scope.clone(), sid.clone(), item.place.to_string()));
        book.overrides.extend(places);
        book.took(host, &sid, &scope, Way::Stored, &set, before[0].as_ref());
        book.expect_all(host, &sid, &scope, before[1].as_ref(), &set);
        book.contains(&scope, &sid, head, &heads);
        true
    }
}

/// The other server, which goes away after so many answers.
struct Leaving<'b> {
    source: BackendSource<'b>,
    left: &'b Cell<usize>,
}

impl<'b> Leaving<'b> {
    fn source(&self) -> Result<&BackendSource<'b>, String> {
        self.left.set(self.left.get().checked_sub(1).ok_or("it went away")?);
        Ok(&self.source)
    }
}

impl Source for Leaving<'_> {
    fn versions(&self, key: &Key) -> Result<Vec<VersionInfo>, String> {
        self.source()?.versions(key)
    }

    fn version(&self, key: &Key, tag: &VersionTag) -> Result<Option<Vec<u8>>, String> {
        self.source()?.version(key, tag)
    }

    fn quarantined(&self, key: &Key) -> Result<Vec<QuarantinedInfo>, String> {
        self.source()?.quarantined(key)
    }

    fn quarantined_file(&self, key: &Key, id: &str) -> Result<Option<Vec<u8>>, String> {
        self.source()?.quarantined_file(key, id)
    }

    fn heads(&self, scope: &Scope, after: Option<&Sid>, limit: u32) -> Result<HeadPage, String> {
        Source::heads(self.source()?, scope, after, limit)
    }
}
