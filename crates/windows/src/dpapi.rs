use std::{ffi::c_void, io, ptr};

use windows_sys::{
    Win32::{
        Foundation::LocalFree,
        Security::Cryptography::{
            CRYPT_INTEGER_BLOB, CRYPTPROTECT_PROMPTSTRUCT, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData,
            CryptUnprotectData,
        },
    },
    core::{BOOL, PCWSTR, PWSTR},
};

use crate::on_call::SystemLibrary;

/// `CryptProtectData` and `CryptUnprotectData`, which differ in their second parameter.
type Convert<Description> = unsafe extern "system" fn(
    *const CRYPT_INTEGER_BLOB,
    Description,
    *const CRYPT_INTEGER_BLOB,
    *const c_void,
    *const CRYPTPROTECT_PROMPTSTRUCT,
    u32,
    *mut CRYPT_INTEGER_BLOB,
) -> BOOL;

// The compiler compares the types with the declarations; constants that nobody uses import nothing.
const _: Convert<PCWSTR> = CryptProtectData;
const _: Convert<*mut PWSTR> = CryptUnprotectData;

/// Encrypts something for the user who runs the program, with the keys that are kept in the profile (DPAPI).
///
/// # Errors
/// When the user has no such keys, as in a profile that Windows takes for temporary.
pub fn encrypt_for_user(plain: &[u8]) -> io::Result<Vec<u8>> {
    // SAFETY: the type is that of this function, as was compared above.
    let protect: Convert<PCWSTR> = unsafe { SystemLibrary::CRYPTO.function(c"CryptProtectData")? };
    convert(plain, |from, to| {
        // SAFETY: the input is alive during the call, the result has a valid place, everything optional is left out.
        unsafe {
            let none = ptr::null();
            protect(from, none, none.cast(), none.cast(), none.cast(), CRYPTPROTECT_UI_FORBIDDEN, to)
        }
    })
}

/// Decrypts what [`encrypt_for_user`] gave.
///
/// # Errors
/// When it was changed, or the user's keys are not those with which it was encrypted.
pub fn decrypt_for_user(secret: &[u8]) -> io::Result<Vec<u8>> {
    // SAFETY: the type is that of this function, as was compared above.
    let unprotect: Convert<*mut PWSTR> = unsafe { SystemLibrary::CRYPTO.function(c"CryptUnprotectData")? };
    convert(secret, |from, to| {
        // SAFETY: as above; the description is not asked for.
        unsafe {
            let none = ptr::null();
            unprotect(from, ptr::null_mut(), none, none.cast(), none.cast(), CRYPTPROTECT_UI_FORBIDDEN, to)
        }
    })
}

fn convert(
    from: &[u8],
    call: impl FnOnce(*const CRYPT_INTEGER_BLOB, *mut CRYPT_INTEGER_BLOB) -> i32,
) -> io::Result<Vec<u8>> {
    let len = u32::try_from(from.len()).map_err(io::Error::other)?;
    let input = CRYPT_INTEGER_BLOB { cbData: len, pbData: from.as_ptr().cast_mut() };
    let mut output = CRYPT_INTEGER_BLOB::default();
    if call(&raw const input, &raw mut output) == 0 {
        return Err(io::Error::last_os_error());
    }
    let len = usize::try_from(output.cbData).map_err(io::Error::other)?;
    // SAFETY: the system allocated and wrote `len` bytes; they are copied before they are freed.
    unsafe {
        let copied = std::slice::from_raw_parts(output.pbData, len).to_vec();
        LocalFree(output.pbData.cast());
        Ok(copied)
    }
}
