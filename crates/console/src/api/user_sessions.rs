use std::sync::Arc;

use axum::{Json, extract::State};
use mp_profile::Sid;
use mp_protocol::session_report::Outcome;
use serde::Deserialize;

use super::{
    extract::{Named, Params},
    page::{Page, moment},
    problem::Problem,
    user_session::{OutcomeForm, UserSession, UserSessionTimeline},
};
use crate::{
    domain::{self, Paging, Refusal, SessionFilter},
    ops::{Administrator, Core},
    repository::SESSION_ORDERS,
};

/// Which sessions.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Which {
    sid: Option<Sid>,
    host: Option<String>,
    outcome: Option<Outcome>,
    search: Option<String>,
    from: Option<String>,
    to: Option<String>,
    sort: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// Users' sessions on the Agent Servers, newest first
#[utoipa::path(get, path = "/user-sessions", tag = "user-sessions", operation_id = "list-user-sessions", params(
    ("sid" = Option<String>, Query, description = "Of this user"),
    ("host" = Option<String>, Query, description = "On this Agent Server, by its whole name in any case"),
    ("outcome" = Option<OutcomeForm>, Query, description = "With this outcome, which is the one of the session that needs most attention and was not put right since"),
    ("search" = Option<String>, Query, description = "With this in the host's name, or in the user's SID or name, in any case"),
    ("from" = Option<String>, Query, description = "Begun at or after this time, RFC 3339"),
    ("to" = Option<String>, Query, description = "Begun before this time, RFC 3339"),
    ("sort" = Option<String>, Query, description = "started or logon-ms; with - before it the other way round; -started if missing"),
    ("after" = Option<String>, Query, description = "Those that follow: what the last answer had as next"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = Page<UserSession>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(which): Params<Which>,
) -> Result<Json<Page<UserSession>>, Refusal> {
    let Which { sid, host, outcome, search, from, to, sort, after, limit } = which;
    let paging = Paging::read(SESSION_ORDERS, sort.as_deref(), "-started", after.as_deref(), limit)?;
    let filter = SessionFilter {
        within: None,
        sid,
        host,
        outcome,
        search: domain::search(search)?,
        from: moment("from", from.as_deref())?,
        to: moment("to", to.as_deref())?,
    };
    Ok(Json(Page::of(core.user_sessions(&caller, filter, &paging).await?)))
}

/// One session with its timeline: what was fetched, merged, skipped and overridden, how long it took, and why
#[utoipa::path(get, path = "/user-sessions/{id}", tag = "user-sessions", operation_id = "get-user-session", params(("id" = String, Path)),
    responses((status = 200, body = UserSessionTimeline), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
) -> Result<Json<UserSessionTimeline>, Refusal> {
    let (session, reports) = core.user_session(&caller, &id).await?;
    Ok(Json(UserSessionTimeline::of(session, reports)))
}
