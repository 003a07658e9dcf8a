use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, VARY},
    },
    response::{IntoResponse, Response},
};
use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::{
    USER_DATA_SETS_TYPE, UserDataSet, dictionaries,
    digest::{CONTENT_DIGEST, content_digest, header_value},
    encode_user_data_sets, etag,
    paths::{self, DATA_SET_TYPE, DELTA_CODING, MAX_REASON, QUOTA, REASON, UNPACKED_TYPE},
    versions::{MAX_SESSION, MAX_TEXT},
};
use percent_encoding::percent_decode_str;

use super::{
    Shared,
    body::receive,
    delta::{self, Coding},
    dictionary::{Offer, takes_deltas},
    gate::About,
};
use crate::{
    Access, Code, DataSetFile, ReachedStore, Refusal, Told,
    backend::{Base, Read, Removed, Replaced},
    data_set_file::refused,
};

pub(super) type Texts = Path<(String, String)>;
pub(super) type Answer = Result<Response, Refusal>;

/// Scope and user of a path, with which every answer is logged.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) scope: Scope,
    pub(super) sid: Sid,
    action: Option<&'static str>,
}

impl Target {
    pub(super) fn parse(Path((scope, sid)): Texts) -> Result<Self, Refusal> {
        Ok(Self { scope: parse_scope(&scope)?, sid: parse_sid(&sid)?, action: None })
    }

    /// Says what the request is about where its method does not.
    pub(super) fn about(self, action: &'static str) -> Self {
        Self { action: Some(action), ..self }
    }

    pub(super) fn logged(&self, answer: Answer) -> Response {
        let (scope, sid) = (Some(self.scope.clone()), self.sid.clone());
        logged(About { scope, sid, action: self.action }, answer)
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
    let offer = Offer::of(&headers);
    Ok(target.logged(answer_read(&shared, access, &target, held, offer).await))
}

async fn answer_read(
    shared: &Shared,
    access: Access,
    target: &Target,
    held: Option<VersionTag>,
    offer: Option<Offer>,
) -> Answer {
    let agent = access.holder().to_owned();
    let (store, scope, sid) = (shared.store.of(access), target.scope.clone(), target.sid.clone());
    let (making, holder, is_whole) = (shared.clone(), agent.clone(), offer.is_none());
    let read = move || {
        let mut read = store.read(&scope, &sid, held.as_ref())?;
        let (mut digest, mut coded) = (String::new(), None);
        if let Read::Data(version, bytes) = &mut read {
            if let Some(delta) = making.delta(&holder, &store, (&scope, &sid), offer.as_ref(), bytes) {
                (*bytes, coded) = (delta, Some([(CONTENT_ENCODING, DELTA_CODING)]));
                digest = content_digest(bytes);
            } else {
                digest = header_value(&store.sha256(version.digest, bytes));
            }
        }
        Ok((read, digest, coded))
    };
    let varies = [(VARY, dictionaries::VARY)];
    let (read, digest, coded) = shared.reading(is_whole, read).await?;
    match read {
        Read::None => Err(no_data_set()),
        Read::NotModified(version) => {
            Ok((StatusCode::NOT_MODIFIED, [(ETAG, version.tag().0)], varies).into_response())
        }
        Read::Data(version, bytes) => {
            let kind = if coded.is_some() { UNPACKED_TYPE } else { DATA_SET_TYPE };
            let headers = [(ETAG, version.tag().0), (CONTENT_TYPE, kind.to_owned())];
            let body = shared.outgoing(&agent, bytes).await?;
            Ok((headers, varies, coded, [(CONTENT_DIGEST, digest)], body).into_response())
        }
    }
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
        by: text(&headers, paths::BY, MAX_TEXT)?,
    };
    let dictionary = match &base {
        Base::Version(tag) => Some(tag.clone()),
        Base::Nothing => None,
    };
    let replace = move |store: ReachedStore, Target { scope, sid, .. }: Target, file: DataSetFile| {
        store.replace(&scope, &sid, &base, &file, told)
    };
    let stored = async {
        // What is longer than the quota is refused before its body is read.
        shared.check_quota(content_length(&headers).unwrap_or_default())?;
        let dictionary = dictionary.as_ref();
        match with_file(&shared, access, &target, &headers, body, dictionary, replace).await? {
            Replaced::As { version, created } => {
                let status = if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
                let warning = quota_warning(&shared, &target, version.len);
                Ok((status, [(ETAG, version.tag().0)], warning, ()).into_response())
            }
            Replaced::Conflict => Err(conflict()),
        }
    };
    let stored = stored.await;
    Ok(target.logged(stored))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH).and_then(|len| len.to_str().ok()?.parse().ok())
}

