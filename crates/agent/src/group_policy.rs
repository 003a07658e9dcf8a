//! Our logon and logoff scripts in the local Group Policy: the texts of `scripts.ini` and `gpt.ini`, without any file.
//!
//! `%SystemRoot%\System32\GroupPolicy\User\Scripts\scripts.ini` lists the scripts, numbered from 0 in each section;
//! `…\GroupPolicy\gpt.ini` says that there are some, and counts its changes. What others have there stays as it is.

mod gpt;
mod ini;
mod scripts;

pub use gpt::with_user_scripts;
pub use ini::{Encoding, decode, encode};
pub use scripts::{ScriptEntry, add_script, has_scripts, remove_script};
