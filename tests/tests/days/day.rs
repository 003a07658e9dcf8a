//! What happens on a day, by chance.

use std::{collections::BTreeMap, time::Duration};

use mp_agent::service::{HelperRequest, ServiceEvent};
use mp_dataset::ProfileKind;
use mp_profile::{
    Clock,
    machine::{Request, SessionChange},
};

use crate::{farm::Farm, host::Seat, line::Weather, story::Story, verdict::Tally};

/// Steps of a day; each is something that happens, and some time.
const STEPS: usize = 120;
/// The steps during which storage stays away on a day with a full spool.
const AWAY: std::ops::Range<usize> = 25..85;
/// A clock that is wrong by a day, in seconds.
const DAY: i64 = 86_400;

/// Plays a day with so many Storage Servers, and checks that nothing was lost.
pub(crate) fn play(seed: u64, servers: usize, story: &Story) -> Tally {
    let mut farm = Farm::new(seed, servers, story);
    let second_plan = farm.rng.usize(10..STEPS - 10);
    for number in 0..STEPS {
        let at = farm.rng.usize(..farm.hosts.len());
        farm.houses.iter().for_each(|house| house.make_room());
        if farm.kind.full && number == AWAY.start {
            (0..farm.hosts.len()).for_each(|host| turn(&mut farm, host, Weather::Cut));
        }
        if farm.kind.second_plan && number == second_plan {
            story.tell("the console has another plan".to_owned());
            for (host, plan) in farm.hosts.iter().zip(&farm.second_plans) {
                *host.line.plan.lock().unwrap() = plan.clone();
            }
        }
        let is_cut = farm.kind.full && AWAY.contains(&number);
        step(&mut farm, at, is_cut);
        farm.servers_step();
        let span = match farm.rng.u8(..10) {
            0..4 => Duration::from_millis(farm.rng.u64(1..3_000)),
            4..8 => Duration::from_secs(farm.rng.u64(1..90)),
            _ => Duration::from_secs(farm.rng.u64(60..2_000)),
        };
        farm.pass(span);
    }
    evening(&mut farm);
    farm.account_at_end();
    let mut current = BTreeMap::new();
    for (scope, sid) in farm.all_data_sets() {
        let heads: Vec<_> = farm.houses.iter().map(|house| house.head(&scope, &sid)).collect();
        assert!(heads.iter().all(|head| *head == heads[0]), "APART: {scope} of {sid} is {heads:?}");
        current.extend(farm.houses[0].current(&scope, &sid).map(|set| ((scope, sid), set)));
    }
    let judged = farm.book.lock().unwrap().judge(&current);
    let mut tally = farm.tally;
    tally.add(&judged);
    tally
}

fn turn(farm: &mut Farm, at: usize, weather: Weather) {
    farm.hosts[at].tell(format!("its line is {weather:?}"));
    farm.hosts[at].line.turn(weather);
}

fn step(farm: &mut Farm, at: usize, is_cut: bool) {
    match farm.rng.u8(..100) {
        0..16 => log_on(farm, at),
        16..56 => work(farm, at),
        56..62 => with_seat(farm, at, SessionChange::Disconnect),
        62..65 => with_seat(farm, at, SessionChange::Connect),
        65..72 => ask(farm, at, Request::Logoff),
        72..83 => log_off(farm, at),
        83..86 => turn(farm, at, Weather::Cut),
        86..88 if farm.kind.deaf && !is_cut => turn(farm, at, Weather::Deaf),
        88..92 if !is_cut => turn(farm, at, Weather::Fine),
        92 if farm.kind.folder => {
            farm.story.tell("storage crashes".to_owned());
            farm.tally.storage_crashes += 1;
            farm.houses[0].crash();
        }
        86..93 => farm.houses[0].start(),
        93..95 => {
            let skew = farm.rng.i64(-DAY..DAY);
            farm.hosts[at].tell(format!("its clock is wrong by {skew} s"));
            *farm.hosts[at].clock.skew.lock().unwrap() = skew;
        }
        95..97 => farm.hosts[at].kill(),
        97 => {
            farm.hosts[at].power_cut();
            farm.account(at, false);
            farm.hosts[at].start();
        }
        _ => {}
    }
    if farm.rng.u8(..3) == 0 {
        farm.hosts[at].chores();
    }
    // A service that was killed is started again by the service manager, sooner or later.
    if farm.rng.u8(..4) == 0 {
        farm.hosts[at].start();
    }
}

