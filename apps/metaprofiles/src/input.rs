//! Files that a person names on the command line.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::{Context, bail};

/// Reads a file whole, or standard input if `path` is `-`, up to a limit in bytes.
pub(crate) fn read(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    let bytes = match path == Path::new("-") {
        true => take(io::stdin().lock(), limit),
        false => File::open(path).and_then(|file| take(file, limit)),
    };
    let bytes = bytes.with_context(|| format!("cannot read {}", path.display()))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        bail!("{} is longer than {limit} bytes, the most that is read", path.display());
    }
    Ok(bytes)
}

fn take(from: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
