//! The program as a person at a terminal meets it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod dataset;
mod farm;
mod help;
mod hive_build;
mod hive_diff;
mod hive_dump;
#[cfg(unix)]
mod storage_install;
mod storage_key;
mod storage_status;
mod storage_verify;
mod stored;
mod support;
mod telemetry;
