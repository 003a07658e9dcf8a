/// What [`Backend::inspect`](super::Backend::inspect) found of one user and scope.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Inspection {
    /// Files or objects that were read.
    pub files: u64,
    /// Bytes of the data set files in them; of those that are damaged, bytes that are stored.
    pub bytes: u64,
    /// What is damaged.
    pub damage: Vec<Damage>,
    /// Why it could not be checked, when its key is missing. That is no damage.
    pub locked: Option<String>,
}

/// Something that is not what was stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// What it is.
    pub what: Damaged,
    /// What is wrong with it, and where it is.
    pub why: String,
    /// What was done about it.
    pub remedy: Remedy,
}

/// What is damaged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Damaged {
    /// The current version, of this number.
    Current(u64),
    /// The former version of this number.
    Former(u64),
    /// What is in quarantine under this id.
    Quarantined(String),
}

/// What was done about damage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// Nothing: no repair was asked for, or it is kept beside the versions and keeps nothing else from working.
    None,
    /// It is kept, marked as damaged, and not given out any more.
    SetAside,
    /// It is kept, marked as damaged, and the content of the former version `from` is current, as version `to`.
    FellBack {
        /// Number of the former version whose content is current now.
        from: u64,
        /// Its number as the current version.
        to: u64,
    },
    /// It is left where it is, because no former version is intact.
    NothingIntact,
}
