//! `cargo xtask web`: builds the console's pages, which the console embeds when it is built after them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context, Result, ensure};

use crate::{
    root,
    steps::{output, run as execute},
    target_dir, tools,
};

/// The oldest Node.js that every tool of the pages works with: that of Debian 12.
const OLDEST_NODE: u32 = 18;

/// Installs what is missing and builds the pages, if they are older than what they are made of.
pub(crate) fn build() -> Result<()> {
    tools::ensure(tools::NODE)?;
    let version = output(Command::new("node").arg("--version"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    ensure!(
        major.is_some_and(|major: u32| major >= OLDEST_NODE),
        "the pages need Node.js {OLDEST_NODE} or newer, and this is {version}"
    );
    let folder = folder();
    // npm leaves this file behind when it is done.
    let installed = changed(&folder.join("node_modules/.package-lock.json"));
    if installed < changed(&folder.join("package-lock.json")) {
        // No package needs its scripts, and none is let run them.
        execute(npm(&["ci", "--ignore-scripts"]).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    }
    let built = changed(&folder.join("dist/pages/index.html"));
    if built <= newest_source(&folder)? {
        execute(&mut npm(&["run", "build"]))?;
    }
    Ok(())
}

/// Types, lints, formatting and unit tests of the pages.
pub(crate) fn check() -> Result<()> {
    execute(&mut npm(&["run", "check"]))?;
    execute(&mut npm(&["test"]))
}

/// The pages in Chromium, against the programs as cargo has built them. Screenshots stay in the target folder.
pub(crate) fn browse() -> Result<()> {
    let mut browser = npm(&["run", "browser"]);
    browser.env("METAPROFILES_CHROMIUM", tools::CHROMIUM);
    browser.env("METAPROFILES_PROGRAMS", target_dir().join("debug"));
    browser.env("METAPROFILES_SCREENSHOTS", target_dir().join("screenshots"));
    execute(&mut browser)
}

fn folder() -> PathBuf {
    root().join("web")
}

fn npm(args: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(args).current_dir(folder());
    command
}

/// When a file was changed; long ago if it is not there.
fn changed(path: &Path) -> SystemTime {
    path.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// When the last of what the pages are made of was changed.
fn newest_source(folder: &Path) -> Result<SystemTime> {
    let docs = root().join("docs/reference");
    let mut paths = vec![root().join("Cargo.toml"), docs.join("openapi.json"), docs.join("codes.md")];
    for file in ["index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"] {
        paths.push(folder.join(file));
    }
    collect(&folder.join("src"), &mut paths)?;
    // The build itself writes this one.
    paths.retain(|path| !path.ends_with("schema.gen.ts"));
    Ok(paths.iter().map(|path| changed(path)).max().unwrap_or(SystemTime::UNIX_EPOCH))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read \"{}\"", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
