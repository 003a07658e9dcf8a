use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
};
use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::{
    USER_DATA_SETS_TYPE, UserDataSet,
    digest::{CONTENT_DIGEST, content_digest},
    encode_user_data_sets, etag,
    paths::{self, DATA_SET_TYPE, MAX_REASON, REASON},
    versions::{MAX_SESSION, MAX_TEXT},
};
use percent_encoding::percent_decode_str;

use super::{Shared, body::receive, gate::About};
use crate::{
    Access, Code, DataSetFile, ReachedStore, Refusal, Told,
    backend::{Base, Read, Removed, Replaced},
    data_set_file::NotStorable,
    refusal::chain,
};

type Texts = Path<(String, String)>;
type Answer = Result<Response, Refusal>;

/// Scope and user of a path, with which every answer is logged.
#[derive(Clone)]
struct Target {
    scope: Scope,
    sid: Sid,
}

impl Target {
    fn parse(Path((scope, sid)): Texts) -> Result<Self, Refusal> {
        let scope = scope.parse().map_err(|error| Refusal::new(Code::BadPath, format!("{error}")))?;
        Ok(Self { scope, sid: parse_sid(&sid)? })
    }

    fn logged(&self, answer: Answer) -> Response {
        logged(About { scope: Some(self.scope.clone()), sid: self.sid.clone() }, answer)
    }
}

pub(super) async fn get(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    path: Texts,
    headers: HeaderMap,
) -> Answer {
    let target = Target::parse(path)?;
    let held = single(&headers, IF_NONE_MATCH.as_str())?.map(|tag| VersionTag(tag.to_owned()));
    let (store, scope, sid) = (shared.store.of(access), target.scope.clone(), target.sid.clone());
    let read = shared.blocking(move || store.read(&scope, &sid, held.as_ref())).await;
    Ok(target.logged(read.and_then(|read| match read {
        Read::None => Err(no_data_set()),
        Read::NotModified(version) => {
            Ok((StatusCode::NOT_MODIFIED, [(ETAG, version.tag().0)]).into_response())
        }
        Read::Data(version, bytes) => {
            let digest = content_digest(&bytes);
            let headers = [(ETAG, version.tag().0), (CONTENT_TYPE, DATA_SET_TYPE.to_owned())];
            Ok((headers, [(CONTENT_DIGEST, digest)], bytes).into_response())
        }
    })))
}

pub(super) async fn head(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    path: Texts,
) -> Answer {
    let target = Target::parse(path)?;
    let (store, scope, sid) = (shared.store.of(access), target.scope.clone(), target.sid.clone());
    let version = shared.blocking(move || store.version(&scope, &sid)).await;
    Ok(target.logged(version.and_then(|version| {
        let version = version.ok_or_else(no_data_set)?;
        let headers = [
            (ETAG, version.tag().0),
            (CONTENT_TYPE, DATA_SET_TYPE.to_owned()),
            (CONTENT_LENGTH, version.len.to_string()),
        ];
        Ok((headers, Body::empty()).into_response())
    })))
}

pub(super) async fn put(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    path: Texts,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let target = Target::parse(path)?;
    let base = base(&headers)?;
    let told = Told {
        session: text(&headers, paths::SESSION, MAX_SESSION)?,
        notes: text(&headers, paths::NOTES, MAX_TEXT)?,
    };
    let replace = move |store: ReachedStore, Target { scope, sid }: Target, file: DataSetFile| {
        store.replace(&scope, &sid, &base, &file, told)
    };
    let replaced = with_file(&shared, access, &target, &headers, body, replace).await;
    Ok(target.logged(replaced.and_then(|replaced| match replaced {
        Replaced::As { version, created } => {
            let status = if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
            Ok((status, [(ETAG, version.tag().0)]).into_response())
        }
        Replaced::Conflict => Err(conflict()),
    })))
}

pub(super) async fn delete(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    path: Texts,
    headers: HeaderMap,
) -> Answer {
    let target = Target::parse(path)?;
    let Base::Version(base) = base(&headers)? else {
        return Err(Refusal::new(Code::BadHeader, "a deletion needs If-Match with the version to delete"));
    };
    let reason = text(&headers, REASON, MAX_TEXT)?.unwrap_or_default();
    let (store, scope, sid) = (shared.store.of(access), target.scope.clone(), target.sid.clone());
    let removed = shared.blocking(move || store.remove(&scope, &sid, &base, "", reason)).await;
    Ok(target.logged(removed.and_then(|removed| match removed {
        Removed::Done => Ok(StatusCode::NO_CONTENT.into_response()),
        Removed::Conflict => Err(conflict()),
        Removed::None => Err(no_data_set()),
    })))
}

