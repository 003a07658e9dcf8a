//! Copying and removing whole folders.

use std::{
    fs::{self, File, FileTimes},
    io,
    path::Path,
};

use mp_dataset::FilePath;
use mp_profile::SafePath;

use super::error::{Doing, SimulationError};

/// Copies a folder with all below it, times of files included. Links are refused.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), SimulationError> {
    fs::create_dir_all(to).doing("make", to)?;
    for entry in fs::read_dir(from).doing("list", from)? {
        let entry = entry.doing("list", from)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().doing("look at", &source)?;
        if kind.is_dir() {
            copy(&source, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target).doing("copy", &source)?;
            let modified = entry.metadata().and_then(|now| now.modified()).doing("look at", &source)?;
            let times = FileTimes::new().set_modified(modified);
            let written = File::options().write(true).open(&target).and_then(|file| file.set_times(times));
            written.doing("date", &target)?;
        } else {
            return Err(SimulationError::NotPlain(source));
        }
    }
    Ok(())
}

/// Removes a folder with all below it, if it is there. Links in it are removed, not followed.
pub(super) fn remove(folder: &Path) -> Result<(), SimulationError> {
    unless_missing(fs::remove_dir_all(folder)).doing("remove", folder)
}

/// Removes a file, if it is there.
pub(super) fn remove_file(file: &Path) -> Result<(), SimulationError> {
    unless_missing(fs::remove_file(file)).doing("remove", file)
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Refuses names of users that cannot be the name of a folder.
pub(super) fn check_user(user: &str) -> Result<(), SimulationError> {
    let path = FilePath { folder: String::new(), components: vec![user.into()] };
    match SafePath::check(&path) {
        Ok(_) => Ok(()),
        Err(why) => Err(SimulationError::UserName { user: user.to_owned(), why }),
    }
}
