//! What every decoder must hold for any bytes.
//!
//! Each function here is the body of one fuzz target: it takes arbitrary bytes and panics when a decoder breaks its word.
//! The targets of `libfuzzer/` call them, and `tests/replay.rs` calls them with every file of `corpus/`.
//! `README.md` tells how to run both and how the corpus is made.

#![allow(clippy::panic, reason = "a broken invariant is reported to the fuzzer by a panic")]

mod data_set;
mod heal;
mod hives;
mod pipe;
mod sealed;
mod text;

pub use data_set::dataset;
pub use heal::{base_block as heal_base_block, log as heal_log, marvin};
pub use hives::{hive, hive_logs, join_logs};
pub use pipe::pipe;
pub use sealed::sealed;
pub use text::reg_text;

/// A fuzz target: its name, which is the name of its corpus folder, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 6] = [
    ("dataset", dataset),
    ("hive", hive),
    ("hive_logs", hive_logs),
    ("pipe", pipe),
    ("reg_text", reg_text),
    ("sealed", sealed),
];
