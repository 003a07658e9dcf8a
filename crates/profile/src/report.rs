use serde::{Deserialize, Serialize};

use crate::Exclusion;

/// The most notes that a report keeps in detail; more are counted only.
pub const MAX_NOTES: usize = 500;

/// What a note is about. The codes are stable; they are written in reports, looked up in the documentation, never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NoteCode {
    /// A built-in exclusion left it out.
    #[serde(rename = "MP-PRF-101")]
    Excluded,
    /// A key or value could not be read; what the data set held of it before is kept.
    #[serde(rename = "MP-PRF-102")]
    RegistryUnread,
    /// A value is too long to travel; what the data set held of it before is kept.
    #[serde(rename = "MP-PRF-103")]
    ValueTooLong,
    /// A special folder is redirected out of the profile or missing; it is left alone.
    #[serde(rename = "MP-PRF-104")]
    FolderNotInProfile,
    /// A folder could not be listed; what the data set held of it before is kept.
    #[serde(rename = "MP-PRF-105")]
    FolderUnread,
    /// A file could not be read; if the data set held it before, that content is kept (stale).
    #[serde(rename = "MP-PRF-106")]
    FileUnread,
    /// A file is larger than its rule allows; if the data set held it before, that content is kept (stale).
    #[serde(rename = "MP-PRF-107")]
    FileTooLarge,
    /// A data subset's files are together larger than it allows; this one was left out, or kept as it was before (stale).
    #[serde(rename = "MP-PRF-108")]
    SubsetFull,
    /// A link, hard-linked, encrypted or placeholder file, which never travels.
    #[serde(rename = "MP-PRF-109")]
    FileNeverTravels,
    /// Refused at import: the current rules leave it out.
    #[serde(rename = "MP-PRF-201")]
    RefusedByRule,
    /// Refused at import: its name is not safe.
    #[serde(rename = "MP-PRF-202")]
    UnsafeName,
    /// Refused at import: another entry has the same name but for case, or needs a folder where this one is a file.
    #[serde(rename = "MP-PRF-203")]
    NameCollision,
    /// A registry edit failed; the export must be told (see [`Unapplied`](crate::Unapplied)).
    #[serde(rename = "MP-PRF-204")]
    RegistryUnwritten,
    /// A file could not be written or deleted; the export must be told.
    #[serde(rename = "MP-PRF-205")]
    FileUnwritten,
    /// Not imported: the session has changed it before it could be.
    #[serde(rename = "MP-PRF-206")]
    ChangedBefore,
}

impl NoteCode {
    /// The code's text, `MP-PRF-101`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Excluded => "MP-PRF-101",
            Self::RegistryUnread => "MP-PRF-102",
            Self::ValueTooLong => "MP-PRF-103",
            Self::FolderNotInProfile => "MP-PRF-104",
            Self::FolderUnread => "MP-PRF-105",
            Self::FileUnread => "MP-PRF-106",
            Self::FileTooLarge => "MP-PRF-107",
            Self::SubsetFull => "MP-PRF-108",
            Self::FileNeverTravels => "MP-PRF-109",
            Self::RefusedByRule => "MP-PRF-201",
            Self::UnsafeName => "MP-PRF-202",
            Self::NameCollision => "MP-PRF-203",
            Self::RegistryUnwritten => "MP-PRF-204",
            Self::FileUnwritten => "MP-PRF-205",
            Self::ChangedBefore => "MP-PRF-206",
        }
    }
}

/// One thing that was left out, refused, kept from before or failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// What happened.
    pub code: NoteCode,
    /// The key, value or file, for people.
    pub place: String,
    /// Why, for people.
    pub text: String,
}

/// The notes of one step.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Notes {
    /// The first [`MAX_NOTES`].
    pub notes: Vec<Note>,
    /// How many more there were.
    pub more: usize,
}

impl Notes {
    /// Adds a note, or counts it when there are too many.
    pub fn add(&mut self, code: NoteCode, place: impl Into<String>, text: impl ToString) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(Note { code, place: place.into(), text: text.to_string() });
        } else {
            self.more += 1;
        }
    }

    /// The notes with this code.
    pub fn of(&self, code: NoteCode) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(move |note| note.code == code)
    }

    pub(crate) fn excluded(&mut self, exclusion: &Exclusion, place: String) {
        self.add(NoteCode::Excluded, place, format_args!("{}: {}", exclusion.code, exclusion.reason));
    }

    /// Adds the notes of another step.
    pub fn append(&mut self, other: Self) {
        let room = MAX_NOTES.saturating_sub(self.notes.len());
        self.more += other.more + other.notes.len().saturating_sub(room);
        self.notes.extend(other.notes.into_iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_NOTES, NoteCode, Notes};

    #[test]
    fn keeps_a_bounded_number_of_notes() {
        let mut notes = Notes::default();
        for index in 0..MAX_NOTES + 3 {
            notes.add(NoteCode::FileUnread, index.to_string(), "locked");
        }
        let mut all = Notes::default();
        all.add(NoteCode::Excluded, "first", "x");
        all.append(notes);
        assert_eq!((all.notes.len(), all.more), (MAX_NOTES, 4));
    }
}
