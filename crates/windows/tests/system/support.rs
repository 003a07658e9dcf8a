//! What the tests need of the system that the crate has no reason to offer.

use std::{
    process,
    ptr::null_mut,
    sync::atomic::{AtomicU32, Ordering},
};

use mp_profile::Sid;
use mp_registry::{KeyAction, KeyEdit, KeyPath, Registry, TakeAll};
use mp_windows::{LiveRegistry, OpenMode};
use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        Authorization::{
            ConvertSecurityDescriptorToStringSecurityDescriptorW,
            ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
        },
        DACL_SECURITY_INFORMATION,
    },
    System::Registry::{
        HKEY, HKEY_USERS, KEY_ALL_ACCESS, REG_LINK, REG_OPTION_CREATE_LINK, REG_OPTION_NON_VOLATILE,
        RegCloseKey, RegCreateKeyExW, RegDeleteTreeW, RegGetKeySecurity, RegSetKeySecurity, RegSetValueExW,
    },
};

/// A user hive of its own: a key below `HKEY_USERS` with a SID that nobody else uses. Deleted when dropped.
pub(crate) struct FakeUser {
    pub(crate) sid: Sid,
    created: Vec<String>,
}

impl FakeUser {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let (pid, next) = (process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let sid: Sid = format!("S-1-5-21-{pid}-{}-{next}-1001", now.subsec_nanos()).parse().unwrap();
        let mut user = Self { sid, created: Vec::new() };
        user.create_key("");
        user
    }

    /// Creates a further key below `HKEY_USERS`, whose name is the SID and this suffix.
    pub(crate) fn create_key(&mut self, suffix: &str) {
        let name = format!("{}{suffix}", self.sid);
        create_key(HKEY_USERS, &name, REG_OPTION_NON_VOLATILE);
        self.created.push(name);
    }

    /// Deletes the user's root with all below it, which to open handles is the unloading of the hive.
    pub(crate) fn unload(&self) {
        // SAFETY: the name ends with a NUL.
        let deleted = unsafe { RegDeleteTreeW(HKEY_USERS, wide(self.sid.as_str()).as_ptr()) };
        assert_eq!(deleted, 0);
    }

    pub(crate) fn registry(&self) -> LiveRegistry {
        LiveRegistry::open(&self.sid, OpenMode::AsGranted).unwrap().expect("the fake hive is there")
    }

    /// Makes a registry symbolic link at a path below the user's root.
    pub(crate) fn create_link(&self, path: &str, target_path: &str) {
        let key = create_key(HKEY_USERS, &format!("{}\\{path}", self.sid), REG_OPTION_CREATE_LINK);
        let target: Vec<u8> = format!("\\Registry\\User\\{}\\{target_path}", self.sid)
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let name = wide("SymbolicLinkValue");
        let len = u32::try_from(target.len()).unwrap();
        // SAFETY: the key was just opened, name and data live until the call returns.
        let set = unsafe { RegSetValueExW(key.0, name.as_ptr(), 0, REG_LINK, target.as_ptr(), len) };
        assert_eq!(set, 0, "set the link's target");
    }
}

impl Drop for FakeUser {
    fn drop(&mut self) {
        if let Ok(Some(mut registry)) = LiveRegistry::open(&self.sid, OpenMode::AsGranted)
            && let Ok(read) = registry.read_tree(&KeyPath::root(), &mut TakeAll)
        {
            let mut edits = KeyEdit::root();
            for key in read.tree.iter().flat_map(|tree| tree.subkeys()) {
                edits.insert_subkey(KeyEdit::new(&key.name, KeyAction::Delete));
            }
            let _ = registry.apply(&edits);
        }
        for name in &self.created {
            // SAFETY: the name ends with a NUL. What is left behind vanishes with the Wine session.
            unsafe { RegDeleteTreeW(HKEY_USERS, wide(name).as_ptr()) };
        }
    }
}

/// An open key of the Win32 functions.
#[derive(Debug)]
pub(crate) struct Opened(pub(crate) HKEY);

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: the key is open and ours.
        unsafe { RegCloseKey(self.0) };
    }
}

/// Creates a key by path, with the options of `RegCreateKeyExW`.
pub(crate) fn create_key(parent: HKEY, path: &str, options: u32) -> Opened {
    create(parent, path, options).expect("create a key")
}

/// Creates a key below `HKEY_USERS`, or gives the error code.
pub(crate) fn try_create_key(path: &str, options: u32) -> Result<Opened, u32> {
    create(HKEY_USERS, path, options)
}

/// A key's access list in text form (SDDL).
pub(crate) fn dacl(key: &Opened) -> String {
    let mut descriptor = [0_u64; 128];
    let mut len = 1024;
    let mut text: *mut u16 = null_mut();
    // SAFETY: the descriptor has the room that `len` says; the text is allocated by the system, ends with a NUL, and is
    // freed after it was copied.
    unsafe {
        let place = descriptor.as_mut_ptr().cast();
        assert_eq!(RegGetKeySecurity(key.0, DACL_SECURITY_INFORMATION, place, &raw mut len), 0);
        let converted = ConvertSecurityDescriptorToStringSecurityDescriptorW(
            place,
            SDDL_REVISION_1,
            DACL_SECURITY_INFORMATION,
            &raw mut text,
            null_mut(),
        );
        assert_ne!(converted, 0);
        let units = (0..).map(|index| *text.add(index)).take_while(|&unit| unit != 0);
        let copied = char::decode_utf16(units).map(Result::unwrap).collect();
        LocalFree(text.cast());
        copied
    }
}

/// Takes everybody's rights on a key.
pub(crate) fn lock(key: &Opened) {
    set_dacl(key, "D:P");
}

/// Sets a key's access list, given in text form (SDDL).
pub(crate) fn set_dacl(key: &Opened, sddl: &str) {
    let mut descriptor = null_mut();
    // SAFETY: the text ends with a NUL; the descriptor is allocated by the system and freed after its use.
    unsafe {
        let text = wide(sddl);
        let parsed = ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &raw mut descriptor,
            null_mut(),
        );
        assert_ne!(parsed, 0);
        assert_eq!(RegSetKeySecurity(key.0, DACL_SECURITY_INFORMATION, descriptor), 0);
        LocalFree(descriptor);
    }
}

fn create(parent: HKEY, path: &str, options: u32) -> Result<Opened, u32> {
    let mut key: HKEY = null_mut();
    let path = wide(path);
    // SAFETY: the path ends with a NUL, the result has a valid place, everything optional is left out.
    let code = unsafe {
        RegCreateKeyExW(
            parent,
            path.as_ptr(),
            0,
            null_mut(),
            options,
            KEY_ALL_ACCESS,
            null_mut(),
            &raw mut key,
            null_mut(),
        )
    };
    if code == 0 { Ok(Opened(key)) } else { Err(code) }
}

pub(crate) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
