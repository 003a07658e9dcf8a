//! What happens on a day, by chance.

use std::time::Duration;

use mp_agent::service::{HelperRequest, ServiceEvent};
use mp_profile::machine::{Request, SessionChange};

use crate::{
    farm::Farm,
    oracle::{ITEMS, Tally},
    store::Weather,
};

/// Steps of a day; each is something that happens, and some time.
const STEPS: usize = 120;
/// A clock that is wrong by a day, in seconds.
const DAY: i64 = 86_400;

/// Plays a day, and checks that nothing was lost.
pub(crate) fn play(seed: u64) -> Tally {
    let mut farm = Farm::new(seed);
    for _ in 0..STEPS {
        let at = farm.rng.usize(..farm.hosts.len());
        step(&mut farm, at);
        let span = match farm.rng.u8(..10) {
            0..4 => Duration::from_millis(farm.rng.u64(1..3_000)),
            4..8 => Duration::from_secs(farm.rng.u64(1..90)),
            _ => Duration::from_secs(farm.rng.u64(60..2_000)),
        };
        farm.pass(span);
    }
    evening(&mut farm);
    let mut tally = Tally { days: 1, ..Tally::default() };
    for sid in farm.users.clone() {
        let of_user = farm.oracle.check(&sid, &farm.current(&sid), &farm.ledger.lock().unwrap());
        tally.add(&of_user);
    }
    Tally { days: 1, ..tally }
}

fn step(farm: &mut Farm, at: usize) {
    match farm.rng.u8(..100) {
        0..16 => log_on(farm, at),
        16..56 => work(farm, at),
        56..62 => with_seat(farm, at, SessionChange::Disconnect),
        62..65 => with_seat(farm, at, SessionChange::Connect),
        65..72 => ask(farm, at, Request::Logoff),
        72..84 => log_off(farm, at),
        84..88 => farm.hosts[at].line.turn(Weather::Cut),
        88..90 if farm.deaf => farm.hosts[at].line.turn(Weather::Deaf),
        88..90 => {}
        90..94 => farm.hosts[at].line.turn(Weather::Fine),
        94..96 => {
            let skew = farm.rng.i64(-DAY..DAY);
            *farm.hosts[at].clock.skew.lock().unwrap() = skew;
        }
        96..98 => farm.hosts[at].kill(),
        98 => {
            farm.hosts[at].power_cut();
            farm.account(at, false);
            farm.hosts[at].start();
        }
        _ => farm.hosts[at].chores(),
    }
    // A service that was killed is started again by the service manager, sooner or later.
    if farm.rng.u8(..4) == 0 {
        farm.hosts[at].start();
    }
}

fn log_on(farm: &mut Farm, at: usize) {
    let which = farm.rng.usize(..farm.users.len());
    let sid = farm.users[which].clone();
    let host = &mut farm.hosts[at];
    if host.seats.len() >= 3 {
        return;
    }
    let now = mp_profile::Clock::now(host.clock.as_ref());
    let id = host.sessions.log_on(&sid, now).unwrap();
    host.seats.push(crate::host::Seat { sid, id, ending: false });
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
    for _ in 0..farm.rng.u8(1..4) {
        let item = ITEMS[farm.rng.usize(..ITEMS.len())];
        farm.write(at, &sid, item);
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
    farm.hosts[at].tell(ServiceEvent::Request(asked));
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
        host.sessions.end(id).unwrap();
        farm.account(at, served);
    }
}

/// All comes back, everybody logs off, and everything comes to rest.
fn evening(farm: &mut Farm) {
    for at in 0..farm.hosts.len() {
        farm.hosts[at].line.turn(Weather::Fine);
        farm.hosts[at].start();
    }
    farm.pass(Duration::from_secs(300));
    for at in 0..farm.hosts.len() {
        while pick(farm, at).is_some() {
            log_off(farm, at);
        }
    }
    farm.pass(Duration::from_secs(600));
    for _ in 0..2 {
        farm.hosts.iter().for_each(|host| host.chores());
    }
    for host in &farm.hosts {
        assert!(host.seats.is_empty() && host.jobs.is_empty(), "{:?} {:?}", host.seats, host.jobs);
        assert!(host.spool_is_empty(), "something still waits");
        let status = host.station.as_ref().unwrap().status();
        assert!(status.is_empty(), "{status:?}");
    }
}
