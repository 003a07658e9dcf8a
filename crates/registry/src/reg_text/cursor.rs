use crate::Name;

use super::ReadError;

/// How much of what was found an error shows, in code units.
const SHOWN: usize = 24;

/// A place in the text. Lines end with CR, LF or CR LF.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    units: &'a [u16],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(units: &'a [u16]) -> Self {
        Self { units, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a [u16] {
        self.units.get(self.at..).unwrap_or_default()
    }

    /// The next code unit as a character, where it is ASCII; any other unit is a replacement character.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().first().map(|&unit| ascii(unit))
    }

    pub(super) fn advance(&mut self, units: usize) {
        self.at = self.at.saturating_add(units).min(self.units.len());
    }

    /// Passes over `wanted` if it comes next.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        self.advance(usize::from(there));
        there
    }

    /// Passes over an ASCII keyword in any case if it comes next.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let next = self.rest().iter().map(|&unit| ascii(unit).to_ascii_lowercase());
        let there = self.rest().len() >= word.len() && next.zip(word.chars()).all(|(a, b)| a == b);
        self.advance(if there { word.len() } else { 0 });
        there
    }

    pub(super) fn skip_blanks(&mut self) {
        self.advance(self.rest().iter().take_while(|&&unit| matches!(ascii(unit), ' ' | '\t')).count());
    }

    /// Number of code units until the line ends.
    pub(super) fn line_len(&self) -> usize {
        let rest = self.rest();
        rest.iter().position(|&unit| is_break(unit)).unwrap_or(rest.len())
    }

    /// Goes to the start of the next line.
    pub(super) fn next_line(&mut self) {
        self.advance(self.line_len());
        let _cr = self.take('\r');
        let _lf = self.take('\n');
    }

    pub(super) fn at_line_end(&self) -> bool {
        self.rest().first().is_none_or(|&unit| is_break(unit))
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.units.len()
    }

    /// The error that something else was expected here.
    pub(super) fn expected(&self, expected: &'static str) -> ReadError {
        let found = match self.rest() {
            [] => "the end of the file".to_owned(),
            [first, ..] if is_break(*first) => "the end of the line".to_owned(),
            rest => {
                let shown = self.line_len().min(SHOWN);
                let more = if shown < self.line_len() { "…" } else { "" };
                format!("`{}{more}`", Name::from_units(rest.get(..shown).unwrap_or_default()))
            }
        };
        self.error(expected, found)
    }

    /// An error about this place.
    pub(super) fn error(&self, expected: &'static str, found: String) -> ReadError {
        let mut line = 1;
        let mut start = 0;
        let before = self.units.get(..self.at).unwrap_or_default();
        for (index, &unit) in before.iter().enumerate() {
            let within_crlf = ascii(unit) == '\r' && self.units.get(index + 1) == Some(&u16::from(b'\n'));
            if is_break(unit) && !within_crlf {
                line += 1;
                start = index + 1;
            }
        }
        ReadError { line, column: self.at - start + 1, expected, found }
    }
}

pub(super) fn ascii(unit: u16) -> char {
    u8::try_from(unit).ok().filter(u8::is_ascii).map_or(char::REPLACEMENT_CHARACTER, char::from)
}

pub(super) fn is_break(unit: u16) -> bool {
    matches!(ascii(unit), '\r' | '\n')
}
