//! Sessions of browsers: the token is in a cookie that scripts cannot read.
//!
//! A cookie travels with whatever a browser sends, also when another site makes it send something. So it counts only beside
//! [`HEADER`], which no other site can add without asking the console first (CORS), and the console never allows that.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use mp_profile::GroupName;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    administrators::{AdministratorOrigin, AdministratorRole},
    extract::{Body, Origin},
    problem::Problem,
    sessions::SignIn,
};
use crate::{
    domain::{Permission, Refusal},
    ops::{Administrator, Core, NewSession},
};

/// What the pages send with each request.
const HEADER: HeaderName = HeaderName::from_static("x-metaprofiles-pages");

/// Who is signed in, and until when.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct CurrentSession {
    /// Name of the administrator.
    #[schema(example = "admin")]
    name: String,
    role: AdministratorRole,
    /// Agent Server Groups whose machines and sessions alone he sees; null for the whole farm.
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupName>>,
    origin: AdministratorOrigin,
    /// Whether nothing but changing the password is allowed.
    must_change_password: bool,
    /// Whether he signs in with a second factor.
    second_factor: bool,
    /// Whether nothing but enrolling a second factor is allowed.
    must_enrol_second_factor: bool,
    /// What he may do now.
    permissions: Vec<SessionPermission>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    expires: String,
}

/// What somebody may do.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum SessionPermission {
    /// One's own session, password and second factor.
    Own,
    /// One's own API tokens.
    Tokens,
    /// To see the farm, its machines, users and sessions.
    Read,
    /// To see what was done by whom, and who may do what.
    Audit,
    /// To look into users' data sets, and to bring former versions back.
    Restore,
    /// To describe the farm, and to let machines in and out.
    Configure,
    /// To say who may do what.
    People,
}

impl From<Permission> for SessionPermission {
    fn from(permission: Permission) -> Self {
        match permission {
            Permission::Own => Self::Own,
            Permission::Tokens => Self::Tokens,
            Permission::Read => Self::Read,
            Permission::Audit => Self::Audit,
            Permission::Restore => Self::Restore,
            Permission::Configure => Self::Configure,
            Permission::People => Self::People,
        }
    }
}

impl From<&Administrator> for CurrentSession {
    fn from(caller: &Administrator) -> Self {
        Self {
            name: caller.name().to_owned(),
            role: caller.role().into(),
            groups: caller.groups(),
            origin: caller.origin().into(),
            must_change_password: caller.must_change_password(),
            second_factor: caller.has_second_factor(),
            must_enrol_second_factor: caller.must_enrol(),
            permissions: caller.permissions().into_iter().map(Into::into).collect(),
            expires: caller.expires().rfc3339(),
        }
    }
}

/// Begins a session whose token is in a cookie; requests that use it need the header X-MetaProfiles-Pages
#[utoipa::path(post, path = "/sessions/browser", tag = "sessions", operation_id = "sign-in-browser", security(()), request_body = SignIn, responses(
    (status = 201, body = CurrentSession),
    (status = 401, body = Problem, description = "Name or password is wrong, or the code of the second factor is missing (MP-CON-009) or wrong"),
    (status = 429, body = Problem, description = "Too many failed attempts; see Retry-After"),
))]
pub(super) async fn sign_in(
    State(core): State<Arc<Core>>,
    Origin(from): Origin,
    headers: HeaderMap,
    Body(body): Body<SignIn>,
) -> Result<Response, Refusal> {
    require_pages(&headers)?;
    let session = core.sign_in(&body.into(), from).await?;
    signed_in(&core, &session, from).await
}

/// Refuses requests that none of our pages made.
pub(super) fn require_pages(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(HEADER) {
        return Ok(());
    }
    Err(Refusal::Request(format!("a browser signs in with the header {HEADER}")))
}

/// The answer that begins a session in a browser.
pub(super) async fn signed_in(core: &Core, session: &NewSession, from: IpAddr) -> Result<Response, Refusal> {
    let caller = core.administrator(session.token.reveal(), from).await?;
    // The session's cookie has no end of its own: browsers drop it when they are closed, and the console ends the session.
    let cookies =
        AppendHeaders([Cookie::Session.with(session.token.reveal(), "")?, Cookie::SignIn.set("", 0)?]);
    Ok((StatusCode::CREATED, cookies, Json(CurrentSession::from(&caller))).into_response())
}

/// The session of this request
#[utoipa::path(get, path = "/sessions/current", tag = "sessions", operation_id = "get-session", responses(
    (status = 200, body = CurrentSession),
    (status = "default", body = Problem),
))]
pub(super) async fn current(caller: Administrator) -> Json<CurrentSession> {
    Json(CurrentSession::from(&caller))
}

/// The token in the cookie of a request that one of our pages made.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(HEADER)?;
    Cookie::Session.of(headers)
}

/// Makes a browser forget the cookie.
pub(super) fn forget() -> Result<[(HeaderName, HeaderValue); 1], Refusal> {
    Ok([Cookie::Session.set("", 0)?])
}

/// What browsers keep of the console.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cookie {
    /// The token of a session.
    Session,
    /// A sign-in by way of a provider that is under way. The page to which the provider sends people sends it, not the provider,
    /// so it too goes to the console alone.
    SignIn,
}

impl Cookie {
    /// Browsers take a cookie of this prefix only over HTTPS, for this host alone and all of its paths (RFC 6265bis, 4.1.3.2).
    fn name(self) -> &'static str {
        match self {
            Self::Session => "__Host-metaprofiles",
            Self::SignIn => "__Host-metaprofiles-sign-in",
        }
    }

    /// What a browser has sent.
    pub(super) fn of(self, headers: &HeaderMap) -> Option<&str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(name, value)| (name == self.name()).then_some(value))
    }

    /// Makes a browser keep it for so many seconds.
    pub(super) fn set(self, value: &str, seconds: i64) -> Result<(HeaderName, HeaderValue), Refusal> {
        self.with(value, &format!("; Max-Age={seconds}"))
    }

    fn with(self, value: &str, more: &str) -> Result<(HeaderName, HeaderValue), Refusal> {
        let text = format!("{}={value}; Path=/; Secure; HttpOnly; SameSite=Strict{more}", self.name());
        Ok((header::SET_COOKIE, HeaderValue::try_from(text).map_err(Refusal::internal)?))
    }
}
