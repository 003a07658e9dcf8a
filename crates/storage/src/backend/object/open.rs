//! Opening: what can be found out about store and catalogue before the first Agent comes.

use std::{pin::pin, time::Duration};

use futures_util::TryStreamExt as _;
use object_store::Error;
use sqlx::{PgPool, Row as _};

use super::{
    Inner,
    address::{Environment, StoreAddress},
    catalogue::{Catalogue, signed},
    objects::Objects,
};
use crate::{at_rest::AtRest, backend::BackendError, store::now};

/// Says whose objects are below the prefix.
const MARKER: &str = "metaprofiles-store.json";
/// Longest marker that is read, in bytes.
const MAX_MARKER: u64 = 4096;
/// Objects of the self-test begin with it.
const SELF_TEST: &str = "self-test";
/// Layout of the objects.
const FORMAT: u32 = 1;
/// Clocks may differ so much.
const MAX_SKEW: Duration = Duration::from_secs(300);

/// How to reach an object store and its catalogue.
#[derive(Clone)]
pub struct ObjectOptions {
    /// Where the objects are.
    pub store: StoreAddress,
    /// Connection string of the PostgreSQL database: `postgres://user@host:port/database`. It may hold a password, which is
    /// never shown; `PGPASSWORD` of the environment counts more.
    pub catalogue: String,
    /// Credentials and further settings of the object store: `AWS_…`, `AZURE_…`, `GOOGLE_…`, as its own tools name them.
    pub environment: Environment,
    /// How data sets are stored.
    pub at_rest: AtRest,
    /// Whether it is opened although the key of what is stored may not be there, to tell which one it is.
    pub looks: bool,
}

impl std::fmt::Debug for ObjectOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectOptions").field("store", &self.store).finish_non_exhaustive()
    }
}

/// Why an object store with its catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Threads cannot be started.
    #[error("cannot start the threads of the object store")]
    Threads(#[source] std::io::Error),
    /// The connection string is none.
    #[error("MP-STO-140 the catalogue's address is not one: expected postgres://USER@HOST:PORT/DATABASE")]
    CatalogueAddress,
    /// The database cannot be used.
    #[error(
        "MP-STO-141 cannot use the catalogue {what}; check that PostgreSQL runs, that the database exists, and user and password \
         (PGPASSWORD)"
    )]
    Catalogue {
        /// Its address.
        what: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The database is one that follows another.
    #[error(
        "MP-STO-141 the catalogue {0} is a standby, which cannot be written; give the address of the primary server"
    )]
    Standby(String),
    /// The database is too old.
    #[error("MP-STO-141 the catalogue {0} is older than PostgreSQL 12; update it")]
    OldServer(String),
    /// The tables are those of a later version, or cannot be made.
    #[error(
        "MP-STO-142 cannot bring the tables of the catalogue {what} up to date; the user needs the right CREATE on the database, \
         and all nodes the newest version of this software that was run here"
    )]
    Schema {
        /// Its address.
        what: String,
        /// Why.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// The store's settings are no good.
    #[error(
        "MP-STO-143 the settings of the object store {what} cannot be used; see docs/how-to/storage-on-object-store.md"
    )]
    Settings {
        /// Its address.
        what: String,
        /// Why.
        #[source]
        source: Box<Error>,
    },
    /// Something that is needed cannot be done.
    #[error("MP-STO-144 cannot {doing} {what}; {advice}")]
    Store {
        /// What was tried.
        doing: &'static str,
        /// The object.
        what: String,
        /// What to do.
        advice: &'static str,
        /// Why.
        #[source]
        source: Box<Error>,
    },
    /// What was stored is not what comes back.
    #[error("MP-STO-144 the object store returns other bytes for {0} than were stored; it cannot be used")]
    Untrue(String),
    /// The clocks differ.
    #[error(
        "MP-STO-145 this machine's clock and that of the object store {what} differ by {seconds} s; set the clock by NTP"
    )]
    Clock {
        /// Its address.
        what: String,
        /// The difference.
        seconds: u64,
    },
    /// It is encrypted, and the key is not there or cannot be read.
    #[error("the encryption of the object store cannot be used")]
    StoreKey(#[source] Box<BackendError>),
    /// Catalogue and objects do not belong together.
    #[error("MP-STO-147 {what}: {why}")]
    Strangers {
        /// Address of the store.
        what: String,
        /// Why, and what to do.
        why: String,
    },
}

impl Inner {
    pub(super) async fn open(options: &ObjectOptions) -> Result<Self, OpenError> {
        let what = || options.store.to_string();
        let objects = Objects::new(&options.store, &options.environment)
            .map_err(|source| OpenError::Settings { what: what(), source: source.into() })?;
        let catalogue = Catalogue::open(&options.catalogue, &options.environment).await?;
        test(&objects, what()).await?;
        let id = belong_together(&objects, &catalogue, what()).await?;
        let opened = Self { objects, catalogue, id, at_rest: options.at_rest.clone() };
        if !options.looks {
            opened.check_key().await?;
        }
        Ok(opened)
    }

    /// Whether the objects are still those of the catalogue: a bucket that was exchanged or emptied is not damage.
    pub(super) async fn is_ours(&self) -> Result<bool, Error> {
        Ok(marker(&self.objects).await?.as_deref() == Some(&self.id))
    }
}

