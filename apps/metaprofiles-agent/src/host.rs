//! The session host that the command works on, and the clock.

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime},
};

#[cfg(windows)]
use anyhow::Context as _;
use anyhow::Result;
use mp_agent::hosts::simulated::SimulatedHost;
use mp_profile::{Clock, SessionHost};
use mp_registry::FileTime;

use crate::Common;

/// The simulated host when one is named, else this machine.
pub(crate) fn open(common: &Common) -> Result<Box<dyn SessionHost>> {
    match &common.simulated {
        Some(folder) => Ok(Box::new(simulated(folder)?)),
        None => this_machine(),
    }
}

/// The simulated host in this folder; it is called as the folder is.
pub(crate) fn simulated(folder: &Path) -> Result<SimulatedHost> {
    let name = folder.file_name().map_or_else(|| "simulated".into(), |name| name.to_string_lossy());
    Ok(SimulatedHost::at(folder, &name)?)
}

#[cfg(windows)]
fn this_machine() -> Result<Box<dyn SessionHost>> {
    use mp_windows::{OpenMode, ProfileList, WindowsHost};
    let host = WindowsHost::new(ProfileList::default(), OpenMode::AsGranted);
    Ok(Box::new(host.context("this machine does not tell its name")?))
}

#[cfg(not(windows))]
fn this_machine() -> Result<Box<dyn SessionHost>> {
    anyhow::bail!(
        "this is no Windows machine, so it has no sessions; name a simulated host with --simulated FOLDER"
    )
}

/// This machine's clocks.
pub(crate) struct SystemClock(Instant);

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> FileTime {
        FileTime::from_system(SystemTime::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
