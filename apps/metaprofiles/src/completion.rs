use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{Cli, Outcome, output};

/// Write what makes a shell complete these commands
///
/// For bash: `metaprofiles completion bash > /etc/bash_completion.d/metaprofiles`.
#[derive(clap::Args)]
pub(crate) struct Completion {
    /// The shell
    shell: Shell,
}

impl Completion {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "metaprofiles", &mut script);
        output::print(&String::from_utf8_lossy(&script))?;
        Ok(Outcome::Done)
    }
}
