//! The Storage Service through its public API: backends, and the whole service over TLS on the loopback.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access_log;
mod administration;
mod at_rest;
mod authorisation;
mod away;
mod concurrency;
mod conformance;
mod damage;
mod deltas;
mod downloads;
// Processes are killed, limited and wrapped as on Unix.
#[cfg(unix)]
mod faults;
mod folder;
mod following;
mod objects;
mod peers;
mod protection;
mod requests;
mod security;
mod slow;
mod support;
mod telling;
mod watching;
