//! Peers that are programs of their own: they do one run for each line that they get, and answer with its figures.

use std::{
    io::{BufRead, BufReader, Write},
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
