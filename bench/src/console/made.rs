//! A large farm that nobody has: the same at each run, for it comes from a seed.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use fastrand::Rng;
use mp_console::bulk::{self, NamedUser, ReportedSession};
use mp_farm::Administrator;
use mp_profile::{GroupName, ImportMode, Scope, Sid};
use mp_protocol::session_report::{
    DataSetReport, Fate, Item, Items, Outcome, SentReport, SessionEvent, StepReport,
};
use tokio::runtime::Runtime;

use super::{ConsoleArgs, server};

/// Agent Server Groups.
pub(super) const GROUPS: u32 = 20;
/// Data subsets.
const SUBSETS: u32 = 30;
const SEED: u64 = 50_000;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Days in which the sessions were.
const DAYS: u64 = 10;
const FIRST_NAMES: [&str; 12] =
    ["Anna", "Bela", "Cem", "Dora", "Emil", "Fatma", "Greta", "Hugo", "Ines", "Jörg", "Karin", "Lars"];
const LAST_NAMES: [&str; 12] = [
    "Abel", "Brandt", "Celik", "Dietz", "Ernst", "Fuchs", "Groß", "Horn", "Ilić", "Jansen", "Kraus", "Lindt",
];
const LOGON: [&str; 6] = ["plan", "open profile", "baseline", "fetch", "import", "record"];
const LOGOFF: [&str; 5] = ["open profile", "export", "encode", "spool", "send"];

pub(super) fn host(number: u32) -> String {
    format!("RDSH{number:04}")
}

pub(super) fn group(host: u32) -> String {
    format!("Silo {}", host % GROUPS)
}

pub(super) fn sid(user: u32) -> String {
    format!("S-1-5-21-1004336348-1177238915-682003330-{}", 1_000 + user)
}

fn account(user: u32) -> String {
    format!("u{user:06}")
}

/// Describes the farm.
pub(super) fn configure(administrator: &Administrator) -> Result<()> {
    let mut text = String::from(
        "[[storage-server]]\nname = \"STORE1\"\nhost = \"store1.example\"\nbase-folder = 'D:\\MetaProfiles'\n",
    );
    for number in 0..GROUPS {
        text.push_str(&format!("[[agent-server-group]]\nname = \"{}\"\n", group(number)));
    }
    for number in 0..SUBSETS {
        let applies = match number % 3 {
            0 => "\"global\"".to_owned(),
            _ => format!("{{ groups = [\"{}\"] }}", group(number)),
        };
        text.push_str(&format!(
            "[[data-subset]]\nname = \"Subset {number}\"\napplies = {applies}\n\
             [[data-subset.registry]]\nkey = 'Software\\Vendor {number}'\n"
        ));
    }
    administrator.configure(&text).map(drop)
}

/// Writes users and sessions into the database of the console in a folder.
pub(super) fn fill(folder: &Path, args: &ConsoleArgs) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let since = u64::try_from(now.as_millis())? - DAYS * DAY_MS;
    let mut random = Rng::with_seed(SEED);
    let sessions = (0..args.sessions).map(|number| {
        // They come in the order of time, as Agents report them.
        let begun = since + DAYS * DAY_MS * u64::from(number) / u64::from(args.sessions.max(1));
        session(&mut random, begun, random_user(number, args.users), args)
    });
    let config = server::config(folder)?;
    let names = (0..args.users).map(named);
    Ok(Runtime::new()?.block_on(bulk::fill(&config, sessions, names))?)
}

/// Every user has as many sessions as the others, but not in the same order each day.
fn random_user(number: u32, users: u32) -> u32 {
    let users = users.max(1);
    let day = number / users;
    (number % users).wrapping_mul(7_919).wrapping_add(day.wrapping_mul(104_729)) % users
}

fn named(user: u32) -> NamedUser {
    let of = |names: [&'static str; 12], number: u32| names[usize::try_from(number % 12).unwrap_or(0)];
    let (first, last) = (of(FIRST_NAMES, user), of(LAST_NAMES, user / 12));
    NamedUser {
        sid: user_sid(user),
        name: format!(r"CORP\{}", account(user)),
        display_name: format!("{last}, {first} ({})", user / 144),
    }
}

fn user_sid(user: u32) -> Sid {
    sid(user).parse().expect("it is a user's SID")
}

/// A session of a user: a logon and, most times, a logoff some hours later.
fn session(random: &mut Rng, begun: u64, user: u32, args: &ConsoleArgs) -> ReportedSession {
    // A user comes to one of three hosts.
    let agent = (user.wrapping_mul(31) + random.u32(0..3)) % args.agents.max(1);
    let session = format!("{:016x}", random.u64(..));
    let group: GroupName = group(agent).parse().expect("it is a group's name");
    let hours = begun + random.u64(DAY_MS / 48..DAY_MS / 3);
    let (logon, logoff) = match random.u32(0..1_000) {
        0..3 => (Outcome::Failed, Outcome::Failed),
        3..8 => (Outcome::NotMerged, Outcome::Quarantined),
        8..20 => (Outcome::Merged, Outcome::Spooled),
        _ => (Outcome::Merged, Outcome::Stored),
    };
    let mut report = |event, started, outcome, names: &[&str], result: &str| {
        let sets = [Scope::Global, Scope::Group(group.clone())].map(|scope| DataSetReport {
            scope,
            result: result.to_owned(),
            bytes: Some(random.u64(20_000..200_000)),
            version: Some(format!("{}-{:032x}", random.u32(1..400), random.u128(..))),
        });
        let steps = names.iter().map(|name| StepReport {
            name: (*name).to_owned(),
            start_ms: f64::from(random.u32(0..3_000)) / 10.0,
            ms: f64::from(random.u32(1..1_000)) / 10.0,
        });
        let steps: Vec<StepReport> = steps.collect();
        SentReport {
            id: format!("{:032x}", random.u128(..)),
            session: session.clone(),
            event,
            sid: user_sid(user),
            profile: "mandatory".to_owned(),
            mode: Some(ImportMode::Synchronous),
            started,
            duration: random.u64(40..900),
            plan_revision: 3,
            outcome,
            data_sets: sets.to_vec(),
            steps,
            items: items(random),
            problems: Vec::new(),
        }
    };
    let logon = report(SessionEvent::Logon, begun, logon, &LOGON, "imported");
    let logoff = report(SessionEvent::Logoff, hours, logoff, &LOGOFF, "stored");
    ReportedSession { host: host(agent), reports: vec![logon, logoff] }
}

fn items(random: &mut Rng) -> Items {
    let fates = [Fate::Skipped, Fate::Skipped, Fate::Skipped, Fate::Merged, Fate::Overridden];
    let list = (0..random.usize(0..4)).map(|_| Item {
        fate: fates[random.usize(..fates.len())],
        code: "MP-PRF-206".to_owned(),
        scope: Some(Scope::Global),
        place: format!(r"Software\Vendor {}\Settings\Window {}", random.u32(..30), random.u32(..100)),
        reason: "it is excluded by the data subset".to_owned(),
        bytes: Some(random.u64(1..4_000)),
    });
    Items { list: list.collect(), more: 0 }
}
