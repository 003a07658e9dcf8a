//! Bringing a part of a former data set back.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod laws;
#[path = "../merge/model.rs"]
#[allow(dead_code, reason = "the tests of the merge use the rest")]
mod model;
mod stories;
