//! Microsoft's emulator of Azure Blob Storage, for the tests: installed once, by npm, below the target folder.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use crate::{steps::run, target_dir};

const VERSION: &str = "3.37.0";

/// Installs it when it is missing, and gives the folder.
pub(crate) fn ensure() -> Result<PathBuf> {
    let folder = target_dir().join(format!("tools/azurite-{VERSION}"));
    // npm leaves this file behind when it is done.
    if !folder.join("node_modules/.package-lock.json").exists() {
        std::fs::create_dir_all(&folder)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
        run(npm.arg(&folder).arg(format!("azurite@{VERSION}")))?;
    }
    Ok(folder)
}
