//! The engine in two builds, turn by turn: as the Agent is installed, where size counts outside the engine, and as programs
//! are built for release.

use std::{path::PathBuf, process::Command};

use anyhow::{Result, ensure};
use clap::Args;

use crate::{
    peer::{Peer, WineServer},
    registry_files,
    samples::{RUNS, Sample, aim, note, ratio},
};

const VALUES: usize = 10_000;
/// What is measured, and whether the registry is emptied before.
const WORK: [(&str, &str, bool); 5] = [
    ("encode", "encode", false),
    ("decode", "decode", false),
    ("export", "engine-export", false),
    ("import", "engine-import", true),
    ("import-equal", "engine-import", false),
];

#[derive(Args)]
pub(crate) struct BuildsArgs {
    /// The program that runs Windows programs
    #[arg(long)]
    loader: PathBuf,
    /// The C loop
    #[arg(long)]
    regloop: PathBuf,
    /// The Agent's libraries, built for release
    #[arg(long)]
    release: PathBuf,
    /// The Agent's libraries, built as the Agent is installed
    #[arg(long)]
    installed: PathBuf,
    /// The user whose registry it is
    #[arg(long)]
    sid: String,
    /// Folder for the files, in the prefix's drive C
    #[arg(long)]
    drive_c: PathBuf,
}

pub(crate) fn run(args: &BuildsArgs) -> Result<()> {
    note("builds: milliseconds of processor time of client and wineserver under Wine, 10,000 values");
    registry_files::write(VALUES, &args.drive_c.join("builds"))?;
    let wine = |program: &PathBuf| {
        let mut command = Command::new(&args.loader);
        command.arg(program);
        command
    };
    let mut bare = Peer::start(wine(&args.regloop).arg("C:\\builds.flat"))?;
    let start = |program| Peer::start(wine(program).args([&args.sid, "C:\\builds.mpd"]));
    let mut builds = [("release", start(&args.release)?), ("installed", start(&args.installed)?)];
    let name = |build: &str, what: &str| format!("builds.{build}.{what}");
    let mut samples = Vec::new();
    bare.ask("delete")?;
    bare.ask("set")?;
    let hash = bare.ask("hash")?;
    let server = WineServer::of(&args.drive_c)?;
    for (what, line, empties) in WORK {
        let mut of_builds = builds.each_ref().map(|(build, _)| Sample::new(name(build, what), "ms"));
        for run in 0..=RUNS {
            for ((_, peer), sample) in builds.iter_mut().zip(&mut of_builds) {
                if empties {
                    bare.ask("delete")?;
                }
                let (ms, _) = peer.ask_cpu(line, &server)?;
                if run > 0 {
                    sample.push(ms);
                }
                ensure!(bare.ask("hash")? == hash, "{what} left another registry than it should");
            }
        }
        samples.extend(of_builds);
    }
    bare.ask("delete")?;
    samples.iter().for_each(Sample::print);
    for (what, ..) in WORK {
        ratio(format!("builds.{what}"), name("installed", what), name("release", what));
    }
    for (what, ..) in WORK {
        aim(format!("builds.{what}"), 1.1, format!("times a release build: {what} of the installed one"));
    }
    Ok(())
}
