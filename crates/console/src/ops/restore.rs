//! Former versions of users' data sets, whole or in part, become current again as new versions.

use std::sync::Arc;

use mp_dataset::{DataSet, Selected, diff, encode, restore};
use mp_profile::{CompiledRules, Scope, Sid, Stored, VersionTag};
use mp_protocol::{StorageClient, session_report::SessionEvent, versions::VersionInfo};

use super::{
    Administrator, Core, Expected,
    data_sets::{Target, Versions, subject, told},
};
use crate::{
    domain::{Paging, Portion, Refusal, SessionFilter, UnixMillis, shown_changes},
    repository::{AuditChange, SESSION_ORDERS},
    storage::StoredDataSet,
};

/// Changes that are told to the audit log one by one.
const AUDITED_CHANGES: usize = 100;
/// How many of the user's last sessions are looked at for one that is open, and how old they are at most.
const LAST_SESSIONS: u32 = 10;
const OLDEST_SESSION: i64 = 3 * UnixMillis::DAY;

/// What is to be brought back.
#[derive(Clone, Debug)]
pub(crate) struct RestoreRequest {
    pub(crate) number: u64,
    pub(crate) portion: Portion,
    pub(crate) reason: String,
}

/// What a restore changes.
pub(crate) struct Restoration {
    /// The data set before; empty when there was none.
    pub(crate) old: Arc<DataSet>,
    pub(crate) new: DataSet,
    /// Tag of the version that is current now; of what is current still when nothing was done yet.
    pub(crate) tag: String,
    /// Number of the new version, once there is one.
    pub(crate) number: Option<u64>,
    /// Agent Servers on which the user has a session.
    pub(crate) sessions: Vec<String>,
}

/// What a restore starts from.
struct Prepared {
    of: StoredDataSet,
    versions: Versions,
    version: VersionInfo,
    old: Arc<DataSet>,
    new: DataSet,
}

impl Core {
    /// What a restore would change.
    pub(crate) async fn try_restore(
        &self,
        caller: &Administrator,
        target: &Target,
        request: &RestoreRequest,
    ) -> Result<Restoration, Refusal> {
        let Prepared { of, versions, old, new, .. } = self.prepared(caller, target, request).await?;
        let what = format!("version {}, before a restore of {}", request.number, request.portion);
        self.note(&caller.did("looked at", subject(&of), what)).await?;
        let sessions = self.open_sessions(caller, &target.sid).await?;
        Ok(Restoration { old, new, tag: versions.tag().to_owned(), number: None, sessions })
    }

    /// Makes a former version, or a part of it, current again, as a new version.
    pub(crate) async fn restore(
        &self,
        caller: &Administrator,
        target: &Target,
        expected: &Expected,
        request: &RestoreRequest,
    ) -> Result<Restoration, Refusal> {
        let Prepared { of, versions, version, old, new } = self.prepared(caller, target, request).await?;
        expected.require(versions.tag())?;
        let RestoreRequest { number, portion, reason } = request;
        if versions.current().is_some() && diff(&old, &new).is_empty() {
            return Err(Refusal::NothingToRestore(portion.to_string(), *number));
        }
        let colon = if reason.is_empty() { "" } else { ": " };
        let notes = format!("{portion} from version {number}{colon}{reason}");
        let change = caller.asks(&notes);
        let base = versions.current().map(|current| VersionTag(current.tag.clone()));
        let whole = *portion == Portion::Selected(Selected::Everything) && base.is_some();
        let tag = VersionTag(version.tag.clone());
        let (file, new) = blocking(move || Ok((encoded(&new)?, new))).await?;
        let store = move |client: &StorageClient, scope: &Scope, sid: &Sid| match whole {
            true => client.restore(scope, sid, &tag, base.as_ref(), &change).map(Stored::As),
            false => client.store_as(scope, sid, base.as_ref(), &file, &change),
        };
        let Stored::As(tag) = self.storage.call(&of, store).await? else { return Err(Refusal::Stale) };

        let mut entry = caller.did("restored", subject(&of), notes);
        let now = self.versions_of(&of).await.map(|versions| versions.0).unwrap_or_default();
        let stored = now.iter().find(|version| version.tag == tag.0);
        entry.changes = vec![AuditChange {
            subject: "current version".to_owned(),
            before: versions.current().map(told),
            after: stored.map(told).or_else(|| Some(tag.0.clone())),
        }];
        let changes = shown_changes(&diff(&old, &new));
        let audited = changes.into_iter().take(AUDITED_CHANGES).map(|change| {
            let short = |item: Option<crate::domain::ShownItem>| item.map(|item| item.short());
            AuditChange { subject: change.place(), before: short(change.before), after: short(change.after) }
        });
        entry.changes.extend(audited);
        self.note(&entry).await?;
        let sessions = self.open_sessions(caller, &target.sid).await?;
        let number = stored.map(|version| version.number);
        Ok(Restoration { old, new, tag: tag.0.trim_matches('"').to_owned(), number, sessions })
    }

