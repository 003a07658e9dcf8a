//! Files as they lie in the folder, sealed or not, and the record of the data key beside them.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use mp_dataset::{DecodeError, Digest};
use mp_durable::Readers;

use super::{FolderBackend, Place, damaged, failed, make_folder, quarantine};
use crate::{
    DataSetFile,
    at_rest::{
        AtRest, Flaw, KeyError, KeyedStore, Kinds, MAX_RECORD, NewRecord, STORED_HEAD, Stored, Subject,
        is_sealed, shown,
    },
    backend::{BackendError, Key},
};

impl FolderBackend {
    /// What the beginning of a file tells, once it is believed.
    pub(super) fn head(
        &self,
        place: &Place,
        path: &Path,
        file: File,
    ) -> Result<Result<Stored, Flaw>, BackendError> {
        let head = beginning(file).map_err(|error| failed("read", path, error))?;
        let record = self.record_of(place, &head)?;
        self.at_rest.head(&place.key, &head, record.as_deref()).map_err(|source| locked("open", path, source))
    }

    /// The data set file in stored bytes.
    pub(super) fn open_bytes(
        &self,
        place: &Place,
        path: &Path,
        stored: Vec<u8>,
    ) -> Result<Result<Vec<u8>, Flaw>, BackendError> {
        let record = self.record_of(place, &stored)?;
        self.at_rest
            .open(&place.key, stored, record.as_deref())
            .map_err(|source| locked("open", path, source))
    }

    /// The data set file in stored bytes, found intact, and its seal.
    pub(super) fn intact(
        &self,
        place: &Place,
        path: &Path,
        stored: Vec<u8>,
    ) -> Result<(Digest, Vec<u8>), BackendError> {
        let digest = Stored::parse(&stored).map_err(|source| damaged(path, source))?.digest;
        let opened = self.open_bytes(place, path, stored)?;
        Ok((digest, opened.map_err(|source| damaged(path, source))?))
    }

    /// What is stored, intact or not; what is sealed must open.
    pub(super) fn read_as_is(&self, place: &Place, path: &Path) -> Result<Vec<u8>, BackendError> {
        let stored = there(path)?;
        if !is_sealed(&stored) {
            return Ok(stored);
        }
        self.open_bytes(place, path, stored)?.map_err(|source| damaged(path, source))
    }

    /// Writes what is to be the current file to a temporary file beside it.
    pub(super) fn write_beside(&self, place: &Place, file: &DataSetFile) -> Result<PathBuf, BackendError> {
        let path = &place.current;
        let written = match self.at_rest.seals() {
            false => mp_durable::write_beside(path, file.bytes(), Readers::AsFolder),
            true => {
                let record = self.record_for_writing(place)?;
                let sealing = self.at_rest.seal(&place.key, file, &record);
                let sealing = sealing.map_err(|source| locked("seal", path, source))?;
                mp_durable::write_beside_with(path, Readers::AsFolder, |into| sealing.write_to(into))
            }
        };
        written.map_err(|error| failed("write", path, error))
    }

    /// Writes a file that is not the current one.
    pub(super) fn write_file(
        &self,
        place: &Place,
        path: &Path,
        file: &DataSetFile,
    ) -> Result<(), BackendError> {
        match self.at_rest.seals() {
            false => mp_durable::replace(path, file.bytes(), Readers::AsFolder)
                .map_err(|error| failed("write", path, error)),
            true => self.write_sealed(place, path, file, None),
        }
    }

    /// Writes a sealed file, with the time of the one that it replaces.
    fn write_sealed(
        &self,
        place: &Place,
        path: &Path,
        file: &DataSetFile,
        modified: Option<SystemTime>,
    ) -> Result<(), BackendError> {
        let record = self.record_for_writing(place)?;
        let sealing = self.at_rest.seal(&place.key, file, &record);
        let sealing = sealing.map_err(|source| locked("seal", path, source))?;
        let written = mp_durable::replace_with(path, Readers::AsFolder, |into| {
            sealing.write_to(into)?;
            modified.map_or(Ok(()), |modified| into.set_modified(modified))
        });
        written.map_err(|error| failed("write", path, error))
    }

    /// The record for bytes that are stored, where they need one.
    fn record_of(&self, place: &Place, stored: &[u8]) -> Result<Option<String>, BackendError> {
        if is_sealed(stored) { read_record(&place.record) } else { Ok(None) }
    }

    /// The record of this data set; a new one when nothing of it was ever sealed. Nobody else may be writing here.
    fn record_for_writing(&self, place: &Place) -> Result<String, BackendError> {
        if let Some(record) = read_record(&place.record)? {
            return Ok(record);
        }
        // A new data key would make what is sealed under the lost one look damaged.
        for path in files(place)? {
            if File::open(&path).and_then(beginning).is_ok_and(|head| is_sealed(&head)) {
                return Err(locked("seal beside", &path, KeyError::RecordMissing));
            }
        }
        make_folder(&place.folder)?;
        let record = self.at_rest.new_record(Subject::DataSet(&place.key));
        let record = record.map_err(|source| locked("make the key", &place.record, source))?;
        mp_durable::create(&place.record, record.text.as_bytes(), Readers::AsFolder)
            .map_err(|error| failed("write", &place.record, error))?;
        self.still_wrapped(place, record)
    }

