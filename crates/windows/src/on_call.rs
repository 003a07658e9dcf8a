//! Functions of libraries that the Agent's service never needs: loaded when one is called and not with the program, whose
//! memory they would take for as long as it runs.

use std::{ffi::CStr, io, ptr};

use windows_sys::Win32::System::LibraryLoader::{
    GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExA,
};

/// A library of the system that is loaded when it is needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemLibrary(&'static CStr);

impl SystemLibrary {
    /// Windows' keys and certificates, with DPAPI.
    pub(crate) const CRYPTO: Self = Self(c"crypt32.dll");
    /// The shell.
    pub(crate) const SHELL: Self = Self(c"shell32.dll");
    /// Windows and messages.
    pub(crate) const SCREEN: Self = Self(c"user32.dll");

    /// A function of the library, which comes from the folder of the system alone, whatever lies beside the program or in
    /// the current folder (`LOAD_LIBRARY_SEARCH_SYSTEM32`). The library stays for the life of the process, so the function
    /// stays good; and a process that has had windows must keep the one that the system calls back (`user32`).
    ///
    /// # Errors
    /// When the system has no such library, or the library no such function.
    ///
    /// # Safety
    /// `F` is a pointer to a function, and has the type of the function of this name.
    pub(crate) unsafe fn function<F: Copy>(self, name: &CStr) -> io::Result<F> {
        const { assert!(size_of::<F>() == size_of::<unsafe extern "system" fn() -> isize>()) };
        // SAFETY: the name ends with a NUL; no file is given. Libraries of the system may be loaded from any thread.
        let library = unsafe {
            LoadLibraryExA(self.0.to_bytes_with_nul().as_ptr(), ptr::null_mut(), LOAD_LIBRARY_SEARCH_SYSTEM32)
        };
        if library.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the library is loaded, and is never let go; the name ends with a NUL.
        let function = unsafe { GetProcAddress(library, name.to_bytes_with_nul().as_ptr()) };
        let function = function.ok_or_else(io::Error::last_os_error)?;
        // SAFETY: both are pointers to functions, which have one size; the caller vouches for the type.
        Ok(unsafe { std::mem::transmute_copy(&function) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Function = unsafe extern "system" fn() -> isize;

    fn find(library: SystemLibrary, name: &CStr) -> io::Result<Function> {
        // SAFETY: the function is looked for, and never called.
        unsafe { library.function(name) }
    }

    /// Whoever misses a function goes on without it, so a wrong name would not show elsewhere.
    #[test]
    fn the_functions_that_are_called_are_there() {
        for (library, name) in [
            (SystemLibrary::CRYPTO, c"CryptProtectData"),
            (SystemLibrary::CRYPTO, c"CryptUnprotectData"),
            (SystemLibrary::SHELL, c"SHChangeNotify"),
            (SystemLibrary::SCREEN, c"SendMessageTimeoutW"),
            (SystemLibrary::SCREEN, c"SystemParametersInfoW"),
        ] {
            assert!(find(library, name).is_ok(), "{library:?} {name:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_said() {
        assert!(find(SystemLibrary::CRYPTO, c"NoSuchFunction").is_err());
        assert!(find(SystemLibrary(c"no-such-library.dll"), c"CryptProtectData").is_err());
    }

    /// The folder of the program is the first place where an ordinary load looks.
    #[test]
    fn a_library_outside_the_system_is_not_found() {
        let system = std::env::var_os("SystemRoot").expect("the folder of the system");
        let real = std::path::Path::new(&system).join("system32").join("version.dll");
        let beside = std::env::current_exe().expect("the program").with_file_name("mp-planted.dll");
        std::fs::copy(real, &beside).expect("a library beside the program");
        let found = find(SystemLibrary(c"mp-planted.dll"), c"GetFileVersionInfoW");
        std::fs::remove_file(beside).expect("the library goes");
        assert!(found.is_err());
    }
}
