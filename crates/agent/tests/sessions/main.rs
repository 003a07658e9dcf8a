//! Whole sessions against a storage and a console that can fail: what is kept, what is replaced, and what is said.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrived;
mod away;
mod capture;
mod conflicts;
mod console;
mod copies;
mod cut_off;
mod damage;
mod failover;
mod interrupted;
mod merging;
mod plans;
mod random;
mod random_at_once;
mod reports;
mod room;
mod same_load;
mod sent_reports;
mod sequence;
mod service;
mod spool;
mod station;
mod store;
mod texts;
mod told;
mod uploads;
