//! Every Win32 call: live registry, profiles, files.
//!
//! On other systems the crate is empty.

#[cfg(windows)]
mod files;
#[cfg(windows)]
mod host;
#[cfg(windows)]
mod nt;
#[cfg(windows)]
mod privilege;
#[cfg(windows)]
mod profile_list;
#[cfg(windows)]
mod registry;

#[cfg(windows)]
pub use files::WindowsFiles;
#[cfg(windows)]
pub use host::WindowsHost;
#[cfg(windows)]
pub use privilege::enable_backup_privileges;
#[cfg(windows)]
pub use profile_list::{ProfileEntry, ProfileList};
#[cfg(windows)]
pub use registry::{LiveRegistry, OpenMode};
