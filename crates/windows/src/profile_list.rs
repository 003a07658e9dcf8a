use std::os::windows::ffi::{OsStrExt, OsStringExt};

use mp_dataset::ProfileKind;
use mp_profile::{Sid, expand_variables};
use mp_registry::{KeyPath, Name, RegistryError, RegistryErrorKind, Value, ValueType, upcase};
use windows_sys::Win32::System::Registry::KEY_QUERY_VALUE;

use crate::nt::{Buffer, KeyAccess, KeyHandle, Status};

/// Where Windows keeps it.
const PROFILE_LIST: &str = r"\Registry\Machine\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";

/// Bits of `State`, as the event log and `ProfileList` of real machines show them. Microsoft documents them only in parts
/// ("User Profiles", `GetProfileType`).
mod state {
    pub(super) const MANDATORY: u32 = 0x1;
    pub(super) const GUEST: u32 = 0x80;
    pub(super) const TEMPORARY: u32 = 0x800;
}

/// What Windows notes about the profiles on this machine, one key per user.
#[derive(Clone, Debug)]
pub struct ProfileList {
    base: String,
}

/// What the list says about one user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProfileEntry {
    /// Kind of the profile that is in use.
    pub kind: ProfileKind,
    /// The profile folder, as UTF-16 code units, with variables replaced; `None` when there is none.
    pub folder: Option<Vec<u16>>,
}

impl Default for ProfileList {
    fn default() -> Self {
        Self::at(PROFILE_LIST)
    }
}

impl ProfileList {
    /// A list that is elsewhere in the registry; the path is a native one (`\Registry\User\…`).
    #[must_use]
    pub fn at(base: &str) -> Self {
        Self { base: base.to_owned() }
    }

    /// What it says about a user. One whom it does not know has a profile of unknown kind and no folder.
    ///
    /// # Errors
    /// When the user's key is there and cannot be read.
    pub fn entry(&self, sid: &Sid) -> Result<ProfileEntry, RegistryError> {
        // While a temporary profile is in use, the key of the real one has this suffix.
        let set_aside = self.open(&format!("{sid}.bak"))?.is_some();
        let Some(key) = self.open(sid.as_str())? else {
            let kind = if set_aside { ProfileKind::Temporary } else { ProfileKind::Unknown };
            return Ok(ProfileEntry { kind, folder: None });
        };
        let value = |name: &str| {
            key.value(&name.into(), &mut Buffer::with_room(4096))
                .map_err(|status| failed("read value", sid.as_str(), Some(name.into()), status))
        };
        let variable = |name: &[u16]| {
            std::env::var_os(std::ffi::OsString::from_wide(name)).map(|text| text.encode_wide().collect())
        };
        let text =
            |value: Option<Value>| value.and_then(|value| value.to_units()).filter(|text| !text.is_empty());
        let folder = text(value("ProfileImagePath")?).and_then(|path| expand_variables(&path, variable));
        let state = value("State")?.as_ref().and_then(dword);
        let central = text(value("CentralProfile")?).is_some();
        let temporary = set_aside || folder.as_deref().is_some_and(is_temporary_folder);
        Ok(ProfileEntry { kind: kind(state, temporary, central), folder })
    }

    fn open(&self, name: &str) -> Result<Option<KeyHandle>, RegistryError> {
        let access = KeyAccess { rights: KEY_QUERY_VALUE, options: 0 };
        KeyHandle::open_path(&format!("{}\\{name}", self.base), access)
            .map_err(|status| failed("open", name, None, status))
    }
}

fn kind(state: Option<u32>, temporary: bool, central: bool) -> ProfileKind {
    match state {
        _ if temporary => ProfileKind::Temporary,
        Some(bits) if bits & state::TEMPORARY != 0 => ProfileKind::Temporary,
        // A guest's profile is deleted at logoff: nothing is kept of it, as of one that is not known.
        Some(bits) if bits & state::GUEST != 0 => ProfileKind::Unknown,
        Some(bits) if bits & state::MANDATORY != 0 => ProfileKind::Mandatory,
        Some(_) if central => ProfileKind::Roaming,
        Some(_) => ProfileKind::Local,
        None => ProfileKind::Unknown,
    }
}

/// `TEMP`, `TEMP.DOMAIN`, `TEMP.DOMAIN.001`: the folders that Windows makes for temporary profiles.
fn is_temporary_folder(path: &[u16]) -> bool {
    let last = path.rsplit(|&unit| unit == u16::from(b'\\')).find(|part| !part.is_empty());
    let stem = last.and_then(|name| name.split(|&unit| unit == u16::from(b'.')).next());
    stem.is_some_and(|stem| upcase::eq(stem, &"TEMP".encode_utf16().collect::<Vec<_>>()))
}

pub(crate) fn dword(value: &Value) -> Option<u32> {
    let bytes = value.data.as_ref().try_into().ok()?;
    (value.ty == ValueType::DWORD).then_some(u32::from_le_bytes(bytes))
}

fn failed(doing: &'static str, key: &str, value: Option<Name>, status: Status) -> RegistryError {
    let cause = if status.is_denied() {
        RegistryErrorKind::AccessDenied
    } else {
        RegistryErrorKind::System { code: status.code().cast_unsigned(), text: status.text() }
    };
    RegistryError { doing, path: KeyPath::parse("ProfileList").join(&key.into()), value, cause }
}