    /// A record that was just written, so that its key is one that was not forgotten meanwhile.
    fn still_wrapped(&self, place: &Place, record: NewRecord) -> Result<String, BackendError> {
        let anew = self.at_rest.wrapped_meanwhile(Subject::DataSet(&place.key), &record);
        let Some(anew) = anew.map_err(|source| locked("make the key", &place.record, source))? else {
            return Ok(record.text);
        };
        mp_durable::replace(&place.record, anew.as_bytes(), Readers::AsFolder)
            .map_err(|error| failed("write", &place.record, error))?;
        Ok(anew)
    }
}

impl KeyedStore for FolderBackend {
    fn at_rest(&self) -> &AtRest {
        &self.at_rest
    }

    fn store_record(&self) -> Result<Option<String>, BackendError> {
        self.marked_record()
    }

    fn replace_store_record(&self, from: &str, to: &str) -> Result<bool, BackendError> {
        if self.marked_record()?.as_deref() != Some(from) {
            return Ok(false);
        }
        self.mark_record(to).map(|()| true)
    }

    fn record(&self, key: &Key) -> Result<Option<String>, BackendError> {
        read_record(&self.place(key)?.record)
    }

    fn replace_record(&self, key: &Key, from: &str, to: &str) -> Result<bool, BackendError> {
        let path = self.place(key)?.record;
        // A record is made once, and only ever wrapped anew: there is nobody to lose an update to but the same work.
        if read_record(&path)?.as_deref() != Some(from) {
            return Ok(false);
        }
        let written = mp_durable::replace(&path, to.as_bytes(), Readers::AsFolder);
        written.map(|()| true).map_err(|error| failed("write", &path, error))
    }

    fn kinds(&self, key: &Key) -> Result<Kinds, BackendError> {
        let place = self.place(key)?;
        let _reading = self.reading(key);
        let mut kinds = Kinds::default();
        for path in files(&place)? {
            let head = File::open(&path).and_then(beginning).map_err(|error| failed("read", &path, error))?;
            *(if is_sealed(&head) { &mut kinds.sealed } else { &mut kinds.plain }) += 1;
        }
        Ok(kinds)
    }

    fn encrypt(&self, key: &Key) -> Result<u64, BackendError> {
        let place = self.place(key)?;
        let _writing = self.writing(key);
        let mut sealed = 0;
        for path in files(&place)? {
            let stored = there(&path)?;
            let modified = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
            if is_sealed(&stored) {
                continue;
            }
            match DataSetFile::verify(stored, &key.sid) {
                Ok(file) => self.write_sealed(&place, &path, &file, modified)?,
                Err(error) => {
                    let (what, why) = (shown(key), crate::refusal::chain(&error));
                    tracing::warn!(path = %path.display(), what, why, "A damaged file is left as it is");
                    continue;
                }
            }
            sealed += 1;
        }
        Ok(sealed)
    }
}

/// The data set files of a place: current, former, in quarantine.
fn files(place: &Place) -> Result<Vec<PathBuf>, BackendError> {
    let mut files: Vec<PathBuf> =
        place.current.is_file().then(|| place.current.clone()).into_iter().collect();
    files.extend(place.versions.list()?.entries.into_iter().map(|entry| entry.path));
    files.extend(quarantine::list(place)?.iter().filter_map(|info| quarantine::find(place, &info.id)));
    Ok(files)
}

/// Bytes of the data set file in a stored one, as its head says; of one that says nothing, those that are stored.
pub(super) fn content_len(path: &Path) -> Result<u64, BackendError> {
    let told = || {
        let file = File::open(path)?;
        let stored = file.metadata()?.len();
        let head = Stored::parse(&beginning(file)?).ok().filter(|_| stored > 0);
        Ok(head.filter(|head| head.stored_len == stored).map_or(stored, |head| head.len))
    };
    told().map_err(|error| failed("look at", path, error))
}

/// The bytes of a stored file; `None` when there is none. What is longer than any stored file is not read.
pub(super) fn read_stored(path: &Path) -> Result<Option<Vec<u8>>, BackendError> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => read_open(opened.map_err(|error| failed("open", path, error))?, path).map(Some),
    }
}

/// The bytes of a stored file that is open.
pub(super) fn read_open(file: File, path: &Path) -> Result<Vec<u8>, BackendError> {
    let found = file.metadata().map_err(|error| failed("look at", path, error))?.len();
    if found > Stored::max_len() {
        let source = DecodeError::Length { what: "file", expected: Stored::max_len(), found };
        return Err(damaged(path, source.into()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found).unwrap_or_default());
    file.take(Stored::max_len()).read_to_end(&mut bytes).map_err(|error| failed("read", path, error))?;
    Ok(bytes)
}

/// The bytes of a stored file that must be there.
pub(super) fn there(path: &Path) -> Result<Vec<u8>, BackendError> {
    read_stored(path)?.ok_or_else(|| failed("open", path, io::ErrorKind::NotFound.into()))
}

fn beginning(file: File) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(STORED_HEAD);
    file.take(STORED_HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// A record; one byte more than there may be tells that it is too long.
fn read_record(path: &Path) -> Result<Option<String>, BackendError> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.and_then(|file| file.take(MAX_RECORD as u64 + 1).read_to_end(&mut bytes)),
    }
    .map_err(|error| failed("read", path, error))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn locked(doing: &'static str, path: &Path, source: KeyError) -> BackendError {
    BackendError::Key { doing, what: format!("\"{}\"", path.display()), source }
}
