//! The machine of a user's sessions: its table as documented, its stories, and random days against a model of a host.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod document;
mod hanging;
mod model;
mod stories;
mod world;
