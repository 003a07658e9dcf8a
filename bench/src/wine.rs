//! Export and import of a live registry under Wine: against a loop over the same native calls, and against `reg`.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{
    peer::{Peer, WineServer},
    registry_files,
    samples::{RUNS, Sample, aim, note, ratio},
};

const KEY: &str = r"HKCU\Software\MetaProfilesBench";
const SIZES: [usize; 2] = [1_500, 10_000];

#[derive(Args)]
pub(crate) struct WineArgs {
    /// The program that runs Windows programs
    #[arg(long)]
    loader: PathBuf,
    /// The C loop
    #[arg(long)]
    regloop: PathBuf,
    /// The Agent's libraries at work
    #[arg(long)]
    registry: PathBuf,
    /// The Agent
    #[arg(long)]
    agent: Option<PathBuf>,
    /// The user whose registry it is
    #[arg(long)]
    sid: String,
    /// Folder for the files, in the prefix's drive C
    #[arg(long)]
    drive_c: PathBuf,
}

pub(crate) fn run(args: &WineArgs) -> Result<()> {
    note(
        "wine: milliseconds of processor time of client and wineserver together (process-*: wall-clock milliseconds), client and wineserver on one core; loop-* = a C loop over the Nt* calls, in one process \
          that stays; export = read_tree + encode, import = decode + apply; engine-* = the same as the Agent does it, with rules, \
          exclusions and differences",
    );
    note(
        "wine: process-* = a whole program from start to end, the start of a Windows program under Wine included",
    );
    for values in SIZES {
        let name = format!("wine.{values}");
        Bench { args, name: &name }.measure(values).context(name.clone())?;
    }
    Ok(())
}

struct Bench<'a> {
    args: &'a WineArgs,
    name: &'a str,
}

