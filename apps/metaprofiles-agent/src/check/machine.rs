//! What is of this Windows machine alone.

use mp_profile::Sid;
use mp_windows::{
    ProfileList, ProfileLoader, SettingsKey, SystemProfiles, enable_backup_privileges,
    service::{RunState, SERVICE_NAME, query},
};

use super::Line;
use crate::{Common, install, service_status};

/// Least time that Group Policy must give scripts, in seconds (0: for ever).
const SCRIPT_TIME: u32 = 60;

pub(super) fn check(common: &Common, lines: &mut Vec<Line>) {
    lines.push(service());
    lines.push(account());
    lines.push(rights());
    if common.settings.turned_off {
        let next = "Group Policy setting \"Turn off the Agent\"";
        lines.push(Line::warn("settings", "Group Policy has turned the Agent off", next));
    }
    lines.push(scripts());
    lines.extend(install::WANTED.iter().map(policy));
    lines.push(script_time());
    lines.push(temporary_profiles());
    lines.push(other_product());
    profiles(lines);
}

fn service() -> Line {
    const CHECK: &str = "service";
    match query(SERVICE_NAME) {
        Ok(Some(state)) if state.state == RunState::Running => Line::pass(CHECK, "it runs"),
        Ok(Some(state)) => {
            let found = format!("{:?}, last exit code {}", state.state, state.exit_code);
            Line::fail(
                CHECK,
                found,
                format!("start it with `sc start {SERVICE_NAME}`; the event log says why it stopped"),
            )
        }
        Ok(None) => Line::fail(CHECK, "it is not installed", "run `metaprofiles-agent install`"),
        Err(error) => {
            Line::fail(CHECK, format!("{:#}", anyhow::Error::new(error)), "run this as an administrator")
        }
    }
}

fn account() -> Line {
    const CHECK: &str = "service account";
    let key = SettingsKey::open(&format!(r"SYSTEM\CurrentControlSet\Services\{SERVICE_NAME}"));
    let account = key.ok().flatten().and_then(|key| key.string("ObjectName"));
    match account.map(|account| account.to_string_lossy().into_owned()) {
        Some(account) if account.eq_ignore_ascii_case("LocalSystem") => Line::pass(CHECK, account),
        Some(account) => {
            let next =
                "the service needs LocalSystem to act as users; run `metaprofiles-agent install` again";
            Line::fail(CHECK, account, next)
        }
        None => Line::warn(CHECK, "not known", "run `metaprofiles-agent install`"),
    }
}

fn rights() -> Line {
    const CHECK: &str = "your rights";
    match enable_backup_privileges() {
        Ok(()) => Line::pass(CHECK, "those of an administrator"),
        Err(error) => Line::warn(
            CHECK,
            error.to_string(),
            "run this as an administrator: other checks may not see everything",
        ),
    }
}

fn scripts() -> Line {
    const CHECK: &str = "logon and logoff scripts";
    let there = std::env::current_exe()
        .map_err(anyhow::Error::new)
        .and_then(|program| install::scripts_are_there(&program));
    match there {
        Ok(true) => Line::pass(CHECK, "the local Group Policy runs them"),
        Ok(false) => Line::warn(
            CHECK,
            "the local Group Policy has none of ours",
            "a domain's may have them; else run `metaprofiles-agent install`, without which logoffs rely on the profile hold",
        ),
        Err(error) => Line::warn(CHECK, format!("{error:#}"), "run this as an administrator"),
    }
}

fn policy(wanted: &install::Wanted) -> Line {
    let is = SettingsKey::open(wanted.key).ok().flatten().and_then(|key| key.dword(wanted.name));
    let found = is.map_or_else(|| "not set".to_owned(), |is| is.to_string());
    if is == Some(wanted.value) {
        Line::pass(wanted.name, format!("{found}: {}", wanted.meaning))
    } else {
        let next = format!("set it to {}, so that {}; `install` does", wanted.value, wanted.meaning);
        Line::warn(wanted.name, found, next)
    }
}

fn script_time() -> Line {
    const CHECK: &str = "MaxGPOScriptWait";
    let key = SettingsKey::open(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System").ok().flatten();
    match key.and_then(|key| key.dword(CHECK)) {
        None => Line::pass(CHECK, "not set: scripts have 600 seconds"),
        Some(0) => Line::pass(CHECK, "scripts have as long as they want"),
        Some(seconds) if seconds >= SCRIPT_TIME => {
            Line::pass(CHECK, format!("scripts have {seconds} seconds"))
        }
        Some(seconds) => {
            let next =
                format!("Windows may end the logoff script before it is done; allow {SCRIPT_TIME} seconds");
            Line::warn(CHECK, format!("scripts have {seconds} seconds"), next)
        }
    }
}

fn temporary_profiles() -> Line {
    const CHECK: &str = "ProfileErrorAction";
    let key = SettingsKey::open(r"SOFTWARE\Policies\Microsoft\Windows\System").ok().flatten();
    match key.and_then(|key| key.dword(CHECK)) {
        Some(1) => Line::pass(CHECK, "users are not logged on with temporary profiles"),
        _ => Line::warn(
            CHECK,
            "Windows logs users on with temporary profiles, whose settings are never kept",
            "consider the policy \"Do not log users on with temporary profiles\"",
        ),
    }
}

fn other_product() -> Line {
    const CHECK: &str = "other profile products";
    match SystemProfiles::default().other_product() {
        Ok(None) => Line::pass(CHECK, "none is active"),
        Ok(Some(product)) => {
            let next = "two products must not keep the same settings; profiles are not held here";
            Line::warn(CHECK, format!("{product} is active"), next)
        }
        Err(error) => Line::warn(CHECK, error.to_string(), "run this as an administrator"),
    }
}

/// The profiles of the users whom the service knows of.
fn profiles(lines: &mut Vec<Line>) {
    const CHECK: &str = "profile";
    let known = service_status::sessions();
    for user in known["users"].as_array().into_iter().flatten() {
        let Some(Ok(sid)) = user["sid"].as_str().map(str::parse::<Sid>) else { continue };
        lines.push(match ProfileList::default().entry(&sid) {
            Ok(entry) if entry.kind == mp_dataset::ProfileKind::Mandatory => {
                Line::pass(CHECK, format!("{sid} has a mandatory profile"))
            }
            Ok(entry) => Line::warn(
                CHECK,
                format!("{sid} has a {:?} profile", entry.kind),
                "only mandatory profiles get their settings back at logon; others are captured at most",
            ),
            Err(error) => Line::warn(CHECK, format!("{sid}: {error}"), "run this as an administrator"),
        });
    }
}
