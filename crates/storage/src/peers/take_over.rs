use mp_dataset::Overrides;
use mp_profile::VersionTag;

use super::{
    Source,
    ancestry::{apart, captured, common, includes, merged_into},
    merge::{MadeFrom, merge},
};
use crate::{
    Backend, DataSetFile,
    backend::{
        Adoption, Author, BackendError, Base, Change, Key, QuarantineNote, Removed, Replaced, Retention,
        Stamp, VersionInfo,
    },
    refusal::chain,
};

/// How one Storage Server takes from another one.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Name of the other one, for what is said about a merge.
    pub peer: &'a str,
    /// Whether it is here that what both have stored apart is merged.
    pub merges: bool,
    /// Whether pins and the quarantine come over as well.
    pub moves: bool,
    /// Which former versions stay here.
    pub retention: &'a Retention,
    /// Now, in milliseconds since 1970.
    pub now: u64,
}

/// What was taken over of one user and scope.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Taken {
    /// Versions that were not here before.
    pub versions: u64,
    /// Files that were put into quarantine.
    pub quarantined: u64,
    /// Whether what both had stored apart was merged here, and what that overrode.
    pub merged: Option<Overrides>,
    /// Whether both have stored something apart, and the other one is to merge it.
    pub waits: bool,
}

/// Takes over what another Storage Server has of a user and scope and this one has not. It may be broken off at any point, and
/// be done again.
///
/// # Errors
/// When one of them cannot be read or written; what was taken over before is here.
pub fn take_over(
    own: &dyn Backend,
    theirs: &dyn Source,
    key: &Key,
    terms: &Terms<'_>,
) -> Result<Taken, String> {
    let mut taken = Taken::default();
    let (ours, others) = (own.versions(key).map_err(failed)?, theirs.versions(key)?);
    let pass = Pass { own, theirs, key, terms };
    if let Some(head) = others.first() {
        match ours.first() {
            Some(own_head) if own_head.tag == head.tag => {
                if own_head.current && !head.current {
                    pass.remove(head)?;
                    taken.versions += 1;
                }
            }
            Some(_) if includes(&ours, &head.tag) => {}
            own_head => match continuation(own_head, &others) {
                Some(next) => taken.versions += pass.follow(own_head, next)?,
                None if terms.merges => pass.meet(&ours, &others, &mut taken)?,
                None => taken.waits = true,
            },
        }
    }
    if terms.moves {
        pass.pins(&others)?;
        taken.quarantined += pass.quarantine()?;
    }
    Ok(taken)
}

/// Their versions that continue what is the newest one here, newest first; `None` when both went apart.
fn continuation<'v>(own: Option<&VersionInfo>, others: &'v [VersionInfo]) -> Option<&'v [VersionInfo]> {
    let Some(own) = own else { return Some(others) };
    if let Some(at) = others.iter().position(|info| info.tag == own.tag) {
        return others.get(..at);
    }
    let at = others.iter().position(|info| merged_into(info).contains(&own.tag))?;
    others.get(..=at).filter(|next| next.iter().all(|info| info.number > own.number))
}

fn failed(error: BackendError) -> String {
    chain(&error)
}

pub(super) struct Pass<'a> {
    pub(super) own: &'a dyn Backend,
    pub(super) theirs: &'a dyn Source,
    pub(super) key: &'a Key,
    pub(super) terms: &'a Terms<'a>,
}

