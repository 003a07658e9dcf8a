//! Facts and edits for people to read.

mod changes;
mod edits;
mod value;

use std::fmt::{Display, Write as _};

pub(crate) use changes::changes;
pub(crate) use edits::edits;

/// Named facts, one per line.
#[derive(Default)]
pub(crate) struct Listing {
    rows: Vec<(&'static str, String)>,
}

impl Listing {
    pub(crate) fn row(&mut self, name: &'static str, fact: impl Display) {
        self.rows.push((name, fact.to_string()));
    }

    /// The facts, one below the other.
    pub(crate) fn text(&self) -> String {
        let width = self.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        self.rows.iter().fold(String::new(), |mut text, (name, fact)| {
            let line = format!("{name:width$}  {fact}");
            let _ = writeln!(text, "{}", line.trim_end());
            text
        })
    }
}
