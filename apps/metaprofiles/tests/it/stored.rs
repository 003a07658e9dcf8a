//! Stores with data sets in them, and runs of the program over them.

use mp_dataset::{DataSet, FileChange, FileContent, FileEntry, FilePath, Origin, UnknownFields, encode};
use mp_profile::{Scope, Sid};
use mp_registry::FileTime;
use mp_storage::{
    Backend, DataSetFile, FolderBackend, ObjectBackend,
    at_rest::AtRest,
    backend::{
        Author, Key, Replaced, Retention, Stamp,
        folder::FirstUse,
        object::{Environment, ObjectOptions},
    },
};
use mp_test_servers::{Postgres, S3};

use crate::support::{Folder, metaprofiles};

pub(crate) fn sid(number: u32) -> Sid {
    format!("S-1-5-21-1-2-3-{number}").parse().unwrap()
}

pub(crate) fn key(number: u32) -> Key {
    Key { scope: Scope::Global, sid: sid(number) }
}

/// A data set file with this text in it.
pub(crate) fn data_set(sid: &Sid, text: &str) -> DataSetFile {
    let path = FilePath { folder: "RoamingAppData".to_owned(), components: vec!["settings.txt".into()] };
    let content =
        FileContent { modified: FileTime(1), attributes: Default::default(), bytes: text.as_bytes().into() };
    let entry = FileEntry { path, change: FileChange::Present(content), unknown: UnknownFields::default() };
    let origin = Origin { sid: sid.to_string(), ..Origin::default() };
    let mut file = Vec::new();
    encode(&DataSet { origin, files: vec![entry], ..DataSet::default() }, &mut file).unwrap();
    DataSetFile::verify(file, sid).unwrap()
}

/// Stores one more version of a user's data set, and says its number.
pub(crate) fn store(backend: &dyn Backend, number: u32, text: &str) -> u64 {
    let base = backend.base_now(&key(number)).unwrap();
    let (file, stamp) = (data_set(&sid(number), text), Stamp::new(1_800_000_000_000, Author::Service));
    match backend.replace(&key(number), &base, &file, &stamp, &Retention::newest(5)).unwrap() {
        Replaced::As { version, .. } => version.sequence,
        Replaced::Conflict => panic!("conflict"),
    }
}

/// Two users, the first with two versions.
fn fill(backend: &dyn Backend) {
    for (number, text) in [(1, "one"), (1, "two"), (2, "three")] {
        store(backend, number, text);
    }
}

/// A place where data sets are, and how the program is told of it.
pub(crate) struct Place {
    pub(crate) folder: Folder,
    pub(crate) at: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn folder() -> Self {
        let folder = Folder::new();
        let base = folder.path("base");
        fill(&FolderBackend::open(base.as_ref(), "global", FirstUse::Allowed).unwrap());
        Self { folder, at: vec!["--base-folder".to_owned(), base], environment: Vec::new() }
    }

    /// An object store with its catalogue, as the library is told of it too; `None` where there is no PostgreSQL.
    pub(crate) fn objects(test: &str) -> Option<(Self, S3, ObjectOptions)> {
        let (postgres, s3) = (Postgres::server(test)?, S3::start());
        let options = ObjectOptions {
            store: s3.store(test).parse().unwrap(),
            catalogue: postgres.new_database(),
            environment: s3.environment().into_iter().collect::<Environment>(),
            at_rest: AtRest::plain(),
            looks: false,
        };
        fill(&ObjectBackend::open(&options).unwrap());
        let at =
            ["--store", &options.store.to_string(), "--catalogue", &options.catalogue].map(str::to_owned);
        Some((Self { folder: Folder::new(), at: at.into(), environment: s3.environment() }, s3, options))
    }

    /// Runs `storage` with these arguments on this place; gives exit code, output and messages.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let at = self.at.iter().map(String::as_str);
        let arguments: Vec<&str> =
            ["storage"].into_iter().chain(arguments.iter().copied()).chain(at).collect();
        let done = metaprofiles(&arguments).envs(self.environment.iter().cloned()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
    }

    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let (code, told, said) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {said}");
        told
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.done(&[arguments, &["--json"]].concat())).unwrap()
    }

    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let (code, told, said) = self.run(arguments);
        assert!(code != 0 && told.is_empty(), "{arguments:?}: {told}");
        said
    }
}
