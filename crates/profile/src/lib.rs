//! What to keep of a profile, and where it goes: users, scopes, data subsets, export, import, and the ports behind which
//! session hosts and stores stand. Pure: it does no I/O of its own and reads no clock.

mod ports;
mod scope;
mod sid;
mod subset;

pub use ports::{
    Clock, DataSetStore, Fetched, FileError, FileErrorKind, FileFilter, FileListing, FolderLocation,
    FoundFile, HostError, ProfileFiles, SessionHost, SessionProfile, StoreError, Stored, VersionTag,
};
pub use scope::{GroupName, InvalidGroupName, Scope};
pub use sid::{InvalidSid, Sid};
pub use subset::{Applies, DataSubset, FolderRule, RegistryRule, RuleAction};
