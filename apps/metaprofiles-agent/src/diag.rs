//! One folder with what helps to find out why something does not work. No setting of a user is in it: no data set, baseline
//! or spool, and no key or certificate.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use mp_agent::LogFile;
use serde_json::json;

use crate::{Common, check, service_status};

/// Longest report that is taken.
const MAX_REPORT: u64 = 4 * 1024 * 1024;

#[derive(Args)]
pub(crate) struct DiagArgs {
    /// Folder to make
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
}

pub(crate) fn diag(common: &Common, args: &DiagArgs) -> Result<ExitCode> {
    let into = args.into.as_path();
    if into.exists() {
        bail!("\"{}\" is there already; name a new folder", into.display());
    }
    fs::create_dir_all(into).with_context(|| format!("cannot make \"{}\"", into.display()))?;
    let mut missing = Vec::new();
    for log in LogFile::files(&common.state.join("logs")) {
        take(&log, &into.join("logs"), &mut missing);
    }
    for user in entries(&common.state.join("reports")) {
        let name = user.file_name().unwrap_or_default();
        for report in entries(&user) {
            take(&report, &into.join("reports").join(name), &mut missing);
        }
    }
    take(&common.state.join("plan.json"), into, &mut missing);
    let about = json!({
        "agent": env!("CARGO_PKG_VERSION"),
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "windows": windows_version(),
        "state-folder": common.state,
        "service": service_status::service(),
        "sessions": service_status::sessions(),
        "checks": check::lines(common),
        "not-taken": missing,
    });
    let file = into.join("about.json");
    fs::write(&file, serde_json::to_vec_pretty(&about)?)
        .with_context(|| format!("cannot write \"{}\"", file.display()))?;
    if common.json {
        println!("{}", json!({ "folder": into }));
    } else {
        println!("\"{}\" holds logs, session reports, plan, status and checks", into.display());
        println!("reports name users by SID, and keys and files by name; they hold no content of them");
    }
    Ok(ExitCode::SUCCESS)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    all.sort();
    all
}

/// Copies a file; what cannot be copied is named in the end, since the rest is of use without it.
fn take(file: &Path, into: &Path, missing: &mut Vec<String>) {
    let copy = || -> io::Result<()> {
        let about = fs::symlink_metadata(file)?;
        if !about.is_file() || about.len() > MAX_REPORT.max(2 * mp_agent::MAX_LOG) {
            return Err(io::Error::other("no plain file of ordinary length"));
        }
        fs::create_dir_all(into)?;
        fs::copy(file, into.join(file.file_name().unwrap_or_default())).map(drop)
    };
    if let Err(error) = copy() {
        missing.push(format!("{}: {error}", file.display()));
    }
}

#[cfg(windows)]
fn windows_version() -> serde_json::Value {
    let key = mp_windows::SettingsKey::open(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion").ok().flatten();
    let text = |name| Some(key.as_ref()?.string(name)?.to_string_lossy().into_owned());
    json!({
        "product": text("ProductName"),
        "build": text("CurrentBuild"),
        "revision": key.as_ref().and_then(|key| key.dword("UBR")),
    })
}

#[cfg(not(windows))]
fn windows_version() -> serde_json::Value {
    serde_json::Value::Null
}
