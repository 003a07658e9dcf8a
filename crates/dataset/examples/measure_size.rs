//! Measures data set files of real `Software` keys against a ZIP (deflate, level 6) of their `.reg` text.
//!
//! `cargo run --release -p mp-dataset --example measure_size`. The test data are found as the tests find them. Times are CPU
//! time of this thread, the least of several batches: they exclude making the `.reg` text, and include everything of a data
//! set.
#![allow(clippy::unwrap_used, reason = "a measurement that fails ends")]

#[path = "../tests/peer/mod.rs"]
mod peer;

use std::time::{Duration, Instant};

use mp_dataset::{DataSet, Limits, decode, encode};

const BATCHES: usize = 5;
/// Length of a batch: the system counts CPU time in ticks of some milliseconds.
const BATCH: Duration = Duration::from_millis(100);

fn main() {
    println!(
        "{:42} {:>8} {:>8} {:>8} {:>6} {:>6} | {:>7} {:>7} {:>6} {:>7}",
        "hive", "raw", "zip", "mpd", "ratio", "times", "zip ms", "enc ms", "ratio", "dec ms"
    );
    let (mut ratios, mut times_ratios, mut cpu_ratios) = (Vec::new(), Vec::new(), Vec::new());
    for hive in peer::software() {
        let text = hive.reg_text();
        let (zip_time, zip) = least(|| peer::zip_len(&text));
        let set = hive.data_set(false);
        let (encode_time, file) = least(|| file_of(&set));
        let (decode_time, decoded) = least(|| decode(&file[..], &Limits::default()).unwrap());
        assert_eq!(decoded.data_set(), &set);
        let with_times = file_of(&hive.data_set(true)).len();
        let part = |len: usize| len as f64 / zip as f64;
        let cpu = encode_time.as_secs_f64() / zip_time.as_secs_f64();
        println!(
            "{:42} {:8} {:8} {:8} {:6.3} {:6.3} | {:7.2} {:7.2} {:6.3} {:7.2}",
            hive.hive,
            hive.raw_len(),
            zip,
            file.len(),
            part(file.len()),
            part(with_times),
            ms(zip_time),
            ms(encode_time),
            cpu,
            ms(decode_time)
        );
        ratios.push(part(file.len()));
        times_ratios.push(part(with_times));
        cpu_ratios.push(cpu);
    }
    if ratios.is_empty() {
        println!("SKIPPED measure_size: no test data at {}", peer::test_data().display());
        return;
    }
    let (size, with_times, cpu) =
        (peer::median(ratios), peer::median(times_ratios), peer::median(cpu_ratios));
    println!(
        "median: {size:.4} of the ZIP, {with_times:.4} with the times of keys, {cpu:.4} of its CPU time"
    );
}

fn file_of(set: &DataSet) -> Vec<u8> {
    let mut file = Vec::new();
    encode(set, &mut file).unwrap();
    file
}

fn least<T>(mut run: impl FnMut() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = run();
    let runs = BATCH.as_nanos().div_ceil(start.elapsed().as_nanos().max(1));
    let runs = u32::try_from(runs).unwrap();
    let batches = (0..BATCHES).map(|_| {
        let (cpu, wall) = (thread_cpu_time(), Instant::now());
        (0..runs).for_each(|_| drop(run()));
        let spent = thread_cpu_time().zip(cpu).map_or_else(|| wall.elapsed(), |(end, start)| end - start);
        spent / runs
    });
    (batches.min().unwrap(), result)
}

/// CPU time of this thread, where the system tells it in a file.
fn thread_cpu_time() -> Option<Duration> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    line.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
