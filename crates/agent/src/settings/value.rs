//! Values of the registry as what they are to mean. An error says what was expected.

use std::{ops::RangeInclusive, path::PathBuf};

use mp_profile::expand_variables;
use mp_registry::{Value, ValueType};

/// The longest text that is taken, in UTF-16 code units (`maxLength` in the template).
const MAX_TEXT: usize = 1023;
/// How much of a wrong text is shown.
const SHOWN: usize = 80;

/// `REG_DWORD` 0 or 1.
pub(super) fn switch(value: &Value) -> Result<bool, String> {
    match dword(value) {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        _ => Err("REG_DWORD 0 or 1".to_owned()),
    }
}

/// `REG_DWORD` within a range.
pub(super) fn number(value: &Value, range: RangeInclusive<u32>) -> Result<u32, String> {
    let number = dword(value).filter(|number| range.contains(number));
    number.ok_or_else(|| format!("REG_DWORD from {} to {}", range.start(), range.end()))
}

/// `REG_SZ`, one of the names.
pub(super) fn choice<T: Copy>(value: &Value, names: &[(&str, T)]) -> Result<T, String> {
    let chosen = text(value).and_then(|text| {
        names.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text)).map(|(_, item)| *item)
    });
    chosen.ok_or_else(|| {
        let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        format!("REG_SZ, one of {}", names.join(", "))
    })
}

/// `REG_SZ`, `https://HOST` or `https://HOST:PORT`.
pub(super) fn web_address(value: &Value) -> Result<String, String> {
    let host = |text: &String| {
        text.trim_end_matches('/').strip_prefix("https://").is_some_and(|host| {
            !host.is_empty() && !host.contains(|c: char| "/?#@\\".contains(c) || c.is_whitespace())
        })
    };
    text(value).filter(host).ok_or_else(|| "REG_SZ, https://HOST or https://HOST:PORT".to_owned())
}

/// `REG_SZ` or `REG_EXPAND_SZ`, a folder on a local drive that is not its root.
pub(super) fn local_folder(value: &Value) -> Result<PathBuf, String> {
    let expected =
        || r"REG_SZ or REG_EXPAND_SZ, a folder on a local drive such as D:\MetaProfiles".to_owned();
    let text = text(value).ok_or_else(expected)?;
    let text = if value.ty == ValueType::EXPAND_SZ { expand(&text).ok_or_else(expected)? } else { text };
    let folder = text.trim_end_matches('\\');
    let mut letters = folder.chars();
    let drive = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
    let below = letters.as_str().strip_prefix(":\\").is_some_and(|names| {
        names.split('\\').all(|name| {
            !matches!(name, "" | "." | "..")
                && !name.contains(|c: char| "/:*?\"<>|".contains(c) || c.is_control())
        })
    });
    if drive && below { Ok(PathBuf::from(folder)) } else { Err(expected()) }
}

/// What the value holds, for a person to read.
pub(super) fn shown(value: &Value) -> String {
    if let Some(number) = dword(value) {
        return format!("REG_DWORD {number}");
    }
    let ty = match value.ty {
        ValueType::SZ => "REG_SZ".to_owned(),
        ValueType::EXPAND_SZ => "REG_EXPAND_SZ".to_owned(),
        ValueType(number) => format!("a value of type {number}"),
    };
    match value.to_text() {
        Some(text) if text.chars().count() <= SHOWN => format!("{ty} {text:?}"),
        _ => format!("{ty} of {} bytes", value.data.len()),
    }
}

fn dword(value: &Value) -> Option<u32> {
    let bytes = value.data.as_ref().try_into().ok()?;
    (value.ty == ValueType::DWORD).then_some(u32::from_le_bytes(bytes))
}

fn text(value: &Value) -> Option<String> {
    let fits = value.to_units().is_some_and(|units| (1..=MAX_TEXT).contains(&units.len()));
    value.to_text().filter(|_| fits)
}

/// The text with the variables of this process's environment in place of their names.
fn expand(text: &str) -> Option<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let variable = |name: &[u16]| {
        let name = String::from_utf16(name).ok()?;
        // Some names cannot be asked for.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        std::env::var(name).ok().map(|text| text.encode_utf16().collect())
    };
    String::from_utf16(&expand_variables(&units, variable)?).ok()
}
