//! The Provision Management Console: database, REST API, enrolment authority.
//!
//! People speak the REST API below `/api/v1` with bearer tokens. Machines speak the paths of [`mp_protocol::paths`] with
//! certificates of the console's own authority. Both come to one port.
//!
//! A request goes one way: a handler (`api`, `machine_api`) translates it, an operation (`ops`) decides by the rules (`domain`),
//! the database (`repository`) keeps it. No layer knows of those before it.

mod api;
mod authority;
mod backup;
#[cfg(any(test, feature = "bulk"))]
pub mod bulk;
mod certificates;
mod config;
mod console;
mod directory;
mod domain;
mod error;
mod linger;
mod machine_api;
mod metrics;
mod openid;
mod ops;
mod pages;
mod repository;
mod sealing;
mod secret;
mod serve;
mod storage;
mod webhook;

pub use backup::{BackupError, backup, restore};
pub use config::{ConsoleConfig, WallClock};
pub use console::Console;
pub use error::OpenError;
pub use secret::Secret;
pub use serve::{ConsoleHandle, serve};
