use std::{sync::Arc, time::Duration};

use futures_util::{Stream, TryStreamExt as _};
use mp_dataset::Digest;
use mp_profile::Scope;
use object_store::{
    ClientOptions, Error, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig,
    aws::AmazonS3Builder, azure::MicrosoftAzureBuilder, gcp::GoogleCloudStorageBuilder, path::Path,
};

use super::address::{Environment, StoreAddress, StoreKind};
use crate::backend::{BackendError, Key};

/// For a connection to the store.
const CONNECT: Duration = Duration::from_secs(5);
/// For one request.
const REQUEST: Duration = Duration::from_secs(30);
/// After this long a failed request is not tried again.
const RETRY: Duration = Duration::from_secs(10);
/// A request is tried again at most so many times.
const RETRIES: usize = 3;
/// Names of data set files begin with it.
const DATA_SETS: &str = "data-sets";

/// The objects of one store. Nothing else writes below its prefix.
#[derive(Debug)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    address: StoreAddress,
}

impl Objects {
    /// A client of the store; nothing is sent yet.
    pub(super) fn new(address: &StoreAddress, environment: &Environment) -> Result<Self, Error> {
        // Only the first call in a process does something; whoever was faster chose the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = ClientOptions::new().with_connect_timeout(CONNECT).with_timeout(REQUEST);
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY, ..RetryConfig::default() };
        let named = |prefix: &'static str| {
            environment
                .iter()
                .filter(move |(name, _)| name.starts_with(prefix))
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
        };
        let store: Arc<dyn ObjectStore> = match address.kind {
            StoreKind::S3 => {
                let mut builder = AmazonS3Builder::new().with_client_options(client).with_retry(retry);
                for (key, value) in
                    named("AWS_").filter_map(|(name, value)| Some((name.parse().ok()?, value)))
                {
                    builder = builder.with_config(key, value);
                }
                Arc::new(builder.with_bucket_name(&address.bucket).build()?)
            }
            StoreKind::Azure => {
                let mut builder = MicrosoftAzureBuilder::new().with_client_options(client).with_retry(retry);
                for (key, value) in
                    named("AZURE_").filter_map(|(name, value)| Some((name.parse().ok()?, value)))
                {
                    builder = builder.with_config(key, value);
                }
                Arc::new(builder.with_container_name(&address.bucket).build()?)
            }
            StoreKind::Google => {
                let mut builder =
                    GoogleCloudStorageBuilder::new().with_client_options(client).with_retry(retry);
                for (key, value) in
                    named("GOOGLE_").filter_map(|(name, value)| Some((name.parse().ok()?, value)))
                {
                    builder = builder.with_config(key, value);
                }
                Arc::new(builder.with_bucket_name(&address.bucket).build()?)
            }
        };
        Ok(Self { store, address: address.clone() })
    }

    /// Address of an object, for people.
    pub(super) fn shown(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    fn path(&self, name: &str) -> Path {
        match self.address.prefix.as_str() {
            "" => Path::from(name),
            prefix => Path::from(format!("{prefix}/{name}")),
        }
    }

    /// Stores a data set file under a name that was never used before, which says whose it is and what it holds.
    pub(super) async fn store_file(
        &self,
        key: &Key,
        seal: Digest,
        bytes: Vec<u8>,
    ) -> Result<String, BackendError> {
        let mut unique = [0; 8];
        getrandom::fill(&mut unique)
            .map_err(|error| self.failed("name an object of", DATA_SETS, error.to_string()))?;
        let scope = match &key.scope {
            Scope::Global => "global".to_owned(),
            Scope::Group(name) => format!("group/{}", name.as_str().to_ascii_lowercase()),
        };
        let (sid, unique, len) = (&key.sid, u64::from_be_bytes(unique), bytes.len());
        let name = format!("{DATA_SETS}/{scope}/{sid}/{seal}-{unique:016x}.mpd");
        self.put(&name, bytes).await.map_err(|error| self.failed("store", &name, error))?;
        let stored =
            self.store.head(&self.path(&name)).await.map_err(|error| self.failed("look at", &name, error))?;
        if usize::try_from(stored.size).is_ok_and(|size| size == len) {
            return Ok(name);
        }
        let told = format!("{len} bytes were sent, and {} are there", stored.size);
        Err(self.failed("store", &name, told))
    }

    pub(super) async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        self.store.put(&self.path(name), PutPayload::from(bytes)).await.map(drop)
    }

    /// What is there, without its content.
    pub(super) async fn head(&self, name: &str) -> Result<ObjectMeta, Error> {
        self.store.head(&self.path(name)).await
    }

    /// An object of at most `limit` bytes, or the length of a longer one; `None` when there is none.
    pub(super) async fn get(&self, name: &str, limit: u64) -> Result<Option<Result<Vec<u8>, u64>>, Error> {
        match self.store.get(&self.path(name)).await {
            Ok(found) if found.meta.size > limit => Ok(Some(Err(found.meta.size))),
            Ok(found) => Ok(Some(Ok(found.bytes().await?.into()))),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object; that there is none is as good.
    pub(super) async fn delete(&self, name: &str) -> Result<(), Error> {
        match self.store.delete(&self.path(name)).await {
            Err(Error::NotFound { .. }) => Ok(()),
            done => done,
        }
    }

    /// Names of the data set files, each with the time of its last change by the store's clock, in milliseconds since 1970.
    pub(super) fn list(&self) -> impl Stream<Item = Result<(String, i64), Error>> + Send + '_ {
        let prefix = self.path(DATA_SETS);
        let strip = prefix.as_ref().len() - DATA_SETS.len();
        self.store.list(Some(&prefix)).map_ok(move |meta| {
            let name = meta.location.as_ref().get(strip..).unwrap_or_default().to_owned();
            (name, meta.last_modified.timestamp_millis())
        })
    }

    pub(super) fn failed(
        &self,
        doing: &'static str,
        name: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> BackendError {
        BackendError::Remote { doing, what: self.shown(name), source: source.into() }
    }
}
