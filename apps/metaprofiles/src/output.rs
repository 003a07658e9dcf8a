//! Where results go: standard output, or a file that is there whole or not at all.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, bail};
use mp_durable::Readers;

const BUFFER: usize = 64 << 10;

/// The reader of standard output closed it. Not a failure of ours.
#[derive(Debug, thiserror::Error)]
#[error("the reader of the output went away")]
struct ReaderWentAway;

/// Standard output, buffered.
pub(crate) fn stdout() -> BufWriter<impl Write> {
    BufWriter::with_capacity(BUFFER, Stdout(io::stdout().lock()))
}

struct Stdout<W>(W);

impl<W: Write> Write for Stdout<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(mark)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(mark)
    }
}

/// Tells a broken pipe of standard output from one of the network.
fn mark(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::new(io::ErrorKind::BrokenPipe, ReaderWentAway),
        _ => error,
    }
}

/// Whether a command stopped because nobody reads its output any more.
pub(crate) fn reader_went_away(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.get_ref().is_some_and(|inner| inner.is::<ReaderWentAway>()))
}

/// Writes a text to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes JSON for programs to standard output: indented, and a line break.
pub(crate) fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// Tells the person at the terminal something beside the result.
pub(crate) fn note(text: &str) {
    // With standard error closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Writes a whole file, or standard output if `path` is `None` or `-`. A file that is there is replaced only if `force`.
pub(crate) fn write_file(path: Option<&Path>, bytes: &[u8], force: bool) -> anyhow::Result<()> {
    let Some(path) = path.filter(|path| *path != Path::new("-")) else {
        let mut out = stdout();
        out.write_all(bytes)?;
        return Ok(out.flush()?);
    };
    if !force && fs::symlink_metadata(path).is_ok() {
        bail!("{} is there already; give --force to replace it", path.display());
    }
    // A new file is an ordinary one: the process's mask takes away the rights it must not have.
    let written = match force {
        false => mp_durable::create(path, bytes, Readers::AsFolder),
        true if fs::metadata(path).is_ok() => mp_durable::replace(path, bytes, Readers::AsBefore),
        true => mp_durable::replace(path, bytes, Readers::AsFolder),
    };
    written.with_context(|| format!("cannot write {}", path.display()))
}
