//! Uploads that storage keeps beside a user's versions, because nobody may be sure that they are newer: looked at, adopted as
//! a new version, or deleted.

use std::sync::Arc;

use mp_dataset::DataSet;
use mp_profile::VersionTag;
use mp_protocol::versions::{QuarantinedInfo, VersionInfo};

use super::{
    Administrator, Core, Expected,
    data_sets::{Target, Versions, subject, told},
};
use crate::{domain::Refusal, repository::AuditChange, storage::StoredDataSet};

/// An upload in quarantine beside the current version; `None` where there is none.
pub(crate) struct ComparedUpload {
    pub(crate) current: Option<VersionInfo>,
    pub(crate) old: Arc<DataSet>,
    pub(crate) new: DataSet,
}

impl Core {
    /// What is in quarantine, oldest first, and the versions beside which it is.
    pub(crate) async fn quarantine(
        &self,
        caller: &Administrator,
        target: &Target,
    ) -> Result<(Vec<QuarantinedInfo>, Versions), Refusal> {
        let of = self.stored(caller, target).await?;
        Ok((self.quarantine_of(&of).await?, self.versions_of(&of).await?))
    }

    pub(super) async fn quarantine_of(&self, of: &StoredDataSet) -> Result<Vec<QuarantinedInfo>, Refusal> {
        self.storage.call(of, |client, scope, sid| client.quarantined(scope, sid)).await
    }

    /// An upload and what is current. It is a look into a user's data.
    pub(crate) async fn compare_quarantined(
        &self,
        caller: &Administrator,
        target: &Target,
        id: &str,
    ) -> Result<ComparedUpload, Refusal> {
        let of = self.stored(caller, target).await?;
        let upload = self.upload(&of, id).await?;
        let versions = self.versions_of(&of).await?;
        let current = versions.current().cloned();
        let new = self.storage.open_quarantined(&of, id).await?;
        let old = match &current {
            Some(current) => self.storage.open(&of, current).await?,
            None => Arc::new(DataSet { registry: mp_registry::KeyEdit::root(), ..DataSet::default() }),
        };
        let with =
            current.as_ref().map_or("nothing".to_owned(), |current| format!("version {}", current.number));
        self.note(&caller.did("compared", subject(&of), format!("{} with {with}", called(&upload)))).await?;
        Ok(ComparedUpload { current, old, new })
    }

    /// Makes an upload the current version, and takes it out of quarantine. Gives the number of the version.
    pub(crate) async fn adopt_quarantined(
        &self,
        caller: &Administrator,
        target: &Target,
        id: &str,
        expected: &Expected,
        reason: &str,
    ) -> Result<Option<u64>, Refusal> {
        let of = self.stored(caller, target).await?;
        let upload = self.upload(&of, id).await?;
        let versions = self.versions_of(&of).await?;
        expected.require(versions.tag())?;
        let base = versions.current().map(|current| VersionTag(current.tag.clone()));
        let (wanted, change) = (id.to_owned(), caller.asks(reason));
        let adopt = move |client: &mp_protocol::StorageClient, scope: &_, sid: &_| {
            client.accept(scope, sid, &wanted, base.as_ref(), &change)
        };
        let tag = self.storage.call(&of, adopt).await?;
        let now = self.versions_of(&of).await.map(|versions| versions.0).unwrap_or_default();
        let stored = now.iter().find(|version| version.tag == tag.0);
        let mut entry = caller.did("adopted", subject(&of), format!("{}: {reason}", called(&upload)));
        entry.changes = vec![AuditChange {
            subject: "current version".to_owned(),
            before: versions.current().map(told),
            after: stored.map(told).or(Some(tag.0)),
        }];
        self.note(&entry).await?;
        Ok(stored.map(|version| version.number))
    }

    /// Deletes an upload. Nothing brings it back.
    pub(crate) async fn delete_quarantined(
        &self,
        caller: &Administrator,
        target: &Target,
        id: &str,
        reason: &str,
    ) -> Result<(), Refusal> {
        let of = self.stored(caller, target).await?;
        let upload = self.upload(&of, id).await?;
        let wanted = id.to_owned();
        self.storage
            .call(&of, move |client, scope, sid| client.delete_quarantined(scope, sid, &wanted))
            .await?;
        self.note(&caller.did("deleted", subject(&of), format!("{}: {reason}", called(&upload)))).await
    }

    async fn upload(&self, of: &StoredDataSet, id: &str) -> Result<QuarantinedInfo, Refusal> {
        let found = self.quarantine_of(of).await?.into_iter().find(|upload| upload.id == id);
        found.ok_or_else(|| Refusal::NotQuarantined(id.chars().take(64).collect()))
    }
}

/// An upload as the audit log names it.
fn called(upload: &QuarantinedInfo) -> String {
    let from = upload.note.as_ref().map(|note| format!(" from {}", note.agent)).unwrap_or_default();
    format!("upload {} in quarantine{from}, {} bytes", upload.id, upload.bytes)
}
