//! The three-way merge.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod laws;
mod model;
mod stories;
