//! Files that hold keys or credentials: who may read them.

use std::path::Path;

use anyhow::Context;
use mp_storage::at_rest::KeyFile;

/// Opens a key file, if nobody but its owner, the system and administrators may read it.
pub(super) fn open_keys(path: &Path) -> anyhow::Result<KeyFile> {
    // Where files have modes, opening looks at them.
    #[cfg(windows)]
    check(path)?;
    Ok(KeyFile::open(path)?)
}

/// Lets a file be read by the system and administrators alone, where that is not its mode's to say: a file that takes the
/// place of another one gets the rights of its folder there.
pub(super) fn close(path: &Path) -> anyhow::Result<()> {
    #[cfg(windows)]
    mp_windows::make_private_file(path)
        .with_context(|| format!("cannot keep others from reading \"{}\"", path.display()))?;
    #[cfg(not(windows))]
    let _ = path;
    Ok(())
}

/// Fails when others may read a file, or change it.
#[cfg(not(windows))]
pub(super) fn check(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let about = std::fs::metadata(path).with_context(|| format!("cannot look at \"{}\"", path.display()))?;
    // A group may read it: that of the service's account.
    let mode = about.mode() & 0o777;
    anyhow::ensure!(
        mode & 0o037 == 0,
        "\"{}\" can be read or changed by others (mode {mode:03o}): chmod 600 it, and change what is in it if somebody may have \
         read it",
        path.display()
    );
    Ok(())
}

/// Fails when others may read a file, or change it.
#[cfg(windows)]
pub(super) fn check(path: &Path) -> anyhow::Result<()> {
    mp_windows::check_private_file(path).with_context(|| {
        format!(
            "\"{0}\" must be for SYSTEM, administrators and its owner alone: icacls \"{0}\" /inheritance:r /grant:r *S-1-5-18:F \
             *S-1-5-32-544:F, and change what is in it if somebody may have read it",
            path.display()
        )
    })
}
