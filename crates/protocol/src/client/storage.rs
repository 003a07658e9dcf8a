use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mp_profile::{
    DataSetStore, Fetched, HeldVersion, KnownVersion, Scope, Sid, StoreError, Stored, Upload, VersionTag,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::ClientConfig;
use ureq::http::Method;

use super::{
    ClientError, NetCode,
    delta::Deltas,
    https::{Answer, Call, Https},
};
use crate::{
    StorageTarget, Waits,
    digest::{CONTENT_DIGEST, content_digest},
    etag,
    paths::{self, DATA_SET_TYPE, DELTA_CODING, UNPACKED_TYPE},
    versions::{ChangeRequest, MAX_SESSION, MAX_TEXT},
};

/// An Agent's way to a Storage Server. Connections are kept between calls and shared by clones.
#[derive(Clone, Debug)]
pub struct StorageClient {
    pub(super) https: Https,
    pub(super) fetch: Duration,
    upload: Duration,
    pub(super) deltas: Arc<Deltas>,
}

/// What storage has, without its content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredInfo {
    /// Its version.
    pub version: VersionTag,
    /// Length of the file in bytes.
    pub len: u64,
}

/// Answer to [`StorageClient::delete`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deleted {
    /// It is no longer current; it is kept as a former version.
    Done,
    /// Another version is current.
    Conflict,
    /// There was none.
    None,
}

impl StorageClient {
    /// A client for a Storage Server. `tls` comes from [`crate::tls::machine_client`] with
    /// [`crate::tls::ServerKind::Storage`]; clients that share it share its TLS sessions.
    #[must_use]
    pub fn new(tls: Arc<ClientConfig>, target: &StorageTarget, waits: Waits) -> Self {
        let host = &target.host;
        let authority = match host.parse::<std::net::Ipv6Addr>() {
            Ok(ip) => format!("[{ip}]:{}", target.port),
            Err(_) => format!("{host}:{}", target.port),
        };
        Self {
            https: Https::new(tls, &authority, Duration::from_millis(waits.connect_ms)),
            fetch: Duration::from_millis(waits.fetch_ms),
            upload: Duration::from_millis(waits.upload_ms),
            deltas: Arc::default(),
        }
    }

