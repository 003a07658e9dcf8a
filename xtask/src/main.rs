//! The project's own tasks: `cargo xtask demo`, `cargo xtask test`, `cargo xtask bench`, `cargo xtask package`,
//! `cargo xtask web`.
//!
//! Each task first installs what it lacks, says what it does, and does the same on a developer's machine and in CI.

mod azurite;
mod bench;
mod demo;
mod package;
mod steps;
mod test;
mod tools;
mod web;
mod wine;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of the MetaProfiles project", version)]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Play one user's day on a small farm, on loopback, and show what travelled
    Demo(demo::DemoArgs),
    /// Run everything that CI runs: formatting, lints of both targets, all tests, and the Windows build under Wine
    Test(test::TestArgs),
    /// Measure against peers and physical limits, in one run
    Bench(bench::BenchArgs),
    /// Build the console's pages; a console that is built afterwards serves them
    Web,
    /// Build the Agent's installer for Windows
    Package(package::PackageArgs),
}

fn main() -> Result<()> {
    match Args::parse().task {
        Task::Demo(args) => demo::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Web => web::build(),
        Task::Package(args) => package::run(&args),
    }
}

/// Root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Folder into which cargo builds.
fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Folder with the real hives, templates and .reg files, when there is one.
fn test_data() -> Option<PathBuf> {
    let dir = std::env::var_os("METAPROFILES_TESTDATA")
        .map_or_else(|| root().join("../shared/data"), PathBuf::from);
    dir.canonicalize().ok()
}
