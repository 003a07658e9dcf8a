//! What is in a version, and what differs, for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::text;

/// What is at a place, or was found.
pub(super) fn content(content: &Value) -> String {
    let mut lines = String::new();
    for key in array(&content["keys"]) {
        let _ = writeln!(lines, "key     HKCU\\{}{}", text(&key["path"]), remark(&key["item"]));
    }
    for value in array(&content["values"]) {
        let _ = writeln!(lines, "value   {} = {}", value_name(&value["name"]), item(&value["item"]));
    }
    for folder in array(&content["folders"]) {
        let _ = writeln!(lines, "folder  {}  {} files", text(&folder["path"]), text(&folder["files"]));
    }
    for file in array(&content["files"]) {
        let _ = writeln!(lines, "file    {}  {}", text(&file["path"]), item(&file["item"]));
    }
    for found in array(&content["found"]) {
        let _ = writeln!(lines, "{:<7} {} = {}", text(&found["sort"]), place(found), item(&found["item"]));
    }
    if content["more"].as_bool() == Some(true) {
        lines.push_str("there is more; search for it with --search\n");
    }
    if lines.is_empty() { "nothing\n".to_owned() } else { lines }
}

/// What an upload in quarantine would change.
pub(super) fn upload(difference: &Value) -> String {
    let current =
        difference["current"].as_u64().map_or("nothing".to_owned(), |number| format!("version {number}"));
    let mut lines = format!("from {current} to the upload:\n");
    changes(&mut lines, difference);
    lines
}

/// What differs between two versions.
pub(super) fn difference(difference: &Value) -> String {
    let former =
        difference["former"].as_u64().map_or("nothing".to_owned(), |number| format!("version {number}"));
    let mut lines = format!("from {former} to version {}:\n", text(&difference["number"]));
    changes(&mut lines, difference);
    lines
}

/// What a restore changed, or would.
pub(super) fn restored(result: &Value, dry_run: bool) -> String {
    let mut lines = match result["number"].as_u64() {
        Some(number) => format!("restored, as version {number}:\n"),
        None if dry_run => "this would change:\n".to_owned(),
        None => "restored:\n".to_owned(),
    };
    changes(&mut lines, result);
    let open = array(&result["open-sessions"]);
    if open.is_empty() {
        lines.push_str("the user gets it at the next logon\n");
    } else {
        let hosts = open.iter().map(text).collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            lines,
            "the user has a session on {hosts}, and gets it at the next logon; what he changes himself in that session is \
             merged with it, and of a setting that he changes himself his own counts"
        );
    }
    lines
}

fn changes(lines: &mut String, of: &Value) {
    let changes = array(&of["changes"]);
    for change in changes {
        let sign = match change["differs"].as_str() {
            Some("added") => '+',
            Some("removed") => '-',
            _ => '~',
        };
        let held = |side: &str| match &change[side] {
            Value::Null => "as in the mandatory profile".to_owned(),
            held => item(held),
        };
        let _ = writeln!(lines, "{sign} {}\n    {}\n    {}", place(change), held("before"), held("after"));
    }
    let total = of["total"].as_u64().unwrap_or_default();
    let told = u64::try_from(changes.len()).unwrap_or(u64::MAX);
    if total > told {
        let _ = writeln!(lines, "and {} more", total - told);
    }
    if total == 0 {
        lines.push_str("nothing\n");
    }
}

fn place(at: &Value) -> String {
    match (&at["file"], &at["value"]) {
        (Value::String(_), _) => text(&at["file"]),
        (_, Value::String(_)) => format!("HKCU\\{}: {}", text(&at["key"]), value_name(&at["value"])),
        _ => format!("HKCU\\{}", text(&at["key"])),
    }
}

fn value_name(name: &Value) -> String {
    if name.as_str() == Some("") { "(default)".to_owned() } else { text(name) }
}

/// Content in one line.
fn item(item: &Value) -> String {
    let state = item["state"].as_str().unwrap_or_default();
    match (state, &item["type"], &item["bytes"]) {
        ("deleted", ..) => "deleted".to_owned(),
        ("made-anew", ..) => "a key made anew".to_owned(),
        ("passed", ..) => "a key on the way to others".to_owned(),
        (_, Value::String(ty), _) => format!("{ty} {}{}", data(item), cut(item)),
        (_, _, Value::Number(bytes)) => format!("{bytes} bytes  {}", text(&item["modified"])),
        _ => "a key".to_owned(),
    }
}

fn data(item: &Value) -> String {
    let lines = || array(&item["lines"]).iter().map(|line| format!("\"{}\"", text(line))).collect::<Vec<_>>();
    match item {
        _ if item["text"].is_string() => format!("\"{}\"", text(&item["text"])),
        _ if item["lines"].is_array() => lines().join(" "),
        _ if item["number"].is_string() => text(&item["number"]),
        _ => text(&item["hex"]),
    }
}

fn cut(item: &Value) -> String {
    match item["cut"].as_bool() {
        Some(true) => format!(" … ({} bytes)", text(&item["bytes"])),
        _ => String::new(),
    }
}

fn remark(item: &Value) -> &'static str {
    match item["state"].as_str() {
        Some("deleted") => "  deleted",
        Some("made-anew") => "  made anew",
        _ => "",
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
