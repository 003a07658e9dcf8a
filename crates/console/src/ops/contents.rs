//! Looks into users' data sets. Each is in the audit log, with what was looked at.

use std::sync::Arc;

use mp_dataset::{DataSet, FileChange, FileContent, FilePath};
use mp_protocol::versions::VersionInfo;

use super::{
    Administrator, Core,
    data_sets::{Target, Versions, subject},
};
use crate::{domain::Refusal, storage::StoredDataSet};

/// Two versions that are compared; `None` where there was none before the first.
pub(crate) struct Compared {
    pub(crate) former: Option<VersionInfo>,
    pub(crate) version: VersionInfo,
    pub(crate) old: Arc<DataSet>,
    pub(crate) new: Arc<DataSet>,
}

impl Core {
    /// What a version holds; `what` is told to the audit log.
    pub(crate) async fn look_into(
        &self,
        caller: &Administrator,
        target: &Target,
        number: u64,
        what: &str,
    ) -> Result<Arc<DataSet>, Refusal> {
        let of = self.stored(caller, target).await?;
        let (_, set) = self.opened(&of, number).await?;
        self.note(&caller.did("looked at", subject(&of), format!("version {number}: {what}"))).await?;
        Ok(set)
    }

    /// The content of a file in a version.
    pub(crate) async fn file_of_version(
        &self,
        caller: &Administrator,
        target: &Target,
        number: u64,
        path: &FilePath,
    ) -> Result<FileContent, Refusal> {
        let of = self.stored(caller, target).await?;
        let (_, set) = self.opened(&of, number).await?;
        let Some(FileChange::Present(content)) = set.file(path).map(|entry| entry.change.clone()) else {
            return Err(Refusal::NothingAt(path.to_string()));
        };
        self.note(&caller.did("took a copy from", subject(&of), format!("version {number}: {path}"))).await?;
        Ok(content)
    }

    /// Two versions: one, and the one with the number `with`, or its predecessor.
    pub(crate) async fn compare_versions(
        &self,
        caller: &Administrator,
        target: &Target,
        number: u64,
        with: Option<u64>,
    ) -> Result<Compared, Refusal> {
        let of = self.stored(caller, target).await?;
        let versions = self.versions_of(&of).await?;
        let version = versions.number(number)?.clone();
        let former = match with {
            Some(with) => Some(versions.number(with)?.clone()),
            None => predecessor(&versions, &version).cloned(),
        };
        let new = self.storage.open(&of, &version).await?;
        let old = match &former {
            Some(former) => self.storage.open(&of, former).await?,
            None => Arc::new(DataSet { registry: mp_registry::KeyEdit::root(), ..DataSet::default() }),
        };
        let with =
            former.as_ref().map_or("nothing".to_owned(), |former| format!("version {}", former.number));
        self.note(&caller.did("compared", subject(&of), format!("version {number} with {with}"))).await?;
        Ok(Compared { former, version, old, new })
    }

    pub(super) async fn opened(
        &self,
        of: &StoredDataSet,
        number: u64,
    ) -> Result<(Versions, Arc<DataSet>), Refusal> {
        let versions = self.versions_of(of).await?;
        let set = self.storage.open(of, versions.number(number)?).await?;
        Ok((versions, set))
    }
}

/// The version that another one was made from, or the one before it.
fn predecessor<'a>(versions: &'a Versions, of: &VersionInfo) -> Option<&'a VersionInfo> {
    let readable = |version: &&VersionInfo| version.kept && !version.damaged && version.number < of.number;
    let base = of.base.as_ref().and_then(|base| versions.0.iter().find(|version| version.tag == *base));
    base.filter(readable).or_else(|| versions.0.iter().find(readable))
}
