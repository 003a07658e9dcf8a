//! A session host that is a folder.
//!
//! It stands for a machine in demonstrations and tests: the engine, the spool and the wire are the real ones, only the ports
//! differ. The tree:
//!
//! ```text
//! <root>/ProfileList.json          who has a profile here, and whether it is loaded
//! <root>/Policies.reg              what Group Policy says of the machine, as `.reg` text; may be missing
//! <root>/<SID>.marker              what was noted about this load of the hive
//! <root>/Mandatory/                the mandatory profile, with NTUSER.MAN
//! <root>/Users/<user>/             a user's local profile, with NTUSER.MAN or NTUSER.DAT as the live hive
//! <root>/Attributes/<user>.json    file attributes, which other file systems than Windows' do not keep
//! ```
//!
//! `ProfileList.json`:
//!
//! ```json
//! { "profiles": { "S-1-5-21-1-2-3-1001": { "user": "alice", "kind": "mandatory", "loaded": true } } }
//! ```
//!
//! Unlike Windows, the registry is read when a profile is opened and saved when it is closed, and links are refused by
//! looking before each step, which a program that changes the tree at the same time could outrun.

mod attributes;
mod disk;
mod error;
mod files;
mod folders;
mod hive;
mod list;
mod policies;
mod profile;
mod profile_list;
mod sessions;
mod tree;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use mp_dataset::ProfileKind;
use mp_profile::{HostError, SessionHost, SessionProfile, Sid};
use mp_registry::Key;

use crate::chain::chain;
use attributes::Attributes;
use error::Doing;
pub use error::SimulationError;
use hive::LiveHive;
pub use policies::{PoliciesError, machine_policies};
use profile::SimulatedProfile;
use profile_list::{Listed, ProfileList};
pub use sessions::{ProfileLoader, SimulatedSessions};

/// A session host that is a folder.
#[derive(Debug)]
pub struct SimulatedHost {
    name: String,
    root: PathBuf,
    /// The users whose profiles are open. It also keeps changes of the profile list apart.
    open: Mutex<BTreeSet<Sid>>,
}

impl SimulatedHost {
    /// The host whose tree is at `root`; an empty one is made if there is none.
    ///
    /// # Errors
    /// When the folders cannot be made.
    pub fn at(root: &Path, name: &str) -> Result<Self, SimulationError> {
        for folder in ["Users", "Attributes"] {
            let folder = root.join(folder);
            fs::create_dir_all(&folder).doing("make", &folder)?;
        }
        Ok(Self { name: name.to_owned(), root: root.to_owned(), open: Mutex::default() })
    }

    /// Makes the mandatory profile: this registry as `NTUSER.MAN`, and a copy of the folders.
    ///
    /// # Errors
    /// When it cannot be written, or the folders hold a link.
    pub fn create_mandatory(&self, registry: &Key, folders: Option<&Path>) -> Result<(), SimulationError> {
        let mandatory = self.mandatory();
        tree::remove(&mandatory)?;
        match folders {
            Some(folders) => tree::copy(folders, &mandatory)?,
            None => fs::create_dir_all(&mandatory).doing("make", &mandatory)?,
        }
        hive::create(&mandatory.join(hive::MANDATORY), registry)
    }

    /// What Windows does at the logon of a user with a mandatory profile before it tells anyone: a fresh copy of the
    /// mandatory profile replaces the user's local one and is loaded.
    ///
    /// # Errors
    /// When there is no mandatory profile, the user's name is no folder name or another user's, or copying fails.
    pub fn logon_mandatory(&self, sid: &Sid, user: &str) -> Result<(), SimulationError> {
        self.logon(sid, user, ProfileKind::Mandatory)
    }

