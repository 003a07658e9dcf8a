//! The simulated session host: what the engine sees of it, and what it refuses.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
mod attacks;
#[cfg(unix)]
mod links;
mod machine;
mod real_hive;
mod refusals;
mod support;
