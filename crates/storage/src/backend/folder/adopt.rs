//! Versions of another store, under the numbers that they have there.

use mp_profile::VersionTag;

use super::{FolderBackend, history::Event, sync_folder_of};
use crate::{
    DataSetFile,
    backend::{Adoption, BackendError, Base, Key, Replaced, Retention, Version},
};

impl FolderBackend {
    pub(super) fn adopt_version(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        adoption: &Adoption<'_>,
        retention: &Retention,
    ) -> Result<Replaced, BackendError> {
        let place = self.place(key)?;
        let _writing = self.writing(key);
        let current = self.current(&place)?;
        let before = current.as_ref().map(|(version, _)| *version);
        let last = match &before {
            Some(version) => version.sequence,
            None => place.versions.list()?.next() - 1,
        };
        if !base.allows(before, last, adoption.number) {
            return Ok(Replaced::Conflict);
        }
        let version = Version::new(adoption.number, file);
        let listing = self.put(&place, current, version, file, true)?;
        place.history.add(&Event::stored(version, adoption.base.map(str::to_owned), adoption.stamp));
        sync_folder_of(&place.current)?;
        let current = Some((version.sequence, &*place.current));
        place.versions.prune(listing, current, retention, crate::store::now());
        Ok(Replaced::As { version, created: before.is_none() })
    }

    /// The line that says how the current version came is written once more, with what it holds besides.
    pub(super) fn add_merged(
        &self,
        key: &Key,
        tag: &VersionTag,
        merged: &[String],
    ) -> Result<(), BackendError> {
        let place = self.place(key)?;
        let _writing = self.writing(key);
        let known = self.list_versions(&place)?.into_iter().find(|info| info.current && info.tag == tag.0);
        let Some((info, (version, _))) = known.zip(self.current(&place)?) else { return Ok(()) };
        let unknown = || super::Stamp::new(info.at.unwrap_or_default(), crate::backend::Author::Service);
        let mut stamp = info.stamp.unwrap_or_else(unknown);
        stamp.merged.extend_from_slice(merged);
        place.history.add(&Event::stored(version, info.base, &stamp));
        Ok(())
    }
}
