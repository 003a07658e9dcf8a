//! `cargo xtask package`: the Agent's installer, built on Linux by wixl.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{
    root,
    steps::{cargo, output, run as execute},
    target_dir, tools,
};

/// The largest that the Agent's program may be, in bytes.
pub(crate) const LARGEST_PROGRAM: u64 = 6_000_000;
const PROGRAM: &str = "metaprofiles-agent.exe";

/// What wixl 0.101 leaves out of what `packaging/agent.wxs` says, or cannot be told, with what the table must hold then.
/// The types of actions are those of "Custom Action Type 18": 0x12 with 0x40 to go on, 0x100 rollback, 0x400 deferred,
/// 0x800 as LocalSystem, 0x2000 to keep the command line out of the log.
const CORRECTIONS: &[(&str, &str, &str)] = &[
    (
        "CustomAction",
        "UPDATE `CustomAction` SET `Type`=3410 WHERE `Action`='RemoveNewService'",
        "RemoveNewService\t3410\t",
    ),
    ("CustomAction", "UPDATE `CustomAction` SET `Type`=11282 WHERE `Action`='Enrol'", "Enrol\t11282\t"),
    // Properties that reach the installing service when it was started by somebody without administrative rights.
    (
        "Property",
        "UPDATE `Property` SET `Value`='AGENTNAME;CONSOLE;REMOVESTATE;SCRIPTS;TOKEN;WIX_DOWNGRADE_DETECTED;WIX_UPGRADE_DETECTED' WHERE `Property`='SecureCustomProperties'",
        "SecureCustomProperties\tAGENTNAME;CONSOLE;REMOVESTATE;SCRIPTS;TOKEN;WIX_DOWNGRADE_DETECTED;WIX_UPGRADE_DETECTED",
    ),
    // The former version is removed within the transaction, so that a failed upgrade brings it back.
    (
        "InstallExecuteSequence",
        "UPDATE `InstallExecuteSequence` SET `Sequence`=1501 WHERE `Action`='RemoveExistingProducts'",
        "RemoveExistingProducts\t\t1501",
    ),
    // Of the folders that an installation makes, Windows Installer removes the last one by itself.
    ("RemoveFile", "UPDATE `RemoveFile` SET `DirProperty`='VendorFolder'", "\tVendorFolder\t2"),
    // The components are 64-bit ones.
    ("Component", "UPDATE `Component` SET `Attributes`=256", "\tINSTALLFOLDER\t256\t"),
];

/// The version of this workspace, and the next one.
pub(crate) fn this_version_and_a_later_one() -> [String; 2] {
    let numbers: [&str; 3] =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")];
    let later = numbers[2].parse::<u16>().map_or(u16::MAX, |patch| patch.saturating_add(1));
    [numbers.join("."), format!("{}.{}.{later}", numbers[0], numbers[1])]
}

/// Options of the package.
#[derive(Args)]
pub(crate) struct PackageArgs {
    /// Folder for the package; `target/package` by default
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Builds the package and says where it is.
pub(crate) fn run(args: &PackageArgs) -> Result<()> {
    tools::ensure(&[tools::COMPILER, tools::MINGW, tools::INSTALLER].concat())?;
    tools::ensure_windows_target()?;
    let program = program()?;
    let folder = args.folder.clone().unwrap_or_else(|| target_dir().join("package"));
    let package = installer(&program, env!("CARGO_PKG_VERSION"), &folder)?;
    for file in [&program, &package] {
        let size = fs::metadata(file)?.len();
        let digest = output(Command::new("sha256sum").arg("--binary").arg(file))?;
        let digest = digest.split(' ').next().unwrap_or_default().to_owned();
        println!("{}\n    {size} bytes, SHA-256 {digest}", file.display());
    }
    Ok(())
}

/// Builds the Agent as it is installed, and refuses one that has become too large.
pub(crate) fn program() -> Result<PathBuf> {
    let target = ["--target", tools::WINDOWS_TARGET, "--package", "metaprofiles-agent"];
    execute(&mut cargo(&[&["build", "--profile", "agent"][..], &target].concat()))?;
    let program = target_dir().join(tools::WINDOWS_TARGET).join("agent").join(PROGRAM);
    let size = fs::metadata(&program).with_context(|| format!("{} is not there", program.display()))?.len();
    ensure!(
        size <= LARGEST_PROGRAM,
        "{} has {size} bytes, {LARGEST_PROGRAM} are allowed; find what made it grow",
        program.display()
    );
    Ok(program)
}

/// Makes the installer of a program under a version (three numbers), in a folder.
pub(crate) fn installer(program: &Path, version: &str, folder: &Path) -> Result<PathBuf> {
    // wixl looks for files by relative paths alone.
    let stage = folder.join("stage");
    fs::create_dir_all(stage.join("en-US"))?;
    let templates = root().join("policy-templates");
    for (from, to) in [
        (program.to_path_buf(), PROGRAM),
        (root().join("packaging/agent.wxs"), "agent.wxs"),
        (templates.join("metaprofiles.admx"), "metaprofiles.admx"),
        (templates.join("en-US/metaprofiles.adml"), "en-US/metaprofiles.adml"),
    ] {
        fs::copy(&from, stage.join(to)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let name = format!("metaprofiles-agent-{version}-x64.msi");
    let mut wixl = Command::new("wixl");
    wixl.args(["--arch", "x64", "--define", &format!("Version={version}"), "--output", &name, "agent.wxs"]);
    execute(wixl.current_dir(&stage))?;
    let package = folder.join(&name);
    fs::rename(stage.join(&name), &package)?;
    for (table, statement, expected) in CORRECTIONS {
        output(Command::new("msibuild").arg(&package).args(["-q", statement]))?;
        let rows = output(Command::new("msiinfo").arg("export").arg(&package).arg(table))?;
        ensure!(rows.contains(expected), "`{statement}` had no effect on {}", package.display());
    }
    fs::remove_dir_all(&stage)?;
    Ok(package)
}
