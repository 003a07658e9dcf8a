//! Behaviour of export and import through the public API.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod autoruns;
mod cut_off;
mod exclusions;
mod export_files;
mod export_registry;
mod floods;
mod folder_place;
mod import;
mod import_seen;
mod refusing_registry;
mod round_trip;
mod rules;
mod selection;
mod shared_keys;
mod support;
mod trial;
