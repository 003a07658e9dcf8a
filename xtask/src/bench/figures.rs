//! Figures of the benchmarks: medians, ratios run by run, aims; as tables and as JSON.

use std::{fmt, process::Command};

use anyhow::{Context, Result, bail};
use serde::Serialize;

/// Everything that one call measured.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Results {
    machine: String,
    load_average: String,
    commit: String,
    date: String,
    pub(super) benches: Vec<Bench>,
}

/// What one benchmark measured.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Bench {
    name: &'static str,
    /// Why it did not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_run: Option<String>,
    pub(super) figures: Vec<Figure>,
    ratios: Vec<Ratio>,
    aims: Vec<Aim>,
    notes: Vec<String>,
}

/// A figure over its counted runs.
#[derive(Clone, Serialize)]
pub(super) struct Figure {
    name: String,
    unit: String,
    median: f64,
    min: f64,
    max: f64,
    n: usize,
    #[serde(skip)]
    runs: Vec<f64>,
}

/// Ours to a peer's.
#[derive(Serialize)]
struct Ratio {
    #[serde(flatten)]
    figure: Figure,
    ours: String,
    peer: String,
}

/// What a ratio is meant to be at most.
#[derive(Serialize)]
struct Aim {
    text: String,
    ratio: String,
    limit: f64,
    measured: f64,
    met: bool,
}

impl Figure {
    pub(super) fn new(name: &str, unit: &str, runs: Vec<f64>) -> Result<Self> {
        let mut sorted = runs.clone();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
        let (Some(low), Some(high), Some(min), Some(max)) =
            (sorted.get(low), sorted.get(high), sorted.first(), sorted.last())
        else {
            bail!("{name} has no samples");
        };
        let median = f64::midpoint(*low, *high);
        Ok(Self { name: name.into(), unit: unit.into(), median, min: *min, max: *max, n: runs.len(), runs })
    }

    /// A figure whose runs are not known.
    pub(super) fn summary(name: &str, unit: &str, [median, min, max]: [f64; 3], n: usize) -> Self {
        Self { name: name.into(), unit: unit.into(), median, min, max, n, runs: Vec::new() }
    }
}

impl Bench {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            not_run: None,
            figures: Vec::new(),
            ratios: Vec::new(),
            aims: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn not_run(name: &'static str, why: String) -> Self {
        Self { not_run: Some(why), ..Self::new(name) }
    }

    /// Reads the lines that `bench/src/samples.rs` describes.
    pub(super) fn from_samples(name: &'static str, text: &str) -> Result<Self> {
        let mut bench = Self::new(name);
        for line in text.lines() {
            bench.line(line).with_context(|| format!("line \"{line}\""))?;
        }
        Ok(bench)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let (kind, rest) = line.split_once(' ').context("a word and its values are expected")?;
        let words: Vec<&str> = rest.split(' ').collect();
        match (kind, words.as_slice()) {
            ("sample", [name, unit, runs @ ..]) => {
                let runs = runs.iter().map(|run| run.parse()).collect::<Result<_, _>>()?;
                self.figures.push(Figure::new(name, unit, runs)?);
            }
            ("ratio", [name, ours, peer]) => self.ratio(name, ours, peer)?,
            ("aim", [ratio, limit, text @ ..]) => self.aim(ratio, limit.parse()?, &text.join(" "))?,
            ("note", _) => self.note(rest),
            _ => bail!("neither sample, ratio, aim nor note"),
        }
        Ok(())
    }

    pub(super) fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    pub(super) fn figure(&self, name: &str) -> Result<&Figure> {
        self.figures.iter().find(|figure| figure.name == name).with_context(|| format!("no figure {name}"))
    }

    /// Compares two figures run by run; by their medians where the runs are not known.
    pub(super) fn ratio(&mut self, name: &str, ours: &str, peer: &str) -> Result<()> {
        let (a, b) = (self.figure(ours)?, self.figure(peer)?);
        let figure = if a.runs.len() == b.runs.len() && !a.runs.is_empty() {
            Figure::new(name, "x", a.runs.iter().zip(&b.runs).map(|(a, b)| a / b).collect())?
        } else {
            Figure::new(name, "x", vec![a.median / b.median])?
        };
        self.ratios.push(Ratio { figure, ours: ours.to_owned(), peer: peer.to_owned() });
        Ok(())
    }

    pub(super) fn aim(&mut self, ratio: &str, limit: f64, text: &str) -> Result<()> {
        let found = self.ratios.iter().find(|found| found.figure.name == ratio);
        let measured = found.with_context(|| format!("no ratio {ratio}"))?.figure.median;
        let met = measured <= limit;
        self.aims.push(Aim { text: text.to_owned(), ratio: ratio.to_owned(), limit, measured, met });
        Ok(())
    }

    /// Prints the tables.
    pub(super) fn print(&self) {
        println!("\n{}", self.name);
        if let Some(why) = &self.not_run {
            println!("  NOT RUN: {why}");
            return;
        }
        println!("  {:<44} {:>12} {:>12} {:>7}  {:<15}", "ratio", "ours", "peer", "ratio", "(min to max)");
        for ratio in &self.ratios {
            let value = |name: &str| self.figure(name).map_or(String::new(), Figure::value);
            let Figure { name, median, min, max, n, .. } = &ratio.figure;
            let (ours, peer) = (value(&ratio.ours), value(&ratio.peer));
            let range = if *n > 1 { format!("({min:.3} to {max:.3})") } else { String::new() };
            println!("  {name:<44} {ours:>12} {peer:>12} {median:>7.3}  {range}");
        }
        println!("  {:<44} {:>12} {:>12} {:>12} {:>3}", "figure", "median", "min", "max", "n");
        for Figure { name, unit, median, min, max, n, .. } in &self.figures {
            println!("  {name:<44} {median:>12.3} {min:>12.3} {max:>12.3} {n:>3} {unit}");
        }
        self.notes.iter().for_each(|note| println!("  * {note}"));
        for Aim { text, limit, measured, met, .. } in &self.aims {
            println!(
                "  aim {}: {measured:.3} (at most {limit:.3}) {text}",
                if *met { "met" } else { "MISSED" }
            );
        }
    }
}

impl Figure {
    fn value(&self) -> String {
        format!("{:.3} {}", self.median, self.unit)
    }
}

impl Results {
    pub(super) fn new() -> Result<Self> {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let kernel = read("/proc/sys/kernel/osrelease");
        let cpu = cpu.map_or("unknown processor", |(_, model)| model);
        let load = read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ");
        let said = |program: &str, args: &[&str]| {
            let output = Command::new(program).args(args).current_dir(crate::root()).output();
            output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        Ok(Self {
            machine: format!("{cpu}, {cores} cores, Linux {}", kernel.trim()),
            load_average: load,
            commit: said("git", &["rev-parse", "--short", "HEAD"]),
            date: said("date", &["--utc", "+%F %T"]),
            benches: Vec::new(),
        })
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "machine  {}", self.machine)?;
        writeln!(f, "load     {} at the start", self.load_average)?;
        writeln!(f, "commit   {}, {} UTC", self.commit, self.date)?;
        let aims = self.benches.iter().flat_map(|bench| &bench.aims);
        let (met, missed): (Vec<_>, Vec<_>) = aims.partition(|aim| aim.met);
        write!(f, "aims     {} met, {} missed", met.len(), missed.len())
    }
}
