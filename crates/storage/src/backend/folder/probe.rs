use std::{fs, time::Instant};

use mp_durable::Readers;

use super::{FolderBackend, failed};
use crate::{Probed, Space, backend::BackendError};

/// Name beside which the trial file is written; a crash leaves a temporary file that the next start deletes.
const TRIAL: &str = "trial";

impl FolderBackend {
    /// Writes a small file into the base folder, flushes it and deletes it again.
    ///
    /// # Errors
    /// When the base folder is not the one that was opened, or cannot be written.
    pub fn probe(&self) -> Result<Probed, BackendError> {
        self.check_marker()?;
        let place = self.base.join(TRIAL);
        let begun = Instant::now();
        let written = mp_durable::write_beside(&place, b"trial", Readers::AsFolder)
            .map_err(|error| failed("write", &place, error))?;
        let flush = begun.elapsed();
        fs::remove_file(&written).map_err(|error| failed("delete", &written, error))?;
        let volume = fs4::statvfs(&self.base).map_err(|error| failed("measure", &self.base, error))?;
        let space =
            Space { free: Some(volume.available_space()), total: Some(volume.total_space()), kept: None };
        Ok(Probed { flush, space })
    }
}
