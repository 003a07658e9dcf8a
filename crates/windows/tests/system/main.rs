//! The crate against the system it calls: Windows, or Wine.
#![cfg(windows)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod files;
mod host;
mod machine;
mod registry_edits;
mod registry_load;
mod registry_values;
mod support;
