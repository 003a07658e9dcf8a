//! Where data sets are kept.

mod error;
pub mod folder;
mod inspection;
pub mod memory;
pub mod object;
mod retention;
mod version;
mod walk;

use mp_profile::{Scope, Sid, VersionTag};
pub use mp_protocol::versions::{Author, Change, QuarantineNote, QuarantinedInfo, Stamp, VersionInfo};

pub use error::BackendError;
pub use inspection::{Damage, Damaged, Inspection, Remedy};
pub use retention::{Candidate, Retention};
pub use version::{Adoption, Base, Key, Read, Removed, Replaced, Restored, Version};
pub(crate) use walk::for_each_data_set;

use crate::DataSetFile;

/// Most files in quarantine for one user and scope.
pub const MAX_QUARANTINED: usize = 100;

/// Keeps data sets with their former versions.
///
/// The contract, which the conformance tests check for every implementation:
/// - What a call acknowledges survives a power cut. What it does not acknowledge is there wholly or not at all. Alone the
///   [`Stamp`] of a version may be lost by a power cut, so that no write waits for it.
/// - Of several calls of [`Backend::replace`] or [`Backend::remove`] with the same base, one succeeds.
/// - A file that is current already is acknowledged whatever the base, and nothing is written: a client that did not get the
///   first acknowledgement may repeat its request.
/// - What is replaced or removed is kept as a former version, as long as [`Retention`] says. The newest of them stays in any
///   case, and those that are pinned.
/// - What fell to retention is still listed for a time, so that a client finds out that its upload had been stored.
/// - Calls block. A reader never sees a part of a version, and never fails because a writer or retention was at work.
pub trait Backend: Send + Sync + 'static {
    /// Whether reading seldom waits: the system has in memory what is read, or nearly so.
    fn reads_at_once(&self) -> bool {
        false
    }

    /// The current version; `None` is said with authority.
    ///
    /// # Errors
    /// When it cannot be found out.
    fn version(&self, key: &Key) -> Result<Option<Version>, BackendError>;

    /// The current version and its bytes, unless it is the one `held`.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    fn read(&self, key: &Key, held: Option<&VersionTag>) -> Result<Read, BackendError>;

    /// The bytes of the current or a former version, found intact, with the seal of its tag; `None` when there is no such version, or its content fell
    /// to retention.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    fn read_version(&self, key: &Key, tag: &VersionTag) -> Result<Option<Vec<u8>>, BackendError>;

    /// All versions that are known, newest first.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn versions(&self, key: &Key) -> Result<Vec<VersionInfo>, BackendError>;

    /// Makes a file the current version if `base` is the current one, or the damaged one that the current one stands in for.
    ///
    /// # Errors
    /// When it could not be made durable; the current version is as before.
    fn replace(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        stamp: &Stamp,
        retention: &Retention,
    ) -> Result<Replaced, BackendError>;

    /// Makes a version of another store the current one, under the number that it has there, if `base` is the current one and
    /// no version here has this number or a higher one.
    ///
    /// # Errors
    /// When it could not be made durable; the current version is as before.
    fn adopt(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        adoption: &Adoption<'_>,
        retention: &Retention,
    ) -> Result<Replaced, BackendError>;

    /// Notes that versions of another store count as former ones of the current version, if that is `tag`: see
    /// [`Stamp::merged`]. As with all stamps, a power cut may take it.
    ///
    /// # Errors
    /// When it cannot be noted.
    fn note_merged(&self, key: &Key, tag: &VersionTag, merged: &[String]) -> Result<(), BackendError>;

    /// Makes the current version a former one if it is `base`.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn remove(
        &self,
        key: &Key,
        base: &VersionTag,
        change: &Change,
        retention: &Retention,
    ) -> Result<Removed, BackendError>;

    /// Keeps retention from a version, or no longer. `false` when its content is not there.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn pin(&self, key: &Key, tag: &VersionTag, pinned: bool, change: &Change) -> Result<bool, BackendError>;

    /// Keeps a file beside the versions; one that is there already is not kept twice.
    ///
    /// # Errors
    /// When it could not be made durable, or when [`MAX_QUARANTINED`] are there.
    fn quarantine(&self, key: &Key, file: &DataSetFile, note: &QuarantineNote) -> Result<(), BackendError>;

    /// What is kept beside the versions, oldest first.
    ///
    /// # Errors
    /// When it cannot be listed.
    fn quarantined(&self, key: &Key) -> Result<Vec<QuarantinedInfo>, BackendError>;

    /// The bytes of what is in quarantine, as they are; `None` when there is none of this id.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read_quarantined(&self, key: &Key, id: &str) -> Result<Option<Vec<u8>>, BackendError>;

    /// Deletes from quarantine; `false` when there is none of this id.
    ///
    /// # Errors
    /// When it cannot be deleted.
    fn delete_quarantined(&self, key: &Key, id: &str) -> Result<bool, BackendError>;

    /// The scopes of which there is something, `global` first.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn scopes(&self) -> Result<Vec<Scope>, BackendError>;

    /// At most `limit` users of a scope, of whom there is a current or former version or something in quarantine, in the
    /// order of their texts, those after `after`.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn users(&self, scope: &Scope, after: Option<&Sid>, limit: usize) -> Result<Vec<Sid>, BackendError>;

    /// Reads every byte that is kept of a user and scope. With `repair` set to the time (milliseconds since 1970), what is
    /// damaged is marked and not given out any more, and the newest intact former version becomes current in the place of a damaged
    /// current one. Where no former version is intact, a damaged current one stays: "there is none" would be a lie.
    ///
    /// # Errors
    /// When something cannot be read at all, or a repair could not be made durable.
    fn inspect(&self, key: &Key, repair: Option<u64>) -> Result<Inspection, BackendError>;

    /// Makes the content of a version current again, as a new version on `base`.
    ///
    /// # Errors
    /// As those of reading and of [`Backend::replace`].
    fn restore(
        &self,
        key: &Key,
        tag: &VersionTag,
        base: &Base,
        stamp: &Stamp,
        retention: &Retention,
    ) -> Result<Restored, BackendError> {
        let Some((number, _)) = Version::parse(tag) else { return Ok(Restored::NoSuch) };
        let Some(bytes) = self.read_version(key, tag)? else { return Ok(Restored::NoSuch) };
        let file = match DataSetFile::verify(bytes, &key.sid) {
            Ok(file) => file,
            Err(error) => return Ok(Restored::NotStorable(error)),
        };
        let stamp = Stamp { restored_from: Some(number), ..stamp.clone() };
        self.replace(key, base, &file, &stamp, retention).map(Restored::Replaced)
    }

    /// Makes what is in quarantine the current version, on `base`, and takes it out of quarantine.
    ///
    /// # Errors
    /// As those of reading and of [`Backend::replace`].
    fn accept(
        &self,
        key: &Key,
        id: &str,
        base: &Base,
        stamp: &Stamp,
        retention: &Retention,
    ) -> Result<Restored, BackendError> {
        let Some(bytes) = self.read_quarantined(key, id)? else { return Ok(Restored::NoSuch) };
        let file = match DataSetFile::verify(bytes, &key.sid) {
            Ok(file) => file,
            Err(error) => return Ok(Restored::NotStorable(error)),
        };
        let replaced = self.replace(key, base, &file, stamp, retention)?;
        if matches!(replaced, Replaced::As { .. }) {
            self.delete_quarantined(key, id)?;
        }
        Ok(Restored::Replaced(replaced))
    }

    /// What an upload is based on when it shall replace whatever is current now.
    ///
    /// # Errors
    /// As those of [`Backend::version`].
    fn base_now(&self, key: &Key) -> Result<Base, BackendError> {
        Ok(self.version(key)?.map_or(Base::Nothing, |version| Base::Version(version.tag())))
    }
}
