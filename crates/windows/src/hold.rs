//! Keeping a mandatory profile loaded until its export is done.
//!
//! At a logoff without logoff script the hive would be unloaded under the export. `LoadUserProfile` gives the profile a
//! further reference, which Windows counts; documented is only that the handle must be closed by `UnloadUserProfile`. Taken
//! when the session's own load is gone already, it would load, or even create, another profile: hence all the questions.

use std::{io, ptr, sync::Arc};

use mp_dataset::ProfileKind;
use mp_profile::{HostError, ProfileHold, Sid};
use windows_sys::Win32::{
    Foundation::HANDLE,
    System::{GroupPolicy::PI_NOUI, Registry::KEY_QUERY_VALUE},
    UI::Shell::{LoadUserProfileW, PROFILEINFOW, UnloadUserProfile},
};

use crate::{
    LiveRegistry, OpenMode, ProfileEntry, ProfileList, UserToken, enable_backup_privileges,
    nt::{Buffer, KeyAccess, KeyHandle, Status, size_u32},
    profile_list::dword,
    token::is_impersonating,
};

/// The value of the handle that the system gave for a load of a profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoadedProfile(pub usize);

/// What [`hold_profile`] asks of the system; [`SystemProfiles`] asks it.
pub trait ProfileLoader: Send + Sync {
    /// Whether the calling thread acts as somebody else than the process.
    ///
    /// # Errors
    /// When the system does not tell.
    fn is_impersonating(&self) -> io::Result<bool>;

    /// The product that manages the profiles of this machine instead, if one does.
    ///
    /// # Errors
    /// When the system does not tell.
    fn other_product(&self) -> io::Result<Option<&'static str>>;

    /// Whether the user's hive is loaded.
    ///
    /// # Errors
    /// When the system does not tell.
    fn is_loaded(&self, sid: &Sid) -> io::Result<bool>;

    /// What the profile list says about the user.
    ///
    /// # Errors
    /// When the system does not tell.
    fn entry(&self, sid: &Sid) -> io::Result<ProfileEntry>;

    /// Enables the privileges that loading and unloading need.
    ///
    /// # Errors
    /// When the process does not hold them.
    fn enable_privileges(&self) -> io::Result<()>;

    /// Loads the profile of the token's user once more, without asking anybody anything.
    ///
    /// # Errors
    /// When the system refuses.
    fn load(&self, token: &UserToken, user: &[u16]) -> io::Result<LoadedProfile>;

    /// Takes back a load.
    ///
    /// # Errors
    /// When the system refuses.
    fn unload(&self, token: &UserToken, profile: LoadedProfile) -> io::Result<()>;
}

/// Keeps a user's profile loaded until the hold is released. It is to be taken at logon, after the session's own load, and
/// all handles into the user's registry are to be closed before the release. `None` when the profile is not mandatory, or
/// another product manages the profiles of this machine.
///
/// # Errors
/// When the profile is not loaded, is not the same after the load as before, or the system refuses.
pub fn hold_profile(
    loader: Arc<dyn ProfileLoader>,
    token: Arc<UserToken>,
) -> Result<Option<Box<dyn ProfileHold>>, HostError> {
    let sid = token.sid().clone();
    let refused = |text: &str| HostError::Failed { doing: HOLD, sid: sid.clone(), text: text.to_owned() };
    let failed = |error: io::Error| refused(&error.to_string());
    if loader.is_impersonating().map_err(failed)? {
        return Err(refused("the thread acts as a user; the service must load profiles as itself"));
    }
    if loader.other_product().map_err(failed)?.is_some() {
        return Ok(None);
    }
    let before = loader.entry(&sid).map_err(failed)?;
    if before.kind != ProfileKind::Mandatory {
        return Ok(None);
    }
    if !loader.is_loaded(&sid).map_err(failed)? {
        return Err(HostError::NotLoaded(sid));
    }
    let user = user_name(&before).ok_or_else(|| refused("the profile list does not know its folder"))?;
    loader.enable_privileges().map_err(failed)?;
    let profile = loader.load(&token, &user).map_err(failed)?;
    let hold = Hold { loader, token, profile: Some(profile) };
    let same =
        hold.loader.is_loaded(&sid).map_err(failed)? && hold.loader.entry(&sid).map_err(failed)? == before;
    if same {
        Ok(Some(Box::new(hold)))
    } else {
        // Dropping the hold undoes the load.
        Err(refused("another profile was loaded instead; it was let go at once"))
    }
}

const HOLD: &str = "keep the profile loaded";

