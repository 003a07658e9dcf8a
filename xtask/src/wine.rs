//! Wine as the machine on which the Windows binaries are tested: prefixes made from a template, and programs run in them.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// Where the programs are on Debian, beside the folders of `PATH`.
const DEBIAN_WINE: &str = "/usr/lib/wine";
/// Making the template takes about 15 seconds on an idle machine.
const TEMPLATE_TIMEOUT: Duration = Duration::from_secs(300);
/// Time for a Wine session to start its services.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const MINGW: &str = "x86_64-w64-mingw32-gcc";
const SHIM: &str = "bcryptprimitives";

/// The Debian packages of the programs that are not there.
pub(crate) fn missing_packages() -> Vec<&'static str> {
    let needs = [
        (find(&["wine64", "wine"]), "wine64"),
        (find(&["wineserver", "wineserver64"]), "wine"),
        (find(&[MINGW]), "gcc-mingw-w64-x86-64"),
    ];
    needs.into_iter().filter(|(program, _)| program.is_none()).map(|(_, package)| package).collect()
}

/// The first of these programs, in `PATH` or where Debian has Wine's.
fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> =
        std::iter::once(DEBIAN_WINE.into()).chain(std::env::split_paths(&path)).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

/// Wine as it is installed here, with a folder for prefixes.
#[derive(Clone, Debug)]
pub(crate) struct Wine {
    loader: PathBuf,
    server: PathBuf,
    folder: PathBuf,
    shim_source: PathBuf,
}

