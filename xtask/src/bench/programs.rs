//! What is measured and what measures, built for release.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::Name;
use crate::{root, target_dir, tools};

const HIVEX: tools::Tool = tools::Tool { probe: "/usr/include/hivex.h", package: "libhivex-dev" };

/// The programs that were built.
pub(super) struct Programs {
    target: PathBuf,
}

impl Programs {
    /// Installs what is missing for these benchmarks and builds what they need. What the compilers say goes to standard
    /// error, where it does not mix with the figures.
    pub(super) fn build(names: &[Name]) -> Result<Self> {
        let programs = Self { target: target_dir() };
        std::fs::create_dir_all(programs.peers())?;
        tools::ensure(tools::COMPILER)?;
        programs.cargo(&["build", "--release", "--bin", "mp-bench"], &root().join("bench"), "bench")?;
        if names.contains(&Name::Hive) {
            tools::ensure(&[HIVEX])?;
            programs.compile("cc", "regfwalk.c", "regfwalk", &[])?;
            programs.compile("cc", "hivexwalk.c", "hivexwalk", &["-lhivex"])?;
        }
        if names.contains(&Name::Wine) || names.contains(&Name::E2e) {
            tools::ensure(tools::WINE)?;
            tools::ensure_windows_target()?;
            programs.compile("x86_64-w64-mingw32-gcc", "regloop.c", "regloop.exe", &["-lntdll"])?;
            let target = ["--target", tools::WINDOWS_TARGET];
            let build = [&["build", "--release", "--bin", "bench-registry"], &target[..]].concat();
            programs.cargo(&build, &root().join("bench"), "bench")?;
            let build = [&["build", "--release", "--package", "metaprofiles-agent"], &target[..]].concat();
            programs.cargo(&build, &root(), "")?;
        }
        Ok(programs)
    }

    /// A benchmark of `mp-bench`.
    pub(super) fn bench(&self, name: &str) -> Command {
        let mut command = Command::new(self.mp_bench());
        command.arg(name);
        command
    }

    pub(super) fn mp_bench(&self) -> PathBuf {
        self.target.join("bench/release/mp-bench")
    }

    /// Folder of the peers built from C.
    pub(super) fn peers(&self) -> PathBuf {
        self.target.join("bench/peers")
    }

    /// The Agent's libraries at work on a live registry.
    pub(super) fn registry(&self) -> PathBuf {
        self.target.join("bench").join(tools::WINDOWS_TARGET).join("release/bench-registry.exe")
    }

    pub(super) fn agent(&self) -> PathBuf {
        self.target.join(tools::WINDOWS_TARGET).join("release/metaprofiles-agent.exe")
    }

    /// Folder for files that the benchmarks write.
    pub(super) fn scratch(&self) -> Result<PathBuf> {
        let scratch = self.target.join("bench/scratch");
        std::fs::create_dir_all(&scratch)?;
        Ok(scratch)
    }

    fn cargo(&self, args: &[&str], folder: &Path, below_target: &str) -> Result<()> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(args).current_dir(folder).env("CARGO_TARGET_DIR", self.target.join(below_target));
        execute(cargo.arg("--quiet"))
    }

    fn compile(&self, compiler: &str, source: &str, program: &str, libraries: &[&str]) -> Result<()> {
        let mut command = Command::new(compiler);
        command.args(["-O2", "-o"]).arg(self.peers().join(program));
        execute(command.arg(root().join("bench/peers").join(source)).args(libraries))
    }
}

fn execute(command: &mut Command) -> Result<()> {
    let status =
        command.stdout(Stdio::null()).status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

/// What a program printed on standard output; its standard error is shown.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
