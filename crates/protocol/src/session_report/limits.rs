use super::SentReport;

/// Most reports of one request.
pub const MAX_BATCH_REPORTS: usize = 50;
/// Most bytes of one request's body.
pub const MAX_BATCH_BYTES: usize = 2 * 1024 * 1024;
/// Most bytes of one report as JSON. Names may consist of characters that are escaped, so its items may have to be fewer.
pub const MAX_REPORT_BYTES: usize = 512 * 1024;
/// Most items of a report; further ones are only counted.
pub const MAX_ITEMS: usize = 200;
/// Most steps of a report.
pub const MAX_STEPS: usize = 64;
/// Most problems of a report.
pub const MAX_PROBLEMS: usize = 50;
/// Most data sets of a report.
pub const MAX_DATA_SETS: usize = 8;
/// Most characters of a place.
pub const MAX_PLACE: usize = 512;
/// Most characters of a message or reason.
pub const MAX_TEXT: usize = 1_024;
/// Most characters of any other text.
pub const MAX_WORD: usize = 128;

/// A report that breaks a limit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the report's {0} is not as it must be")]
pub struct InvalidReport(&'static str);

impl SentReport {
    /// Checks what a stranger may have written.
    ///
    /// # Errors
    /// The first thing that breaks a limit.
    pub fn check(&self) -> Result<(), InvalidReport> {
        let Self { id, session, profile, data_sets, steps, items, problems, .. } = self;
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let word = |text: &str| fits(text, MAX_WORD);
        for (fine, what) in [
            (id.len() == 32 && id.bytes().all(hexadecimal), "id"),
            (!session.is_empty() && word(session), "session"),
            (word(profile), "profile"),
            (i64::try_from(self.started).is_ok() && i64::try_from(self.duration).is_ok(), "time"),
            (
                data_sets.len() <= MAX_DATA_SETS
                    && data_sets
                        .iter()
                        .all(|set| word(&set.result) && set.version.as_deref().is_none_or(word)),
                "list of data sets",
            ),
            (steps.len() <= MAX_STEPS && steps.iter().all(|step| word(&step.name)), "list of steps"),
            (
                items.list.len() <= MAX_ITEMS
                    && items.list.iter().all(|item| {
                        word(&item.code) && fits(&item.place, MAX_PLACE) && fits(&item.reason, MAX_TEXT)
                    }),
                "list of items",
            ),
            (
                problems.len() <= MAX_PROBLEMS
                    && problems.iter().all(|problem| word(&problem.code) && fits(&problem.message, MAX_TEXT)),
                "list of problems",
            ),
        ] {
            if !fine {
                return Err(InvalidReport(what));
            }
        }
        Ok(())
    }
}

fn fits(text: &str, most: usize) -> bool {
    text.len() <= most || text.chars().count() <= most
}

/// The text, cut off where it is longer than `most` characters.
#[must_use]
pub fn bounded(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}
