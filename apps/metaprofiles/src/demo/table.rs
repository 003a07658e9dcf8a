//! What arrived where, side by side.

use std::fmt::{Display, Formatter, Result};

use super::items::{Content, Item};

/// Widest cell; longer texts are cut.
const WIDEST: usize = 30;

/// One thing that the user did.
pub(super) struct Row {
    does: &'static str,
    place: String,
    why: String,
    cells: Vec<(String, bool)>,
}

impl Row {
    pub(super) fn new(item: &Item, why: &str) -> Self {
        let cells = vec![(item.leaves.to_string(), true)];
        Self { does: item.does, place: item.place.to_string(), why: why.to_owned(), cells }
    }

    /// Adds what was seen at the next session host.
    pub(super) fn saw(mut self, seen: &Content, expected: &Content) -> Self {
        self.cells.push((seen.to_string(), seen == expected));
        self
    }

    /// How many session hosts did not show what they must.
    pub(super) fn wrong(&self) -> usize {
        self.cells.iter().filter(|(_, right)| !right).count()
    }
}

/// The rows under the names of the session hosts.
pub(super) struct Table {
    head: [&'static str; 3],
    rows: Vec<Row>,
}

impl Table {
    pub(super) fn new(head: [&'static str; 3]) -> Self {
        Self { head, rows: Vec::new() }
    }

    pub(super) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let head = self.head.map(|text| format!("{text:<WIDEST$}"));
        writeln!(f, "{:<26} {} why", "what the user did", head.join(" "))?;
        for row in &self.rows {
            let cell = |(text, right): &(String, bool)| {
                let mark = if *right { "" } else { "WRONG: " };
                format!("{:<WIDEST$}", cut(&format!("{mark}{text}")))
            };
            let cells: Vec<String> = row.cells.iter().map(cell).collect();
            writeln!(f, "{:<26} {} {}", row.does, cells.join(" "), row.why)?;
            writeln!(f, "  {}", row.place)?;
        }
        Ok(())
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        return text.to_owned();
    }
    text.chars().take(WIDEST - 1).chain(['…']).collect()
}
