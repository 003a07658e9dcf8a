//! The console over real HTTPS on the loopback interface.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall fail where it stands")]

mod audit;
mod authorisation;
mod backup;
mod configuration;
mod data_sets;
mod directory;
mod fuzz;
mod group_settings;
mod lists;
mod machines;
mod open;
mod openapi;
mod openid;
mod overview;
mod pages;
mod plans;
mod quarantine;
mod retention;
mod roles;
mod searches;
mod second_factor;
mod sessions;
mod storage_damage;
mod storage_settings;
mod storage_status;
mod support;
mod tokens;
mod trials;
mod unread;
mod user_sessions;
mod versions;
mod watching;
mod webhooks;

/// The database of a new farm: a file in the state folder.
fn new_database() -> Option<String> {
    None
}