impl Wine {
    /// Uses `<target>/wine` for prefixes; `xtask` is the folder of this package, with the sources of what Wine lacks.
    pub(crate) fn new(target: &Path, xtask: &Path) -> Result<Self> {
        let missing = missing_packages();
        ensure!(missing.is_empty(), "Wine is incomplete: install {}", missing.join(" "));
        let program = |names: &[&str]| find(names).with_context(|| format!("{} not found", names[0]));
        let folder = std::path::absolute(target.join("wine"))?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self {
            loader: program(&["wine64", "wine"])?,
            server: program(&["wineserver", "wineserver64"])?,
            folder,
            shim_source: xtask.join("wine").join(format!("{SHIM}.c")),
        })
    }

    /// The program that runs Windows programs.
    pub(crate) fn loader(&self) -> &Path {
        &self.loader
    }

    /// A fresh prefix of this name with a running Wine session; one that is there already is replaced.
    pub(crate) fn prefix(&self, name: &str) -> Result<Prefix> {
        let template = self.template()?;
        let path = self.folder.join(name);
        self.remove(&path)?;
        copy(&template, &path)?;
        Prefix::start(self.clone(), path)
    }

    /// The template, made if it is not there. It appears under its name only when it is complete.
    fn template(&self) -> Result<PathBuf> {
        let template = self.folder.join("template");
        if template.is_dir() {
            return Ok(template);
        }
        let new = self.folder.join("template.new");
        self.remove(&new)?;
        let mut boot = self.command(&new, "wineboot");
        boot.arg("-i");
        let booted =
            run(boot, &self.folder, "template", TEMPLATE_TIMEOUT).context("cannot make a Wine prefix")?;
        ensure!(booted.status.success(), "wineboot failed: {}", String::from_utf8_lossy(&booted.stderr));
        let mut wait = self.server_command(&new);
        wait.arg("-w");
        run(wait, &self.folder, "template", TEMPLATE_TIMEOUT)
            .context("the new Wine prefix does not come to rest")?;
        self.add_shim(&new)?;
        fs::rename(&new, &template).with_context(|| format!("cannot rename {}", new.display()))?;
        Ok(template)
    }

    /// Wine 8 lacks a library that every Rust program needs; later ones have it.
    fn add_shim(&self, prefix: &Path) -> Result<()> {
        let library = prefix.join("drive_c/windows/system32").join(format!("{SHIM}.dll"));
        if library.exists() {
            return Ok(());
        }
        let mut compile = Command::new(find(&[MINGW]).context("mingw not found")?);
        compile.args(["-O2", "-s", "-shared", "-o"]).arg(&library).arg(&self.shim_source).arg("-ladvapi32");
        let compiled = compile.output().with_context(|| format!("cannot start {MINGW}"))?;
        ensure!(
            compiled.status.success(),
            "cannot compile {}: {}",
            self.shim_source.display(),
            String::from_utf8_lossy(&compiled.stderr)
        );
        Ok(())
    }

    /// Ends a session that an earlier run may have left in a prefix, and removes the prefix.
    fn remove(&self, prefix: &Path) -> Result<()> {
        if prefix.exists() {
            self.kill(prefix);
            fs::remove_dir_all(prefix).with_context(|| format!("cannot remove {}", prefix.display()))?;
        }
        Ok(())
    }

    fn kill(&self, prefix: &Path) {
        // It fails when no session is running, which is as well.
        let _ = self.server_command(prefix).arg("-k").status();
    }

    fn command(&self, prefix: &Path, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(&self.loader);
        command.arg(program).envs(environment(prefix));
        command
    }

    fn server_command(&self, prefix: &Path) -> Command {
        let mut command = Command::new(&self.server);
        command.envs(environment(prefix)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// No messages of Wine's own (which also silences Debian's advice about 32-bit programs), no screen, and no question
/// whether to download what we do not use.
fn environment(prefix: &Path) -> [(&'static str, OsString); 4] {
    [
        ("WINEPREFIX", prefix.into()),
        ("WINEDEBUG", "-all".into()),
        ("DISPLAY", "".into()),
        ("WINEDLLOVERRIDES", "mscoree,mshtml=".into()),
    ]
}

/// A prefix with a running session: one Windows machine. The session ends when this is dropped; the files stay.
#[derive(Debug)]
pub(crate) struct Prefix {
    wine: Wine,
    path: PathBuf,
    /// The server of the session. Without it, services and volatile keys would end with the last program.
    keeper: Child,
}

impl Prefix {
    fn start(wine: Wine, path: PathBuf) -> Result<Self> {
        let keeper =
            wine.server_command(&path).args(["-p", "-f"]).spawn().context("cannot start wineserver")?;
        let prefix = Self { wine, path, keeper };
        // The first program starts the services, which keep its output open for as long as they live.
        let started = prefix.run("cmd", ["/c", "exit"], START_TIMEOUT)?;
        ensure!(started.status.success(), "the Wine session does not start: {}", started.status);
        Ok(prefix)
    }

    /// The prefix's folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that programs know as `C:\`.
    pub(crate) fn drive_c(&self) -> PathBuf {
        self.path.join("drive_c")
    }

    /// A command that runs a program in the prefix, for callers that need more than [`Prefix::run`].
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.wine.command(&self.path, program)
    }

    /// Runs a program to its end and gives its output.
    pub(crate) fn run<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
        timeout: Duration,
    ) -> Result<Output> {
        // Programs may run side by side, each with files of its own for its output.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut command = self.command(program.as_ref());
        command.args(arguments);
        run(command, &self.path, &format!("run-{number}"), timeout)
            .with_context(|| format!("cannot run {} in Wine", program.as_ref().display()))
    }

    /// The environment in which `cargo test --target x86_64-pc-windows-gnu` runs its tests in the prefix.
    pub(crate) fn cargo_environment(&self) -> Vec<(&'static str, OsString)> {
        let runner = ("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", self.wine.loader.clone().into());
        environment(&self.path).into_iter().chain([runner]).collect()
    }
}

impl Drop for Prefix {
    fn drop(&mut self) {
        self.wine.kill(&self.path);
        // Both fail when the server has ended as it was told.
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

/// Runs a command with a time limit. Its output goes through files: a pipe would stay open in the hands of the services
/// that it may have started.
fn run(mut command: Command, folder: &Path, name: &str, timeout: Duration) -> Result<Output> {
    let place = |kind: &str| folder.join(format!("{name}.{kind}"));
    let create = |kind: &str| {
        let path = place(kind);
        File::create(&path).with_context(|| format!("cannot create {}", path.display()))
    };
    command.stdin(Stdio::null()).stdout(create("out")?).stderr(create("err")?);
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > timeout {
            child.kill()?;
            child.wait()?;
            bail!(
                "not ended after {} s: {}",
                timeout.as_secs(),
                String::from_utf8_lossy(&fs::read(place("err"))?)
            );
        }
        thread::sleep(Duration::from_millis(2));
    };
    let taken = |kind: &str| {
        let path = place(kind);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        fs::remove_file(&path)?;
        anyhow::Ok(bytes)
    };
    Ok(Output { status, stdout: taken("out")?, stderr: taken("err")? })
}

/// Copies a prefix, sharing the blocks where the file system can.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let copied = Command::new("cp").args(["-a", "--reflink=auto"]).arg(from).arg(to).output()?;
    ensure!(
        copied.status.success(),
        "cannot copy {}: {}",
        from.display(),
        String::from_utf8_lossy(&copied.stderr)
    );
    Ok(())
}