impl Bench<'_> {
    fn measure(&self, values: usize) -> Result<()> {
        let files = self.args.drive_c.join(format!("bench-{values}"));
        registry_files::write(values, &files)?;
        self.write_rules()?;
        let file = |ending: &str| format!("C:\\bench-{values}.{ending}");
        let mut bare = Peer::start(self.wine(&self.args.regloop).arg(file("flat")))?;
        let mut ours = Peer::start(self.wine(&self.args.registry).args([&self.args.sid, &file("mpd")]))?;
        let names = [
            "loop-enum",
            "read",
            "export",
            "engine-export",
            "save",
            "loop-set",
            "import",
            "engine-import",
            "look-empty",
            "import-seen",
            "look",
            "import-seen-equal",
            "import-anew-equal",
            "look-and-import",
            "look-and-import-equal",
            "merged",
            "process-reg-export",
            "process-reg-import",
            "process-reg-query",
        ];
        let mut samples: Vec<Sample> = names.iter().map(|name| self.sample(name)).collect();
        let agent_names = ["process-agent-export", "process-agent-import", "process-agent-version"];
        let mut agent: Vec<Sample> = agent_names.iter().map(|name| self.sample(name)).collect();

        bare.ask("delete")?;
        bare.ask("set")?;
        let hash = bare.ask("hash")?;
        let server = WineServer::of(&self.args.drive_c)?;
        for run in 0..=RUNS {
            let empty = |bare: &mut Peer| bare.ask("delete").map(drop);
            let check = |bare: &mut Peer, who: &str| {
                ensure!(bare.ask("hash")? == hash, "{who} did not write what is to be written");
                anyhow::Ok(())
            };
            let mut times = Vec::new();
            times.push(bare.ask_cpu("enum", &server)?.0);
            for what in ["read", "export", "engine-export"] {
                let (ms, answer) = ours.ask_cpu(what, &server)?;
                ensure!(answer[2] == hash[2], "{what} saw {} values of {}", answer[2], hash[2]);
                times.push(ms);
            }
            times.push(bare.ask_cpu("save", &server)?.0);
            empty(&mut bare)?;
            times.push(bare.ask_cpu("set", &server)?.0);
            for what in ["import", "engine-import"] {
                empty(&mut bare)?;
                times.push(ours.ask_cpu(what, &server)?.0);
                check(&mut bare, what)?;
            }
            empty(&mut bare)?;
            let mut logon = Vec::new();
            let steps = [("look", 0.0), ("import-seen", hash[2]), ("look", 0.0), ("import-seen", 0.0)];
            for (what, writes) in steps.into_iter().chain([("engine-import", 0.0)]) {
                let (ms, answer) = ours.ask_cpu(what, &server)?;
                ensure!(answer[2] == writes, "{what} wrote {} values instead of {writes}", answer[2]);
                logon.push(ms);
            }
            times.extend(&logon);
            times.extend([logon[0] + logon[1], logon[2] + logon[3]]);
            check(&mut bare, "an import by what was seen")?;
            times.push(ours.ask_cpu("merged", &server)?.0);
            times.push(self.process(Path::new("reg"), &["export", KEY, "C:\\bench.reg", "/y"])?);
            empty(&mut bare)?;
            times.push(self.process(Path::new("reg"), &["import", "C:\\bench.reg"])?);
            check(&mut bare, "reg import")?;
            times.push(self.process(Path::new("reg"), &["query", "HKCU\\Environment"])?);
            let of_agent = match &self.args.agent {
                Some(agent) => self.agent(agent, &mut bare, &hash)?,
                None => Vec::new(),
            };
            if run > 0 {
                samples.iter_mut().zip(times).for_each(|(sample, time)| sample.push(time));
                agent.iter_mut().zip(of_agent).for_each(|(sample, time)| sample.push(time));
            }
        }
        bare.ask("delete")?;
        samples.iter().for_each(Sample::print);
        let of = |what: &str| format!("{}.{what}", self.name);
        for (ours, peer) in [
            ("read", "loop-enum"),
            ("export", "loop-enum"),
            ("engine-export", "loop-enum"),
            ("save", "loop-enum"),
            ("import", "loop-set"),
            ("engine-import", "loop-set"),
            ("loop-enum", "loop-set"),
            ("import-seen-equal", "import-seen"),
            ("look-and-import-equal", "look-and-import"),
            ("import-anew-equal", "engine-import"),
            ("import-anew-equal", "loop-enum"),
            ("merged", "engine-import"),
        ] {
            ratio(of(&format!("{ours}-to-{peer}")), of(ours), of(peer));
        }
        for (what, limit, text) in [
            ("engine-export-to-loop-enum", 1.0 / 0.9, "times the raw loop that enumerates, export"),
            ("engine-import-to-loop-set", 1.0 / 0.9, "times the raw loop that sets, import"),
            (
                "import-seen-equal-to-import-seen",
                0.2,
                "of writing it all, import of what is there, at a logon",
            ),
            ("merged-to-engine-import", 0.2, "of writing it all, a session whose load is known to hold it"),
        ] {
            aim(of(what), limit, format!("{text}, {values} values"));
        }
        if self.args.agent.is_some() {
            agent.iter().for_each(Sample::print);
            for what in ["export", "import"] {
                let (ours, peer) = (format!("process-agent-{what}"), format!("process-reg-{what}"));
                ratio(of(&format!("{ours}-to-{peer}")), of(&ours), of(&peer));
            }
        }
        Ok(())
    }

    fn agent(&self, agent: &Path, bare: &mut Peer, hash: &[f64]) -> Result<Vec<f64>> {
        let rules = ["--sid", &self.args.sid, "--subsets", "C:\\bench.toml", "--global", "C:\\bench.mpd"];
        let export = self.process(agent, &[&["export"], &rules[..]].concat())?;
        bare.ask("delete")?;
        let import = self.process(agent, &[&["import"], &rules[..]].concat())?;
        ensure!(bare.ask("hash")? == hash, "the Agent did not write what is to be written");
        Ok(vec![export, import, self.process(agent, &["--version"])?])
    }

    fn write_rules(&self) -> Result<()> {
        let rules = "[[data-subset]]\nname = \"Bench\"\napplies = \"global\"\n\n\
                     [[data-subset.registry]]\nkey = 'Software\\MetaProfilesBench'\n";
        Ok(std::fs::write(self.args.drive_c.join("bench.toml"), rules)?)
    }

    fn sample(&self, what: &str) -> Sample {
        Sample::new(format!("{}.{what}", self.name), "ms")
    }

    fn wine(&self, program: &Path) -> Command {
        let mut command = Command::new(&self.args.loader);
        command.arg(program);
        command
    }

    /// Milliseconds of a program from start to end.
    fn process(&self, program: &Path, args: &[&str]) -> Result<f64> {
        let mut command = self.wine(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        let status = command.status()?;
        let spent = begun.elapsed();
        ensure!(status.success(), "{command:?} ended with {status}");
        Ok(spent.as_secs_f64() * 1e3)
    }
}
