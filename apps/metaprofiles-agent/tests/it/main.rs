//! The program as scripts call it: what it prints where, and with which exit code it ends.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod by_hand;
mod failures;
mod help;
mod machine;
mod policies;
mod removal;
mod sessions;
mod support;
