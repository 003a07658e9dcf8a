use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use mp_dataset::{Selected, diff};
use mp_profile::Sid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::etag,
    data_sets::{ScopeText, reason},
    extract::{Body, IfMatch, Named, Params},
    problem::Problem,
};
use crate::{
    domain::{Portion, Refusal, ShownChange, parse_file, parse_folder, parse_key, parse_name, shown_changes},
    ops::{Administrator, Core, Restoration, RestoreRequest, Target},
};

/// Most changes that are told one by one.
const MOST_CHANGES: usize = 500;

/// What is brought back, from which version, and why.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RestoreForm {
    /// Number of the version.
    version: u64,
    part: RestoredPart,
    /// Why, for the record.
    #[serde(default)]
    reason: String,
}

/// What of a version is brought back. What the version deleted is deleted again, and what it says nothing of is as the
/// mandatory profile has it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
enum RestoredPart {
    /// All of it.
    Everything,
    /// What a data subset keeps.
    DataSubset {
        /// Its name.
        name: String,
    },
    /// A key with its values.
    Key {
        /// Below HKEY_CURRENT_USER.
        key: String,
        /// Whether with all sub-keys.
        #[serde(default)]
        below: bool,
    },
    /// One value.
    Value {
        /// Its key, below HKEY_CURRENT_USER.
        key: String,
        /// Its name; empty for the key's default value.
        value: String,
    },
    /// One file.
    File {
        /// Its place, such as Desktop:notes.txt.
        file: String,
    },
    /// All files of a folder and below it.
    Folder {
        /// A special folder, or one below it, such as Desktop:notes.
        folder: String,
    },
}

impl TryFrom<RestoredPart> for Portion {
    type Error = Refusal;

    fn try_from(part: RestoredPart) -> Result<Self, Refusal> {
        Ok(Self::Selected(match part {
            RestoredPart::DataSubset { name } => return Ok(Self::Subset(name)),
            RestoredPart::Everything => Selected::Everything,
            RestoredPart::Key { key, below } => Selected::Key { path: parse_key(&key)?, below },
            RestoredPart::Value { key, value } => Selected::Value(parse_key(&key)?, parse_name(&value)?),
            RestoredPart::File { file } => Selected::File(parse_file(&file)?),
            RestoredPart::Folder { folder } => {
                let (folder, components) = parse_folder(&folder)?;
                Selected::Folder { folder, components }
            }
        }))
    }
}

/// How to restore.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct How {
    storage_server: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

/// What a restore changed, or would.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RestoreResult {
    /// Number of the new version; null for a dry run.
    number: Option<u64>,
    /// How many things change.
    total: usize,
    /// The first 500 of them: what the user has now, and gets.
    changes: Vec<ShownChange>,
    /// Agent Servers on which the user has a session now. He gets what was restored at his next logon; what he changes in such
    /// a session is merged with it when the session ends, and of a setting that he changes himself his own counts.
    open_sessions: Vec<String>,
}

impl From<Restoration> for RestoreResult {
    fn from(restoration: Restoration) -> Self {
        let Restoration { old, new, number, sessions, .. } = restoration;
        let mut changes = shown_changes(&diff(&old, &new));
        let total = changes.len();
        changes.truncate(MOST_CHANGES);
        Self { number, total, changes, open_sessions: sessions }
    }
}

/// Makes a version, or a part of it, current again as a new version; what is current now stays as a former one
#[utoipa::path(post, path = "/users/{sid}/data-sets/{scope}/restore", tag = "data-sets", operation_id = "restore-version",
    request_body = RestoreForm, params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
    ("dry-run" = Option<bool>, Query, description = "Only tell what would change; needs no If-Match"),
    ("If-Match" = Option<String>, Header, description = "The ETag of the list of versions"),
), responses(
    (status = 200, body = RestoreResult),
    (status = 409, body = Problem, description = "Nothing would change, or the version's content is not there"),
    (status = 412, body = Problem, description = "Another version is current by now"),
    (status = 503, body = Problem, description = "The Storage Server is away"),
    (status = "default", body = Problem),
))]
pub(super) async fn restore(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope))): Named<(Sid, ScopeText)>,
    Params(How { storage_server: server, dry_run }): Params<How>,
    expected: Result<IfMatch, Refusal>,
    Body(form): Body<RestoreForm>,
) -> Result<Response, Refusal> {
    let target = Target { sid, scope, server };
    let request = RestoreRequest {
        number: form.version,
        portion: form.part.try_into()?,
        reason: reason(&form.reason)?,
    };
    let restoration = if dry_run {
        core.try_restore(&caller, &target, &request).await?
    } else {
        let IfMatch(expected) = expected?;
        core.restore(&caller, &target, &expected, &request).await?
    };
    let tag = etag(&restoration.tag)?;
    Ok(([tag], Json(RestoreResult::from(restoration))).into_response())
}
