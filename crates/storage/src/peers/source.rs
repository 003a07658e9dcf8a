use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::{
    ClientError, StorageClient,
    peers::{Head, HeadPage},
};

use crate::{
    Backend,
    backend::{BackendError, Key, QuarantinedInfo, VersionInfo},
    refusal::chain,
};

/// What another Storage Server tells. Every call fails with a text when it does not.
pub trait Source {
    /// All versions that are known, newest first.
    ///
    /// # Errors
    /// As said above.
    fn versions(&self, key: &Key) -> Result<Vec<VersionInfo>, String>;

    /// The file of a version; `None` when its content is not there.
    ///
    /// # Errors
    /// As said above.
    fn version(&self, key: &Key, tag: &VersionTag) -> Result<Option<Vec<u8>>, String>;

    /// What is in quarantine, oldest first.
    ///
    /// # Errors
    /// As said above.
    fn quarantined(&self, key: &Key) -> Result<Vec<QuarantinedInfo>, String>;

    /// A file in quarantine; `None` when there is none of this id.
    ///
    /// # Errors
    /// As said above.
    fn quarantined_file(&self, key: &Key, id: &str) -> Result<Option<Vec<u8>>, String>;

    /// The newest versions of at most `limit` users of a scope, those after `after`.
    ///
    /// # Errors
    /// As said above.
    fn heads(&self, scope: &Scope, after: Option<&Sid>, limit: u32) -> Result<HeadPage, String>;
}

fn told(error: ClientError) -> String {
    chain(&error)
}

fn none_if_404<T>(answer: Result<T, ClientError>) -> Result<Option<T>, String> {
    match answer {
        Err(ClientError::Answer { status: 404, .. }) => Ok(None),
        answer => answer.map(Some).map_err(told),
    }
}

impl Source for StorageClient {
    fn versions(&self, key: &Key) -> Result<Vec<VersionInfo>, String> {
        self.versions(&key.scope, &key.sid).map_err(told)
    }

    fn version(&self, key: &Key, tag: &VersionTag) -> Result<Option<Vec<u8>>, String> {
        none_if_404(self.version_file(&key.scope, &key.sid, tag))
    }

    fn quarantined(&self, key: &Key) -> Result<Vec<QuarantinedInfo>, String> {
        self.quarantined(&key.scope, &key.sid).map_err(told)
    }

    fn quarantined_file(&self, key: &Key, id: &str) -> Result<Option<Vec<u8>>, String> {
        none_if_404(self.quarantined_file(&key.scope, &key.sid, id))
    }

    fn heads(&self, scope: &Scope, after: Option<&Sid>, limit: u32) -> Result<HeadPage, String> {
        self.heads(scope, after, limit).map_err(told)
    }
}

/// A backend of this process as another Storage Server sees it.
#[derive(Clone, Copy)]
pub struct BackendSource<'b>(pub &'b dyn Backend);

impl BackendSource<'_> {
    /// The newest versions of at most `limit` users of a scope, those after `after`.
    ///
    /// # Errors
    /// When the backend fails.
    pub(crate) fn heads(
        &self,
        scope: &Scope,
        after: Option<&Sid>,
        limit: usize,
    ) -> Result<HeadPage, BackendError> {
        let mut users = self.0.users(scope, after, limit + 1)?;
        let more = users.len() > limit;
        users.truncate(limit);
        let mut heads = Vec::new();
        for sid in users {
            let key = Key { scope: scope.clone(), sid };
            // Where the current version is damaged, the list says what can be had.
            let head = match self.0.version(&key) {
                Ok(Some(version)) => Some((version.tag().0, true)),
                _ => self.0.versions(&key)?.into_iter().next().map(|info| (info.tag, info.current)),
            };
            let current = head.as_ref().is_some_and(|(_, current)| *current);
            heads.push(Head { sid: key.sid, tag: head.map(|(tag, _)| tag), current });
        }
        Ok(HeadPage { heads, more })
    }
}

fn failed(error: BackendError) -> String {
    chain(&error)
}

impl Source for BackendSource<'_> {
    fn versions(&self, key: &Key) -> Result<Vec<VersionInfo>, String> {
        self.0.versions(key).map_err(failed)
    }

    fn version(&self, key: &Key, tag: &VersionTag) -> Result<Option<Vec<u8>>, String> {
        self.0.read_version(key, tag).map_err(failed)
    }

    fn quarantined(&self, key: &Key) -> Result<Vec<QuarantinedInfo>, String> {
        self.0.quarantined(key).map_err(failed)
    }

    fn quarantined_file(&self, key: &Key, id: &str) -> Result<Option<Vec<u8>>, String> {
        self.0.read_quarantined(key, id).map_err(failed)
    }

    fn heads(&self, scope: &Scope, after: Option<&Sid>, limit: u32) -> Result<HeadPage, String> {
        Self::heads(self, scope, after, usize::try_from(limit).unwrap_or(usize::MAX)).map_err(failed)
    }
}
