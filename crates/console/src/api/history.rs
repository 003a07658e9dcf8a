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
    configuration::Imported,
    extract::{Named, Params},
    page::Page,
    problem::Problem,
};
use crate::{
    domain::{Paging, Refusal},
    ops::{Administrator, Core},
    repository::{FormerConfiguration, HISTORY_ORDERS},
};

/// A change of the configuration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ConfigurationChange {
    /// The farm's revision after it.
    revision: i64,
    /// RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    who: String,
    action: String,
    subject: String,
}

impl From<FormerConfiguration> for ConfigurationChange {
    fn from(former: FormerConfiguration) -> Self {
        let FormerConfiguration { revision, at, who, action, subject } = former;
        Self { revision, at: at.rfc3339(), who, action, subject }
    }
}

/// Which changes.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Which {
    sort: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// The changes of the configuration, newest first
#[utoipa::path(get, path = "/configuration/history", tag = "configuration", operation_id = "list-configuration-history", params(
    ("sort" = Option<String>, Query, description = "revision; with - before it the other way round; -revision if missing"),
    ("after" = Option<String>, Query, description = "Those that follow: what the last answer had as next"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = Page<ConfigurationChange>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(Which { sort, after, limit }): Params<Which>,
) -> Result<Json<Page<ConfigurationChange>>, Refusal> {
    let paging = Paging::read(HISTORY_ORDERS, sort.as_deref(), "-revision", after.as_deref(), limit)?;
    Ok(Json(Page::of(core.configuration_history(&caller, &paging).await?)))
}

/// The configuration as it was after a change, as a file; importing it goes back to it
#[utoipa::path(get, path = "/configuration/history/{revision}", tag = "configuration", operation_id = "get-former-configuration",
    params(("revision" = i64, Path)), responses(
    (status = 200, body = String, content_type = "application/toml"),
    (status = "default", body = Problem),
))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(revision): Named<i64>,
) -> Result<Response, Refusal> {
    let text = core.former_configuration(&caller, revision).await?;
    Ok(([(header::CONTENT_TYPE, "application/toml")], text).into_response())
}

/// What going back to a former configuration would change now
#[utoipa::path(get, path = "/configuration/history/{revision}/difference", tag = "configuration",
    operation_id = "compare-former-configuration", params(("revision" = i64, Path)),
    responses((status = 200, body = Imported), (status = "default", body = Problem)))]
pub(super) async fn difference(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(revision): Named<i64>,
) -> Result<Json<Imported>, Refusal> {
    Ok(Json(core.former_difference(&caller, revision).await?.into()))
}
