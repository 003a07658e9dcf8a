use std::{fs, io, path::PathBuf};

use mp_dataset::ProfileKind;
use mp_profile::{HostError, ProfileFiles, SessionProfile, Sid};
use mp_registry::Registry;

use super::{SimulatedHost, attributes::Attributes, files::SimulatedFiles, folders::Folders, hive::LiveHive};
use crate::chain::chain;

/// The most bytes of a marker, as the port promises.
const MAX_MARKER: usize = 64 << 10;

/// An open profile. It is let go when it is closed or dropped.
pub(super) struct SimulatedProfile<'a> {
    host: &'a SimulatedHost,
    sid: Sid,
    kind: ProfileKind,
    hive: LiveHive,
    files: SimulatedFiles,
}

impl<'a> SimulatedProfile<'a> {
    pub(super) fn new(
        host: &'a SimulatedHost,
        sid: Sid,
        kind: ProfileKind,
        hive: LiveHive,
        folder: PathBuf,
        attributes: Attributes,
    ) -> Self {
        let files = SimulatedFiles::new(folder, Folders::of(hive.root()), attributes);
        Self { host, sid, kind, hive, files }
    }

    fn failed(&self, doing: &'static str, text: String) -> HostError {
        HostError::Failed { doing, sid: self.sid.clone(), text }
    }
}

impl Drop for SimulatedProfile<'_> {
    fn drop(&mut self) {
        self.host.release(&self.sid);
    }
}

impl SessionProfile for SimulatedProfile<'_> {
    fn kind(&self) -> ProfileKind {
        self.kind
    }

    fn registry(&mut self) -> &mut dyn Registry {
        &mut self.hive
    }

    fn files(&mut self) -> &mut dyn ProfileFiles {
        &mut self.files
    }

    fn marker(&self) -> Result<Option<Vec<u8>>, HostError> {
        let path = self.host.marker(&self.sid);
        match fs::read(&path) {
            Ok(marker) => Ok(Some(marker)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read the marker", error.to_string())),
        }
    }

    fn set_marker(&mut self, marker: &[u8]) -> Result<(), HostError> {
        if marker.len() > MAX_MARKER {
            let text = format!("it has {} bytes, more than the {MAX_MARKER} allowed", marker.len());
            return Err(self.failed("write the marker", text));
        }
        mp_hive::save(&self.host.marker(&self.sid), marker)
            .map_err(|error| self.failed("write the marker", chain(&error)))
    }

    fn close(mut self: Box<Self>) -> Result<(), HostError> {
        let saved = self.hive.save();
        saved.map_err(|error| self.failed("save the registry", chain(&error)))
    }
}
