//! Export and import by hand, without console and storage: to look at what would travel, and to bring a data set in.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Args;
use mp_dataset::{DataSet, Limits, Origin};
use mp_profile::{CompiledRules, DataSubset, ExportInputs, GroupName, Sets, Sid};
use serde::Deserialize;

use crate::{Common, host};

#[derive(Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    rules: RulesArgs,
    /// File to write the global data set to
    #[arg(long, value_name = "FILE")]
    global: PathBuf,
    /// File to write the group-specific data set to (with --group)
    #[arg(long, value_name = "FILE", requires = "group")]
    group_file: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    rules: RulesArgs,
    /// The global data set
    #[arg(long, value_name = "FILE", required_unless_present = "group_file")]
    global: Option<PathBuf>,
    /// The group-specific data set (with --group)
    #[arg(long, value_name = "FILE", requires = "group")]
    group_file: Option<PathBuf>,
}

#[derive(Args)]
struct RulesArgs {
    /// The user's security identifier, S-1-5-21-…
    #[arg(long)]
    sid: Sid,
    /// File with the data subsets, as `metaprofiles config export` writes them
    #[arg(long, value_name = "FILE")]
    subsets: PathBuf,
    /// Agent Server Group to act for
    #[arg(long)]
    group: Option<GroupName>,
}

/// The part of a farm's configuration file that is about data subsets.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Subsets {
    #[serde(default)]
    data_subset: Vec<DataSubset>,
}

impl RulesArgs {
    fn compile(&self) -> Result<CompiledRules> {
        let text = fs::read_to_string(&self.subsets)
            .with_context(|| format!("cannot read \"{}\"", self.subsets.display()))?;
        let subsets: Subsets = toml::from_str(&text)
            .with_context(|| format!("cannot understand \"{}\"", self.subsets.display()))?;
        Ok(CompiledRules::compile(&subsets.data_subset, self.group.as_ref())?)
    }
}

pub(crate) fn export(common: &Common, args: &ExportArgs) -> Result<ExitCode> {
    let rules = args.rules.compile()?;
    let host = host::open(common)?;
    let mut profile = host.open(&args.rules.sid)?;
    let origin = Origin {
        sid: args.rules.sid.to_string(),
        host: host.name().to_owned(),
        software: concat!("metaprofiles-agent ", env!("CARGO_PKG_VERSION")).to_owned(),
        exported: mp_profile::Clock::now(&host::SystemClock::new()),
        ..Origin::default()
    };
    let inputs = ExportInputs { origin, has_group: args.rules.group.is_some(), ..ExportInputs::default() };
    let exported = mp_profile::export(profile.as_mut(), &rules, &inputs)?;
    profile.close()?;
    write(&args.global, &exported.global)?;
    if let (Some(file), Some(set)) = (&args.group_file, &exported.group) {
        write(file, set)?;
    }
    print(common, &exported.report)
}

pub(crate) fn import(common: &Common, args: &ImportArgs) -> Result<ExitCode> {
    let rules = args.rules.compile()?;
    let global = args.global.as_deref().map(read).transpose()?;
    let group = args.group_file.as_deref().map(read).transpose()?;
    let host = host::open(common)?;
    let mut profile = host.open(&args.rules.sid)?;
    let sets = Sets { global: global.as_ref(), group: group.as_ref() };
    let imported = mp_profile::import(profile.as_mut(), &rules, &sets)?;
    profile.close()?;
    print(common, &imported.report)
}

fn write(file: &Path, set: &DataSet) -> Result<()> {
    let mut bytes = Vec::new();
    mp_dataset::encode(set, &mut bytes)?;
    fs::write(file, bytes).with_context(|| format!("cannot write \"{}\"", file.display()))
}

fn read(file: &Path) -> Result<DataSet> {
    let bytes = fs::read(file).with_context(|| format!("cannot read \"{}\"", file.display()))?;
    let set = mp_dataset::decode(bytes.as_slice(), &Limits::default());
    Ok(set.with_context(|| format!("\"{}\" is no sound data set", file.display()))?.into_data_set())
}

fn print(common: &Common, report: &impl serde::Serialize) -> Result<ExitCode> {
    let text =
        if common.json { serde_json::to_string(report)? } else { serde_json::to_string_pretty(report)? };
    println!("{text}");
    Ok(ExitCode::SUCCESS)
}
