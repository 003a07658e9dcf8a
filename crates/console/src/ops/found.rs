use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::{
    directory::{DirectoryEntry, EntryKind},
    domain::UnixMillis,
};

/// How long an answer of the directory is good, and how many are kept.
const LIFE: i64 = 60 * UnixMillis::SECOND;
const MAX: usize = 100;

/// What was looked for: the kind, the text in small letters, and how many.
pub(super) type Asked = (EntryKind, String, usize);
type Answer = (Vec<DirectoryEntry>, bool);

/// Answers of the directory that were asked for a moment ago: people search while they type.
#[derive(Debug, Default)]
pub(super) struct Found(Mutex<HashMap<Asked, (UnixMillis, Answer)>>);

impl Found {
    pub(super) fn get(&self, asked: &Asked, now: UnixMillis) -> Option<Answer> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(asked).filter(|(at, _)| now < at.plus(LIFE)).map(|(_, answer)| answer.clone())
    }

    pub(super) fn keep(&self, asked: Asked, answer: Answer, now: UnixMillis) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (at, _)| now < at.plus(LIFE));
        if known.len() < MAX {
            known.insert(asked, (now, answer));
        }
    }

    /// Other settings have other answers.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
