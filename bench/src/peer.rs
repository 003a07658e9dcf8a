//! Peers that are programs of their own: they do one run for each line that they get, and answer with its figures. What they
//! and the server of their Wine session take of the processors is counted by the kernel, so that a busy machine falsifies it
//! less than the time on the wall.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, ensure};

pub(crate) struct Peer {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let commands = child.stdin.take().context("the peer has no input")?;
        let answers = BufReader::new(child.stdout.take().context("the peer has no output")?);
        Ok(Self { child, commands, answers })
    }

    /// Has it do one run. The answer is a line of numbers.
    pub(crate) fn ask(&mut self, what: &str) -> Result<Vec<f64>> {
        writeln!(self.commands, "{what}").context("the peer has ended")?;
        self.commands.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the peer ended at \"{what}\"");
        line.split_whitespace()
            .map(|word| word.parse().with_context(|| format!("the peer answered \"{}\"", line.trim())))
            .collect()
    }

    /// As [`Peer::ask`]; before the answer, the milliseconds of processor time that the peer and the Wine session took.
    pub(crate) fn ask_cpu(&mut self, what: &str, server: &WineServer) -> Result<(f64, Vec<f64>)> {
        let spent = |peer: &Self| anyhow::Ok(running_ms(peer.child.id())? + running_ms(server.process)?);
        let before = spent(self)?;
        let answer = self.ask(what)?;
        Ok((spent(self)? - before, answer))
    }

    /// As [`Peer::ask`], least of three times (the first number of the answer), with the rest of the last answer.
    pub(crate) fn least(&mut self, what: &str) -> Result<(f64, Vec<f64>)> {
        let mut least = f64::INFINITY;
        let mut rest = Vec::new();
        for _ in 0..3 {
            let mut answer = self.ask(what)?;
            ensure!(!answer.is_empty(), "the peer answered nothing to \"{what}\"");
            least = least.min(answer.remove(0));
            rest = answer;
        }
        Ok((least, rest))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Both fail when it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server of a Wine session, which does the registry's work.
pub(crate) struct WineServer {
    process: u32,
}

impl WineServer {
    /// The server of the session whose prefix is above this folder.
    pub(crate) fn of(drive_c: &Path) -> Result<Self> {
        let prefix = drive_c.parent().context("drive C lies in the prefix")?.canonicalize()?;
        let named = format!("WINEPREFIX={}", prefix.display());
        for entry in fs::read_dir("/proc")? {
            let entry = entry?;
            let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let read = |file: &str| fs::read(entry.path().join(file)).unwrap_or_default();
            let environment = read("environ");
            let of_prefix = environment.split(|&byte| byte == 0).any(|one| one == named.as_bytes());
            if of_prefix && read("comm").starts_with(b"wineserver") {
                return Ok(Self { process });
            }
        }
        anyhow::bail!("no Wine session runs in {}", prefix.display())
    }
}

/// What all threads of a process have run so far, in milliseconds (`schedstat`, its first number in nanoseconds).
pub(crate) fn running_ms(process: u32) -> Result<f64> {
    let mut sum = 0.0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end meanwhile.
        let text = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        let ran: f64 = text.split(' ').next().unwrap_or_default().parse().unwrap_or_default();
        sum += ran / 1e6;
    }
    Ok(sum)
}
