//! Every Win32 call: live registry, profiles, files, the service, its pipe, the sessions.
//!
//! On other systems there is only what is pure.

mod refresh_topic;

#[cfg(windows)]
mod files;
#[cfg(windows)]
mod host;
#[cfg(windows)]
mod nt;
#[cfg(windows)]
mod peer;
#[cfg(windows)]
pub mod pipe;
#[cfg(windows)]
mod privilege;
#[cfg(windows)]
mod profile_list;
#[cfg(windows)]
mod registry;
#[cfg(windows)]
pub mod service;
#[cfg(windows)]
mod sessions;
#[cfg(windows)]
mod settings_key;
#[cfg(windows)]
mod wide;

#[cfg(windows)]
pub use files::WindowsFiles;
#[cfg(windows)]
pub use host::WindowsHost;
#[cfg(windows)]
pub use peer::Peer;
#[cfg(windows)]
pub use privilege::enable_backup_privileges;
#[cfg(windows)]
pub use profile_list::{ProfileEntry, ProfileList};
pub use refresh_topic::RefreshTopic;
#[cfg(windows)]
pub use registry::{LiveRegistry, OpenMode};
#[cfg(windows)]
pub use sessions::{WindowsSessions, refresh_here};
#[cfg(windows)]
pub use settings_key::SettingsKey;
