//! Finds out what a task lacks on this machine, and installs it.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::steps;

/// The target for which the Windows programs are built.
pub(crate) const WINDOWS_TARGET: &str = "x86_64-pc-windows-gnu";

/// Something that a task needs, and the Debian package that brings it.
#[derive(Clone, Copy)]
pub(crate) struct Tool {
    /// A program on the path, or a file when it starts with `/`.
    pub(crate) probe: &'static str,
    /// Name of the Debian package.
    pub(crate) package: &'static str,
}

/// The C compiler that the libraries in C (SQLite, zstd, ring) need.
pub(crate) const COMPILER: &[Tool] =
    &[Tool { probe: "cc", package: "gcc" }, Tool { probe: "/usr/include/stdio.h", package: "libc6-dev" }];

/// The database server on which the console is tested beside SQLite.
pub(crate) const POSTGRES: &[Tool] =
    &[Tool { probe: "/usr/lib/postgresql/15/bin/postgres", package: "postgresql-15" }];

/// The Active Directory domain controller that the console is tested against.
pub(crate) const SAMBA: &[Tool] = &[
    Tool { probe: "/usr/sbin/samba", package: "samba" },
    Tool { probe: "/usr/share/samba/setup/ad-schema", package: "samba-ad-provision" },
    Tool { probe: "/usr/lib/x86_64-linux-gnu/samba/ldb/samldb.so", package: "samba-dsdb-modules" },
    Tool { probe: "/usr/lib/x86_64-linux-gnu/samba/vfs/xattr_tdb.so", package: "samba-vfs-modules" },
    Tool { probe: "/usr/sbin/winbindd", package: "winbind" },
];

/// What builds the Windows programs.
pub(crate) const MINGW: &[Tool] =
    &[Tool { probe: "x86_64-w64-mingw32-gcc", package: "gcc-mingw-w64-x86-64" }];

/// What makes the installer of them.
pub(crate) const INSTALLER: &[Tool] =
    &[Tool { probe: "wixl", package: "wixl" }, Tool { probe: "msibuild", package: "msitools" }];

/// What builds the Windows programs and runs them.
pub(crate) const WINE: &[Tool] = &[
    MINGW[0],
    Tool { probe: "/usr/lib/wine/wine64", package: "wine64" },
    Tool { probe: "wine", package: "wine" },
];

/// What builds and checks the console's pages.
pub(crate) const NODE: &[Tool] =
    &[Tool { probe: "node", package: "nodejs" }, Tool { probe: "npm", package: "npm" }];

/// The browser in which the pages are tested.
pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";

/// It, letters to write with, and what makes the certificate of a provider that signs people in.
pub(crate) const BROWSER: &[Tool] = &[
    Tool { probe: CHROMIUM, package: "chromium" },
    Tool { probe: "/usr/share/fonts/truetype/liberation", package: "fonts-liberation" },
    Tool { probe: "openssl", package: "openssl" },
];

/// What the independent hive readers need.
pub(crate) const ORACLES: &[Tool] = &[
    Tool { probe: "/usr/bin/python3", package: "python3" },
    Tool { probe: "/usr/lib/python3/dist-packages/hivex/__init__.py", package: "python3-hivex" },
    Tool { probe: "/usr/share/doc/python3-venv", package: "python3-venv" },
    Tool { probe: "xz", package: "xz-utils" },
    Tool { probe: "zstd", package: "zstd" },
];

/// Installs the packages of the tools that are missing. As root it does so; otherwise it says what to run.
pub(crate) fn ensure(tools: &[Tool]) -> Result<()> {
    let missing: Vec<&str> =
        tools.iter().filter(|tool| !present(tool.probe)).map(|tool| tool.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("apt-get install --yes --no-install-recommends {}", missing.join(" "));
    if !is_root()? || !present("apt-get") {
        bail!("this machine lacks {}; run `sudo {line}` and start again", missing.join(", "));
    }
    println!("    installing {}", missing.join(", "));
    steps::run(apt().args(["update", "--quiet=2"]))?;
    steps::run(apt().args(["install", "--yes", "--quiet=2", "--no-install-recommends"]).args(&missing))?;
    if let Some(tool) = tools.iter().find(|tool| !present(tool.probe)) {
        bail!("{} is still missing after `{line}`", tool.probe);
    }
    Ok(())
}

/// Installs the Rust target for Windows when rustup has not done so.
pub(crate) fn ensure_windows_target() -> Result<()> {
    let installed = steps::output(rustup().args(["target", "list", "--installed"]))
        .context("rustup is needed: see https://rustup.rs")?;
    if installed.lines().any(|line| line.trim() == WINDOWS_TARGET) {
        return Ok(());
    }
    steps::run(rustup().args(["target", "add", WINDOWS_TARGET]))
}

/// Whether a program is on the path, or a file is there.
pub(crate) fn present(probe: &str) -> bool {
    if probe.starts_with('/') {
        return Path::new(probe).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(probe).is_file())
}

fn is_root() -> Result<bool> {
    Ok(steps::output(Command::new("id").arg("-u"))?.trim() == "0")
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn rustup() -> Command {
    let mut command = Command::new("rustup");
    command.current_dir(crate::root());
    command
}
