//! Users' data sets on the Storage Servers: what versions there are, and what administrators change about them.

use std::collections::HashSet;

use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::{
    client::Deleted,
    versions::{ChangeRequest, VersionInfo},
};

use super::{Administrator, Core, Expected};
use crate::{
    domain::Refusal,
    repository::{AuditChange, AuditEntry},
    storage::StoredDataSet,
};

/// The tag of a data set of which no version is current.
const NO_CURRENT: &str = "none";

/// Which data set somebody means.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) sid: Sid,
    pub(crate) scope: Scope,
    /// The Storage Server, where it is not the one that keeps the scope now.
    pub(crate) server: Option<String>,
}

/// What a Storage Server says of a user's data set of a scope.
pub(crate) struct ListedDataSet {
    pub(crate) scope: Scope,
    pub(crate) server: String,
    /// Newest first; or why it does not say.
    pub(crate) versions: Result<Vec<VersionInfo>, Refusal>,
    /// How many uploads wait in quarantine.
    pub(crate) quarantined: usize,
}

/// The versions of a data set, newest first.
pub(crate) struct Versions(pub(crate) Vec<VersionInfo>);

impl Versions {
    pub(crate) fn current(&self) -> Option<&VersionInfo> {
        self.0.iter().find(|version| version.current)
    }

    /// Changes with whatever is current.
    pub(crate) fn tag(&self) -> &str {
        self.current().map_or(NO_CURRENT, tag_of)
    }

    pub(crate) fn number(&self, number: u64) -> Result<&VersionInfo, Refusal> {
        self.0.iter().find(|version| version.number == number).ok_or(Refusal::NoVersion(number))
    }
}

/// A version's tag, without quotes.
fn tag_of(version: &VersionInfo) -> &str {
    version.tag.trim_matches('"')
}

impl Core {
    /// A data set that the caller may reach: those of the groups that he is held to, all if he is held to none. The global
    /// ones are of all groups.
    pub(super) async fn stored(
        &self,
        caller: &Administrator,
        target: &Target,
    ) -> Result<StoredDataSet, Refusal> {
        let Target { sid, scope, server } = target;
        let none = || Refusal::NoScope(scope.clone());
        if !reaches(caller, scope) {
            return Err(none());
        }
        let farm = self.farm().await?;
        let server = farm.configuration.storage_server_for(scope, server.as_deref()).ok_or_else(none)?;
        let server = self.storage.reach(&self.authority, server, self.now())?;
        Ok(StoredDataSet { server, scope: scope.clone(), sid: sid.clone() })
    }

    /// All data sets of a user that the caller may reach and of which something is known. A Storage Server that is away does
    /// not hide what the others say, and is asked once.
    pub(crate) async fn data_sets(
        &self,
        caller: &Administrator,
        sid: &Sid,
    ) -> Result<Vec<ListedDataSet>, Refusal> {
        let farm = self.farm().await?;
        let (mut found, mut away) = (Vec::new(), HashSet::new());
        for scope in farm.configuration.scopes().filter(|scope| reaches(caller, scope)) {
            let Some(server) = farm.configuration.storage_server_for(&scope, None) else { continue };
            if away.contains(&server.name) {
                continue;
            }
            let server = self.storage.reach(&self.authority, server, self.now())?;
            let of = StoredDataSet { server, scope: scope.clone(), sid: sid.clone() };
            let known = match self.versions_of(&of).await {
                Ok(versions) => self.quarantine_of(&of).await.map(|waiting| (versions.0, waiting.len())),
                Err(refusal) => Err(refusal),
            };
            if let Err(Refusal::StorageAway { .. }) = known {
                away.insert(of.server.name.clone());
            }
            let (versions, quarantined) = match known {
                Ok((versions, 0)) if versions.is_empty() => continue,
                Ok((versions, waiting)) => (Ok(versions), waiting),
                Err(refusal) => (Err(refusal), 0),
            };
            found.push(ListedDataSet { scope, server: of.server.name, versions, quarantined });
        }
        Ok(found)
    }

