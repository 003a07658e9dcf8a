//! The local Group Policy's files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use mp_agent::group_policy::{
    Encoding, ScriptEntry, add_script, decode, encode, has_scripts, remove_script, with_user_scripts,
};

/// Section of `scripts.ini`, and the parameter with which the Agent is called there.
const SCRIPTS: [(&str, &str); 2] = [("Logon", "logon"), ("Logoff", "logoff")];

/// Enters this program as logon and logoff script; says what was done.
pub(super) fn add(program: &Path) -> Result<&'static str> {
    let command = program.display().to_string();
    let changed = edit(|mut ini| {
        for (section, parameters) in SCRIPTS {
            let entry = ScriptEntry { command: command.clone(), parameters: parameters.to_owned() };
            ini = add_script(&ini, section, &entry);
        }
        ini
    })?;
    Ok(if changed {
        "the local Group Policy runs the logon and logoff scripts"
    } else {
        "the local Group Policy ran the logon and logoff scripts already"
    })
}

/// Takes it out again; says what was done.
pub(super) fn remove(program: &Path) -> Result<&'static str> {
    let command = program.display().to_string();
    let changed =
        edit(|ini| SCRIPTS.iter().fold(ini, |ini, (section, _)| remove_script(&ini, section, &command)))?;
    Ok(if changed {
        "the logon and logoff scripts are taken out of the local Group Policy"
    } else {
        "the local Group Policy had no scripts of ours"
    })
}

/// Where the local Group Policy is.
pub(crate) fn folder() -> PathBuf {
    let root = std::env::var_os("SystemRoot").map_or_else(|| PathBuf::from(r"C:\Windows"), PathBuf::from);
    root.join("System32").join("GroupPolicy")
}

/// Whether the local Group Policy calls this program at logon and at logoff.
pub(crate) fn are_there(program: &Path) -> Result<bool> {
    let (ini, _) = read(&folder().join(r"User\Scripts\scripts.ini"))?;
    let command = program.display().to_string();
    Ok(SCRIPTS.iter().all(|(section, _)| remove_script(&ini, section, &command) != ini))
}

fn edit(change: impl FnOnce(String) -> String) -> Result<bool> {
    let (scripts, gpt) = (folder().join(r"User\Scripts\scripts.ini"), folder().join("gpt.ini"));
    let (before, encoding) = read(&scripts)?;
    let after = change(before.clone());
    let changed = before != after;
    if changed {
        // Windows writes this file in UTF-16, and so it is read whatever the path's letters are.
        let encoding = if before.is_empty() { Encoding::Utf16 } else { encoding };
        for kind in ["Logon", "Logoff"] {
            let folder = folder().join("User").join("Scripts").join(kind);
            fs::create_dir_all(&folder).with_context(|| format!("cannot make \"{}\"", folder.display()))?;
        }
        write(&scripts, &encode(&after, encoding))?;
    }
    let (policy, encoding) = read(&gpt)?;
    let policy_after = with_user_scripts(&policy, has_scripts(&after), changed);
    if policy != policy_after && (changed || has_scripts(&after)) {
        write(&gpt, &encode(&policy_after, encoding))?;
    }
    Ok(changed)
}

fn read(path: &Path) -> Result<(String, Encoding)> {
    match fs::read(path) {
        Ok(bytes) => Ok(decode(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((String::new(), Encoding::Bytes)),
        Err(error) => Err(error).with_context(|| format!("cannot read \"{}\"", path.display())),
    }
}

/// The file keeps its attributes (`scripts.ini` is hidden), so it is not replaced by another one.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write \"{}\"", path.display()))
}
