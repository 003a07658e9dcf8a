//! A whole logon and logoff: the peers' own script measures a roaming profile, a script and the raw limit, and takes our Agent in
//! as a further row.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Deserializer, Value};

use super::{
    Bench, Programs,
    figures::Figure,
    programs::{self, Profile},
    wine::{SID, prefix},
};
use crate::{root, test_data, tools};

const NETWORK: &[tools::Tool] = &[
    tools::Tool { probe: "smbd", package: "samba" },
    tools::Tool { probe: "smbclient", package: "smbclient" },
    tools::Tool { probe: "ip", package: "iproute2" },
    tools::Tool { probe: "zip", package: "zip" },
    tools::Tool { probe: "unzip", package: "unzip" },
];
/// Sets of keys that the script makes, in its order, and their values.
const SETS: [&str; 3] = ["typical", "real_100KB", "big"];
/// The used profile that roams beside it, where there is test data.
const USED: &str = "hives/mkorman90+regipy/NTUSER_with_winscp.DAT";

pub(super) fn run(programs: &Programs) -> Result<Bench> {
    let scripts =
        std::env::var_os("METAPROFILES_PERF").map_or_else(|| root().join("../shared/perf"), PathBuf::from);
    let script = scripts.join("e2e.sh");
    if !script.is_file() {
        return Ok(Bench::not_run("e2e", format!("no peer scripts at {}", scripts.display())));
    }
    tools::ensure(NETWORK)?;
    let scratch = programs.scratch()?.join("e2e");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&scratch)?;
    // The script starts the session of the prefix by itself.
    let (wine, host) = prefix("e2e")?;
    let (drive_c, environment) = (host.drive_c(), host.cargo_environment());
    drop(host);
    let mut command = Command::new("unshare");
    command.args(["-n", "--"]).arg(root().join("bench/in-namespace.sh")).envs(environment);
    command.env("PERF", scripts.canonicalize()?).env("PERF_WORK", &scratch).env("SCRATCH", &scratch);
    command.env("MP_BENCH", programs.mp_bench()).env("LOADER", wine.loader()).env("SID", SID);
    command
        .env("AGENT", programs.agent(Profile::Release))
        .env("REGISTRY", programs.registry(Profile::Release));
    command.env("AGENT_STATE", drive_c.join("mp"));
    if let Some(hive) = test_data().map(|data| data.join(USED)).filter(|hive| hive.is_file()) {
        command.env("HIVE", hive);
    }
    let text = programs::output(&mut command)?;
    if let Some(line) = text.lines().find(|line| line.contains("agent logon: hash differs")) {
        bail!("the Agent's logon did not bring back what its logoff had kept: {line}");
    }
    let mut bench = Bench::new("e2e");
    peers(&text, &mut bench)?;
    for event in ["logon", "logoff"] {
        reports(&scratch.join(format!("{event}s")), event, &mut bench)?;
    }
    compare(&mut bench)?;
    bench.note("agent_logon, agent_logoff: metaprofiles-agent.exe from start to end, over mutual TLS to a real Storage Service; \
                agent_*_work: the same without the start of a Windows program under Wine, as the Agent's reports have it");
    bench.note("each session changes a setting, so each logoff sends and keeps a data set");
    Ok(bench)
}

/// Lines `name.median value unit` of the script, with `.min`, `.max` and `.n`.
fn peers(text: &str, bench: &mut Bench) -> Result<()> {
    let mut parts: BTreeMap<&str, f64> = BTreeMap::new();
    let mut units: Vec<(&str, &str)> = Vec::new();
    for line in text.lines() {
        let [name, value, unit] = line.split(' ').collect::<Vec<_>>()[..] else { continue };
        let Ok(value) = value.parse() else { continue };
        parts.insert(name, value);
        match name.strip_suffix(".median") {
            Some(name) => units.push((name, unit)),
            None if name.ends_with("_bytes") => {
                bench.figures.push(Figure::summary(name, unit, [value; 3], 1));
            }
            None => {}
        }
    }
    for (name, unit) in units {
        let part = |what: &str| {
            let key = format!("{name}.{what}");
            parts.get(key.as_str()).copied().with_context(|| format!("the script did not say {key}"))
        };
        let values = [part("median")?, part("min")?, part("max")?];
        // The script counts its runs; there are few.
        let runs = format!("{:.0}", part("n")?).parse()?;
        bench.figures.push(Figure::summary(name, unit, values, runs));
    }
    ensure!(!bench.figures.is_empty(), "the script printed no figures");
    Ok(())
}

/// The Agent's own reports, one after another in a file: how long its work took, and each step of it.
fn reports(file: &Path, event: &str, bench: &mut Bench) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut all = Vec::new();
    for report in Deserializer::from_str(&text).into_iter::<Value>() {
        let report = report
            .with_context(|| format!("the Agent did not report at each {event}; see {}", file.display()))?;
        let outcome = report["outcome"].as_str().unwrap_or("no outcome");
        ensure!(
            matches!(outcome, "merged" | "stored"),
            "a {event} of the Agent ended with \"{outcome}\"; see {}",
            file.display()
        );
        all.push(report);
    }
    let of_set = all.len() / SETS.len();
    ensure!(of_set > 0, "there are {} reports of the Agent in {}", all.len(), file.display());
    for (set, reports) in SETS.iter().zip(all.chunks(of_set)) {
        let mut total = Vec::new();
        let mut steps: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for report in reports {
            let mut sum = 0.0;
            for step in report["steps"].as_array().map_or(&[][..], Vec::as_slice) {
                let ms = step["ms"].as_f64().unwrap_or_default();
                sum += ms;
                let name = step["name"].as_str().unwrap_or("unnamed").replace(' ', "-");
                steps.entry(name).or_default().push(ms);
            }
            total.push(sum);
        }
        bench.figures.push(Figure::new(&format!("e2e.{set}.agent_{event}_work"), "ms", total)?);
        for (step, runs) in steps {
            bench.figures.push(Figure::new(&format!("e2e.{set}.agent_{event}_work.{step}"), "ms", runs)?);
        }
    }
    Ok(())
}

fn compare(bench: &mut Bench) -> Result<()> {
    for set in SETS {
        let of = |what: &str| format!("e2e.{set}.{what}");
        for (event, limit) in [("logon", "limit_raw_set"), ("logoff", "limit_raw_enum")] {
            let ours = of(&format!("agent_{event}"));
            let work = of(&format!("agent_{event}_work"));
            bench.ratio(&of(&format!("{event}-to-limit")), &ours, &of(limit))?;
            bench.ratio(&of(&format!("{event}-work-to-limit")), &work, &of(limit))?;
            bench.ratio(&of(&format!("{event}-to-script")), &ours, &of(&format!("script_{event}")))?;
            bench.ratio(&of(&format!("{event}-to-roaming")), &ours, &format!("e2e.roaming_full.{event}"))?;
        }
        bench.aim(&of("logon-to-limit"), 2.0, &format!("times the raw registry loop, {set}, whole logon"))?;
        bench.aim(&of("logon-to-script"), 1.0 / 3.0, &format!("of a script's logon, {set}"))?;
        bench.aim(&of("logon-to-roaming"), 1.0 / 12.0, &format!("of a roaming profile's logon, {set}"))?;
    }
    Ok(())
}