    /// The versions of a data set.
    pub(crate) async fn versions(
        &self,
        caller: &Administrator,
        target: &Target,
    ) -> Result<Versions, Refusal> {
        self.versions_of(&self.stored(caller, target).await?).await
    }

    pub(super) async fn versions_of(&self, of: &StoredDataSet) -> Result<Versions, Refusal> {
        self.storage.call(of, |client, scope, sid| client.versions(scope, sid)).await.map(Versions)
    }

    /// Keeps retention from a version, or no longer.
    pub(crate) async fn pin_version(
        &self,
        caller: &Administrator,
        target: &Target,
        number: u64,
        expected: &Expected,
        pinned: bool,
        reason: &str,
    ) -> Result<VersionInfo, Refusal> {
        let of = self.stored(caller, target).await?;
        let versions = self.versions_of(&of).await?;
        let version = versions.number(number)?;
        expected.require(&version_state(version))?;
        if version.pinned != pinned {
            let (tag, change) = (VersionTag(version.tag.clone()), caller.asks(reason));
            let pin = move |client: &mp_protocol::StorageClient, scope: &Scope, sid: &Sid| {
                client.pin(scope, sid, &tag, pinned, &change)
            };
            self.storage.call(&of, pin).await?;
            let word = |pinned: bool| if pinned { "pinned" } else { "left to retention" };
            let mut entry = caller.did("changed", subject(&of), format!("version {number}: {reason}"));
            entry.changes = vec![AuditChange {
                subject: format!("version {number}"),
                before: Some(word(version.pinned).to_owned()),
                after: Some(word(pinned).to_owned()),
            }];
            self.note(&entry).await?;
        }
        Ok(VersionInfo { pinned, ..version.clone() })
    }

    /// Makes a data set no longer current; its versions stay as former ones.
    pub(crate) async fn delete_data_set(
        &self,
        caller: &Administrator,
        target: &Target,
        expected: &Expected,
        reason: &str,
    ) -> Result<(), Refusal> {
        let of = self.stored(caller, target).await?;
        let versions = self.versions_of(&of).await?;
        expected.require(versions.tag())?;
        let current = versions.current().ok_or_else(|| Refusal::NoScope(of.scope.clone()))?;
        let (tag, change) = (VersionTag(current.tag.clone()), caller.asks(reason));
        let delete = move |client: &mp_protocol::StorageClient, scope: &Scope, sid: &Sid| {
            client.delete(scope, sid, &tag, &change)
        };
        if self.storage.call(&of, delete).await? != Deleted::Done {
            return Err(Refusal::Stale);
        }
        let mut entry = caller.did("deleted", subject(&of), reason.to_owned());
        entry.changes = vec![AuditChange {
            subject: "current version".to_owned(),
            before: Some(told(current)),
            after: None,
        }];
        self.note(&entry).await
    }

    /// Adds a line to the audit log about something that changes nothing in the console.
    pub(super) async fn note(&self, entry: &AuditEntry) -> Result<(), Refusal> {
        self.database.note(self.now(), entry).await
    }
}

impl Administrator {
    /// What he asks a Storage Server for, for its record.
    pub(super) fn asks(&self, reason: &str) -> ChangeRequest {
        ChangeRequest { by: self.name().to_owned(), reason: reason.to_owned() }
    }
}

pub(super) fn reaches(caller: &Administrator, scope: &Scope) -> bool {
    match (caller.groups(), scope) {
        (None, _) => true,
        (Some(groups), Scope::Group(group)) => groups.contains(group),
        (Some(_), Scope::Global) => false,
    }
}

/// Changes with a version's content and whether it is pinned.
pub(crate) fn version_state(version: &VersionInfo) -> String {
    format!("{}{}", tag_of(version), if version.pinned { "-pinned" } else { "" })
}

/// A data set as the audit log names it.
pub(super) fn subject(of: &StoredDataSet) -> String {
    format!("data set {} of user {}", of.scope, of.sid)
}

/// A version as the audit log names it.
pub(super) fn told(version: &VersionInfo) -> String {
    format!("version {}, {} bytes, digest {}", version.number, version.bytes, version.seal)
}
