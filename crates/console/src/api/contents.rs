use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use mp_dataset::diff;
use mp_profile::Sid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    data_sets::ScopeText,
    extract::{Named, Params},
    problem::Problem,
};
use crate::{
    domain::{
        self, Content, Place, Refusal, ShownChange, parse_file, parse_folder, parse_key, shown_changes,
    },
    ops::{Administrator, Compared, Core, Target},
};

/// Most changes in one answer, and how many if nothing else is asked for.
const MOST_CHANGES: usize = 1_000;
const USUAL_CHANGES: usize = 200;

/// Where to look in a version.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Where {
    storage_server: Option<String>,
    key: Option<String>,
    folder: Option<String>,
    search: Option<String>,
}

/// Which file of a version.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WhichFile {
    storage_server: Option<String>,
    file: String,
}

/// What is compared, and which of the changes are asked for.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct How {
    storage_server: Option<String>,
    with: Option<u64>,
    search: Option<String>,
    skip: Option<usize>,
    limit: Option<usize>,
}

/// What differs between two versions.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct VersionDifference {
    /// Number of the version before; null when there was none.
    former: Option<u64>,
    number: u64,
    /// How many changes there are, those of this answer included.
    total: usize,
    changes: Vec<ShownChange>,
}

/// What is in a version: at a key, in a folder, or all that holds a text. It is noted in the audit log
#[utoipa::path(get, path = "/users/{sid}/data-sets/{scope}/versions/{number}/content", tag = "data-sets", operation_id = "browse-version", params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("number" = u64, Path),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
    ("key" = Option<String>, Query, description = "A key below HKEY_CURRENT_USER, such as Software\\Contoso"),
    ("folder" = Option<String>, Query, description = "A special folder, or one below it, such as Desktop:notes"),
    ("search" = Option<String>, Query, description = "With this in a name, a text or a number, in any case"),
), responses((status = 200, body = Content), (status = "default", body = Problem)))]
pub(super) async fn browse(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope), number)): Named<(Sid, ScopeText, u64)>,
    Params(asked): Params<Where>,
) -> Result<Json<Content>, Refusal> {
    let target = Target { sid, scope, server: asked.storage_server };
    if let Some(text) = domain::search(asked.search)? {
        let set = core.look_into(&caller, &target, number, &format!("search for \"{text}\"")).await?;
        return Ok(Json(domain::find(&set, &text)));
    }
    let place = match (asked.key.as_deref(), asked.folder.as_deref()) {
        (Some(_), Some(_)) => {
            return Err(Refusal::Request("key and folder are two places; ask for one".to_owned()));
        }
        (Some(key), None) => match parse_key(key)? {
            path if path.depth() == 0 => Place::Top,
            path => Place::Key(path),
        },
        (None, Some(folder)) => {
            let (folder, components) = parse_folder(folder)?;
            Place::Folder(folder, components)
        }
        (None, None) => Place::Top,
    };
    let set = core.look_into(&caller, &target, number, &place.to_string()).await?;
    Ok(Json(domain::look(&set, &place)?))
}

/// A file of a version, as it is. It is noted in the audit log
#[utoipa::path(get, path = "/users/{sid}/data-sets/{scope}/versions/{number}/file", tag = "data-sets", operation_id = "get-file-of-version", params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("number" = u64, Path),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
    ("file" = String, Query, description = "Its place, such as Desktop:notes.txt"),
), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
    (status = "default", body = Problem),
))]
pub(super) async fn file(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope), number)): Named<(Sid, ScopeText, u64)>,
    Params(WhichFile { storage_server: server, file }): Params<WhichFile>,
) -> Result<Response, Refusal> {
    let path = parse_file(&file)?;
    let content = core.file_of_version(&caller, &Target { sid, scope, server }, number, &path).await?;
    // Never shown by a browser as what it claims to be: the user made it.
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CONTENT_DISPOSITION, "attachment")];
    Ok((headers, content.bytes.to_vec()).into_response())
}

/// What differs between a version and another one, or its predecessor. It is noted in the audit log
#[utoipa::path(get, path = "/users/{sid}/data-sets/{scope}/versions/{number}/difference", tag = "data-sets", operation_id = "compare-versions", params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("number" = u64, Path),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
    ("with" = Option<u64>, Query, description = "Number of the version before; the predecessor if missing"),
    ("search" = Option<String>, Query, description = "Changes with this in their place, text or number, in any case"),
    ("skip" = Option<u64>, Query, description = "Without the first so many"),
    ("limit" = Option<u64>, Query, description = "At most so many, 1 to 1000; 200 if missing"),
), responses((status = 200, body = VersionDifference), (status = "default", body = Problem)))]
pub(super) async fn difference(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope), number)): Named<(Sid, ScopeText, u64)>,
    Params(asked): Params<How>,
) -> Result<Json<VersionDifference>, Refusal> {
    let How { storage_server: server, with, search, skip, limit } = asked;
    let limit = limit.unwrap_or(USUAL_CHANGES);
    if !(1..=MOST_CHANGES).contains(&limit) {
        return Err(Refusal::Request(format!("limit must be 1 to {MOST_CHANGES}")));
    }
    let text = domain::search(search)?.map(|text| text.to_lowercase());
    let target = Target { sid, scope, server };
    let Compared { former, version, old, new } =
        core.compare_versions(&caller, &target, number, with).await?;
    let mut changes = shown_changes(&diff(&old, &new));
    if let Some(text) = text {
        changes.retain(|change| change.mentions(&text));
    }
    let total = changes.len();
    let changes = changes.into_iter().skip(skip.unwrap_or(0)).take(limit).collect();
    let former = former.map(|former| former.number);
    Ok(Json(VersionDifference { former, number: version.number, total, changes }))
}
