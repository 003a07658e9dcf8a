//! Moving data sets from one backend into an object store, while users work.

use crate::{
    Backend, DataSetFile, ObjectBackend,
    backend::{BackendError, Key, QuarantineNote, for_each_data_set, object::Adopted},
    refusal::chain,
};
use mp_profile::Scope;

/// What a pass has done so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moved {
    /// Data sets that were looked at: users and scopes.
    pub data_sets: u64,
    /// Versions that were not there before.
    pub versions: u64,
    /// Data sets that were not, or not wholly, taken over.
    pub problems: u64,
}

/// Copies what is not in the store yet: every version with its number, what is known of it, and the quarantine. Nothing is
/// taken away from where it comes. A pass that was broken off is simply begun again, and a pass after a pass copies only what
/// was stored in between. `each` hears of every data set what is wrong with it, if anything is.
///
/// # Errors
/// When users cannot be listed. What is wrong with one data set ends nothing.
pub fn move_into(
    from: &dyn Backend,
    into: &ObjectBackend,
    only: Option<&Scope>,
    mut each: impl FnMut(&Key, Option<&str>, &Moved),
) -> Result<Moved, BackendError> {
    let mut sum = Moved::default();
    for_each_data_set(from, only, |key| {
        let problem = one(from, into, key, &mut sum).err();
        sum.data_sets += 1;
        sum.problems += u64::from(problem.is_some());
        each(key, problem.as_deref(), &sum);
        Ok(())
    })?;
    Ok(sum)
}

fn one(from: &dyn Backend, into: &ObjectBackend, key: &Key, sum: &mut Moved) -> Result<(), String> {
    let told = |error: BackendError| chain(&error);
    match into.adopt(key, from).map_err(told)? {
        Adopted::Versions(new) => sum.versions += new,
        Adopted::Used => {
            return Err("the object store has versions of its own, and nothing was changed there".to_owned());
        }
    }
    for info in from.quarantined(key).map_err(told)? {
        let Some(bytes) = from.read_quarantined(key, &info.id).map_err(told)? else { continue };
        let file = DataSetFile::verify(bytes, &key.sid)
            .map_err(|error| format!("{} in quarantine: {}", info.id, chain(&error)))?;
        let unknown =
            || QuarantineNote { reason: "the note was lost".to_owned(), agent: String::new(), at: 0 };
        into.quarantine(key, &file, &info.note.unwrap_or_else(unknown)).map_err(told)?;
    }
    Ok(())
}
