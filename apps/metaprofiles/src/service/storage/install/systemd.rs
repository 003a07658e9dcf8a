use std::{
    fs, io,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};
use mp_durable::Readers;
use mp_protocol::Identity;

use super::{Install, unit::Unit};
use crate::{output, service::storage::serve::Serve};

const UNIT: &str = "metaprofiles-storage.service";
const FOLDER: &str = "/etc/systemd/system";

pub(super) fn install(args: &Install, serve: &Serve) -> anyhow::Result<()> {
    let state = absolute(&serve.state.state)?;
    let mut folders = vec![state.clone()];
    let in_objects = args.objects.options_elsewhere()?.is_some();
    if !in_objects {
        folders.extend(mp_storage::base_folders_of(&state));
    }
    folders.extend(args.base_folders.iter().map(|folder| absolute(folder)).collect::<Result<Vec<_>, _>>()?);
    folders.sort();
    folders.dedup();
    ensure!(
        in_objects || folders.len() > 1,
        "give --base-folder: the console has not told this machine yet where the data sets are kept"
    );
    ensure!(
        args.user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
        "\"{}\" is no name of an account",
        args.user
    );
    let program = std::env::current_exe().context("this program does not know where it is")?;
    let mut command = vec![program.into(), "storage".into(), "run".into()];
    command.extend(serve.arguments()?);
    command.extend(args.objects.arguments()?);
    let secret = [serve.encryption.key_file.as_deref(), args.objects.secrets()];
    let secret = secret.into_iter().flatten().map(absolute).collect::<Result<Vec<_>, _>>()?;
    let unit = Unit { command, user: args.user.clone(), folders: folders.clone(), files: secret.clone() };
    let text = unit.text()?;
    if args.print {
        return output::print(&text);
    }
    Identity::load(&state).context("enrol this machine first, with `metaprofiles storage enrol`")?;
    let (user, group) = account(&args.user)?;
    for folder in &folders {
        let new = !folder.exists();
        fs::create_dir_all(folder).with_context(|| format!("cannot make \"{}\"", folder.display()))?;
        if new || *folder == state {
            give(folder, user, group)
                .with_context(|| format!("cannot give \"{}\" to {}", folder.display(), args.user))?;
        } else if owner(folder)? != user {
            output::note(&format!(
                "\"{0}\" belongs to another account; if the service cannot write to it: chown -R {1}: \"{0}\"",
                folder.display(),
                args.user
            ));
        }
    }
    serve.encryption.at_rest()?;
    for file in &secret {
        chown(file, Some(user), Some(group))
            .with_context(|| format!("cannot give \"{}\" to {}", file.display(), args.user))?;
    }
    let place = Path::new(FOLDER).join(UNIT);
    mp_durable::replace(&place, text.as_bytes(), Readers::AsFolder)
        .with_context(|| format!("cannot write \"{}\"", place.display()))?;
    run("systemctl", &["daemon-reload"])?;
    run("systemctl", &["enable", UNIT])?;
    if !args.no_start {
        run("systemctl", &["restart", UNIT])?;
    }
    output::note(&format!("{UNIT} is installed; see how it is with `metaprofiles storage status`"));
    Ok(())
}

pub(super) fn uninstall() -> anyhow::Result<()> {
    let place = Path::new(FOLDER).join(UNIT);
    if !place.exists() {
        output::note(&format!("there was no {UNIT}"));
        return Ok(());
    }
    run("systemctl", &["disable", "--now", UNIT])?;
    fs::remove_file(&place).with_context(|| format!("cannot remove \"{}\"", place.display()))?;
    run("systemctl", &["daemon-reload"])?;
    output::note(&format!("{UNIT} is removed; its state and the data sets stay"));
    Ok(())
}

fn absolute(folder: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(folder).with_context(|| format!("\"{}\" is no path", folder.display()))
}

/// Number of an account and of its group; it is made if it is missing.
fn account(name: &str) -> anyhow::Result<(u32, u32)> {
    if let Some(found) = look_up(name)? {
        return Ok(found);
    }
    let shell = "/usr/sbin/nologin";
    run(
        "useradd",
        &["--system", "--user-group", "--no-create-home", "--home-dir", "/", "--shell", shell, name],
    )?;
    look_up(name)?.with_context(|| format!("the account {name} was made and is not there"))
}

fn look_up(name: &str) -> anyhow::Result<Option<(u32, u32)>> {
    let found = Command::new("getent").args(["passwd", name]).output().context("cannot start getent")?;
    if !found.status.success() {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&found.stdout).into_owned();
    let mut fields = line.trim().split(':').skip(2).map(str::parse);
    match (fields.next(), fields.next()) {
        (Some(Ok(user)), Some(Ok(group))) => Ok(Some((user, group))),
        _ => bail!("getent tells of {name} what cannot be read: {line}"),
    }
}

/// Gives a folder and what is in it to an account. Links are given, not followed.
fn give(path: &Path, user: u32, group: u32) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), user, group)?;
        }
        chown(path, Some(user), Some(group))
    } else {
        std::os::unix::fs::lchown(path, Some(user), Some(group))
    }
}

fn owner(path: &Path) -> anyhow::Result<u32> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(path).with_context(|| format!("cannot look at \"{}\"", path.display()))?.uid())
}

fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let done = Command::new(program).args(arguments).output();
    let done = done.with_context(|| format!("cannot start {program}; does this system have systemd?"))?;
    ensure!(
        done.status.success(),
        "{program} {} ended with {}: {}",
        arguments.join(" "),
        done.status,
        String::from_utf8_lossy(&done.stderr).trim()
    );
    Ok(())
}
