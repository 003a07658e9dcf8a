//! Reading every byte of a data set, and what is done about damage.

use std::{
    fs,
    path::{Path, PathBuf},
};

use mp_dataset::{Digest, Limits, check};
use mp_durable::Readers;

use super::{
    FolderBackend, Place, failed, history::Event, quarantine, sealing::read_stored, versions::Listing,
};
use crate::{
    at_rest::Flaw,
    backend::{Author, BackendError, Damage, Damaged, Inspection, Remedy, Stamp, Version},
    refusal::chain,
};

/// A file that was read: seal and length of the data set file in it.
type Found = Result<(Digest, u64), Flaw>;

/// What an inspection has found of the former versions.
#[derive(Default)]
struct Formers {
    /// The newest that is intact.
    intact: Option<(Version, PathBuf)>,
    /// The number of the current version, if its damaged file is among the former ones as well.
    current: Option<u64>,
}

impl FolderBackend {
    /// With `repair` nobody else may be reading or writing this data set.
    pub(super) fn inspect_place(
        &self,
        place: &Place,
        repair: Option<u64>,
    ) -> Result<Inspection, BackendError> {
        let mut done = Inspection::default();
        let listing = place.versions.list()?;
        let current = self.inspect_file(place, &place.current, &mut done)?;
        if current.is_none() {
            self.check_marker()?;
        }
        let damaged = matches!(&current, Some(Err(_)));
        let formers = self.formers(place, &listing, damaged, repair, &mut done)?;
        if let Some(Err(error)) = &current {
            let number = formers.current.unwrap_or_else(|| listing.next());
            let why = format!("{}: {}", place.current.display(), chain(error));
            let remedy = match (repair, &formers.intact) {
                (None, _) => Remedy::None,
                (Some(_), None) => Remedy::NothingIntact,
                (Some(at), Some((former, path))) => fall_back(place, number, *former, path, at)?,
            };
            done.damage.push(Damage { what: Damaged::Current(number), why, remedy });
        }
        for quarantined in quarantine::list(place)? {
            let Some(path) = quarantine::find(place, &quarantined.id) else { continue };
            if let Some(Err(error)) = self.inspect_file(place, &path, &mut done)? {
                let why = format!("{}: {}", path.display(), chain(&error));
                let what = Damaged::Quarantined(quarantined.id);
                done.damage.push(Damage { what, why, remedy: Remedy::None });
            }
        }
        Ok(done)
    }

    /// `damaged` says whether the current version is.
    fn formers(
        &self,
        place: &Place,
        listing: &Listing,
        damaged: bool,
        repair: Option<u64>,
        done: &mut Inspection,
    ) -> Result<Formers, BackendError> {
        let mut formers = Formers::default();
        for entry in &listing.entries {
            let why = match self.inspect_file(place, &entry.path, done)? {
                None => continue,
                Some(Ok((digest, len))) if entry.is(digest) => {
                    let version = Version { sequence: entry.sequence, digest, len, stands_in_for: None };
                    formers.intact.get_or_insert_with(|| (version, entry.path.clone()));
                    continue;
                }
                Some(Ok(_)) => "it has another seal than its name says".to_owned(),
                Some(Err(error)) => chain(&error),
            };
            if damaged && same_bytes(&place.current, &entry.path)? {
                formers.current = Some(entry.sequence);
            }
            let remedy = match repair {
                Some(_) if !entry.is_damaged() => {
                    place.versions.mark_damaged(entry)?;
                    Remedy::SetAside
                }
                _ => Remedy::None,
            };
            let why = format!("{}: {why}", entry.path.display());
            done.damage.push(Damage { what: Damaged::Former(entry.sequence), why, remedy });
        }
        Ok(formers)
    }

    fn inspect_file(
        &self,
        place: &Place,
        path: &Path,
        done: &mut Inspection,
    ) -> Result<Option<Found>, BackendError> {
        let Some(bytes) = read_stored(path)? else { return Ok(None) };
        let stored = len(&bytes);
        let opened = self.open_bytes(place, path, bytes)?;
        // What is sealed is looked at once more: its own seal too must be right.
        let whole = opened.and_then(|bytes| check(&bytes, &Limits::default()).map_err(Flaw::DataSet));
        let found = whole.map(|header| (header.digest, header.file_len()));
        done.files += 1;
        done.bytes += found.as_ref().map_or(stored, |(_, len)| *len);
        Ok(Some(found))
    }
}

/// Makes the content of an intact former version current, as the version after the damaged one. At no moment is there none.
fn fall_back(
    place: &Place,
    damaged: u64,
    former: Version,
    path: &Path,
    at: u64,
) -> Result<Remedy, BackendError> {
    let bytes = fs::read(path).map_err(|error| failed("read", path, error))?;
    let version = Version { sequence: damaged.saturating_add(1), stands_in_for: Some(damaged), ..former };
    let mut stamp = Stamp::new(at, Author::Service);
    stamp.restored_from = Some(former.sequence);
    stamp.in_place_of = Some(damaged);
    place.history.add_durably(&Event::stored(version, None, &stamp))?;
    place.versions.keep_damaged(&place.current, damaged)?;
    mp_durable::replace(&place.current, &bytes, Readers::AsFolder)
        .map_err(|error| failed("replace", &place.current, error))?;
    Ok(Remedy::FellBack { from: former.sequence, to: version.sequence })
}

fn same_bytes(one: &Path, other: &Path) -> Result<bool, BackendError> {
    Ok(read_stored(one)? == read_stored(other)?)
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
