//! Every Win32 call: live registry, profiles, files, the service, its pipe, the sessions.
//!
//! On other systems there is only what is pure.

mod refresh_topic;

#[cfg(windows)]
mod as_user;
#[cfg(windows)]
mod dpapi;
#[cfg(windows)]
mod files;
#[cfg(windows)]
mod hive_file;
#[cfg(windows)]
mod hold;
#[cfg(windows)]
mod host;
#[cfg(windows)]
mod known_folder;
#[cfg(windows)]
mod nt;
#[cfg(windows)]
mod observe;
#[cfg(windows)]
mod on_call;
#[cfg(windows)]
mod peer;
#[cfg(windows)]
pub mod pipe;
#[cfg(windows)]
mod private_file;
#[cfg(windows)]
mod private_folder;
#[cfg(windows)]
mod privilege;
#[cfg(windows)]
mod profile_list;
#[cfg(windows)]
mod protect;
#[cfg(windows)]
mod redirection;
#[cfg(windows)]
mod registry;
#[cfg(windows)]
pub mod service;
#[cfg(windows)]
mod sessions;
#[cfg(windows)]
mod settings_key;
#[cfg(windows)]
mod token;
#[cfg(windows)]
mod watch;
#[cfg(windows)]
mod wide;

#[cfg(windows)]
pub use dpapi::{decrypt_for_user, encrypt_for_user};
#[cfg(windows)]
pub use files::WindowsFiles;
#[cfg(windows)]
pub use hive_file::save_hive;
#[cfg(windows)]
pub use hold::{LoadedProfile, ProfileLoader, SystemProfiles, hold_profile};
#[cfg(windows)]
pub use host::WindowsHost;
#[cfg(windows)]
pub use known_folder::program_data;
#[cfg(windows)]
pub use observe::{RunningProgram, hive_access, loaded_users, running_programs};
#[cfg(windows)]
pub use peer::Peer;
#[cfg(windows)]
pub use private_file::{check_private_file, make_private_file};
#[cfg(windows)]
pub use private_folder::make_private_folder;
#[cfg(windows)]
pub use privilege::enable_backup_privileges;
#[cfg(windows)]
pub use profile_list::{ProfileEntry, ProfileList};
#[cfg(windows)]
pub use protect::{Protection, protect_hive};
#[cfg(windows)]
pub use redirection::refuse_redirections;
pub use refresh_topic::RefreshTopic;
#[cfg(windows)]
pub use registry::{LiveRegistry, OpenMode};
#[cfg(windows)]
pub use sessions::{
    SeenSession, WindowsSessions, log_off_here, log_off_session, refresh_here, seen_sessions, tell_session,
    tell_user,
};
#[cfg(windows)]
pub use settings_key::SettingsKey;
#[cfg(windows)]
pub use token::{Impersonation, UserToken, UserTokens};
#[cfg(windows)]
pub use watch::KeyWatch;
