use std::sync::Arc;

use axum::{Json, extract::State};
use mp_profile::Sid;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    extract::{Named, Params},
    page::{Page, Searched},
    problem::Problem,
};
use crate::{
    domain::{self, Refusal},
    ops::{Administrator, Core},
    repository::USER_ORDERS,
};

/// A user of whose sessions Agents have reported.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct User {
    /// Security identifier.
    sid: String,
    /// What the directory calls him; null where it is not known.
    #[schema(example = "CONTOSO\\\\ada")]
    name: Option<String>,
    display_name: Option<String>,
    /// Begin of the first session that was reported, RFC 3339.
    #[schema(format = DateTime)]
    first_seen: String,
    /// End of the last work that was reported, RFC 3339.
    #[schema(format = DateTime)]
    last_seen: String,
    /// The Agent Server of the last session.
    last_host: String,
    /// Identity of the last session; it may be older than sessions are kept.
    last_session: String,
    /// How many sessions there were, those that are kept no more included.
    sessions: i64,
}

impl From<domain::User> for User {
    fn from(user: domain::User) -> Self {
        let (name, display_name) =
            user.name.map_or((None, None), |found| (Some(found.name), Some(found.display_name)));
        Self {
            name,
            display_name,
            sid: user.sid.to_string(),
            first_seen: user.first_seen.rfc3339(),
            last_seen: user.last_seen.rfc3339(),
            last_host: user.last_host,
            last_session: user.last_session,
            sessions: user.sessions,
        }
    }
}

/// Users of whose sessions Agents have reported, those seen last first
#[utoipa::path(get, path = "/users", tag = "users", operation_id = "list-users", params(
    ("search" = Option<String>, Query, description = "With this in the SID or the name, in any case"),
    ("sort" = Option<String>, Query, description = "last-seen or sid; with - before it the other way round; -last-seen if missing"),
    ("after" = Option<String>, Query, description = "Those that follow: what the last answer had as next"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = Page<User>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(asked): Params<Searched>,
) -> Result<Json<Page<User>>, Refusal> {
    let (search, paging) = asked.read(USER_ORDERS, "-last-seen")?;
    Ok(Json(Page::of(core.users(&caller, search.as_deref(), &paging).await?)))
}

/// One user
#[utoipa::path(get, path = "/users/{sid}", tag = "users", operation_id = "get-user", params(("sid" = String, Path)),
    responses((status = 200, body = User), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(sid): Named<Sid>,
) -> Result<Json<User>, Refusal> {
    Ok(Json(core.user(&caller, &sid).await?.into()))
}