    /// Host and port.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.https.server
    }

    /// Version and length of a data set; `None` when there is none.
    ///
    /// # Errors
    /// When storage does not say what it has.
    pub fn head(&self, scope: &Scope, sid: &Sid) -> Result<Option<StoredInfo>, ClientError> {
        let answer = self.https.send(self.call(Method::HEAD, &paths::data_set(scope, sid), Vec::new()))?;
        match answer.status {
            200 => {
                let len = answer.header("content-length").and_then(|len| len.parse().ok());
                let len = len.ok_or_else(|| self.https.bad_answer("it has no content-length"))?;
                Ok(Some(StoredInfo { version: self.tag_of(&answer)?, len }))
            }
            404 => self.none(&answer).map(|()| None),
            _ => Err(self.https.unexpected(&answer)),
        }
    }

    /// Makes a data set no longer current, if `base` is still the current version. The reason is kept with it, and who asks
    /// for it when this is an administrator's connection.
    ///
    /// # Errors
    /// When storage did not acknowledge.
    pub fn delete(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: &VersionTag,
        change: &ChangeRequest,
    ) -> Result<Deleted, ClientError> {
        let headers = vec![
            ("if-match", base.0.clone()),
            (paths::REASON, encoded(&change.reason, paths::MAX_REASON)),
            (paths::BY, encoded(&change.by, 3 * MAX_TEXT)),
        ];
        let answer = self.https.send(self.call(Method::DELETE, &paths::data_set(scope, sid), headers))?;
        match answer.status {
            204 => Ok(Deleted::Done),
            404 => self.none(&answer).map(|()| Deleted::None),
            412 => Ok(Deleted::Conflict),
            _ => Err(self.https.unexpected(&answer)),
        }
    }

    /// Stores a data set that an administrator made of versions, if `base` is still the current version (`None`: if there is
    /// none). Who asks for it, and why, is kept with it.
    ///
    /// # Errors
    /// When storage did not acknowledge.
    pub fn store_as(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: Option<&VersionTag>,
        bytes: &[u8],
        change: &ChangeRequest,
    ) -> Result<Stored, ClientError> {
        let notes = Some(change.reason.clone()).filter(|reason| !reason.is_empty());
        self.put(scope, sid, &Upload { base, base_file: None, bytes, session: None, notes }, Some(&change.by))
    }

    fn put(
        &self,
        scope: &Scope,
        sid: &Sid,
        upload: &Upload<'_>,
        by: Option<&str>,
    ) -> Result<Stored, ClientError> {
        self.check_len(upload.bytes)?;
        let precondition = match upload.base {
            Some(base) => ("if-match", base.0.clone()),
            None => ("if-none-match", "*".to_owned()),
        };
        let path = paths::data_set(scope, sid);
        let told = [
            (paths::SESSION, upload.session, MAX_SESSION),
            (paths::NOTES, upload.notes.as_deref(), MAX_TEXT),
            (paths::BY, by, MAX_TEXT),
        ];
        let told = told.map(|(name, text, most)| Some((name, encoded(text?, 3 * most))));
        let begun = Instant::now();
        let put = |kind, body| {
            let mut call = self.sending(Method::PUT, &path, kind, precondition.clone(), body);
            call.headers.extend(told.iter().flatten().cloned());
            call.within = self.upload.saturating_sub(begun.elapsed());
            call
        };
        let whole = || self.https.send(put(DATA_SET_TYPE, upload.bytes));
        let answer = match self.delta_of(upload) {
            Some(delta) => {
                let mut call = put(UNPACKED_TYPE, &delta);
                call.headers.push(("content-encoding", DELTA_CODING.to_owned()));
                match self.https.send(call) {
                    Err(error) if self.wants_whole(&error) => whole()?,
                    answer => answer?,
                }
            }
            None => whole()?,
        };
        match answer.status {
            201 | 204 => Ok(Stored::As(self.tag_of(&answer)?)),
            412 => Ok(Stored::Conflict),
            _ => Err(self.https.unexpected(&answer)),
        }
    }

    fn post_quarantine(
        &self,
        scope: &Scope,
        sid: &Sid,
        reason: &str,
        bytes: &[u8],
    ) -> Result<(), ClientError> {
        self.check_len(bytes)?;
        let text = encoded(reason, paths::MAX_REASON);
        let path = paths::quarantine(scope, sid);
        let call = self.sending(Method::POST, &path, DATA_SET_TYPE, (paths::REASON, text), bytes);
        let answer = self.https.send(call)?;
        if answer.status == 201 { Ok(()) } else { Err(self.https.unexpected(&answer)) }
    }

    /// A file that storage would refuse is not sent at all.
    fn check_len(&self, bytes: &[u8]) -> Result<(), ClientError> {
        if u64::try_from(bytes.len()).is_ok_and(|len| len <= paths::MAX_DATA_SET) {
            return Ok(());
        }
        let text = format!("a data set file of {} bytes is longer than {}", bytes.len(), paths::MAX_DATA_SET);
        let server = self.https.server.clone();
        Err(ClientError::Network { server, code: NetCode::TooLarge, text, arrived: false })
    }

    pub(super) fn call<'a>(
        &self,
        method: Method,
        path: &'a str,
        headers: Vec<(&'static str, String)>,
    ) -> Call<'a> {
        Call { method, path, headers, body: None, within: self.fetch, limit: paths::MAX_DATA_SET }
    }

    fn sending<'a>(
        &self,
        method: Method,
        path: &'a str,
        kind: &str,
        header: (&'static str, String),
        bytes: &'a [u8],
    ) -> Call<'a> {
        let headers =
            vec![header, ("content-type", kind.to_owned()), (CONTENT_DIGEST, content_digest(bytes))];
        let mut call = self.call(method, path, headers);
        call.body = Some(bytes);
        call.within = self.upload;
        call
    }

    pub(super) fn tag_of(&self, answer: &Answer) -> Result<VersionTag, ClientError> {
        let tag = answer.header("etag").filter(|tag| etag::is_strong(tag));
        tag.map(|tag| VersionTag(tag.to_owned())).ok_or_else(|| self.https.bad_answer("it has no version"))
    }

    /// Only storage itself can say that there is none: any other server says 404 to anything.
    pub(super) fn none(&self, answer: &Answer) -> Result<(), ClientError> {
        match answer.header(paths::NO_DATA_SET) {
            Some("1") => Ok(()),
            _ => Err(self.https.bad_answer("status 404, but not that of a storage service")),
        }
    }
}

