use std::fmt::Write as _;

use serde_json::Value;

/// A column of a table: its title, and what it shows of an item.
pub(super) type Column = (&'static str, fn(&Value) -> String);

/// A column that shows a field as it is.
macro_rules! field {
    ($title:literal, $name:literal) => {
        ($title, |item: &serde_json::Value| $crate::farm::show::text(&item[$name]))
    };
}
pub(super) use field;

/// Things below one another, the fields of each side by side.
pub(super) fn table(items: &Value, columns: &[Column]) -> String {
    let titles = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
    let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
    let cells = items.iter().map(|item| columns.iter().map(|(_, cell)| cell(item)).collect());
    let rows: Vec<Vec<String>> = std::iter::once(titles).chain(cells).collect();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).map(|column| width(column).unwrap_or(0)).collect();
    rows.iter().fold(String::new(), |mut table, row| {
        let line = row.iter().zip(&widths).fold(String::new(), |mut line, (cell, width)| {
            let _ = write!(line, "{cell:width$}  ");
            line
        });
        let _ = writeln!(table, "{}", line.trim_end());
        table
    })
}

/// The fields of one thing below one another, its name first.
pub(super) fn item(item: &Value) -> String {
    let Some(fields) = item.as_object() else { return format!("{}\n", text(item)) };
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(field, _)| *field != "name");
    let width = fields.iter().map(|(field, _)| field.len()).max().unwrap_or(0);
    fields.iter().fold(String::new(), |mut lines, (name, value)| {
        let line = format!("{name:width$}  {}", text(value));
        let _ = writeln!(lines, "{}", line.trim_end());
        lines
    })
}

/// A value for people: texts without quotes, nothing for null, lists with commas. Control characters become escapes, since
/// names come from other machines, and terminals obey them.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.chars().fold(String::new(), |mut shown, character| {
            match character.is_control() {
                true => shown.extend(character.escape_unicode()),
                false => shown.push(character),
            }
            shown
        }),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{name} {}", text(value));
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}
