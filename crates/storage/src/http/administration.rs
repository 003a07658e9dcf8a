//! Versions, quarantine and users, for the console.

use axum::{
    Extension, Json,
    body::{Body, to_bytes},
    extract::{Path, Query, State},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_TYPE, ETAG},
    },
    response::{IntoResponse, Response},
};
use mp_profile::{Sid, VersionTag};
use mp_protocol::{
    digest::{CONTENT_DIGEST, content_digest},
    etag,
    paths::DATA_SET_TYPE,
    versions::{ChangeRequest, MAX_TEXT, QuarantineList, ScopeList, VersionList},
};
use serde::Deserialize;

use super::{
    Shared,
    handlers::{Answer, Target, Texts, base_if_any, parse_scope},
};
use crate::{Access, Code, ReachedStore, Refusal, backend::Version};

/// Bytes of the body of a request for a change.
const MAX_BODY: usize = 16 * 1024;
/// Users in one answer when nothing else is asked for, and at most.
pub(super) const PAGE: (usize, usize) = (500, 1000);

/// Scope, user, and a version or an id.
type Three = Path<(String, String, String)>;

/// One call of the store for a user and scope.
async fn call<T: Send + 'static>(
    shared: &Shared,
    access: Access,
    target: &Target,
    call: impl FnOnce(ReachedStore, Target) -> Result<T, Refusal> + Send + 'static,
    answer: impl FnOnce(T) -> Response,
) -> Answer {
    let (store, of) = (shared.store.of(access), target.clone());
    let done = shared.blocking(move || call(store, of)).await;
    Ok(target.logged(done.map(answer)))
}

pub(super) async fn versions(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    path: Texts,
) -> Answer {
    let target = Target::parse(path)?.about("versions");
    let list = |store: ReachedStore, of: Target| store.versions(&of.scope, &of.sid);
    call(&shared, access, &target, list, |versions| Json(VersionList { versions }).into_response()).await
}

pub(super) async fn version(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path((scope, sid, tag)): Three,
) -> Answer {
    let (target, tag) = (Target::parse(Path((scope, sid)))?.about("version"), parse_tag(&tag)?);
    let of_version = tag.0.clone();
    let read = move |store: ReachedStore, of: Target| store.read_version(&of.scope, &of.sid, &tag);
    call(&shared, access, &target, read, |bytes| ([(ETAG, of_version)], file(bytes)).into_response()).await
}

pub(super) async fn restore(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path((scope, sid, tag)): Three,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (target, tag) = (Target::parse(Path((scope, sid)))?.about("restore"), parse_tag(&tag)?);
    let (base, ChangeRequest { by, reason }) = (base_if_any(&headers)?, change(body).await?);
    let restore =
        move |store: ReachedStore, of: Target| store.restore(&of.scope, &of.sid, &tag, base, &by, reason);
    call(&shared, access, &target, restore, stored).await
}

pub(super) async fn pin(state: State<Shared>, access: Extension<Access>, path: Three, body: Body) -> Answer {
    set_pin(state, access, path, body, true).await
}

pub(super) async fn unpin(
    state: State<Shared>,
    access: Extension<Access>,
    path: Three,
    body: Body,
) -> Answer {
    set_pin(state, access, path, body, false).await
}

async fn set_pin(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path((scope, sid, tag)): Three,
    body: Body,
    pinned: bool,
) -> Answer {
    let action = if pinned { "pin" } else { "unpin" };
    let (target, tag) = (Target::parse(Path((scope, sid)))?.about(action), parse_tag(&tag)?);
    let ChangeRequest { by, reason } = change(body).await?;
    let pin = move |store: ReachedStore, of: Target| store.pin(&of.scope, &of.sid, &tag, pinned, &by, reason);
    call(&shared, access, &target, pin, |()| StatusCode::NO_CONTENT.into_response()).await
}

pub(super) async fn quarantined(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    path: Texts,
) -> Answer {
    let target = Target::parse(path)?.about("quarantine");
    let list = |store: ReachedStore, of: Target| store.quarantined(&of.scope, &of.sid);
    let answer = |quarantined| Json(QuarantineList { quarantined }).into_response();
    call(&shared, access, &target, list, answer).await
}

pub(super) async fn read_quarantined(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path((scope, sid, id)): Three,
) -> Answer {
    let target = Target::parse(Path((scope, sid)))?.about("quarantine");
    let read = move |store: ReachedStore, of: Target| store.read_quarantined(&of.scope, &of.sid, &id);
    call(&shared, access, &target, read, file).await
}

pub(super) async fn accept(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path((scope, sid, id)): Three,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let target = Target::parse(Path((scope, sid)))?.about("accept");
    let (base, ChangeRequest { by, reason }) = (base_if_any(&headers)?, change(body).await?);
    let accept =
        move |store: ReachedStore, of: Target| store.accept(&of.scope, &of.sid, &id, base, &by, reason);
    call(&shared, access, &target, accept, stored).await
}

pub(super) async fn delete_quarantined(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path((scope, sid, id)): Three,
) -> Answer {
    let target = Target::parse(Path((scope, sid)))?.about("delete from quarantine");
    let delete = move |store: ReachedStore, of: Target| store.delete_quarantined(&of.scope, &of.sid, &id);
    call(&shared, access, &target, delete, |()| StatusCode::NO_CONTENT.into_response()).await
}

pub(super) async fn scopes(State(shared): State<Shared>, Extension(access): Extension<Access>) -> Answer {
    let store = shared.store.of(access);
    let scopes = shared.blocking(move || store.scopes()).await?;
    Ok(Json(ScopeList { scopes }).into_response())
}

/// Which users are asked for.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) after: Option<String>,
    pub(super) limit: Option<usize>,
}

pub(super) async fn users(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(scope): Path<String>,
    page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let bad = |text: String| Refusal::new(Code::BadPath, text);
    let Query(Page { after, limit }) = page.map_err(|error| bad(error.to_string()))?;
    let scope = parse_scope(&scope)?;
    let after: Option<Sid> =
        after.map(|sid| sid.parse()).transpose().map_err(|error| bad(format!("{error}")))?;
    let limit = limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    let store = shared.store.of(access);
    let users = shared.blocking(move || store.users(&scope, after.as_ref(), limit)).await?;
    Ok(Json(users).into_response())
}

fn file(bytes: Vec<u8>) -> Response {
    let digest = content_digest(&bytes);
    ([(CONTENT_TYPE.as_str(), DATA_SET_TYPE.to_owned()), (CONTENT_DIGEST, digest)], bytes).into_response()
}

fn stored(version: Version) -> Response {
    (StatusCode::NO_CONTENT, [(ETAG, version.tag().0)]).into_response()
}

/// A version in a path is its tag without quotes.
fn parse_tag(text: &str) -> Result<VersionTag, Refusal> {
    let tag = format!("\"{text}\"");
    if etag::is_strong(&tag) {
        Ok(VersionTag(tag))
    } else {
        Err(Refusal::new(Code::BadPath, "the path names no version"))
    }
}

async fn change(body: Body) -> Result<ChangeRequest, Refusal> {
    let bad = |text: String| Refusal::new(Code::BadHeader, text);
    let bytes = to_bytes(body, MAX_BODY).await.map_err(|error| bad(error.to_string()))?;
    if bytes.is_empty() {
        return Ok(ChangeRequest::default());
    }
    let mut change: ChangeRequest = serde_json::from_slice(&bytes)
        .map_err(|error| bad(format!("the body does not say who asks for it and why: {error}")))?;
    for text in [&mut change.by, &mut change.reason] {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
    }
    Ok(change)
}
