//! What storage has of a user, wholly or as what changed since a version held.

use std::time::Instant;

use mp_profile::{Fetched, HeldVersion, Scope, Sid, VersionTag};
use ureq::http::Method;

use super::{ClientError, StorageClient, https::Answer};
use crate::{
    dictionaries, etag,
    paths::{self, DELTA_CODING},
    user_sets::{self, ReceivedSet},
};

impl StorageClient {
    /// All data sets of a user that this Agent may reach, in one request. `held` are the versions it has of them. Where their
    /// files are at hand, what changed since may come as a difference; one that gives no intact data set is asked for again,
    /// whole.
    ///
    /// The answer has one entry per scope that storage lets this Agent reach.
    ///
    /// # Errors
    /// When storage does not say what it has.
    pub fn fetch_user(
        &self,
        sid: &Sid,
        held: &[(Scope, Option<HeldVersion<'_>>)],
    ) -> Result<Vec<(Scope, Fetched)>, ClientError> {
        let begun = Instant::now();
        let named = held.iter().filter_map(|(scope, held)| Some((scope, held.as_ref()?.version)));
        let mut headers: Vec<_> =
            etag::held_header(named).map(|held| (etag::HELD, held)).into_iter().collect();
        if held.iter().any(|(_, held)| self.dictionary_file(*held).is_some()) {
            headers.push((dictionaries::ACCEPT_DELTAS, DELTA_CODING.to_owned()));
        }
        let path = paths::user(sid);
        let mut call = self.call(Method::GET, &path, headers);
        call.limit = 2 * paths::MAX_DATA_SET + 4096;
        let answer = self.https.send(call)?;
        if answer.status != 200 {
            return Err(self.https.unexpected(&answer));
        }
        let sets = user_sets::decode_user_data_sets(&answer.body);
        let sets = sets.map_err(|error| self.https.bad_answer(error.to_string()))?;
        let whole = |(scope, set): (Scope, ReceivedSet)| {
            let fetched = match set {
                ReceivedSet::Whole(fetched) => fetched,
                ReceivedSet::Delta { version, delta } => {
                    let held = held.iter().find(|(of, _)| *of == scope).and_then(|(_, held)| *held);
                    match self.dictionary(held).and_then(|held| self.undo(&delta, &held)) {
                        Some(bytes) => Fetched::Data { version, bytes },
                        None => self.get_whole(&scope, sid, None, begun)?,
                    }
                }
            };
            Ok((scope, fetched))
        };
        sets.into_iter().map(whole).collect()
    }

    pub(super) fn get(
        &self,
        scope: &Scope,
        sid: &Sid,
        held: Option<HeldVersion<'_>>,
    ) -> Result<Fetched, ClientError> {
        let begun = Instant::now();
        let named = held.map(|held| held.version);
        let dictionary = self.dictionary(held);
        let offer =
            dictionary.as_ref().zip(named).and_then(|(held, tag)| dictionaries::offer(tag, &held.hash()));
        let Some((dictionary, offer)) = dictionary.zip(offer) else {
            return self.get_whole(scope, sid, named, begun);
        };
        let answer = self.answer_to_get(scope, sid, named, offer.to_vec(), begun)?;
        if answer.status != 200 || answer.header("content-encoding") != Some(DELTA_CODING) {
            return self.fetched(answer, named);
        }
        match self.undo(&answer.body, &dictionary) {
            Some(bytes) => Ok(Fetched::Data { version: self.tag_of(&answer)?, bytes }),
            None => self.get_whole(scope, sid, named, begun),
        }
    }

    /// Without any offer of a dictionary, within what is left of the time since `begun`.
    fn get_whole(
        &self,
        scope: &Scope,
        sid: &Sid,
        held: Option<&VersionTag>,
        begun: Instant,
    ) -> Result<Fetched, ClientError> {
        self.fetched(self.answer_to_get(scope, sid, held, Vec::new(), begun)?, held)
    }

    fn answer_to_get(
        &self,
        scope: &Scope,
        sid: &Sid,
        held: Option<&VersionTag>,
        mut headers: Vec<(&'static str, String)>,
        begun: Instant,
    ) -> Result<Answer, ClientError> {
        headers.extend(held.map(|tag| ("if-none-match", tag.0.clone())));
        let path = paths::data_set(scope, sid);
        let mut call = self.call(Method::GET, &path, headers);
        call.within = self.fetch.saturating_sub(begun.elapsed());
        self.https.send(call)
    }

    fn fetched(&self, answer: Answer, held: Option<&VersionTag>) -> Result<Fetched, ClientError> {
        match answer.status {
            200 if answer.header("content-encoding").is_some() => {
                Err(self.https.bad_answer("it is coded in a way that was not asked for"))
            }
            200 => Ok(Fetched::Data { version: self.tag_of(&answer)?, bytes: answer.body }),
            304 if held.is_some() => Ok(Fetched::NotModified),
            404 => self.none(&answer).map(|()| Fetched::None),
            _ => Err(self.https.unexpected(&answer)),
        }
    }
}
