use std::fmt::Write as _;

use mp_registry::{Name, Value, ValueType};

/// The most characters of text, and the most bytes, that are shown of one value.
const SHOWN_CHARACTERS: usize = 80;
const SHOWN_BYTES: usize = 24;

/// Type and data in one line: text in quotes, numbers in both notations, other data in hexadecimal. What is long is cut.
pub(super) fn show(value: &Value) -> String {
    let ty = value.ty;
    if let Some(text) = text(value) {
        return format!("{ty:?} {}", quoted(&text));
    }
    match (ty, &value.data[..]) {
        (ValueType::MULTI_SZ, data) if data.len().is_multiple_of(2) => {
            format!("{ty:?} {}", strings(data).join(" "))
        }
        (ValueType::DWORD, &[a, b, c, d]) => {
            let number = u32::from_le_bytes([a, b, c, d]);
            format!("{ty:?} {number:#010x} ({number})")
        }
        (ValueType::QWORD, &[a, b, c, d, e, f, g, h]) => {
            let number = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
            format!("{ty:?} {number:#018x} ({number})")
        }
        (_, data) => format!("{ty:?} {}", bytes(data)),
    }
}

/// The text of a value, if that and its terminating NUL is all it holds.
fn text(value: &Value) -> Option<Name> {
    if !matches!(value.ty, ValueType::SZ | ValueType::EXPAND_SZ) || !value.data.len().is_multiple_of(2) {
        return None;
    }
    let units = units(&value.data);
    let (&last, text) = units.split_last()?;
    (last == 0 && !text.contains(&0)).then(|| Name::from_units(text))
}

fn units(data: &[u8]) -> Vec<u16> {
    let (pairs, _) = data.as_chunks::<2>();
    pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect()
}

fn strings(data: &[u8]) -> Vec<String> {
    let units = units(data);
    let end = units.iter().rposition(|&unit| unit != 0).map_or(0, |last| last + 1);
    let text = units.get(..end).unwrap_or_default();
    if text.is_empty() {
        return Vec::new();
    }
    text.split(|&unit| unit == 0).map(|part| quoted(&Name::from_units(part))).collect()
}

fn quoted(text: &Name) -> String {
    let whole = text.to_string();
    match whole.char_indices().nth(SHOWN_CHARACTERS) {
        None => format!("\"{whole}\""),
        Some((cut, _)) => {
            let shown = whole.get(..cut).unwrap_or_default();
            format!("\"{shown}…\" ({} units)", text.units().len())
        }
    }
}

fn bytes(data: &[u8]) -> String {
    if data.is_empty() {
        return "empty".to_owned();
    }
    let mut shown = data.iter().take(SHOWN_BYTES).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x} ");
        text
    });
    if data.len() > SHOWN_BYTES {
        let _ = write!(shown, "… ({} bytes)", data.len());
    }
    shown.trim_end().to_owned()
}

/// A value's name in quotes, which the default value does not have.
pub(super) fn value_name(name: &Name) -> String {
    if name.is_empty() { "(default)".to_owned() } else { format!("\"{name}\"") }
}
