//! The crate against the system it calls: Windows, or Wine.
#![cfg(windows)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod attacks;
mod dpapi;
mod files;
mod hive_file;
mod hold;
mod host;
mod impersonation;
mod machine;
mod pipe;
mod private_file;
mod private_folder;
mod profile;
mod protect;
mod registry_edits;
mod registry_load;
mod registry_values;
mod service;
mod support;
mod watch;