/// A text as the value of a header: UTF-8 with percent-encoding, cut to so many bytes.
fn encoded(text: &str, most: usize) -> String {
    let mut value = String::new();
    for piece in utf8_percent_encode(text, NON_ALPHANUMERIC) {
        if value.len() + piece.len() > most {
            break;
        }
        value.push_str(piece);
    }
    value
}

impl DataSetStore for StorageClient {
    fn fetch(&self, scope: &Scope, sid: &Sid, held: Option<HeldVersion<'_>>) -> Result<Fetched, StoreError> {
        Ok(self.get(scope, sid, held)?)
    }

    /// One request. When the server refuses it as a whole, because of one scope, the error is [`StoreError::Refused`] even if
    /// it may pass: the caller can then ask for each scope.
    fn fetch_all(
        &self,
        sid: &Sid,
        wanted: &[(Scope, Option<HeldVersion<'_>>)],
    ) -> Result<Vec<Fetched>, StoreError> {
        let mut answers = match self.fetch_user(sid, wanted) {
            Ok(answers) => answers,
            Err(ClientError::Answer { server, status, error }) => {
                let text = format!("{} {} (status {status})", error.code, error.message);
                return Err(StoreError::Refused { server, text });
            }
            Err(error) => return Err(error.into()),
        };
        let mut take = |(scope, held): &(Scope, Option<HeldVersion<'_>>)| {
            match answers.iter().position(|(answered, _)| answered == scope) {
                Some(index) => Ok(answers.swap_remove(index).1),
                // Storage leaves out what this Agent does not reach, and says so when asked for it.
                None => self.fetch(scope, sid, *held),
            }
        };
        wanted.iter().map(&mut take).collect()
    }

    fn store(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: Option<&VersionTag>,
        bytes: &[u8],
    ) -> Result<Stored, StoreError> {
        self.upload(scope, sid, &Upload { base, base_file: None, bytes, session: None, notes: None })
    }

    fn upload(&self, scope: &Scope, sid: &Sid, upload: &Upload<'_>) -> Result<Stored, StoreError> {
        Ok(self.put(scope, sid, upload, None)?)
    }

    fn known_versions(&self, scope: &Scope, sid: &Sid) -> Result<Vec<KnownVersion>, StoreError> {
        let known = self.versions(scope, sid)?.into_iter().filter_map(|info| {
            Some(KnownVersion { seal: info.seal.parse().ok()?, version: VersionTag(info.tag) })
        });
        Ok(known.collect())
    }

    fn version_bytes(
        &self,
        scope: &Scope,
        sid: &Sid,
        version: &VersionTag,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        match self.version_file(scope, sid, version) {
            Err(ClientError::Answer { status: 404, .. }) => Ok(None),
            read => Ok(Some(read?)),
        }
    }

    fn quarantine(&self, scope: &Scope, sid: &Sid, reason: &str, bytes: &[u8]) -> Result<(), StoreError> {
        Ok(self.post_quarantine(scope, sid, reason, bytes)?)
    }
}