impl Inner {
    pub(super) async fn probe(&self) -> Result<(), BackendError> {
        let asked = sqlx::query("SELECT id FROM store").execute(&self.catalogue.pool).await;
        asked.map_err(|error| self.catalogue.failed("reach", error))?;
        match self.is_ours().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.objects.failed("trust", MARKER, "it is gone, or another store's")),
            Err(error) => Err(self.objects.failed("read", MARKER, error)),
        }
    }
}

/// Does once what will be done all the time.
async fn test(objects: &Objects, what: String) -> Result<(), OpenError> {
    let mut unique = [0; 8];
    // Without randomness the names of two nodes may meet, which spoils nothing but their tests.
    let _ = getrandom::fill(&mut unique);
    let name = format!("{SELF_TEST}/{:016x}", u64::from_be_bytes(unique));
    let failed = |doing| {
        let what = objects.shown(&name);
        move |source: Error| OpenError::Store { doing, what, advice: advice(&source), source: source.into() }
    };
    let content = name.clone().into_bytes();
    objects.put(&name, content.clone()).await.map_err(failed("write"))?;
    let head = objects.head(&name).await.map_err(failed("look at"))?;
    let skew = now().abs_diff(head.last_modified.timestamp_millis().unsigned_abs());
    let back = objects.get(&name, MAX_MARKER).await.map_err(failed("read"))?;
    objects.delete(&name).await.map_err(failed("delete"))?;
    if back != Some(Ok(content)) {
        return Err(OpenError::Untrue(objects.shown(&name)));
    }
    if Duration::from_millis(skew) > MAX_SKEW {
        return Err(OpenError::Clock { what, seconds: skew / 1000 });
    }
    pin!(objects.list()).try_next().await.map(drop).map_err(failed("list what stands beside"))
}

fn advice(error: &Error) -> &'static str {
    match error {
        Error::PermissionDenied { .. } => {
            "the credentials lack a right: they need to read, write, delete and list objects below the prefix (S3: s3:GetObject, \
             s3:PutObject, s3:DeleteObject, s3:ListBucket)"
        }
        Error::Unauthenticated { .. } => {
            "the credentials are not accepted; check them in the environment or the file of secrets"
        }
        Error::NotFound { .. } => {
            "check that the bucket or container exists, and the endpoint; this service makes none"
        }
        _ => "check the endpoint, the network and the credentials",
    }
}

/// Makes sure that catalogue and objects are of one store, and gives its id.
async fn belong_together(
    objects: &Objects,
    catalogue: &Catalogue,
    what: String,
) -> Result<String, OpenError> {
    let store_failed = |source: Error| OpenError::Store {
        doing: "read",
        what: objects.shown(MARKER),
        advice: advice(&source),
        source: source.into(),
    };
    let found = marker(objects).await.map_err(store_failed)?;
    let known = known(&catalogue.pool, found.is_none()).await;
    let known = known.map_err(|source| OpenError::Catalogue { what: what.clone(), source })?;
    let strangers = |why: &str| OpenError::Strangers { what: what.clone(), why: why.to_owned() };
    match (known, found) {
        (None, _) => Err(strangers(
            "the objects belong to another catalogue, and this one is empty; restore that database from its backup, or give \
             another prefix for a new store",
        )),
        (Some((id, _)), Some(found)) if found == id => Ok(id),
        (Some(_), Some(_)) => Err(strangers(
            "the objects belong to another catalogue; check both addresses, nothing was changed",
        )),
        (Some((id, false)), None) => {
            let text = format!("{{\"format\": {FORMAT}, \"id\": \"{id}\"}}\n");
            objects.put(MARKER, text.into_bytes()).await.map_err(store_failed)?;
            Ok(id)
        }
        (Some((_, true)), None) => Err(strangers(
            "the catalogue knows data sets, and the store has lost its marker metaprofiles-store.json; is it the right bucket and \
             prefix? Restore the marker with the objects, nothing was changed",
        )),
    }
}

/// Id of the store that the catalogue is of, and whether it knows data sets. An empty catalogue gets an id if it may.
async fn known(pool: &PgPool, may_begin: bool) -> Result<Option<(String, bool)>, sqlx::Error> {
    let mut unique = [0; 16];
    getrandom::fill(&mut unique)
        .map_err(|error| sqlx::Error::Io(std::io::Error::other(error.to_string())))?;
    if may_begin {
        sqlx::query("INSERT INTO store (id, listed_at) VALUES ($1, $2) ON CONFLICT (only_row) DO NOTHING")
            .bind(format!("{:032x}", u128::from_be_bytes(unique)))
            .bind(signed(now()))
            .execute(pool)
            .await?;
    }
    let row = sqlx::query("SELECT id, EXISTS (SELECT FROM data_sets) AS used FROM store")
        .fetch_optional(pool)
        .await?;
    row.map(|row| Ok((row.try_get("id")?, row.try_get("used")?))).transpose()
}

/// The id in the marker; an empty one when it cannot be read.
async fn marker(objects: &Objects) -> Result<Option<String>, Error> {
    let found = objects.get(MARKER, MAX_MARKER).await?;
    Ok(found.map(|bytes| {
        let parsed = bytes.ok().and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        let ours = parsed.filter(|marker| marker["format"] == FORMAT);
        ours.and_then(|marker| marker["id"].as_str().map(str::to_owned)).unwrap_or_default()
    }))
}
