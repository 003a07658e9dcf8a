use std::{
    fs::{File, OpenOptions},
    io,
    os::windows::{fs::OpenOptionsExt, io::AsRawHandle},
    path::Path,
};

use windows_sys::Win32::{
    Security::Authorization::SE_FILE_OBJECT,
    Storage::FileSystem::{FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, READ_CONTROL, WRITE_DAC},
};

use crate::{
    nt::{SecurityDescriptor, access_text},
    private_folder::set_access,
};

/// All rights for SYSTEM and Administrators; nothing is inherited from the folder.
const PRIVATE: &str = "D:P(A;;FA;;;SY)(A;;FA;;;BA)";
/// SYSTEM, Administrators and whoever owns it, as access lists name them in text form (SDDL).
const INSIDERS: [&str; 3] = ["SY", "BA", "OW"];

/// Lets a file be read and changed by SYSTEM and administrators alone.
///
/// # Errors
/// When it is no plain file, or the access list cannot be set.
pub fn make_private_file(path: &Path) -> io::Result<()> {
    set_access(&open(path, READ_CONTROL | WRITE_DAC)?, &SecurityDescriptor::from_sddl(PRIVATE)?)
}

/// Looks whether nobody but SYSTEM, administrators and the owner of a file has any right on it.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] when somebody has, with whom; otherwise when it is no plain file, or cannot be looked at.
pub fn check_private_file(path: &Path) -> io::Result<()> {
    let text = access_text(open(path, READ_CONTROL)?.as_raw_handle(), SE_FILE_OBJECT)?;
    match outsiders(&text) {
        Some(names) if names.is_empty() => Ok(()),
        names => {
            let names = names.map_or_else(|| "everybody".to_owned(), |names| names.join(", "));
            let text = format!("it can be read or changed by {names}");
            Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
        }
    }
}

fn open(path: &Path, access: u32) -> io::Result<File> {
    let opened = OpenOptions::new()
        .access_mode(access | FILE_READ_ATTRIBUTES)
        .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path)?;
    match opened.metadata()?.is_file() {
        true => Ok(opened),
        false => Err(io::Error::other("it is a link or no file")),
    }
}

/// Who has rights by a security descriptor in text form, besides those who may; `None` when there is no access list, which
/// lets in everybody. \[MS-DTYP\] 2.5.1.
fn outsiders(text: &str) -> Option<Vec<String>> {
    let owner = text.strip_prefix("O:").and_then(|rest| rest.split_once("D:")).map(|(owner, _)| owner);
    let (_, list) = text.split_once("D:")?;
    let entries: Vec<Vec<&str>> =
        list.split('(').skip(1).map(|entry| entry.trim_end_matches(')').split(';').collect()).collect();
    // Without entries nobody has a right; without a list everybody has all.
    if entries.is_empty() && list.contains("NO_ACCESS_CONTROL") {
        return None;
    }
    let denies = |entry: &[&str]| entry.first().is_some_and(|kind| kind.contains('D'));
    // An entry has six fields or seven; what has fewer is a part of the last one's condition, which has brackets of its own.
    let who = entries.iter().filter(|entry| !denies(entry)).filter_map(|entry| entry.get(5).copied());
    Some(who.filter(|who| !INSIDERS.contains(who) && Some(*who) != owner).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::outsiders;

    #[test]
    fn whoever_has_a_right_is_told() {
        let told = |text| outsiders(text).map(|names| names.join(" "));
        for fine in [
            "O:BAD:P(A;;FA;;;SY)(A;;FA;;;BA)",
            "O:S-1-5-21-1-2-3-500D:AI(A;ID;FA;;;SY)(A;ID;FA;;;S-1-5-21-1-2-3-500)",
            "O:SYD:(D;;FA;;;WD)(A;;FA;;;SY)",
            "O:BAD:P",
        ] {
            assert_eq!(told(fine).as_deref(), Some(""), "{fine}");
        }
        assert_eq!(told("O:BAD:AI(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)(A;;FR;;;WD)").as_deref(), Some("BU WD"));
        assert_eq!(told("O:BAD:(XA;;FR;;;AU;(x))").as_deref(), Some("AU"));
        assert_eq!(told("O:BAD:(A;;FA;;;S-1-5-21-1-2-3-1001)").as_deref(), Some("S-1-5-21-1-2-3-1001"));
        assert_eq!(told("O:BAD:NO_ACCESS_CONTROL"), None);
        assert_eq!(told("O:BA"), None);
    }
}
