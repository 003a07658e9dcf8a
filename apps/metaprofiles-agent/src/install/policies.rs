//! The values that make logon scripts run at once and before the desktop.

use std::{collections::BTreeMap, fs, io, path::Path};

use anyhow::{Context, Result};
use mp_windows::SettingsKey;
use serde::{Deserialize, Serialize};

/// A policy of the machine.
pub(crate) struct Wanted {
    /// Key below `HKEY_LOCAL_MACHINE`.
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) value: u32,
    /// What it does, as its Group Policy editor's text says.
    pub(crate) meaning: &'static str,
}

/// What synchronous logon scripts need (Microsoft, `Logon.admx` and `GroupPolicy.admx`).
pub(crate) const WANTED: [Wanted; 2] = [
    Wanted {
        key: r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System",
        name: "RunLogonScriptSync",
        value: 1,
        meaning: "logon scripts run before the desktop appears",
    },
    Wanted {
        key: r"SOFTWARE\Policies\Microsoft\Windows\System",
        name: "EnableLogonScriptDelay",
        value: 0,
        meaning: "logon scripts are not delayed by five minutes",
    },
];

/// What was there before, by key and name.
#[derive(Default, Serialize, Deserialize)]
struct Before {
    policies: BTreeMap<String, Option<u32>>,
}

const NOTE: &str = "install.json";

/// Sets them, and notes what was there; says what was done.
pub(super) fn set(state: &Path) -> Result<Vec<String>> {
    let mut before = noted(state)?;
    let mut said = Vec::new();
    for wanted in &WANTED {
        let key = SettingsKey::create(wanted.key).with_context(|| format!("cannot write {}", wanted.key))?;
        let is = key.dword(wanted.name);
        if is == Some(wanted.value) {
            continue;
        }
        // What an earlier installation noted is older, and so what is to come back.
        before.policies.entry(id(wanted)).or_insert(is);
        note(state, &before)?;
        key.set_dword(wanted.name, wanted.value).with_context(|| format!("cannot set {}", id(wanted)))?;
        said.push(format!("{} is {}: {}", wanted.name, wanted.value, wanted.meaning));
    }
    Ok(said)
}

/// Gives back what was there before, where nobody has changed it since; says what was done.
pub(super) fn restore(state: &Path) -> Result<Vec<String>> {
    let before = noted(state)?;
    let mut said = Vec::new();
    for wanted in &WANTED {
        let Some(was) = before.policies.get(&id(wanted)) else { continue };
        let key =
            SettingsKey::open_to_write(wanted.key).with_context(|| format!("cannot write {}", wanted.key))?;
        let Some(key) = key.filter(|key| key.dword(wanted.name) == Some(wanted.value)) else { continue };
        let done = match was {
            Some(was) => key.set_dword(wanted.name, *was),
            None => key.delete_value(wanted.name),
        };
        done.with_context(|| format!("cannot give {} back", id(wanted)))?;
        said.push(format!("{} is as it was before", wanted.name));
    }
    match fs::remove_file(state.join(NOTE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {NOTE}"))
        }
        _ => Ok(said),
    }
}

fn id(wanted: &Wanted) -> String {
    format!(r"{}\{}", wanted.key, wanted.name)
}

fn noted(state: &Path) -> Result<Before> {
    match fs::read(state.join(NOTE)) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("cannot understand {NOTE}")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Before::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {NOTE}")),
    }
}

fn note(state: &Path, before: &Before) -> Result<()> {
    let text = serde_json::to_vec_pretty(before)?;
    fs::write(state.join(NOTE), text).with_context(|| format!("cannot write {NOTE}"))
}