fn log_on(farm: &mut Farm, at: usize) {
    let which = farm.rng.usize(..farm.users.len());
    let sid = farm.users[which].clone();
    let kind = match (farm.kind, at) {
        (kind, 2) if kind.captures => [ProfileKind::Local, ProfileKind::Roaming][which],
        (kind, _) if kind.temporary && farm.rng.u8(..4) == 0 => ProfileKind::Temporary,
        _ => ProfileKind::Mandatory,
    };
    let host = &mut farm.hosts[at];
    if host.seats.len() >= 3 {
        return;
    }
    host.profiles.next_kind(kind);
    let id = host.sessions.log_on(&sid, host.clock.now()).unwrap();
    host.tell(format!("{sid} begins session {id}, with a new load only if none is there: {kind:?}"));
    host.seats.push(Seat { sid, id, ending: false });
    host.session(id, SessionChange::Logon);
    if farm.rng.bool() {
        let last = farm.hosts[at].seats.len() - 1;
        ask_in(farm, at, last, Request::Logon);
    }
}

fn pick(farm: &mut Farm, at: usize) -> Option<usize> {
    let open = farm.hosts[at].seats.iter().enumerate().filter(|(_, seat)| !seat.ending);
    let open: Vec<usize> = open.map(|(which, _)| which).collect();
    (!open.is_empty()).then(|| open[farm.rng.usize(..open.len())])
}

fn work(farm: &mut Farm, at: usize) {
    let Some(which) = pick(farm, at) else { return };
    let sid = farm.hosts[at].seats[which].sid.clone();
    for _ in 0..farm.rng.u8(1..5) {
        farm.work(at, &sid);
    }
}

fn with_seat(farm: &mut Farm, at: usize, change: SessionChange) {
    if let Some(which) = pick(farm, at) {
        let id = farm.hosts[at].seats[which].id;
        farm.hosts[at].session(id, change);
    }
}

fn ask(farm: &mut Farm, at: usize, request: Request) {
    if let Some(which) = pick(farm, at) {
        ask_in(farm, at, which, request);
    }
}

fn ask_in(farm: &mut Farm, at: usize, which: usize, request: Request) {
    let seat = farm.hosts[at].seats[which].clone();
    let asked =
        HelperRequest { sid: seat.sid, session: seat.id, logon: None, request, reply: Box::new(|_| ()) };
    farm.hosts[at].send(ServiceEvent::Request(asked));
}

/// LOGOFF, and some time later the session is gone.
fn log_off(farm: &mut Farm, at: usize) {
    let Some(which) = pick(farm, at) else { return };
    let id = farm.hosts[at].seats[which].id;
    farm.hosts[at].seats[which].ending = true;
    farm.hosts[at].session(id, SessionChange::Logoff);
    let span = Duration::from_millis(farm.rng.u64(1..8_000));
    farm.pass(span);
    // The machine may have lost power meanwhile.
    let host = &mut farm.hosts[at];
    if host.seats.iter().any(|seat| seat.id == id && seat.ending) {
        host.seats.retain(|seat| seat.id != id);
        let served = host.station.is_some();
        host.tell(format!("session {id} is gone"));
        host.sessions.end(id).unwrap();
        farm.account(at, served);
    }
}

/// All comes back, everybody logs off, and everything comes to rest.
fn evening(farm: &mut Farm) {
    farm.story.tell("evening".to_owned());
    farm.kind.midst = false;
    farm.houses[0].start();
    farm.servers_come_back();
    for at in 0..farm.hosts.len() {
        turn(farm, at, Weather::Fine);
        farm.hosts[at].start();
    }
    farm.pass(Duration::from_secs(300));
    for at in 0..farm.hosts.len() {
        while pick(farm, at).is_some() {
            log_off(farm, at);
            farm.servers_agree();
        }
    }
    farm.pass(Duration::from_secs(600));
    for _ in 0..2 {
        farm.servers_agree();
        farm.houses.iter().for_each(|house| house.make_room());
        farm.hosts.iter().for_each(|host| host.chores());
    }
    farm.servers_agree();
    for host in &farm.hosts {
        assert!(host.seats.is_empty() && host.jobs.is_empty(), "{:?} {:?}", host.seats, host.jobs);
        assert!(host.spool_is_empty(), "something still waits");
        let status = host.station.as_ref().unwrap().status();
        assert!(status.is_empty(), "{status:?}");
    }
}
