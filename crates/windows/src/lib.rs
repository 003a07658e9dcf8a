//! Every Win32 call: live registry, profiles, files.
//!
//! On other systems the crate is empty.
#![cfg_attr(not(windows), doc = "This build is for such a system.")]

#[cfg(windows)]
mod nt;
#[cfg(windows)]
mod privilege;
#[cfg(windows)]
mod registry;

#[cfg(windows)]
pub use privilege::enable_backup_privileges;
#[cfg(windows)]
pub use registry::{LiveRegistry, OpenMode};
