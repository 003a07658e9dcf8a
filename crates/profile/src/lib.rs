//! What to keep of a profile, and where it goes: users, scopes, data subsets, export, import, and the ports behind which
//! session hosts and stores stand. Pure: it does no I/O of its own and reads no clock.

mod baseline;
mod cut_off;
mod edits;
mod exclusions;
mod export;
mod folder_place;
mod import;
mod known_folders;
mod live;
pub mod machine;
pub mod memory;
mod ports;
mod report;
mod rules;
mod safe_path;
mod scope;
mod session_changes;
mod session_control;
mod sets;
mod sid;
mod subset;
mod trial;
mod unapplied;

pub use baseline::{Baseline, InvalidBaseline, Seen};
pub use exclusions::{EXCLUSIONS, Excluded, Exclusion, Lift, TEMPORARY_FILES, is_left_behind};
pub use export::{ALWAYS_READ, ExportError, ExportInputs, ExportReport, Exported, PartCounts, export};
pub use folder_place::{FolderPlace, USER_SHELL_FOLDERS, expand_variables};
pub use import::{ImportError, ImportReport, Imported, import, import_seen};
pub use known_folders::{KNOWN_FOLDERS, KnownFolder, known_folder};
pub use ports::{
    Clock, DataSetStore, Fetched, FileError, FileErrorKind, FileFilter, FileListing, FolderLocation,
    FoundFile, HeldVersion, HostError, KnownVersion, MAX_LISTED, ProfileFiles, SessionHost, SessionProfile,
    StoreError, Stored, Upload, VersionTag,
};
pub use report::{MAX_NOTES, Note, NoteCode, Notes};
pub use rules::{
    CompiledRules, DEFAULT_MAX_FILE_BYTES, DEFAULT_MAX_TOTAL_BYTES, Explanation, MAX_LIVE_BYTES,
    MAX_LIVE_ITEMS, MAX_VALUE_BYTES, Part, RuleError, RuleProblem, SubsetSelection,
};
pub use safe_path::{MAX_COMPONENT, MAX_COMPONENTS, MAX_PATH, SafePath};
pub use scope::{GroupName, InvalidGroupName, Scope};
pub use session_changes::SessionChanges;
pub use session_control::{ChangeWatch, HostSession, ProfileHold, SessionControl, SessionId};
pub use sets::Sets;
pub use sid::{InvalidSid, Sid};
pub use subset::{Applies, DataSubset, FolderRule, ImportMode, OnConflict, RegistryRule, RuleAction};
pub use trial::{RuleTrial, Trial, TrialCounts, TrialError, try_subset};
pub use unapplied::Unapplied;
