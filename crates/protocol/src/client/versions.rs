//! What administrators ask a Storage Server: `docs/reference/wire.md`, section 4.4.

use std::time::Duration;

use mp_profile::{Scope, Sid, VersionTag};
use serde::de::DeserializeOwned;
use ureq::http::Method;

use super::{ClientError, StorageClient, https::Answer};
use crate::{
    paths,
    peers::{Changes, HeadPage},
    versions::{
        ChangeRequest, QuarantineList, QuarantinedInfo, ScopeList, UserPage, VersionInfo, VersionList,
    },
};

/// Every call fails when storage does not do what it is asked.
impl StorageClient {
    /// All versions that are known of a data set, newest first. An Agent may ask for what it reaches.
    ///
    /// # Errors
    /// As said above.
    pub fn versions(&self, scope: &Scope, sid: &Sid) -> Result<Vec<VersionInfo>, ClientError> {
        let list: VersionList = self.json(&paths::versions(scope, sid))?;
        Ok(list.versions)
    }

    /// The file of a version. An Agent may ask for what it reaches.
    ///
    /// # Errors
    /// As said above.
    pub fn version_file(&self, scope: &Scope, sid: &Sid, tag: &VersionTag) -> Result<Vec<u8>, ClientError> {
        Ok(self.got(&paths::version(scope, sid, tag))?.body)
    }

    /// Makes the content of a version current again, as a new version, whose tag it says. With `base` only if that is the
    /// current version.
    ///
    /// # Errors
    /// As said above.
    pub fn restore(
        &self,
        scope: &Scope,
        sid: &Sid,
        tag: &VersionTag,
        base: Option<&VersionTag>,
        change: &ChangeRequest,
    ) -> Result<VersionTag, ClientError> {
        let path = format!("{}/restore", paths::version(scope, sid, tag));
        self.tag_of(&self.changed(Method::POST, &path, base, change)?)
    }

    /// Keeps retention from a version, or no longer.
    ///
    /// # Errors
    /// As said above.
    pub fn pin(
        &self,
        scope: &Scope,
        sid: &Sid,
        tag: &VersionTag,
        pinned: bool,
        change: &ChangeRequest,
    ) -> Result<(), ClientError> {
        let action = if pinned { "pin" } else { "unpin" };
        let path = format!("{}/{action}", paths::version(scope, sid, tag));
        self.changed(Method::POST, &path, None, change).map(drop)
    }

    /// What is in quarantine for a user and scope, oldest first.
    ///
    /// # Errors
    /// As said above.
    pub fn quarantined(&self, scope: &Scope, sid: &Sid) -> Result<Vec<QuarantinedInfo>, ClientError> {
        let list: QuarantineList = self.json(&paths::quarantine(scope, sid))?;
        Ok(list.quarantined)
    }

    /// The file of what is in quarantine.
    ///
    /// # Errors
    /// As said above.
    pub fn quarantined_file(&self, scope: &Scope, sid: &Sid, id: &str) -> Result<Vec<u8>, ClientError> {
        Ok(self.got(&paths::quarantined(scope, sid, id))?.body)
    }

    /// Makes what is in quarantine current, and takes it out of quarantine; says its version. With `base` only if that is the
    /// current version.
    ///
    /// # Errors
    /// As said above.
    pub fn accept(
        &self,
        scope: &Scope,
        sid: &Sid,
        id: &str,
        base: Option<&VersionTag>,
        change: &ChangeRequest,
    ) -> Result<VersionTag, ClientError> {
        let path = format!("{}/accept", paths::quarantined(scope, sid, id));
        self.tag_of(&self.changed(Method::POST, &path, base, change)?)
    }

    /// Deletes from quarantine.
    ///
    /// # Errors
    /// As said above.
    pub fn delete_quarantined(&self, scope: &Scope, sid: &Sid, id: &str) -> Result<(), ClientError> {
        let path = paths::quarantined(scope, sid, id);
        self.expect(self.https.send(self.call(Method::DELETE, &path, Vec::new()))?).map(drop)
    }

    /// The scopes of which there are data sets.
    ///
    /// # Errors
    /// As said above.
    pub fn scopes(&self) -> Result<Vec<Scope>, ClientError> {
        let list: ScopeList = self.json(paths::SCOPES)?;
        Ok(list.scopes)
    }

    /// At most `limit` users of a scope, in the order of their texts, those after `after`.
    ///
    /// # Errors
    /// As said above.
    pub fn users(&self, scope: &Scope, after: Option<&Sid>, limit: u32) -> Result<UserPage, ClientError> {
        self.json(&paths::users(scope, after, limit))
    }

    /// The newest versions of at most `limit` users of a scope, those after `after`. A Storage Server may ask another one.
    ///
    /// # Errors
    /// As said above.
    pub fn heads(&self, scope: &Scope, after: Option<&Sid>, limit: u32) -> Result<HeadPage, ClientError> {
        self.json(&paths::heads(scope, after, limit))
    }

    /// What was written to since a moment, of which an earlier answer has told; waits at most so many seconds until there is
    /// something. A Storage Server may ask another one.
    ///
    /// # Errors
    /// As said above.
    pub fn changes(&self, since: Option<&str>, wait: Duration) -> Result<Changes, ClientError> {
        let since = since.map(|since| format!("&since={since}")).unwrap_or_default();
        let path = format!("{}?wait={}{since}", paths::CHANGES, wait.as_secs());
        let mut call = self.call(Method::GET, &path, Vec::new());
        call.within += wait;
        let answer = self.expect(self.https.send(call)?)?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| self.https.bad_answer(format!("it cannot be read: {error}")))
    }

    fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let answer = self.got(path)?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| self.https.bad_answer(format!("it cannot be read: {error}")))
    }

    fn got(&self, path: &str) -> Result<Answer, ClientError> {
        self.expect(self.https.send(self.call(Method::GET, path, Vec::new()))?)
    }

    fn changed(
        &self,
        method: Method,
        path: &str,
        base: Option<&VersionTag>,
        change: &ChangeRequest,
    ) -> Result<Answer, ClientError> {
        let body = serde_json::to_vec(change)
            .map_err(|error| self.https.bad_answer(format!("the request cannot be written: {error}")))?;
        let base = base.map(|base| ("if-match", base.0.clone()));
        let mut call = self.call(method, path, base.into_iter().collect());
        call.body = Some(&body);
        self.expect(self.https.send(call)?)
    }

    fn expect(&self, answer: Answer) -> Result<Answer, ClientError> {
        match answer.status {
            200..=299 => Ok(answer),
            _ => Err(self.https.unexpected(&answer)),
        }
    }
}
