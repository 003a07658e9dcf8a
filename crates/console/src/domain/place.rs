//! Places in a data set as requests and people write them, and what of a data set is brought back.

use std::fmt;

use mp_dataset::{FilePath, Selected};
use mp_registry::{KeyPath, Name};

use super::Refusal;

/// Longest text of a place, in bytes.
const MAX_PLACE: usize = 16 * 1024;

/// A part of a data set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Portion {
    /// What a data subset keeps.
    Subset(String),
    /// What is named.
    Selected(Selected),
}

impl fmt::Display for Portion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subset(name) => write!(f, "data subset \"{name}\""),
            Self::Selected(Selected::Everything) => f.write_str("everything"),
            Self::Selected(Selected::Key { path, below: true }) => {
                write!(f, "{} with its sub-keys", key_text(path))
            }
            Self::Selected(Selected::Key { path, .. }) => f.write_str(&key_text(path)),
            Self::Selected(Selected::Value(path, name)) => f.write_str(&value_text(path, name)),
            Self::Selected(Selected::File(path)) => write!(f, "{path}"),
            Self::Selected(Selected::Folder { folder, components }) => {
                write!(f, "files below {}", folder_text(folder, components))
            }
        }
    }
}

/// A key's place for people.
pub(crate) fn key_text(path: &KeyPath) -> String {
    if path.depth() == 0 { "HKCU".to_owned() } else { format!("HKCU\\{path}") }
}

/// A value's place for people.
fn value_text(path: &KeyPath, name: &Name) -> String {
    let name = if name.is_empty() { "(default)".to_owned() } else { name.to_string() };
    format!("{}: {name}", key_text(path))
}

/// A folder's place: `Desktop`, `Desktop:sub\folder`.
pub(crate) fn folder_text(folder: &str, components: &[Name]) -> String {
    if components.is_empty() {
        return folder.to_owned();
    }
    FilePath { folder: folder.to_owned(), components: components.to_vec() }.to_string()
}

/// A key's path below the user's root: names with backslashes between them. What is no text in a name is written as
/// [`Name`] shows it: `\u{D800}`.
///
/// # Errors
/// When it is too long.
pub(crate) fn parse_key(text: &str) -> Result<KeyPath, Refusal> {
    Ok(names(text)?.into_iter().filter(|name| !name.is_empty()).collect())
}

/// A value's name; empty for a key's default value.
///
/// # Errors
/// When it is too long.
pub(crate) fn parse_name(text: &str) -> Result<Name, Refusal> {
    check(text)?;
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match escaped(rest) {
            Some((more, after)) => {
                units.extend(more);
                rest = after;
            }
            None => {
                units.extend(first.encode_utf16(&mut [0; 2]).iter());
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    Ok(Name::from_units(units))
}

/// A special folder, and a path below it: `Desktop`, `Desktop:sub\folder`.
///
/// # Errors
/// When it is too long, or names no folder.
pub(crate) fn parse_folder(text: &str) -> Result<(String, Vec<Name>), Refusal> {
    let (folder, below) = text.split_once(':').unwrap_or((text, ""));
    if folder.is_empty() {
        return Err(Refusal::Request(
            "a file's place begins with a special folder, such as Desktop:a.txt".to_owned(),
        ));
    }
    let components = names(below)?.into_iter().filter(|name| !name.is_empty()).collect();
    Ok((folder.to_owned(), components))
}

/// A file's place: `Desktop:sub\a.txt`.
///
/// # Errors
/// When it is too long, or names no file.
pub(crate) fn parse_file(text: &str) -> Result<FilePath, Refusal> {
    let (folder, components) = parse_folder(text)?;
    if components.is_empty() {
        return Err(Refusal::Request(format!(
            "\"{folder}\" names no file; write it as in Desktop:sub\\a.txt"
        )));
    }
    Ok(FilePath { folder, components })
}

fn check(text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_PLACE {
        return Err(Refusal::Request(format!("a place in a data set has at most {MAX_PLACE} bytes")));
    }
    Ok(())
}

/// Names between backslashes.
fn names(text: &str) -> Result<Vec<Name>, Refusal> {
    check(text)?;
    let (mut names, mut units, mut rest) = (Vec::new(), Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        if let Some((more, after)) = escaped(rest) {
            units.extend(more);
            rest = after;
            continue;
        }
        if first == '\\' {
            names.push(Name::from_units(std::mem::take(&mut units)));
        } else {
            units.extend(first.encode_utf16(&mut [0; 2]).iter());
        }
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    names.push(Name::from_units(units));
    Ok(names)
}

/// The units of an escape at the beginning of a text, and what follows it. Only what is never written plainly is one: control
/// characters and lone surrogates.
fn escaped(text: &str) -> Option<(Vec<u16>, &str)> {
    let (digits, after) = text.strip_prefix("\\u{")?.split_once('}')?;
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= 4)?;
    match char::from_u32(code) {
        Some(character) if !character.is_control() => None,
        _ => Some((vec![u16::try_from(code).ok()?], after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_text_come_back_as_they_were() {
        let odd = [vec![0xD800], vec![0x41, 0, 0x42], "ä\\u{41}".encode_utf16().collect(), vec![0x41]];
        for units in odd {
            let name = Name::from_units(units);
            assert_eq!(parse_name(&name.to_string()).expect("it is short"), name);
        }
        let path: KeyPath =
            [Name::from("Soft ware"), Name::from_units(vec![0x41, 0xDC00])].into_iter().collect();
        assert_eq!(parse_key(&path.to_string()).expect("it is short"), path);
        let file = parse_file("Desktop:sub\\a.txt").expect("it is a file");
        assert_eq!((file.to_string().as_str(), file.components.len()), ("Desktop:sub\\a.txt", 2));
        assert!(parse_file("Desktop").is_err() && parse_file(":x").is_err());
        assert!(parse_key(&"x".repeat(MAX_PLACE + 1)).is_err());
    }
}