    async fn prepared(
        &self,
        caller: &Administrator,
        target: &Target,
        request: &RestoreRequest,
    ) -> Result<Prepared, Refusal> {
        let of = self.stored(caller, target).await?;
        let (versions, former) = self.opened(&of, request.number).await?;
        let version = versions.number(request.number)?.clone();
        let current = match versions.current() {
            Some(current) => Some(self.storage.open(&of, current).await?),
            None => None,
        };
        let present = current.clone();
        let new = match request.portion.clone() {
            Portion::Selected(selected) => {
                blocking(move || Ok(restore(present.as_deref(), &former, &selected))).await?
            }
            Portion::Subset(name) => {
                let group = match &target.scope {
                    Scope::Global => None,
                    Scope::Group(group) => Some(group),
                };
                let subsets = &self.farm().await?.configuration.subsets;
                let applies = |subset: &&mp_profile::DataSubset| match (&subset.applies, group) {
                    (mp_profile::Applies::Global, None) => true,
                    (mp_profile::Applies::Groups(groups), Some(group)) => groups.contains(group),
                    _ => false,
                };
                let found = subsets.iter().filter(applies).any(|subset| subset.name == name);
                if !found {
                    return Err(Refusal::SubsetElsewhere(name));
                }
                let rules = CompiledRules::compile(subsets, group).map_err(Refusal::internal)?;
                blocking(move || Ok(restore(present.as_deref(), &former, &rules.selection(&name)))).await?
            }
        };
        let old = current.unwrap_or_else(|| {
            Arc::new(DataSet { registry: mp_registry::KeyEdit::root(), ..DataSet::default() })
        });
        Ok(Prepared { of, versions, version, old, new })
    }

    /// Where the user has a session of which no end was reported, as far as the caller sees it.
    async fn open_sessions(&self, caller: &Administrator, sid: &Sid) -> Result<Vec<String>, Refusal> {
        let paging = Paging::read(SESSION_ORDERS, None, "-started", None, Some(LAST_SESSIONS))?;
        let filter = SessionFilter {
            sid: Some(sid.clone()),
            from: Some(self.now().plus(-OLDEST_SESSION)),
            ..SessionFilter::default()
        };
        let mut hosts = Vec::new();
        for session in self.user_sessions(caller, filter, &paging).await?.items {
            let (_, reports) = self.user_session(caller, &session.id).await?;
            let ended = reports.iter().any(|timed| timed.report.event == SessionEvent::Logoff);
            if !ended && !hosts.contains(&session.host) {
                hosts.push(session.host);
            }
        }
        Ok(hosts)
    }
}

/// Work that takes a processor for a while.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(Refusal::internal)?
}

fn encoded(set: &DataSet) -> Result<Vec<u8>, Refusal> {
    let mut file = Vec::new();
    encode(set, &mut file).map_err(|error| Refusal::NotStorable(error.to_string()))?;
    Ok(file)
}
