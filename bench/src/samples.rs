//! What is measured, and the lines in which it is handed on: `cargo xtask bench` makes medians, ratios and tables of them.
//!
//! * `sample NAME UNIT VALUE…`: one value per counted run, in the order of the runs.
//! * `ratio NAME OURS PEER`: two samples to be compared run by run.
//! * `aim RATIO LIMIT TEXT`: the median of a ratio is meant to be at most this.
//! * `note TEXT`: something to know when reading the figures.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

/// Counted runs of each contestant; one more goes before them.
pub(crate) const RUNS: usize = 9;

/// The values of one figure, one per counted run.
pub(crate) struct Sample {
    name: String,
    unit: &'static str,
    values: Vec<f64>,
}

impl Sample {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str) -> Self {
        Self { name: name.into(), unit, values: Vec::with_capacity(RUNS) }
    }

    pub(crate) fn push(&mut self, value: f64) {
        self.values.push(value);
    }

    pub(crate) fn print(&self) {
        let values: Vec<String> = self.values.iter().map(|value| format!("{value:.6}")).collect();
        println!("sample {} {} {}", self.name, self.unit, values.join(" "));
    }
}

/// One figure that is no time and does not vary.
pub(crate) fn fact(name: impl Display, unit: &str, value: f64) {
    println!("sample {name} {unit} {value:.6}");
}

pub(crate) fn ratio(name: impl Display, ours: impl Display, peer: impl Display) {
    println!("ratio {name} {ours} {peer}");
}

pub(crate) fn aim(ratio: impl Display, limit: f64, text: impl Display) {
    println!("aim {ratio} {limit} {text}");
}

pub(crate) fn note(text: impl Display) {
    println!("note {text}");
}

/// The least of three times in CPU milliseconds of this thread, which other work on the machine does not lengthen. What
/// the work gives is dropped outside the time.
pub(crate) fn cpu_ms<T>(mut work: impl FnMut() -> T) -> f64 {
    (0..3)
        .map(|_| {
            let before = thread_time();
            let result = work();
            let spent = thread_time().saturating_sub(before);
            drop(result);
            spent.as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}

/// Wall-clock milliseconds of one call, as the mean of `times` calls in a row.
pub(crate) fn wall_ms(times: u32, mut work: impl FnMut()) -> f64 {
    let begun = Instant::now();
    (0..times).for_each(|_| work());
    begun.elapsed().as_secs_f64() * 1e3 / f64::from(times)
}

fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