impl Pass<'_> {
    /// Makes their versions current here one after the other, oldest first, with what is known of each.
    fn follow(&self, own: Option<&VersionInfo>, next: &[VersionInfo]) -> Result<u64, String> {
        let mut base = match own {
            Some(own) if own.current => Base::Version(VersionTag(own.tag.clone())),
            _ => Base::Nothing,
        };
        let mut versions = 0;
        for info in next.iter().rev().filter(|info| info.kept) {
            // What retention has taken meanwhile is no longer there to be taken over.
            let tag = VersionTag(info.tag.clone());
            let Some(bytes) = self.theirs.version(self.key, &tag)? else { continue };
            let unknown = || Stamp::new(info.at.unwrap_or(self.terms.now), Author::Service);
            let stamp = info.stamp.clone().unwrap_or_else(unknown);
            let adoption = Adoption { number: info.number, base: info.base.as_deref(), stamp: &stamp };
            self.adopt(&base, bytes, &adoption)?;
            if info.pinned {
                self.pin(&tag)?;
            }
            versions += 1;
            base = Base::Version(tag);
        }
        // That it was deleted in between is not repeated: nobody shall be told that there is none.
        if let Some(newest) = next.first().filter(|newest| !newest.current) {
            self.remove(newest)?;
        }
        Ok(versions)
    }

    pub(super) fn adopt(&self, base: &Base, bytes: Vec<u8>, adoption: &Adoption<'_>) -> Result<(), String> {
        let file = DataSetFile::verify(bytes, &self.key.sid).map_err(|error| {
            format!("version {} cannot be taken over: {}", adoption.number, chain(&error))
        })?;
        let adopted = self.own.adopt(self.key, base, &file, adoption, self.terms.retention);
        match adopted.map_err(failed)? {
            Replaced::As { .. } => Ok(()),
            Replaced::Conflict => {
                Err("something was stored here at the same moment; it is looked at again".into())
            }
        }
    }

    fn remove(&self, info: &VersionInfo) -> Result<(), String> {
        let reason = format!("deleted on {}", self.terms.peer);
        let unknown = || Change { at: self.terms.now, by: Author::Service, reason };
        let change = info.removed.clone().unwrap_or_else(unknown);
        let removed = self.own.remove(self.key, &VersionTag(info.tag.clone()), &change, self.terms.retention);
        match removed.map_err(failed)? {
            Removed::Done | Removed::None => Ok(()),
            Removed::Conflict => {
                Err("something was stored here at the same moment; it is looked at again".into())
            }
        }
    }

    fn pin(&self, tag: &VersionTag) -> Result<(), String> {
        let reason = format!("pinned on {}", self.terms.peer);
        let change = Change { at: self.terms.now, by: Author::Service, reason };
        self.own.pin(self.key, tag, true, &change).map(drop).map_err(failed)
    }

    /// Pins what is pinned there.
    fn pins(&self, others: &[VersionInfo]) -> Result<(), String> {
        if !others.iter().any(|info| info.pinned) {
            return Ok(());
        }
        let ours = self.own.versions(self.key).map_err(failed)?;
        for info in others.iter().filter(|info| info.pinned) {
            if ours.iter().any(|own| own.tag == info.tag && own.kept && !own.pinned) {
                self.pin(&VersionTag(info.tag.clone()))?;
            }
        }
        Ok(())
    }

    /// Takes over what is in quarantine there. The same file is kept once.
    fn quarantine(&self) -> Result<u64, String> {
        let theirs = self.theirs.quarantined(self.key)?;
        if theirs.is_empty() {
            return Ok(0);
        }
        let count = || self.own.quarantined(self.key).map(|of| of.len()).map_err(failed);
        let before = count()?;
        for info in theirs {
            let Some(bytes) = self.theirs.quarantined_file(self.key, &info.id)? else { continue };
            let unknown =
                || QuarantineNote { reason: "the note was lost".to_owned(), agent: String::new(), at: 0 };
            self.beside(bytes, info.note.unwrap_or_else(unknown))?;
        }
        Ok(u64::try_from(count()?.saturating_sub(before)).unwrap_or(u64::MAX))
    }

    pub(super) fn beside(&self, bytes: Vec<u8>, note: QuarantineNote) -> Result<(), String> {
        let file = DataSetFile::verify(bytes, &self.key.sid)
            .map_err(|error| format!("a data set cannot be put into quarantine: {}", chain(&error)))?;
        self.own.quarantine(self.key, &file, &note).map_err(failed)
    }

    /// Both have stored something since they were the same.
    fn meet(&self, ours: &[VersionInfo], others: &[VersionInfo], taken: &mut Taken) -> Result<(), String> {
        let (Some(own), Some(other)) = (ours.first(), others.first()) else { return Ok(()) };
        match (own.current, other.current) {
            // The data set was deleted on one of them. What was stored on the other one is not.
            (true, false) => {
                taken.merged = Some(Overrides::default());
                self.hold(ours, others)
            }
            (false, true) => {
                let Some(bytes) = self.theirs.version(self.key, &VersionTag(other.tag.clone()))? else {
                    return Ok(());
                };
                taken.versions += 1;
                self.put(ours, others, Base::Nothing, bytes, None)
            }
            (false, false) => Ok(()),
            (true, true) => {
                let from = match common(self, ours, others)? {
                    Some(base) => MadeFrom::Base(Some(base)),
                    None => captured(self, ours, others)?.map_or(MadeFrom::Base(None), MadeFrom::Captured),
                };
                let merged = merge(self, own, other, from)?;
                taken.quarantined += merged.quarantined;
                match merged.bytes {
                    Some(bytes) => {
                        taken.versions += 1;
                        let base = Base::Version(VersionTag(own.tag.clone()));
                        self.put(ours, others, base, bytes, Some(merged.notes))?;
                    }
                    None => self.hold(ours, others)?,
                }
                taken.merged = Some(merged.overrides);
                Ok(())
            }
        }
    }

    /// What is current here holds what the other one has: it counts as made from that. It gets a new number where its own one
    /// is not higher, for the other one goes on to higher numbers only.
    fn hold(&self, ours: &[VersionInfo], others: &[VersionInfo]) -> Result<(), String> {
        let (Some(own), Some(other)) = (ours.first(), others.first()) else { return Ok(()) };
        let tag = VersionTag(own.tag.clone());
        if own.number > other.number {
            return self.own.note_merged(self.key, &tag, &apart(ours, others)).map_err(failed);
        }
        let Some(bytes) = self.own.read_version(self.key, &tag).map_err(failed)? else { return Ok(()) };
        self.put(ours, others, Base::Version(tag), bytes, None)
    }

    /// Makes what holds both the current version, under a number that neither has used. It is as old as the newer one.
    fn put(
        &self,
        ours: &[VersionInfo],
        others: &[VersionInfo],
        base: Base,
        bytes: Vec<u8>,
        notes: Option<String>,
    ) -> Result<(), String> {
        let heads = || ours.first().into_iter().chain(others.first());
        let last = heads().map(|info| info.number).max().unwrap_or_default();
        let at = heads().filter_map(|info| info.at).max().unwrap_or(self.terms.now);
        let stamp = Stamp { notes, merged: apart(ours, others), ..Stamp::new(at, Author::Service) };
        let replaced = match &base {
            Base::Version(tag) => Some(tag.0.clone()),
            Base::Nothing => None,
        };
        let adoption = Adoption { number: last + 1, base: replaced.as_deref(), stamp: &stamp };
        self.adopt(&base, bytes, &adoption)
    }
}
