//! The console over real HTTPS on the loopback interface.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall fail where it stands")]

mod authorisation;
mod configuration;
mod group_settings;
mod lists;
mod machines;
mod open;
mod openapi;
mod overview;
mod pages;
mod plans;
mod sessions;
mod support;
mod tokens;
mod user_sessions;
