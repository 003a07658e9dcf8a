use mp_registry::{KeyPath, Name, RegistryError, RegistryErrorKind, ValueType};
use windows_sys::Win32::System::Registry::{
    KEY_CREATE_SUB_KEY, KEY_QUERY_VALUE, KEY_SET_VALUE, REG_OPTION_VOLATILE,
};

use super::live::{Failure, LiveRegistry, error};
use crate::nt::{Buffer, KeyHandle, SecurityDescriptor, Status};

/// Where the marker is, below the user's root. The last two keys are volatile: they vanish with this load of the hive.
const MARKER_KEY: &str = r"Software\MetaProfiles\Session";
const MARKER_VALUE: &str = "Marker";
/// The longest marker, in bytes.
const MARKER_LIMIT: usize = 64 * 1024;
/// Full access for SYSTEM and Administrators, nothing for the user, nothing inherited.
const MARKER_SDDL: &str = "D:P(A;;KA;;;SY)(A;;KA;;;BA)";

impl LiveRegistry {
    /// What [`LiveRegistry::set_marker`] noted about this very load of the hive.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn marker(&self) -> Result<Option<Vec<u8>>, RegistryError> {
        let path = KeyPath::parse(MARKER_KEY);
        let Some(key) = self.find("read value", &path, KEY_QUERY_VALUE)? else { return Ok(None) };
        match key.value(&MARKER_VALUE.into(), &mut Buffer::with_room(4096)) {
            Ok(found) => Ok(found
                .filter(|value| value.ty == ValueType::BINARY && value.data.len() <= MARKER_LIMIT)
                .map(|value| value.data.to_vec())),
            Err(status) => match self.failure(status) {
                Failure::Vanished => Ok(None),
                Failure::Failed(cause) => Err(marker_error("read value", cause)),
            },
        }
    }

    /// Notes something in a volatile key that only SYSTEM and Administrators can open.
    ///
    /// # Errors
    /// When it is longer than 64 KiB or cannot be written.
    pub fn set_marker(&mut self, marker: &[u8]) -> Result<(), RegistryError> {
        let fail = |status: Status| match self.failure(status) {
            Failure::Vanished => marker_error("set value", RegistryErrorKind::HiveGone),
            Failure::Failed(cause) => marker_error("set value", cause),
        };
        if marker.len() > MARKER_LIMIT {
            return Err(fail(Status::TOO_SMALL));
        }
        let descriptor = SecurityDescriptor::from_sddl(MARKER_SDDL).map_err(|failed| {
            let code = failed.raw_os_error().unwrap_or_default().cast_unsigned();
            marker_error("set value", RegistryErrorKind::System { code, text: String::new() })
        })?;
        let mut at: Option<KeyHandle> = None;
        for name in KeyPath::parse(MARKER_KEY).names() {
            // `Software` is the user's; what is below it is ours.
            let security = at.is_some().then_some(&descriptor);
            at = Some(self.ensure_key(at.as_ref().unwrap_or(&self.root), name, security, fail)?);
        }
        let key = at.as_ref().unwrap_or(&self.root);
        key.set_value(&MARKER_VALUE.into(), ValueType::BINARY, marker).map_err(fail)
    }

    /// Opens a sub-key, or creates it: with a security descriptor as a volatile key, else as an ordinary one.
    fn ensure_key(
        &self,
        parent: &KeyHandle,
        name: &Name,
        security: Option<&SecurityDescriptor>,
        fail: impl Fn(Status) -> RegistryError,
    ) -> Result<KeyHandle, RegistryError> {
        let mut access = self.access(KEY_QUERY_VALUE | KEY_SET_VALUE | KEY_CREATE_SUB_KEY);
        if security.is_some() {
            access.options |= REG_OPTION_VOLATILE;
        }
        let (key, _) = parent.create_sub(name, None, security, access).map_err(&fail)?;
        if key.is_link().map_err(fail)? {
            return Err(marker_error("set value", RegistryErrorKind::SymbolicLink));
        }
        Ok(key)
    }
}

fn marker_error(doing: &'static str, cause: RegistryErrorKind) -> RegistryError {
    error(doing, &KeyPath::parse(MARKER_KEY), Some(MARKER_VALUE.into()), cause)
}
