//! The size of data set files of real users' settings, against a ZIP of their `.reg` text. `examples/measure_size.rs` prints
//! the figures, with times.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[allow(dead_code, reason = "shared with an example that uses more of it")]
mod peer;

use common::{decoded, encoded};

/// Most that the median of all hives may take, as a part of the ZIP.
const MEDIAN: f64 = 0.40;
/// Most that any hive may take.
const ANY: f64 = 0.50;
/// Most that keeping the last write times of keys may add in the median.
const TIMES: f64 = 0.03;
/// The largest hive and most bytes for its whole `Software` key.
const LARGEST: (&str, usize) = ("mkorman90+regipy/NTUSER_with_winscp.DAT", 300_000);

#[test]
fn real_settings_take_less_than_half_of_their_zip() {
    let hives = peer::software();
    if hives.is_empty() {
        let path = peer::test_data();
        println!(
            "SKIPPED real_settings_take_less_than_half_of_their_zip: no test data at {}",
            path.display()
        );
        return;
    }
    let (mut ratios, mut with_times) = (Vec::new(), Vec::new());
    for hive in &hives {
        let zip = peer::zip_len(&hive.reg_text()) as f64;
        let set = hive.data_set(false);
        let file = encoded(&set);
        assert_eq!(decoded(&file), set, "{}", hive.hive);
        let ratio = file.len() as f64 / zip;
        assert!(ratio <= ANY, "{}: {} bytes are {ratio:.3} of the ZIP", hive.hive, file.len());
        if hive.hive == LARGEST.0 {
            assert!(file.len() <= LARGEST.1, "{}: {} bytes", hive.hive, file.len());
        }
        let set = hive.data_set(true);
        let file = encoded(&set);
        assert_eq!(decoded(&file), set, "{} with times", hive.hive);
        ratios.push(ratio);
        with_times.push(file.len() as f64 / zip);
    }
    let (without, with) = (peer::median(ratios), peer::median(with_times));
    assert!(without <= MEDIAN, "median {without:.3}");
    assert!(with - without <= TIMES, "times add {:.3}", with - without);
}
