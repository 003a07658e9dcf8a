use super::ini::{assignment, lines, section, text};

/// A script that Group Policy runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptEntry {
    /// The program, with its whole path.
    pub command: String,
    /// Its parameters.
    pub parameters: String,
}

/// The sections of users' scripts.
const SECTIONS: [&str; 2] = ["Logon", "Logoff"];

/// `scripts.ini` with a script in a section (`Logon`, `Logoff`), last in order, or in the place of the script with the same
/// program's file name, wherever that program was.
#[must_use]
pub fn add_script(ini: &str, section_name: &str, entry: &ScriptEntry) -> String {
    edit(ini, section_name, |entries| {
        match entries.iter_mut().find(|other| same_program(other, &entry.command)) {
            Some(ours) => *ours = entry.clone(),
            None => entries.push(entry.clone()),
        }
    })
}

/// `scripts.ini` without the script whose program has the same file name as `command`; the others move up.
#[must_use]
pub fn remove_script(ini: &str, section_name: &str, command: &str) -> String {
    edit(ini, section_name, |entries| entries.retain(|other| !same_program(other, command)))
}

/// Whether any script is run at logon or logoff.
#[must_use]
pub fn has_scripts(ini: &str) -> bool {
    let lines = lines(ini);
    SECTIONS.iter().any(|name| {
        section(&lines, name).is_some_and(|(start, end)| !entries(&lines[start + 1..end]).is_empty())
    })
}

fn edit(ini: &str, section_name: &str, change: impl FnOnce(&mut Vec<ScriptEntry>)) -> String {
    let mut lines = lines(ini);
    let range = section(&lines, section_name);
    let body = range.map_or(&[][..], |(start, end)| &lines[start + 1..end]);
    let before = entries(body);
    let mut after = before.clone();
    change(&mut after);
    if before == after {
        return ini.to_owned();
    }
    let kept = body.iter().filter(|line| numbered(line).is_none() && !line.trim().is_empty()).cloned();
    let mut new: Vec<String> = kept.collect();
    for (number, entry) in after.iter().enumerate() {
        new.push(format!("{number}CmdLine={}", entry.command));
        new.push(format!("{number}Parameters={}", entry.parameters));
    }
    match range {
        Some((start, end)) => drop(lines.splice(start + 1..end, new)),
        None => {
            lines.push(format!("[{section_name}]"));
            lines.extend(new);
        }
    }
    text(&lines)
}

/// The scripts of a section in their order. Windows stops at a missing number; what stands behind a gap is kept, too.
fn entries(body: &[String]) -> Vec<ScriptEntry> {
    let all: Vec<(u32, bool, &str)> = body.iter().filter_map(|line| numbered(line)).collect();
    let mut numbers: Vec<u32> = all.iter().map(|(number, ..)| *number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let value = |number: u32, is_command: bool| {
        let found = all.iter().find(|(other, command, _)| *other == number && *command == is_command);
        found.map(|(.., value)| (*value).to_owned())
    };
    numbers
        .into_iter()
        .map(|number| ScriptEntry {
            command: value(number, true).unwrap_or_default(),
            parameters: value(number, false).unwrap_or_default(),
        })
        .collect()
}

/// Number, whether it is the command line, and value of a line such as `0CmdLine=…`.
fn numbered(line: &str) -> Option<(u32, bool, &str)> {
    let (name, value) = assignment(line)?;
    let digits = name.find(|char: char| !char.is_ascii_digit()).filter(|&at| at > 0)?;
    let number = name[..digits].parse().ok()?;
    match &name[digits..] {
        kind if kind.eq_ignore_ascii_case("CmdLine") => Some((number, true, value)),
        kind if kind.eq_ignore_ascii_case("Parameters") => Some((number, false, value)),
        _ => None,
    }
}

fn same_program(entry: &ScriptEntry, command: &str) -> bool {
    file_name(&entry.command).eq_ignore_ascii_case(file_name(command))
}

fn file_name(path: &str) -> &str {
    path.trim_matches('"').rsplit(['\\', '/']).next().unwrap_or_default()
}
