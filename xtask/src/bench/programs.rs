//! What is measured and what measures, built for release.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::Name;
use crate::{root, steps, target_dir, tools};

const HIVEX: tools::Tool = tools::Tool { probe: "/usr/include/hivex.h", package: "libhivex-dev" };

/// How a Windows program was built.
#[derive(Clone, Copy, Debug)]
pub(super) enum Profile {
    /// As programs are built by default.
    Release,
    /// As the Agent is installed: small, its engine fast.
    Agent,
}

impl Profile {
    fn folder(self) -> PathBuf {
        Path::new(tools::WINDOWS_TARGET).join(match self {
            Self::Release => "release",
            Self::Agent => "agent",
        })
    }
}

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
        if names.contains(&Name::Console) {
            tools::ensure(tools::POSTGRES)?;
        }
        if names.contains(&Name::Hive) {
            tools::ensure(&[HIVEX])?;
            programs.compile("cc", "regfwalk.c", "regfwalk", &[])?;
            programs.compile("cc", "hivexwalk.c", "hivexwalk", &["-lhivex"])?;
        }
        let uses = |those: &[Name]| those.iter().any(|name| names.contains(name));
        let target = ["--target", tools::WINDOWS_TARGET];
        let build = |profile: &'static str, what: [&'static str; 2]| {
            [&["build", "--profile", profile][..], &what, &target].concat()
        };
        if uses(&[Name::Wine, Name::Size, Name::Memory, Name::E2e]) {
            tools::ensure(tools::WINE)?;
            tools::ensure_windows_target()?;
            programs.compile("x86_64-w64-mingw32-gcc", "regloop.c", "regloop.exe", &["-lntdll"])?;
            programs.compile("x86_64-w64-mingw32-gcc", "service.c", "bench-service.exe", &[])?;
        }
        if uses(&[Name::Wine, Name::Size, Name::E2e]) {
            let registry = ["--bin", "bench-registry"];
            programs.cargo(&build("release", registry), &root().join("bench"), "bench")?;
            if uses(&[Name::Size]) {
                programs.cargo(&build("agent", registry), &root().join("bench"), "bench")?;
            }
        }
        let agent = ["--package", "metaprofiles-agent"];
        if uses(&[Name::Wine, Name::Size, Name::E2e]) {
            programs.cargo(&build("release", agent), &root(), "")?;
        }
        if uses(&[Name::Size, Name::Memory]) {
            programs.cargo(&build("agent", agent), &root(), "")?;
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

    /// A service in C that does nothing.
    pub(super) fn bare_service(&self) -> PathBuf {
        self.peers().join("bench-service.exe")
    }

    /// A C program that reads and writes a registry, and stays while it is not asked.
    pub(super) fn regloop(&self) -> PathBuf {
        self.peers().join("regloop.exe")
    }

    /// The Agent's libraries at work on a live registry.
    pub(super) fn registry(&self, profile: Profile) -> PathBuf {
        self.target.join("bench").join(profile.folder()).join("bench-registry.exe")
    }

    pub(super) fn agent(&self, profile: Profile) -> PathBuf {
        self.target.join(profile.folder()).join("metaprofiles-agent.exe")
    }

    /// Folder for files that the benchmarks write.
    pub(super) fn scratch(&self) -> Result<PathBuf> {
        let scratch = self.target.join("bench/scratch");
        std::fs::create_dir_all(&scratch)?;
        Ok(scratch)
    }

    fn cargo(&self, args: &[&str], folder: &Path, below_target: &str) -> Result<()> {
        let mut cargo = steps::cargo(args);
        cargo.current_dir(folder).env("CARGO_TARGET_DIR", self.target.join(below_target));
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
