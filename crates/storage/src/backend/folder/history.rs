//! What is known of versions besides their content: one line of JSON for each thing that happened, in `<SID>.history`.
//!
//! A line is appended when a version has replaced another one, and no write waits for it to be on the disk: what a power cut
//! takes is told by the names of the files as far as it matters.

use std::{
    fs::File,
    io::{self, Read as _, Seek, SeekFrom, Write},
    path::PathBuf,
};

use mp_dataset::Digest;
use mp_durable::Readers;
use serde::{Deserialize, Serialize};

use super::{Version, failed};
use crate::backend::{BackendError, Change, Stamp};

/// A longer history is shortened, in bytes.
const LONG: u64 = 128 * 1024;
/// No more of a history is read, in bytes.
const MAX: u64 = 16 * LONG;
/// So many of the newest versions stay in a history that is shortened.
const NEWEST: u64 = 200;

/// Something that happened to a data set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub(super) enum Event {
    /// A version became current.
    Stored {
        number: u64,
        seal: String,
        bytes: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<String>,
        stamp: Stamp,
    },
    /// The data set was deleted while this version was current.
    Removed { number: u64, change: Change },
    /// A version was pinned, or its pin taken away. Its name says which, for nothing may fall because this line is lost.
    Pinned { number: u64, pinned: bool, change: Change },
}

impl Event {
    pub(super) fn stored(version: Version, base: Option<String>, stamp: &Stamp) -> Self {
        Self::Stored {
            number: version.sequence,
            seal: version.digest.to_string(),
            bytes: version.len,
            base,
            stamp: stamp.clone(),
        }
    }

    pub(super) fn number(&self) -> u64 {
        match self {
            Self::Stored { number, .. } | Self::Removed { number, .. } | Self::Pinned { number, .. } => {
                *number
            }
        }
    }

    /// Version and stamp, if this is that a version was stored.
    pub(super) fn version(&self) -> Option<(Version, Option<&String>, &Stamp)> {
        let Self::Stored { number, seal, bytes, base, stamp } = self else { return None };
        let digest: Digest = seal.parse().ok()?;
        let version = Version { sequence: *number, digest, len: *bytes, stands_in_for: None };
        Some((version, base.as_ref(), stamp))
    }
}

/// The history of one data set.
#[derive(Debug)]
pub(super) struct History(PathBuf);

impl History {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Adds an event. What is not written is said in the log: the data set is what matters.
    pub(super) fn add(&self, event: &Event) {
        if let Err(error) = self.append(event, false) {
            tracing::warn!(path = %self.0.display(), %error, "Cannot write down who stored a version");
        }
    }

    /// Adds an event that is on the disk when this returns.
    pub(super) fn add_durably(&self, event: &Event) -> Result<(), BackendError> {
        self.append(event, true).map_err(|error| failed("write", &self.0, error))
    }

    /// All events that can be read, oldest first. A line that a crash cut off means nothing.
    pub(super) fn read(&self) -> Result<Vec<Event>, BackendError> {
        let mut text = Vec::new();
        match File::open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened
                .and_then(|file| file.take(MAX).read_to_end(&mut text))
                .map_err(|error| failed("read", &self.0, error))?,
        };
        Ok(text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }

    fn append(&self, event: &Event, durably: bool) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        let mut file = File::options().read(true).append(true).create(true).open(&self.0)?;
        let len = file.seek(SeekFrom::End(0))?;
        if len > LONG {
            drop(file);
            self.shorten()?;
            return self.append_to(&line, durably);
        }
        if len > 0 {
            // What a crash cut off must not spoil the next line.
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                line.insert(0, b'\n');
            }
        }
        write(&mut file, &line, durably)
    }

    fn append_to(&self, line: &[u8], durably: bool) -> io::Result<()> {
        write(&mut File::options().append(true).create(true).open(&self.0)?, line, durably)
    }

    fn shorten(&self) -> io::Result<()> {
        let events = self.read().map_err(io::Error::other)?;
        let newest = events.iter().map(Event::number).max().unwrap_or_default();
        let mut text = Vec::new();
        for event in events.iter().filter(|event| event.number() + NEWEST > newest) {
            serde_json::to_writer(&mut text, event)?;
            text.push(b'\n');
        }
        // One version that is pinned and retired over and over would have its lines kept for ever.
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > LONG {
            text.drain(..text.len() / 2);
        }
        mp_durable::replace(&self.0, &text, Readers::AsFolder)
    }
}

fn write(file: &mut File, line: &[u8], durably: bool) -> io::Result<()> {
    file.write_all(line)?;
    if durably { file.sync_all() } else { Ok(()) }
}
