//! `metaprofiles dataset`: data set files, as the Storage Service keeps them.

mod diff;
mod dump;
mod info;

use std::path::Path;

use anyhow::Context;
use mp_dataset::{Limits, Verified};

use crate::{Outcome, input};

/// Look into data sets (.mpd) and compare them
#[derive(clap::Subcommand)]
pub(crate) enum DatasetCommand {
    Info(info::Info),
    Dump(dump::Dump),
    Diff(diff::Diff),
}

impl DatasetCommand {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        match self {
            Self::Info(command) => command.run(),
            Self::Dump(command) => command.run(),
            Self::Diff(command) => command.run(),
        }
    }
}

/// Bytes of a data set file within the limits of the format.
fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    input::read(path, Limits::default().body + mp_dataset::HEADER_LEN as u64)
}

/// Reads, verifies and decodes a data set file.
fn open(path: &Path) -> anyhow::Result<Verified> {
    let read = mp_dataset::decode(bytes(path)?.as_slice(), &Limits::default());
    read.with_context(|| format!("cannot read {}", path.display()))
}
