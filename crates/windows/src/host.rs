use std::{io, ptr, sync::Arc};

use mp_dataset::ProfileKind;
use mp_profile::{HostError, ProfileFiles, SessionHost, SessionProfile, Sid};
use mp_registry::{Registry, RegistryError};
use windows_sys::Win32::System::SystemInformation::{ComputerNamePhysicalDnsHostname, GetComputerNameExW};

use crate::{
    LiveRegistry, OpenMode, ProfileList, UserTokens, WindowsFiles,
    as_user::{AsUser, RegistryAsUser},
};

/// This machine, with the profiles that are loaded on it.
#[derive(Clone, Debug)]
pub struct WindowsHost {
    name: String,
    profiles: ProfileList,
    mode: OpenMode,
    tokens: Option<Arc<UserTokens>>,
}

impl WindowsHost {
    /// This machine for a person who calls the program: whatever is done to a profile is done as the caller. Its profiles
    /// are in `profiles` ([`ProfileList::default`] but in tests).
    ///
    /// # Errors
    /// When the machine does not tell its name.
    pub fn new(profiles: ProfileList, mode: OpenMode) -> io::Result<Self> {
        Ok(Self { name: computer_name()?, profiles, mode, tokens: None })
    }

    /// This machine for the service: files are read and written, and the registry is written, as the user whose token is
    /// kept in `tokens`. Profiles of users without a token are not opened.
    ///
    /// # Errors
    /// When the machine does not tell its name.
    pub fn for_service(profiles: ProfileList, mode: OpenMode, tokens: Arc<UserTokens>) -> io::Result<Self> {
        Ok(Self { tokens: Some(tokens), ..Self::new(profiles, mode)? })
    }
}

impl SessionHost for WindowsHost {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self, sid: &Sid) -> Result<Box<dyn SessionProfile + '_>, HostError> {
        let failed = |doing| move |error| failed(doing, sid, &error);
        let Some(registry) = LiveRegistry::open(sid, self.mode).map_err(failed("open the registry"))? else {
            return Err(HostError::NotLoaded(sid.clone()));
        };
        let user = AsUser(match &self.tokens {
            Some(tokens) => Some(tokens.of(sid).ok_or_else(|| HostError::NoToken(sid.clone()))?),
            None => None,
        });
        let entry = self.profiles.entry(sid).map_err(failed("read the profile list entry"))?;
        let files = WindowsFiles::open(entry.folder.as_deref(), &registry)
            .map_err(failed("read the special folders"))?;
        let registry = RegistryAsUser { live: registry, user: user.clone() };
        let files = files.acting(user);
        Ok(Box::new(WindowsProfile { sid: sid.clone(), kind: entry.kind, registry, files }))
    }
}

/// The loaded profile of one user.
struct WindowsProfile {
    sid: Sid,
    kind: ProfileKind,
    registry: RegistryAsUser,
    files: WindowsFiles,
}

impl SessionProfile for WindowsProfile {
    fn kind(&self) -> ProfileKind {
        self.kind
    }

    fn registry(&mut self) -> &mut dyn Registry {
        &mut self.registry
    }

    fn files(&mut self) -> &mut dyn ProfileFiles {
        &mut self.files
    }

    fn marker(&self) -> Result<Option<Vec<u8>>, HostError> {
        self.registry.live.marker().map_err(|error| failed("read the session marker", &self.sid, &error))
    }

    fn set_marker(&mut self, marker: &[u8]) -> Result<(), HostError> {
        self.registry
            .live
            .set_marker(marker)
            .map_err(|error| failed("write the session marker", &self.sid, &error))
    }

    fn close(self: Box<Self>) -> Result<(), HostError> {
        self.registry.live.flush().map_err(|error| failed("save the hive", &self.sid, &error))
    }
}

fn failed(doing: &'static str, sid: &Sid, error: &RegistryError) -> HostError {
    HostError::Failed { doing, sid: sid.clone(), text: error.to_string() }
}

/// The machine's DNS host name, which unlike the NetBIOS name is not cut to 15 characters.
fn computer_name() -> io::Result<String> {
    let mut len = 0;
    // SAFETY: without a buffer the function only tells the length it needs.
    unsafe { GetComputerNameExW(ComputerNamePhysicalDnsHostname, ptr::null_mut(), &raw mut len) };
    let mut name = vec![0_u16; usize::try_from(len).unwrap_or_default()];
    // SAFETY: the buffer has `len` code units.
    let told =
        unsafe { GetComputerNameExW(ComputerNamePhysicalDnsHostname, name.as_mut_ptr(), &raw mut len) };
    if told == 0 {
        return Err(io::Error::last_os_error());
    }
    let units = name.split(|&unit| unit == 0).next().unwrap_or_default();
    Ok(String::from_utf16_lossy(units))
}
