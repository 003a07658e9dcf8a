use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::etag,
    extract::{IfMatch, Params, Text},
    problem::Problem,
};
use crate::{
    domain::{Action, Difference, Kind, Refusal},
    ops::{Administrator, Core},
};

/// Content type of the configuration file.
const TOML: &str = "application/toml";

/// How to import.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    dry_run: bool,
}

/// What an import changed, or would.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Imported {
    /// Empty when the file says what is there already.
    differences: Vec<Changed>,
}

/// One item that an import changes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Changed {
    kind: ItemKind,
    name: String,
    action: ItemAction,
    /// The item in the configuration file, before.
    before: Option<String>,
    /// The same, after.
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ItemKind {
    StorageServer,
    AgentServerGroup,
    DataSubset,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ItemAction {
    Added,
    Changed,
    /// It says the same at another place of the list.
    Moved,
    Removed,
}

impl From<Difference> for Changed {
    fn from(difference: Difference) -> Self {
        let Difference { kind, name, action, before, after } = difference;
        let kind = match kind {
            Kind::StorageServer => ItemKind::StorageServer,
            Kind::Group => ItemKind::AgentServerGroup,
            Kind::Subset => ItemKind::DataSubset,
        };
        let action = match action {
            Action::Added => ItemAction::Added,
            Action::Changed => ItemAction::Changed,
            Action::Moved => ItemAction::Moved,
            Action::Removed => ItemAction::Removed,
        };
        Self { kind, name, action, before, after }
    }
}

impl From<Vec<Difference>> for Imported {
    fn from(differences: Vec<Difference>) -> Self {
        Self { differences: differences.into_iter().map(Changed::from).collect() }
    }
}

/// All that administrators describe, as one file: Storage Servers, groups, data subsets; no machines and no secrets
#[utoipa::path(get, path = "/configuration", tag = "configuration", operation_id = "export-configuration", responses(
    (status = 200, body = String, content_type = "application/toml"),
    (status = "default", body = Problem),
))]
pub(super) async fn export(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Response, Refusal> {
    let text = core.export(&caller).await?;
    let tag = etag(&text.tag)?;
    Ok(([tag], [(header::CONTENT_TYPE, TOML)], text.item).into_response())
}

/// Makes a file the whole configuration, all at once or not at all: what is not in it is removed
#[utoipa::path(put, path = "/configuration", tag = "configuration", operation_id = "import-configuration",
    request_body(content = String, content_type = "application/toml"), params(
    ("dry-run" = Option<bool>, Query, description = "Only tell what would change; needs no If-Match"),
    ("If-Match" = Option<String>, Header),
), responses(
    (status = 200, body = Imported),
    (status = 409, body = Problem, description = "What would be removed is still used"),
    (status = 412, body = Problem, description = "Somebody changed the configuration since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn import(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(how): Params<How>,
    expected: Result<IfMatch, Refusal>,
    Text(text): Text,
) -> Result<Response, Refusal> {
    if how.dry_run {
        return Ok(Json(Imported::from(core.try_import(&caller, &text).await?)).into_response());
    }
    let IfMatch(expected) = expected?;
    let imported = core.import(&caller, &text, &expected).await?;
    let tag = etag(&imported.tag)?;
    Ok(([tag], Json(Imported::from(imported.item))).into_response())
}
