use super::ini::{assignment, lines, section, text};

/// The extension that runs scripts, and the one with which administrators edit users' scripts (Microsoft, MS-GPSCR 1.9).
const SCRIPTS: &str = "{42B5FAAE-6536-11D2-AE5A-0000F87571E3}";
const SCRIPTS_TOOL: &str = "{40B66650-4972-11D1-A7CA-0000F87571E3}";
const EXTENSIONS: &str = "gPCUserExtensionNames";
const VERSION: &str = "Version";
const SECTION: &str = "General";

/// `gpt.ini` of a policy that has users' scripts, or has none any more. `changed` says that `scripts.ini` changed: the part
/// of the version that counts users' settings (its upper 16 bits) goes up, so that Windows reads the policy again.
#[must_use]
pub fn with_user_scripts(gpt: &str, any: bool, changed: bool) -> String {
    let mut lines = lines(gpt);
    if section(&lines, SECTION).is_none() {
        lines.insert(0, format!("[{SECTION}]"));
    }
    let before = value(&lines, EXTENSIONS).unwrap_or_default();
    let after = extensions(&before, any);
    if !changed && before == after {
        return gpt.to_owned();
    }
    set(&mut lines, EXTENSIONS, &after);
    let version: u32 = value(&lines, VERSION).and_then(|version| version.parse().ok()).unwrap_or_default();
    let (user, machine) = (version >> 16, version & 0xFFFF);
    // 0 would say that there are no users' settings.
    let user = if user >= 0xFFFF { 1 } else { user + 1 };
    set(&mut lines, VERSION, &(user << 16 | machine).to_string());
    text(&lines)
}

/// A list of `[{extension}{tool}…]`, which Windows keeps sorted, with or without the pair of scripts.
fn extensions(list: &str, any: bool) -> String {
    let upper = list.to_ascii_uppercase();
    let mut groups: Vec<String> =
        upper.split('[').filter_map(|group| group.split(']').next()).map(str::to_owned).collect();
    groups.retain(|group| !group.is_empty());
    let ours = groups.iter().position(|group| group.starts_with(SCRIPTS));
    match (ours, any) {
        (Some(at), false) => drop(groups.remove(at)),
        (None, true) => groups.push(format!("{SCRIPTS}{SCRIPTS_TOOL}")),
        _ => return list.to_owned(),
    }
    groups.sort();
    groups.iter().map(|group| format!("[{group}]")).collect()
}

fn value(lines: &[String], name: &str) -> Option<String> {
    let (start, end) = section(lines, SECTION)?;
    let found = lines[start + 1..end].iter().filter_map(|line| assignment(line));
    found.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
}

/// Sets a value, or removes the line when the value is empty.
fn set(lines: &mut Vec<String>, name: &str, value: &str) {
    let Some((start, end)) = section(lines, SECTION) else { return };
    let is_it = |line: &String| assignment(line).is_some_and(|(other, _)| other.eq_ignore_ascii_case(name));
    let at = lines[start + 1..end].iter().position(is_it).map(|at| start + 1 + at);
    let line = format!("{name}={value}");
    match (at, value.is_empty()) {
        (Some(at), true) => drop(lines.remove(at)),
        (Some(at), false) => lines[at] = line,
        (None, true) => {}
        (None, false) => lines.insert(start + 1, line),
    }
}
