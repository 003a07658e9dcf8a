use anyhow::{Result, bail};
use clap::Args;

#[derive(Args)]
pub(crate) struct BenchArgs {}

pub(crate) fn run(_: &BenchArgs) -> Result<()> {
    bail!("being written")
}
