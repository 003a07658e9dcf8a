//! A whole farm in one process: console and Storage Service over mutual TLS, session hosts that are folders, and Agents that
//! enrolled as in production.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod at_once;
mod failover;
mod killed;
mod moving;
mod outages;
mod reach;
mod regrouped;
mod renewal;
mod reports;
mod station;
mod story;
mod template;