/// The folder's name, which is the user's but for a suffix: `LoadUserProfile` wants some name, and uses it only for a profile
/// that it would have to make.
fn user_name(entry: &ProfileEntry) -> Option<Vec<u16>> {
    let folder = entry.folder.as_deref()?;
    let name = folder.rsplit(|&unit| unit == u16::from(b'\\')).find(|part| !part.is_empty())?;
    Some(name.iter().copied().take_while(|&unit| unit != 0).chain([0]).collect())
}

/// A load of ours; dropped, it is taken back.
struct Hold {
    loader: Arc<dyn ProfileLoader>,
    token: Arc<UserToken>,
    profile: Option<LoadedProfile>,
}

impl Hold {
    fn unload(&mut self) -> io::Result<()> {
        self.profile.take().map_or(Ok(()), |profile| self.loader.unload(&self.token, profile))
    }
}

impl ProfileHold for Hold {
    fn release(mut self: Box<Self>) -> Result<(), HostError> {
        let done = self.unload();
        done.map_err(|error| HostError::Failed {
            doing: "let the profile go",
            sid: self.token.sid().clone(),
            text: error.to_string(),
        })
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Nobody is left to tell; the hive then stays loaded until the machine restarts.
        drop(self.unload());
    }
}

/// The profiles of this machine.
#[derive(Clone, Debug)]
pub struct SystemProfiles {
    profiles: ProfileList,
    machine: String,
}

/// Products that manage profiles, by the `REG_DWORD` below `HKEY_LOCAL_MACHINE` that says they do (their manuals).
const PRODUCTS: [(&str, &str, &str); 3] = [
    ("FSLogix Profile Container", r"SOFTWARE\FSLogix\Profiles", "Enabled"),
    ("Citrix Profile Management", r"SOFTWARE\Policies\Citrix\UserProfileManager", "ServiceActive"),
    (
        "User Profile Disks",
        r"SYSTEM\CurrentControlSet\Control\Terminal Server\ClusterSettings",
        "UvhdEnabled",
    ),
];

impl Default for SystemProfiles {
    fn default() -> Self {
        Self::at(ProfileList::default(), r"\Registry\Machine")
    }
}

impl SystemProfiles {
    /// A machine whose profile list and `HKEY_LOCAL_MACHINE` are elsewhere; the path is a native one.
    #[must_use]
    pub fn at(profiles: ProfileList, machine: &str) -> Self {
        Self { profiles, machine: machine.to_owned() }
    }
}

impl ProfileLoader for SystemProfiles {
    fn is_impersonating(&self) -> io::Result<bool> {
        is_impersonating()
    }

    fn other_product(&self) -> io::Result<Option<&'static str>> {
        let access = KeyAccess { rights: KEY_QUERY_VALUE, options: 0 };
        let failed = |status: Status| io::Error::other(status.text());
        for (product, key, value) in PRODUCTS {
            let path = format!("{}\\{key}", self.machine);
            let Some(key) = KeyHandle::open_path(&path, access).map_err(failed)? else { continue };
            let value = key.value(&value.into(), &mut Buffer::with_room(256)).map_err(failed)?;
            if value.as_ref().and_then(dword).is_some_and(|switch| switch != 0) {
                return Ok(Some(product));
            }
        }
        Ok(None)
    }

    fn is_loaded(&self, sid: &Sid) -> io::Result<bool> {
        let open = LiveRegistry::open(sid, OpenMode::AsGranted).map_err(io::Error::other)?;
        Ok(open.is_some())
    }

    fn entry(&self, sid: &Sid) -> io::Result<ProfileEntry> {
        self.profiles.entry(sid).map_err(io::Error::other)
    }

    fn enable_privileges(&self) -> io::Result<()> {
        enable_backup_privileges()
    }

    fn load(&self, token: &UserToken, user: &[u16]) -> io::Result<LoadedProfile> {
        let mut user: Vec<u16> = user.iter().copied().take_while(|&unit| unit != 0).chain([0]).collect();
        let mut info = PROFILEINFOW {
            dwSize: size_u32::<PROFILEINFOW>(),
            dwFlags: PI_NOUI,
            lpUserName: user.as_mut_ptr(),
            ..Default::default()
        };
        // SAFETY: the structure tells its size, the name ends with a NUL and outlives the call, the token is open.
        if unsafe { LoadUserProfileW(token.raw(), &raw mut info) } == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(LoadedProfile(info.hProfile.addr()))
    }

    fn unload(&self, token: &UserToken, profile: LoadedProfile) -> io::Result<()> {
        let handle: HANDLE = ptr::without_provenance_mut(profile.0);
        // SAFETY: the token is open; the handle is the one that the load gave, and is given back once: a hold takes it out.
        if unsafe { UnloadUserProfile(token.raw(), handle) } != 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        // Wine has no loads to take back and says no without a reason.
        if error.raw_os_error() == Some(0) { Ok(()) } else { Err(error) }
    }
}
