//! `cargo xtask test`: what CI runs, and nothing that CI does not run.

use std::{path::PathBuf, process::Command, time::Duration};

use anyhow::Result;
use clap::Args;

use crate::{
    azurite, package, root,
    steps::{Steps, cargo, run as execute},
    target_dir, test_data, tools, web,
    wine::{Prefix, Wine},
};

/// Time in which Wine learns as which Windows it shall pass.
const WINECFG_TIMEOUT: Duration = Duration::from_secs(60);

/// Options of the tests.
#[derive(Args)]
pub(crate) struct TestArgs {
    /// Leave out what needs Wine (CI never does)
    #[arg(long)]
    without_wine: bool,
    /// Run only what needs Wine (CI never does)
    #[arg(long, conflicts_with = "without_wine")]
    only_wine: bool,
}

/// Runs all of it.
pub(crate) fn run(args: &TestArgs) -> Result<()> {
    let mut steps = Steps::new();
    steps.step("install what is missing", || {
        let needed =
            [tools::COMPILER, tools::ORACLES, tools::POSTGRES, tools::SAMBA, tools::NODE, tools::BROWSER];
        tools::ensure(&needed.concat())?;
        if !args.without_wine {
            tools::ensure(&[tools::WINE, tools::INSTALLER].concat())?;
        }
        tools::ensure_windows_target()
    })?;
    if args.only_wine {
        println!("\nNOT RUN: everything but the Windows build under Wine (--only-wine)");
        under_wine(&mut steps)?;
        steps.finish();
        return Ok(());
    }
    let python = steps.step("set up the independent hive readers", oracle_python)?;
    let azurite = steps.step("set up the emulator of Azure Blob Storage", azurite::ensure)?;
    match test_data() {
        Some(data) => println!("    test data: {}", data.display()),
        None => println!("    no test data: tests over real hives say SKIPPED (set METAPROFILES_TESTDATA)"),
    }
    steps.step("formatting", || execute(&mut cargo(&["fmt", "--all", "--check"])))?;
    steps.step("build the console's pages", web::build)?;
    steps.step("types, lints and unit tests of the pages", web::check)?;
    steps.step("lints", || lint(&[]))?;
    steps.step("lints of the Windows build", || lint(&["--target", tools::WINDOWS_TARGET]))?;
    steps.step("tests", || {
        let mut tests = cargo(&["test", "--workspace"]);
        tests.env("METAPROFILES_ORACLE_PYTHON", &python).env("METAPROFILES_POSTGRES_REQUIRED", "1");
        tests.env("METAPROFILES_AZURITE", &azurite).env("METAPROFILES_SAMBA_REQUIRED", "1");
        tests.env("METAPROFILES_OPENID_REQUIRED", "1");
        execute(with_data(&mut tests))
    })?;
    steps.step("the pages in a browser", web::browse)?;
    if args.without_wine {
        println!("\nNOT RUN: the Windows build under Wine (--without-wine)");
    } else {
        under_wine(&mut steps)?;
    }
    steps.finish();
    Ok(())
}

fn lint(target: &[&str]) -> Result<()> {
    let mut clippy = cargo(&["clippy", "--workspace", "--all-targets"]);
    execute(clippy.args(target).args(["--", "--deny", "warnings"]))
}

fn with_data(command: &mut Command) -> &mut Command {
    if let Some(data) = test_data() {
        command.env("METAPROFILES_TESTDATA", data);
    }
    command
}

/// A Python that can import both independent readers: hivex from Debian and python-registry from PyPI.
fn oracle_python() -> Result<PathBuf> {
    let venv = target_dir().join("oracle-venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        execute(Command::new("/usr/bin/python3").args(["-m", "venv", "--system-site-packages"]).arg(&venv))?;
    }
    let ready = Command::new(&python).args(["-c", "import hivex, Registry"]).output();
    if !ready.is_ok_and(|done| done.status.success()) {
        execute(Command::new(&python).args(["-m", "pip", "install", "--quiet", "python-registry==1.3.1"]))?;
    }
    Ok(python)
}

fn under_wine(steps: &mut Steps) -> Result<()> {
    steps.step("build the Windows programs", || {
        execute(&mut cargo(&["build", "--target", tools::WINDOWS_TARGET, "--package", "metaprofiles-agent"]))
    })?;
    let (wine, prefix) = steps.step("set up Wine", || {
        let wine = Wine::new(&target_dir(), &root().join("xtask"))?;
        let prefix = wine.prefix("unit")?;
        Ok((wine, prefix))
    })?;
    steps.step("tests of the Windows room under Wine", || {
        let mut tests = cargo(&["test", "--target", tools::WINDOWS_TARGET, "--package", "mp-windows"]);
        execute(with_data(tests.envs(prefix.cargo_environment())))
    })?;
    drop(prefix);
    steps.step("two session hosts under Wine", || {
        let hosts = [wine.prefix("ts1")?, wine.prefix("ts2")?];
        let mut tests = cargo(&["test", "--workspace", "--test", "wine"]);
        // The prefix is named by the test for each command; the rest of Wine's environment is the same for both.
        tests.envs(hosts[0].cargo_environment()).env_remove("WINEPREFIX");
        tests.env("METAPROFILES_WINE", wine.loader());
        tests.env("METAPROFILES_WINE_AGENT", windows_program("metaprofiles-agent"));
        tests.env("METAPROFILES_WINE_HOSTS", std::env::join_paths(hosts.iter().map(Prefix::path))?);
        execute(with_data(&mut tests))
    })?;
    steps.step("the service under Wine", || {
        let host = wine.prefix("service")?;
        let mut tests = cargo(&["test", "--workspace", "--test", "wine_service"]);
        tests.envs(host.cargo_environment()).env_remove("WINEPREFIX");
        tests.env("METAPROFILES_WINE", wine.loader());
        tests.env("METAPROFILES_WINE_AGENT", windows_program("metaprofiles-agent"));
        tests.env("METAPROFILES_WINE_SERVICE_HOST", host.path());
        execute(&mut tests)
    })?;
    let installers = steps.step("build the installer, and one of a later version", || {
        let (program, folder) = (package::program()?, target_dir().join("package"));
        let versions = package::this_version_and_a_later_one();
        versions
            .map(|version| package::installer(&program, &version, &folder))
            .into_iter()
            .collect::<Result<Vec<_>>>()
    })?;
    steps.step("the installer under Wine", || {
        let host = wine.prefix("msi")?;
        let set = host.run("winecfg", ["-v", "win10"], WINECFG_TIMEOUT)?;
        anyhow::ensure!(set.status.success(), "winecfg ended with {}", set.status);
        let mut tests = cargo(&["test", "--package", "mp-farm-tests", "--test", "msi"]);
        tests.envs(host.cargo_environment()).env("METAPROFILES_WINE", wine.loader());
        tests.env("METAPROFILES_WINE_MSI_HOST", host.path());
        execute(tests.env("METAPROFILES_WINE_MSI", std::env::join_paths(installers)?))
    })
}

fn windows_program(name: &str) -> PathBuf {
    target_dir().join(tools::WINDOWS_TARGET).join("debug").join(format!("{name}.exe"))
}
