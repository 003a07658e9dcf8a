//! Files that a person names on the command line.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Reads a file whole, up to a limit in bytes.
pub(crate) fn read(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    let naming = || format!("cannot read \"{}\"", path.display());
    let file = File::open(path).with_context(naming)?;
    let length = file.metadata().with_context(naming)?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(limit)).unwrap_or(0));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).with_context(naming)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        bail!("\"{}\" is longer than {limit} bytes, the most that is read", path.display());
    }
    Ok(bytes)
}

/// The files beside `path` that are called as it with one of `endings` after it. Case does not matter, as on Windows, where
/// `NTUSER.DAT` has `ntuser.dat.LOG1` beside it.
pub(crate) fn beside(path: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(Vec::new()) };
    let folder = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let entries: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    let find = |ending: &&str| {
        let wanted = format!("{name}{ending}");
        let exact = entries.iter().find(|entry| entry.file_name() == *wanted);
        exact
            .or_else(|| {
                entries.iter().find(|entry| {
                    entry.file_name().to_str().is_some_and(|name| name.eq_ignore_ascii_case(&wanted))
                })
            })
            .map(fs::DirEntry::path)
    };
    Ok(endings.iter().filter_map(find).collect())
}
