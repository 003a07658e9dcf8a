//! What kind of day it is.

use fastrand::Rng;

/// What may happen on a day besides what happens on all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Acknowledgements are lost: what was written has arrived, and nobody learns of it.
    pub(crate) deaf: bool,
    /// The spool holds little, and storage is away for long.
    pub(crate) full: bool,
    /// Storage keeps its data sets in a folder, and crashes.
    pub(crate) folder: bool,
    /// Services are killed in the midst of jobs.
    pub(crate) midst: bool,
    /// The console has another plan from some time on.
    pub(crate) second_plan: bool,
    /// One host has local or roaming profiles.
    pub(crate) captures: bool,
    /// Windows gives some users a temporary profile.
    pub(crate) temporary: bool,
}

impl Kind {
    pub(crate) fn of(rng: &mut Rng) -> Self {
        let mut one_in = |days: u8| rng.u8(..days) == 0;
        Self {
            deaf: one_in(5),
            full: one_in(5),
            folder: one_in(4),
            midst: one_in(3),
            second_plan: one_in(3),
            captures: one_in(5),
            temporary: one_in(4),
        }
    }
}
