//! `cargo xtask demo`: builds the product and lets it play one user's day.

use anyhow::Result;
use clap::Args;

use crate::{
    steps::{cargo, run as execute},
    test_data, tools,
};

/// Options of the demo.
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Check everything, then end; the exit code says whether all of it was right
    #[arg(long)]
    once: bool,
    /// Folder for the farm's files; a temporary one by default
    #[arg(long)]
    folder: Option<std::path::PathBuf>,
}

/// Builds and runs it.
pub(crate) fn run(args: &DemoArgs) -> Result<()> {
    tools::ensure(tools::COMPILER)?;
    println!("building (the first time takes some minutes)");
    let mut demo = cargo(&["run", "--package", "metaprofiles", "--", "demo"]);
    if args.once {
        demo.arg("--once");
    }
    if let Some(folder) = &args.folder {
        demo.arg("--folder").arg(folder);
    }
    if let Some(data) = test_data() {
        demo.env("METAPROFILES_TESTDATA", data);
    }
    execute(&mut demo)
}
