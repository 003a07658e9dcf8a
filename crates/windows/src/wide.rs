use std::{ffi::OsStr, os::windows::ffi::OsStrExt};

/// A text as the system wants it: UTF-16 with a NUL at its end. What stands behind a NUL in the text is lost.
pub(crate) fn wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().take_while(|&unit| unit != 0).chain([0]).collect()
}

/// The text that the system wrote into a buffer, up to its first NUL.
pub(crate) fn until_nul(units: &[u16]) -> &[u16] {
    units.split(|&unit| unit == 0).next().unwrap_or_default()
}
