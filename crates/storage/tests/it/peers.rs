//! Storage Servers that keep the same scope: what one has stored while the other was away comes over, what both have stored
//! apart is merged, and nothing is lost on the way.

mod meeting;
mod random;
mod service;

use std::{cell::Cell, collections::BTreeMap};

use mp_dataset::{
    DataSet, FileChange, FileContent, FileEntry, FilePath, Limits, Origin, ProfileKind, UnknownFields,
    decode, encode,
};
use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::peers::HeadPage;
use mp_registry::FileTime;
use mp_storage::{
    Backend, DataSetFile,
    backend::{Author, Key, QuarantinedInfo, Read, Replaced, Retention, Stamp, Version, VersionInfo},
    peers::{BackendSource, Source, Taken, Terms, take_over},
};

use crate::support::{group, sid};

const AT: u64 = 1_800_000_000_000;

fn key() -> Key {
    Key { scope: group("Office"), sid: sid(1) }
}

/// Names of files and their texts; without a text it was deleted.
type Files = BTreeMap<String, Option<String>>;

fn packed(files: &Files) -> DataSetFile {
    packed_of(files, ProfileKind::Mandatory)
}

/// Exported from a profile of this kind.
fn packed_of(files: &Files, profile: ProfileKind) -> DataSetFile {
    let entry = |(name, text): (&String, &Option<String>)| FileEntry {
        path: FilePath { folder: "RoamingAppData".to_owned(), components: vec![name.as_str().into()] },
        change: match text {
            Some(text) => FileChange::Present(FileContent {
                modified: FileTime(1),
                attributes: Default::default(),
                bytes: text.as_bytes().to_vec().into(),
            }),
            None => FileChange::Deleted,
        },
        unknown: UnknownFields::default(),
    };
    let set = DataSet {
        origin: Origin { sid: key().sid.to_string(), profile, ..Origin::default() },
        files: files.iter().map(entry).collect(),
        ..DataSet::default()
    };
    let mut bytes = Vec::new();
    encode(&set, &mut bytes).unwrap();
    DataSetFile::verify(bytes, &key().sid).unwrap()
}

fn unpacked(bytes: &[u8]) -> Files {
    let set = decode(bytes, &Limits::default()).unwrap().into_data_set();
    let file = |entry: FileEntry| {
        let text = match entry.change {
            FileChange::Present(content) => Some(String::from_utf8(content.bytes.to_vec()).unwrap()),
            FileChange::Deleted => None,
        };
        (entry.path.components[0].to_string(), text)
    };
    set.files.into_iter().map(file).collect()
}

fn current(backend: &dyn Backend) -> Files {
    match backend.read(&key(), None).unwrap() {
        Read::Data(_, bytes) => unpacked(&bytes),
        _ => Files::new(),
    }
}

/// Stores what an Agent makes of what is current.
fn change(backend: &dyn Backend, at: u64, edit: impl FnOnce(&mut Files)) -> Version {
    let mut files = current(backend);
    edit(&mut files);
    store(backend, at, &packed(&files))
}

fn store(backend: &dyn Backend, at: u64, file: &DataSetFile) -> Version {
    let stamp = Stamp::new(AT + at, Author::Administrator("agent".to_owned()));
    let base = backend.base_now(&key()).unwrap();
    match backend.replace(&key(), &base, file, &stamp, &Retention::newest(50)).unwrap() {
        Replaced::As { version, .. } => version,
        Replaced::Conflict => panic!("nobody else is here"),
    }
}

fn set(backend: &dyn Backend, at: u64, name: &str, text: &str) -> Version {
    change(backend, at, |files| drop(files.insert(name.to_owned(), Some(text.to_owned()))))
}

/// The tags of all versions whose content is kept, newest first.
fn tags(backend: &dyn Backend) -> Vec<String> {
    let versions = backend.versions(&key()).unwrap();
    versions.into_iter().filter(|info| info.kept).map(|info| info.tag).collect()
}

/// One takes over from another one.
fn take(own: &dyn Backend, from: &dyn Source, merges: bool, moves: bool) -> Result<Taken, String> {
    let retention = Retention::newest(50);
    let terms = Terms { peer: "OTHER", merges, moves, retention: &retention, now: AT + 1_000_000 };
    take_over(own, from, &key(), &terms)
}

fn take_all(own: &dyn Backend, from: &dyn Backend, merges: bool) -> Taken {
    take(own, &BackendSource(from), merges, false).unwrap()
}

/// Another Storage Server that goes away after so many answers.
struct Failing<'b> {
    source: BackendSource<'b>,
    left: Cell<usize>,
}

impl<'b> Failing<'b> {
    fn after(backend: &'b dyn Backend, answers: usize) -> Self {
        Self { source: BackendSource(backend), left: Cell::new(answers) }
    }

    fn source(&self) -> Result<&BackendSource<'b>, String> {
        let left = self.left.get().checked_sub(1).ok_or("it went away")?;
        self.left.set(left);
        Ok(&self.source)
    }
}

impl Source for Failing<'_> {
    fn versions(&self, key: &Key) -> Result<Vec<VersionInfo>, String> {
        self.source()?.versions(key)
    }

    fn version(&self, key: &Key, tag: &VersionTag) -> Result<Option<Vec<u8>>, String> {
        self.source()?.version(key, tag)
    }

    fn quarantined(&self, key: &Key) -> Result<Vec<QuarantinedInfo>, String> {
        self.source()?.quarantined(key)
    }

    fn quarantined_file(&self, key: &Key, id: &str) -> Result<Option<Vec<u8>>, String> {
        self.source()?.quarantined_file(key, id)
    }

    fn heads(&self, scope: &Scope, after: Option<&Sid>, limit: u32) -> Result<HeadPage, String> {
        Source::heads(self.source()?, scope, after, limit)
    }
}
