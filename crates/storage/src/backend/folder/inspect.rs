//! Reading every byte of a data set, and what is done about damage.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mp_dataset::{DecodeError, Digest, Limits, check};
use mp_durable::Readers;

use super::{FolderBackend, Place, failed, history::Event, quarantine, versions::Listing};
use crate::{
    backend::{Author, BackendError, Damage, Damaged, Inspection, Remedy, Stamp, Version},
    refusal::chain,
};

/// A file that was read.
struct Found {
    bytes: Vec<u8>,
    seal: Result<Digest, DecodeError>,
}

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
        let current = read(&place.current, &mut done)?;
        if current.is_none() {
            self.check_marker()?;
        }
        let formers = formers(place, &listing, current.as_ref(), repair, &mut done)?;
        if let Some(Found { seal: Err(error), .. }) = &current {
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
            if let Some(Found { seal: Err(error), .. }) = read(&path, &mut done)? {
                let why = format!("{}: {}", path.display(), chain(&error));
                let what = Damaged::Quarantined(quarantined.id);
                done.damage.push(Damage { what, why, remedy: Remedy::None });
            }
        }
        Ok(done)
    }
}

fn formers(
    place: &Place,
    listing: &Listing,
    current: Option<&Found>,
    repair: Option<u64>,
    done: &mut Inspection,
) -> Result<Formers, BackendError> {
    let mut formers = Formers::default();
    for entry in &listing.entries {
        let Some(found) = read(&entry.path, done)? else { continue };
        let why = match found.seal {
            Ok(digest) if entry.is(digest) => {
                let version =
                    Version { sequence: entry.sequence, digest, len: len(&found.bytes), stands_in_for: None };
                formers.intact.get_or_insert_with(|| (version, entry.path.clone()));
                continue;
            }
            Ok(_) => "it has another seal than its name says".to_owned(),
            Err(error) => chain(&error),
        };
        if current.is_some_and(|current| current.seal.is_err() && current.bytes == found.bytes) {
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

fn read(path: &Path, done: &mut Inspection) -> Result<Option<Found>, BackendError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| failed("read", path, error))?,
    };
    done.files += 1;
    done.bytes += len(&bytes);
    let seal = check(&bytes, &Limits::default()).map(|header| header.digest);
    Ok(Some(Found { bytes, seal }))
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
