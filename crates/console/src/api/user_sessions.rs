use std::sync::Arc;

use axum::{Json, extract::State};
use mp_profile::Sid;
use mp_protocol::session_report::Outcome;
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    extract::{Named, Params},
    problem::Problem,
    user_session::{OutcomeForm, UserSession, UserSessionTimeline, UserSessions},
};
use crate::{
    domain::{Cursor, Refusal, SessionFilter, UnixMillis},
    ops::{Administrator, Core},
};

/// Which sessions.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Which {
    sid: Option<Sid>,
    host: Option<String>,
    outcome: Option<Outcome>,
    from: Option<String>,
    to: Option<String>,
    after: Option<String>,
    #[serde(default = "fifty")]
    limit: u32,
}

fn fifty() -> u32 {
    50
}

impl Which {
    fn filter(&self) -> Result<SessionFilter, Refusal> {
        let after = self.after.as_deref().map(|text| {
            let wrong = || Refusal::Request("after must be what the last answer had as next".to_owned());
            Cursor::parse(text).ok_or_else(wrong)
        });
        Ok(SessionFilter {
            sid: self.sid.clone(),
            host: self.host.clone(),
            outcome: self.outcome,
            from: self.from.as_deref().map(|text| moment("from", text)).transpose()?,
            to: self.to.as_deref().map(|text| moment("to", text)).transpose()?,
            after: after.transpose()?,
        })
    }
}

fn moment(name: &str, text: &str) -> Result<UnixMillis, Refusal> {
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| {
        Refusal::Request(format!("{name} must be a time such as 2026-11-22T08:00:00Z (RFC 3339): {error}"))
    })?;
    let millis = i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
    Ok(UnixMillis(millis))
}

/// Users' sessions on the Agent Servers, newest first
#[utoipa::path(get, path = "/user-sessions", tag = "user-sessions", operation_id = "list-user-sessions", params(
    ("sid" = Option<String>, Query, description = "Of this user"),
    ("host" = Option<String>, Query, description = "On this Agent Server, by its whole name in any case"),
    ("outcome" = Option<OutcomeForm>, Query, description = "With this outcome, which is the one of the session that needs most attention and was not put right since"),
    ("from" = Option<String>, Query, description = "Begun at or after this time, RFC 3339"),
    ("to" = Option<String>, Query, description = "Begun before this time, RFC 3339"),
    ("after" = Option<String>, Query, description = "Those that follow: what the last answer had as next"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = UserSessions), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(which): Params<Which>,
) -> Result<Json<UserSessions>, Refusal> {
    let (found, next) = core.user_sessions(&caller, &which.filter()?, which.limit).await?;
    let sessions = found.into_iter().map(UserSession::from).collect();
    Ok(Json(UserSessions { sessions, next: next.map(|next| next.text()) }))
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