    /// A logon with a profile of any kind. Local and roaming profiles are made from the mandatory one when they are not
    /// there, and kept otherwise; the others are made afresh.
    ///
    /// # Errors
    /// As for [`SimulatedHost::logon_mandatory`].
    pub fn logon(&self, sid: &Sid, user: &str, kind: ProfileKind) -> Result<(), SimulationError> {
        let _alone = self.open();
        let mut list = ProfileList::load(&self.root)?;
        tree::check_user(user)?;
        if list.profiles.iter().any(|(other, listed)| other != sid && listed.user.eq_ignore_ascii_case(user))
        {
            return Err(SimulationError::NameTaken { user: user.to_owned() });
        }
        if list.profiles.get(sid).is_some_and(|listed| listed.loaded) {
            // Another session of the same user shares the hive that is loaded.
            return Ok(());
        }
        let folder = self.users().join(user);
        let kept = matches!(kind, ProfileKind::Local | ProfileKind::Roaming) && folder.exists();
        if !kept {
            tree::remove(&folder)?;
            tree::copy(&self.mandatory(), &folder)?;
            let attributes = self.attributes(user);
            tree::remove_file(&attributes)?;
        }
        self.remove_marker(sid)?;
        list.profiles.insert(sid.clone(), Listed { user: user.to_owned(), kind: kind.into(), loaded: true });
        list.save(&self.root)
    }

    /// What Windows does after everyone let go of the profile: the hive is unloaded and the marker with it. The local copy
    /// stays until the next logon.
    ///
    /// # Errors
    /// When the profile list cannot be changed.
    pub fn logoff(&self, sid: &Sid) -> Result<(), SimulationError> {
        let _alone = self.open();
        let mut list = ProfileList::load(&self.root)?;
        if let Some(listed) = list.profiles.get_mut(sid) {
            listed.loaded = false;
            list.save(&self.root)?;
        }
        self.remove_marker(sid)
    }

    /// The users whose profiles are loaded.
    ///
    /// # Errors
    /// When the profile list cannot be read.
    pub fn loaded(&self) -> Result<Vec<Sid>, SimulationError> {
        let list = ProfileList::load(&self.root)?;
        Ok(list.profiles.into_iter().filter(|(_, listed)| listed.loaded).map(|(sid, _)| sid).collect())
    }

    /// Where a user's local profile is, if one is listed.
    ///
    /// # Errors
    /// When the profile list cannot be read.
    pub fn profile_folder(&self, sid: &Sid) -> Result<Option<PathBuf>, SimulationError> {
        let list = ProfileList::load(&self.root)?;
        Ok(list.profiles.get(sid).map(|listed| self.users().join(&listed.user)))
    }

    fn mandatory(&self) -> PathBuf {
        self.root.join("Mandatory")
    }

    fn users(&self) -> PathBuf {
        self.root.join("Users")
    }

    fn attributes(&self, user: &str) -> PathBuf {
        self.root.join("Attributes").join(format!("{user}.json"))
    }

    fn marker(&self, sid: &Sid) -> PathBuf {
        self.root.join(format!("{sid}.marker"))
    }

    fn remove_marker(&self, sid: &Sid) -> Result<(), SimulationError> {
        tree::remove_file(&self.marker(sid))
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<Sid>> {
        // The set holds whole entries only, so a panic elsewhere did not leave it half changed.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, sid: &Sid) {
        self.open().remove(sid);
    }

    fn open_listed(&self, sid: &Sid, listed: &Listed) -> Result<SimulatedProfile<'_>, SimulationError> {
        tree::check_user(&listed.user)?;
        let folder = self.users().join(&listed.user);
        let hive = LiveHive::open(&folder)?;
        let attributes = Attributes::load(self.attributes(&listed.user))?;
        Ok(SimulatedProfile::new(self, sid.clone(), listed.kind.into(), hive, folder, attributes))
    }
}

impl SessionHost for SimulatedHost {
    fn name(&self) -> &str {
        &self.name
    }

    /// Opens a loaded profile. It cannot be opened a second time before it is closed or dropped; a dropped one keeps what was
    /// done to files and forgets what was done to the registry.
    fn open(&self, sid: &Sid) -> Result<Box<dyn SessionProfile + '_>, HostError> {
        let failed = |doing, text: String| HostError::Failed { doing, sid: sid.clone(), text };
        let mut open = self.open();
        let list =
            ProfileList::load(&self.root).map_err(|error| failed("find the profile", chain(&error)))?;
        let listed = list.profiles.get(sid).filter(|listed| listed.loaded);
        let listed = listed.ok_or_else(|| HostError::NotLoaded(sid.clone()))?;
        if !open.insert(sid.clone()) {
            return Err(failed("open the profile", "it is open already".to_owned()));
        }
        drop(open);
        match self.open_listed(sid, listed) {
            Ok(profile) => Ok(Box::new(profile)),
            Err(error) => {
                self.release(sid);
                Err(failed("open the profile", chain(&error)))
            }
        }
    }
}
