use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use crate::domain::{Refusal, UnixMillis};

/// Failures within [`WINDOW`] after which an address, or all for one name, must wait.
const MAX_FAILURES_OF_ADDRESS: u32 = 10;
const MAX_FAILURES_FOR_NAME: u32 = 50;
/// Sign-ins by way of a provider that an address may begin within [`WINDOW`]: each costs a request or two.
const MAX_BEGUN: u32 = 100;
const WINDOW: i64 = 15 * 60 * UnixMillis::SECOND;
/// Most addresses and names remembered; past it the oldest are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// Who guesses.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Guesser {
    Address(IpAddr),
    /// Key of an administrator's name. Its limit is higher, for others could shut him out by guessing.
    Name(String),
    /// Whoever begins sign-ins by way of a provider.
    Beginner(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    since: UnixMillis,
}

/// Counts failed attempts to sign in, so that passwords cannot be guessed.
#[derive(Debug, Default)]
pub(super) struct Limiter(Mutex<HashMap<Guesser, Failures>>);

impl Limiter {
    /// Takes one attempt, which counts as failed until [`Limiter::succeeded`].
    pub(super) fn attempt(
        &self,
        address: IpAddr,
        name: Option<&str>,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        self.count(guessers(address, name), now)
    }

    /// Takes the begin of a sign-in by way of a provider.
    pub(super) fn begin(&self, address: IpAddr, now: UnixMillis) -> Result<(), Refusal> {
        self.count(vec![(Guesser::Beginner(network(address)), MAX_BEGUN)], now)
    }

    fn count(&self, guessers: Vec<(Guesser, u32)>, now: UnixMillis) -> Result<(), Refusal> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (guesser, limit) in &guessers {
            if let Some(known) = failures.get(guesser) {
                let over = known.since.plus(WINDOW);
                if now < over && known.count >= *limit {
                    let seconds = (over.0 - now.0).unsigned_abs().div_ceil(1_000);
                    return Err(Refusal::TooManyAttempts { seconds });
                }
            }
        }
        if failures.len() + guessers.len() > MAX_REMEMBERED {
            forget(&mut failures, now);
        }
        for (guesser, _) in guessers {
            let known = failures.entry(guesser).or_insert(Failures { count: 0, since: now });
            if known.since.plus(WINDOW) <= now {
                *known = Failures { count: 0, since: now };
            }
            known.count = known.count.saturating_add(1);
        }
        Ok(())
    }

    /// The attempt was none to guess.
    pub(super) fn succeeded(&self, address: IpAddr, name: Option<&str>) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (guesser, _) in guessers(address, name) {
            failures.remove(&guesser);
        }
    }

    /// The attempt was not over: what is still missing comes with the next one.
    pub(super) fn unfinished(&self, address: IpAddr, name: Option<&str>) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (guesser, _) in guessers(address, name) {
            if let Some(known) = failures.get_mut(&guesser) {
                known.count = known.count.saturating_sub(1);
            }
        }
    }
}

fn guessers(address: IpAddr, name: Option<&str>) -> Vec<(Guesser, u32)> {
    let name = name.map(|name| (Guesser::Name(name.to_owned()), MAX_FAILURES_FOR_NAME));
    [(Guesser::Address(network(address)), MAX_FAILURES_OF_ADDRESS)].into_iter().chain(name).collect()
}

/// One customer of IPv6 has at least 2^64 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

/// Forgets what is over, and if that is not enough, the older half.
fn forget(failures: &mut HashMap<Guesser, Failures>, now: UnixMillis) {
    failures.retain(|_, known| now < known.since.plus(WINDOW));
    if failures.len() > MAX_REMEMBERED / 2 {
        let mut times: Vec<UnixMillis> = failures.values().map(|known| known.since).collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        failures.retain(|_, known| known.since > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn address(number: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, number])
    }

    #[test]
    fn an_address_that_fails_often_waits_and_others_do_not() {
        let limiter = Limiter::default();
        for _ in 0..MAX_FAILURES_OF_ADDRESS {
            assert!(limiter.attempt(address(1), Some("admin"), NOW).is_ok());
        }
        assert!(matches!(
            limiter.attempt(address(1), Some("admin"), NOW.plus(1)),
            Err(Refusal::TooManyAttempts { seconds: 900 })
        ));
        assert!(limiter.attempt(address(2), Some("admin"), NOW).is_ok());
        assert!(limiter.attempt(address(1), Some("admin"), NOW.plus(WINDOW)).is_ok());
    }

    #[test]
    fn success_clears_the_count() {
        let limiter = Limiter::default();
        for _ in 0..3 * MAX_FAILURES_OF_ADDRESS {
            assert!(limiter.attempt(address(1), Some("admin"), NOW).is_ok());
            limiter.succeeded(address(1), Some("admin"));
        }
    }

    #[test]
    fn many_addresses_together_cannot_guess_one_name() {
        let limiter = Limiter::default();
        let failed =
            (0..=255).filter(|number| limiter.attempt(address(*number), Some("admin"), NOW).is_err()).count();
        assert_eq!(failed, 256 - 50);
    }

    #[test]
    fn a_flood_of_addresses_does_not_grow_the_memory() {
        let limiter = Limiter::default();
        for number in 0..30_000_u32 {
            let address = IpAddr::from(number.to_be_bytes());
            assert!(limiter.attempt(address, Some(&number.to_string()), NOW.plus(i64::from(number))).is_ok());
        }
        assert!(limiter.0.lock().expect("no test panics holding it").len() <= MAX_REMEMBERED);
    }
}