impl Shared {
    /// Refuses a data set file that is longer than the quota.
    pub(super) fn check_quota(&self, len: u64) -> Result<(), Refusal> {
        match self.plan.borrow().limits.quota_bytes {
            Some(quota) if len > quota => Err(Refusal::new(
                Code::OverQuota,
                format!(
                    "the data set has {len} bytes and the user's quota is {quota}; exclude what is large from the data \
                     subsets, or raise the quota"
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// The header that says how much of the quota is taken, once it is much, which is noted for the console.
fn quota_warning(shared: &Shared, target: &Target, len: u64) -> Option<[(&'static str, String); 1]> {
    let limits = shared.plan.borrow().limits;
    let near = limits.quota_bytes.zip(limits.quota_warning_bytes()).filter(|(_, warning)| len >= *warning);
    let Some((quota, _)) = near else {
        shared.store.near_quotas().far(&target.scope, &target.sid);
        return None;
    };
    shared.metrics.near_quota();
    shared.store.near_quotas().near(target.scope.clone(), target.sid.clone(), len);
    Some([(QUOTA, format!("used={len}, limit={quota}"))])
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
    let by = text(&headers, paths::BY, MAX_TEXT)?.unwrap_or_default();
    let (store, scope, sid) = (shared.store.of(access), target.scope.clone(), target.sid.clone());
    let removed = shared.blocking(move || store.remove(&scope, &sid, &base, &by, reason)).await;
    Ok(target.logged(removed.and_then(|removed| match removed {
        Removed::Done => {
            shared.store.near_quotas().far(&target.scope, &target.sid);
            Ok(StatusCode::NO_CONTENT.into_response())
        }
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
    let keep = move |store: ReachedStore, Target { scope, sid, .. }: Target, file: DataSetFile| {
        store.quarantine(&scope, &sid, &file, reason)
    };
    let kept = with_file(&shared, access, &target, &headers, body, None, keep).await;
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
    let about = About { scope: None, sid: sid.clone(), action: None };
    let agent = access.holder().to_owned();
    let (scopes, store) = (access.scopes(), shared.store.of(access));
    let (making, holder, takes_deltas) = (shared.clone(), agent.clone(), takes_deltas(&headers));
    let is_whole = !takes_deltas || held.is_empty();
    let read = move || {
        let mut found = Vec::new();
        for scope in scopes {
            let held = held.iter().find(|(of, _)| *of == scope).map(|(_, tag)| tag);
            let mut read = store.read(&scope, &sid, held)?;
            let (mut tag, mut is_delta) = (VersionTag(String::new()), false);
            if let Read::Data(version, bytes) = &mut read {
                tag = version.tag();
                let offer = held.filter(|_| takes_deltas).map(Offer::named);
                if let Some(delta) = making.delta(&holder, &store, (&scope, &sid), offer.as_ref(), bytes) {
                    (*bytes, is_delta) = (delta, true);
                }
            }
            found.push((scope, read, tag, is_delta));
        }
        let sets = found.iter().map(|(scope, read, tag, is_delta)| {
            let set = match read {
                Read::None => UserDataSet::None,
                Read::NotModified(_) => UserDataSet::NotModified,
                Read::Data(_, delta) if *is_delta => UserDataSet::Delta(tag, delta),
                Read::Data(_, bytes) => UserDataSet::Data(tag, bytes),
            };
            (scope.clone(), set)
        });
        let body = encode_user_data_sets(&sets.collect::<Vec<_>>());
        let digest = content_digest(&body);
        Ok((body, digest))
    };
    let answer = async {
        let (body, digest) = shared.reading(is_whole, read).await?;
        let headers = [(CONTENT_TYPE.as_str(), USER_DATA_SETS_TYPE.to_owned()), (CONTENT_DIGEST, digest)];
        Ok((headers, shared.outgoing(&agent, body).await?).into_response())
    };
    Ok(logged(about, answer.await))
}

fn logged(about: About, answer: Answer) -> Response {
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    response.extensions_mut().insert(about);
    response
}

pub(super) fn parse_scope(text: &str) -> Result<Scope, Refusal> {
    text.parse().map_err(|error| Refusal::new(Code::BadPath, format!("{error}")))
}

fn parse_sid(text: &str) -> Result<Sid, Refusal> {
    text.parse().map_err(|error| Refusal::new(Code::BadPath, format!("{error}")))
}

/// Takes the data set file that a request brings, for a user whom the Agent reaches, and does `call` with it. It may come as
/// a delta against the version `dictionary`.
async fn with_file<T: Send + 'static>(
    shared: &Shared,
    access: Access,
    target: &Target,
    headers: &HeaderMap,
    body: Body,
    dictionary: Option<&VersionTag>,
    call: impl FnOnce(ReachedStore, Target, DataSetFile) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let agent = access.holder().to_owned();
    let (store, target) = (shared.store.of(access), target.clone());
    store.check(&target.scope, &target.sid)?;
    let dictionary = match Coding::of(headers)? {
        Coding::Whole => None,
        Coding::Delta => Some(dictionary.ok_or_else(delta::not_taken)?),
    };
    let mut received = receive(shared, &agent, headers, body).await?;
    if let Some(base) = dictionary {
        received = delta::whole(shared, &agent, store.clone(), &target, base, received).await?;
    }
    let verified = move || {
        let file = DataSetFile::verify(received.bytes, &target.sid).map_err(|error| refused(&error))?;
        if let Some(sha256) = received.sha256 {
            store.note_sha256(&file, sha256);
        }
        call(store, target, file)
    };
    shared.blocking(verified).await
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

/// The one version that a change is based on, if the request says one.
pub(super) fn base_if_any(headers: &HeaderMap) -> Result<Option<Base>, Refusal> {
    match headers.contains_key(IF_MATCH) || headers.contains_key(IF_NONE_MATCH) {
        true => base(headers).map(Some),
        false => Ok(None),
    }
}

/// The value of a header that may be there once.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
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
