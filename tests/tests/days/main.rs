//! Random days of a farm in one process: several session hosts with the Agent's own service, spool and merge, the Storage
//! Service's own store, and a clock that only the day moves. Services are killed, hosts lose power, lines are cut, acknowledgements
//! are lost, clocks are wrong by a day, and users are on several hosts at once.
//!
//! A plain model of what each user did says at the end whether a setting was lost. `METAPROFILES_DAYS` says how many days are
//! played, `METAPROFILES_DAY` plays the one with this number again.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod day;
mod farm;
mod host;
mod oracle;
mod store;

/// Days that every test run plays; one takes about half a second.
const DAYS: u64 = 10;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn no_setting_is_lost_on_random_days() {
    let days = match number("METAPROFILES_DAY") {
        Some(seed) => seed..seed + 1,
        None => 0..number("METAPROFILES_DAYS").unwrap_or(DAYS),
    };
    let mut played = oracle::Tally::default();
    for seed in days {
        println!("METAPROFILES_DAY={seed}");
        played.add(&day::play(seed));
    }
    println!("{played:?}");
    assert!(played.writes > 0 && played.in_storage > 0, "the days do nothing: {played:?}");
}