pub(super) async fn quarantine(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    path: Texts,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let target = Target::parse(path)?;
    let reason = single(&headers, REASON)?.filter(|reason| !reason.is_empty() && reason.len() <= MAX_REASON);
    let reason = reason
        .ok_or_else(|| Refusal::new(Code::BadHeader, format!("a quarantine needs the header {REASON}")))?;
    let reason = percent_decode_str(reason).decode_utf8_lossy().into_owned();
    let keep = move |store: ReachedStore, Target { scope, sid }: Target, file: DataSetFile| {
        store.quarantine(&scope, &sid, &file, reason)
    };
    let kept = with_file(&shared, access, &target, &headers, body, keep).await;
    Ok(target.logged(kept.map(|()| StatusCode::CREATED.into_response())))
}

pub(super) async fn user(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(sid): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let sid = parse_sid(&sid)?;
    let held = single(&headers, etag::HELD)?.unwrap_or_default();
    let held = etag::parse_held(held).ok_or_else(|| {
        Refusal::new(Code::BadHeader, format!("the header {} is not well formed", etag::HELD))
    })?;
    let about = About { scope: None, sid: sid.clone() };
    let (scopes, store) = (access.scopes(), shared.store.of(access));
    let read = move || {
        let mut found = Vec::new();
        for scope in scopes {
            let held = held.iter().find(|(of, _)| *of == scope).map(|(_, tag)| tag);
            let read = store.read(&scope, &sid, held)?;
            let tag = match &read {
                Read::Data(version, _) => version.tag(),
                _ => VersionTag(String::new()),
            };
            found.push((scope, read, tag));
        }
        let sets: Vec<_> = found
            .iter()
            .map(|(scope, read, tag)| {
                let set = match read {
                    Read::None => UserDataSet::None,
                    Read::NotModified(_) => UserDataSet::NotModified,
                    Read::Data(_, bytes) => UserDataSet::Data(tag, bytes),
                };
                (scope.clone(), set)
            })
            .collect();
        Ok(encode_user_data_sets(&sets))
    };
    let body = shared.blocking(read).await;
    Ok(logged(
        about,
        body.map(|body| {
            let headers = [
                (CONTENT_TYPE.as_str(), USER_DATA_SETS_TYPE.to_owned()),
                (CONTENT_DIGEST, content_digest(&body)),
            ];
            (headers, body).into_response()
        }),
    ))
}

fn logged(about: About, answer: Answer) -> Response {
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    response.extensions_mut().insert(about);
    response
}

fn parse_sid(text: &str) -> Result<Sid, Refusal> {
    text.parse().map_err(|error| Refusal::new(Code::BadPath, format!("{error}")))
}

/// Takes the data set file that a request brings, for a user whom the Agent reaches, and does `call` with it.
async fn with_file<T: Send + 'static>(
    shared: &Shared,
    access: Access,
    target: &Target,
    headers: &HeaderMap,
    body: Body,
    call: impl FnOnce(ReachedStore, Target, DataSetFile) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let (store, target) = (shared.store.of(access), target.clone());
    store.check(&target.scope, &target.sid)?;
    let received = receive(shared, headers, body).await?;
    let verified = move || {
        let file = verify(received.bytes, &target.sid)?;
        call(store, target, file)
    };
    shared.blocking(verified).await
}

fn verify(bytes: Vec<u8>, sid: &Sid) -> Result<DataSetFile, Refusal> {
    DataSetFile::verify(bytes, sid).map_err(|error| match &error {
        NotStorable::NotADataSet(_) => Refusal::new(Code::NotADataSet, chain(&error)),
        NotStorable::OtherUser(_) => Refusal::new(Code::OtherUser, error.to_string()),
    })
}

/// The one version that a change is based on; lists of tags and `If-Match: *` would be changes based on nothing known.
fn base(headers: &HeaderMap) -> Result<Base, Refusal> {
    match (single(headers, IF_MATCH.as_str())?, single(headers, IF_NONE_MATCH.as_str())?) {
        (None, None) => Err(Refusal::new(
            Code::NoPrecondition,
            "say which version the change is based on: If-Match with its tag, or If-None-Match: * if there was none",
        )),
        (None, Some("*")) => Ok(Base::Nothing),
        (Some(tag), None) if etag::is_strong(tag) => Ok(Base::Version(VersionTag(tag.to_owned()))),
        _ => Err(Refusal::new(Code::BadHeader, "expected If-Match with one strong tag, or If-None-Match: *")),
    }
}

/// The value of a header that may be there once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str());
    match (value, values.next()) {
        (None, None) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(Refusal::new(Code::BadHeader, format!("the header {name} is there twice, or not in ASCII"))),
    }
}

/// The text of a header in UTF-8 with percent-encoding; what is longer than `most` bytes is cut.
fn text(headers: &HeaderMap, name: &str, most: usize) -> Result<Option<String>, Refusal> {
    let value = single(headers, name)?.filter(|value| !value.is_empty());
    Ok(value.map(|value| {
        let mut text = percent_decode_str(value).decode_utf8_lossy().into_owned();
        text.truncate(text.floor_char_boundary(most));
        text
    }))
}

fn no_data_set() -> Refusal {
    Refusal::new(Code::NoDataSet, "there is no such data set")
}

fn conflict() -> Refusal {
    Refusal::new(Code::Conflict, "another version is current; fetch it, merge, and send the result")
}
