//! Random days of a farm in one process: several session hosts with the Agent's own service, spool and merge, the Storage
//! Service's own store, and a clock that only the day moves.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod book;
mod day;
mod farm;
mod host;
mod kind;
mod line;
mod places;
mod plans;
mod profiles;
mod store;
mod story;
mod verdict;

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use story::Story;
use verdict::Tally;

/// Days that every test run plays.
const DAYS: u64 = 200;
/// So many days may fail before no more are played.
const MAX_LOSSES: usize = 20;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A day that did not end well.
struct Loss {
    seed: u64,
    why: String,
    story: Story,
}

fn play(seed: u64) -> Result<Tally, Loss> {
    let story = Story::default();
    catch_unwind(AssertUnwindSafe(|| day::play(seed, &story))).map_err(|cause| Loss {
        seed,
        why: words(cause.as_ref()),
        story,
    })
}

fn words(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

#[test]
fn no_setting_is_lost_on_random_days() {
    let days = match number("METAPROFILES_DAY") {
        Some(seed) => seed..seed + 1,
        None => 0..number("METAPROFILES_DAYS").unwrap_or(DAYS),
    };
    let next = AtomicU64::new(days.start);
    let played = Mutex::new((Tally::default(), Vec::<Loss>::new()));
    let play_some = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if !days.contains(&seed) || played.lock().unwrap().1.len() >= MAX_LOSSES {
            return;
        }
        let outcome = play(seed);
        let mut played = played.lock().unwrap();
        match outcome {
            Ok(tally) => played.0.add(&tally),
            Err(loss) => played.1.push(loss),
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(play_some))));
    let (tally, mut losses) = played.into_inner().unwrap();
    println!("{tally:#?}");
    losses.sort_by_key(|loss| loss.seed);
    if let Some(first) = losses.first() {
        println!("{}{}", first.story, first.why);
        for Loss { seed, why, .. } in &losses {
            println!("METAPROFILES_DAY={seed} plays it again: {}", why.lines().next().unwrap_or_default());
        }
        panic!("{} days did not end well, the first is {}", losses.len(), first.seed);
    }
    assert!(tally.deeds > 0 && tally.stored > 0, "the days do nothing: {tally:?}");
}
