//! The backend over an object store, as far as it differs from others: an S3 server and PostgreSQL, both real.

mod damage;
mod moving;
mod nodes;
mod opening;

use std::{path::PathBuf, sync::OnceLock};

use mp_storage::{
    at_rest::AtRest,
    backend::object::{Environment, ObjectBackend, ObjectOptions},
};
use mp_test_servers::{Postgres, S3};

/// A store of its own in the S3 server of all tests, with a database of its own.
pub(crate) struct Rig {
    pub(crate) s3: &'static S3,
    postgres: &'static Postgres,
    pub(crate) options: ObjectOptions,
}

impl Rig {
    /// `None` where there is no PostgreSQL.
    pub(crate) fn new(test: &str) -> Option<Self> {
        static SERVER: OnceLock<S3> = OnceLock::new();
        let postgres = Postgres::server(test)?;
        Some(Self::over(SERVER.get_or_init(S3::start), postgres, test))
    }

    /// On an S3 server that a test may stop.
    pub(crate) fn alone(test: &str) -> Option<Self> {
        let postgres = Postgres::server(test)?;
        Some(Self::over(Box::leak(Box::new(S3::start())), postgres, test))
    }

    fn over(s3: &'static S3, postgres: &'static Postgres, test: &str) -> Self {
        let options = ObjectOptions {
            store: s3.store(test).parse().unwrap(),
            catalogue: postgres.new_database(),
            environment: s3.environment().into_iter().collect::<Environment>(),
            at_rest: AtRest::plain(),
            looks: false,
        };
        Self { s3, postgres, options }
    }

    pub(crate) fn open(&self) -> ObjectBackend {
        ObjectBackend::open(&self.options).unwrap()
    }

    /// Name of the database.
    fn database(&self) -> &str {
        let rest = self.options.catalogue.strip_prefix("postgres://postgres@localhost/").unwrap();
        rest.split('?').next().unwrap()
    }

    /// The folder of the store, with a file for each object.
    pub(crate) fn folder(&self) -> PathBuf {
        let store = self.options.store.to_string();
        self.s3.bucket_folder().join(store.rsplit('/').next().unwrap())
    }

    /// The data set files that are stored, sorted.
    fn data_sets(&self) -> Vec<PathBuf> {
        let folder = self.folder();
        let files = crate::support::files_below(&folder);
        files.iter().filter(|name| name.ends_with(".mpd")).map(|name| folder.join(name)).collect()
    }
}
