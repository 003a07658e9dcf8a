use std::{fs, io};

use mp_durable::Readers;
use mp_profile::Sid;

use super::SessionReport;
use crate::state::{StateError, StateFolder, private_folder};

/// Reports kept per user; older ones are removed. With a checkpoint every 15 minutes it is more than a day.
const KEPT_REPORTS: usize = 120;

impl SessionReport {
    /// Keeps the report in the state folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, state: &StateFolder) -> Result<(), StateError> {
        let folder = state.reports(&self.sid);
        private_folder(&folder)?;
        let path = folder.join(format!("{:020}-{}-{}.json", self.started, self.event.word(), self.id));
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        text.and_then(|text| mp_durable::replace(&path, &text, Readers::OwnerOnly))
            .map_err(StateError::at("write the report", &path))?;
        let mut kept: Vec<_> = fs::read_dir(&folder)
            .map_err(StateError::at("list", &folder))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        kept.sort();
        for old in kept.iter().rev().skip(KEPT_REPORTS) {
            fs::remove_file(old).map_err(StateError::at("remove the report", old))?;
        }
        Ok(())
    }

    /// The user's reports that are kept, oldest first. One that cannot be read is left out, and logged.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn kept(state: &StateFolder, sid: &Sid) -> Result<Vec<Self>, StateError> {
        let folder = state.reports(sid);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StateError::at("list", &folder))?,
        };
        let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        let read = |path: &std::path::PathBuf| {
            let report =
                fs::read(path).and_then(|text| serde_json::from_slice(&text).map_err(io::Error::from));
            report
                .inspect_err(
                    |error| tracing::warn!(path = %path.display(), %error, "A report cannot be read"),
                )
                .ok()
        };
        Ok(paths.iter().filter_map(read).collect())
    }
}
