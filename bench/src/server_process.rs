//! A server in a process of its own, which runs this program again.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    process::{Child, ChildStdin, Command, Stdio},
};

use anyhow::{Context, Result};

use crate::peer::running_ms;

/// A server's process; it ends with this.
pub(crate) struct ServerProcess {
    child: Child,
    _input: ChildStdin,
}

impl ServerProcess {
    /// Starts it with these arguments; gives the line in which it says where it listens.
    pub(crate) fn start<const N: usize>(args: [&str; N], last: &OsStr) -> Result<(Self, String)> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(args)
            .arg(last)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().context("the server has no input")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("the server has no output")?).read_line(&mut line)?;
        Ok((Self { child, _input: input }, line.trim().to_owned()))
    }

    /// Processor time that it has taken, in milliseconds.
    pub(crate) fn cpu_ms(&self) -> Result<f64> {
        running_ms(self.child.id())
    }

    /// What its process has in memory, in bytes.
    pub(crate) fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kilobytes * 1024.0)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Both fail when it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
