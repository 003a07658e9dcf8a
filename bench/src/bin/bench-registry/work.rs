use std::{
    io::{BufRead, Write},
    time::{Instant, SystemTime},
};

use anyhow::{Context, Result, bail, ensure};
use mp_dataset::{DataSet, Limits, decode, encode};
use mp_profile::{
    Applies, CompiledRules, DataSubset, ExportInputs, RegistryRule, RuleAction, Seen, SessionHost, Sets, Sid,
};
use mp_registry::{Applied, Key, KeyAction, KeyEdit, KeyPath, Registry, TakeAll, Value, ValueEdit};
use mp_windows::{LiveRegistry, OpenMode, ProfileList, WindowsHost};

const KEY: &str = r"Software\MetaProfilesBench";
/// What a session of the whole comparison changes.
const TOUCHED: &str = r"Software\PerfTouch";
const PARENT: &str = "Software";
/// Where the Agent's marker is.
const MARKER: &str = r"Software\MetaProfiles";

struct Bench {
    sid: Sid,
    file: Vec<u8>,
    host: WindowsHost,
    rules: CompiledRules,
    /// What `look` has left.
    looked_at: Option<Seen>,
}

pub(crate) fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let sid = arguments.next().context("usage: bench-registry SID [FILE]")?.parse()?;
    let file = arguments.next().map(std::fs::read).transpose()?.unwrap_or_default();
    let host = WindowsHost::new(ProfileList::default(), OpenMode::AsGranted)?;
    let mut bench = Bench { sid, file, host, rules: rules()?, looked_at: None };
    for line in std::io::stdin().lock().lines() {
        let (ms, keys, values) = bench.work(line?.trim())?;
        println!("{ms:.6} {keys} {values}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn rules() -> Result<CompiledRules> {
    let rule = RegistryRule {
        action: RuleAction::Include,
        key: KEY.to_owned(),
        recursive: true,
        values: Vec::new(),
        delete_if_missing: false,
        allow_autorun: false,
    };
    let subset = DataSubset { registry: vec![rule], ..DataSubset::new("Bench", Applies::Global) };
    Ok(CompiledRules::compile(&[subset], None)?)
}

impl Bench {
    fn work(&mut self, what: &str) -> Result<(f64, usize, usize)> {
        let begun = Instant::now();
        let ms = || begun.elapsed().as_secs_f64() * 1e3;
        match what {
            "read" => {
                let tree = self.read()?;
                let ms = ms();
                let counts = tree.counts();
                Ok((ms, counts.keys, counts.values))
            }
            "export" => {
                let tree = self.read()?;
                let mut registry = KeyEdit::root();
                registry.at_or_pass(&KeyPath::parse(PARENT)).insert_subkey(KeyEdit::write(&tree));
                let set = DataSet { registry, ..DataSet::default() };
                let mut file = Vec::new();
                encode(&set, &mut file)?;
                let ms = ms();
                let counts = tree.counts();
                Ok((ms, counts.keys, counts.values))
            }
            "import" => {
                let set = decode(&self.file[..], &Limits::default())?.into_data_set();
                let applied = self.apply(&set.registry)?;
                Ok((ms(), applied.keys_created, applied.values_written))
            }
            "apply" => {
                let set = decode(&self.file[..], &Limits::default())?.into_data_set();
                let begun = Instant::now();
                let applied = self.apply(&set.registry)?;
                Ok((begun.elapsed().as_secs_f64() * 1e3, applied.keys_created, applied.values_written))
            }
            "encode" => {
                let set = decode(&self.file[..], &Limits::default())?.into_data_set();
                let begun = Instant::now();
                let mut file = Vec::new();
                encode(&set, &mut file)?;
                Ok((begun.elapsed().as_secs_f64() * 1e3, 0, file.len()))
            }
            "decode" => {
                let set = decode(&self.file[..], &Limits::default())?.into_data_set();
                Ok((ms(), 0, set.registry.subkeys().len()))
            }
            "engine-export" => {
                let mut profile = self.host.open(&self.sid)?;
                let exported = mp_profile::export(profile.as_mut(), &self.rules, &ExportInputs::default())?;
                let mut file = Vec::new();
                encode(&exported.global, &mut file)?;
                Ok((ms(), exported.report.global.keys, exported.report.global.values))
            }
            "engine-import" => {
                let mut profile = self.host.open(&self.sid)?;
                let set = decode(&self.file[..], &Limits::default())?.into_data_set();
                let sets = Sets { global: Some(&set), group: None };
                let imported = mp_profile::import(profile.as_mut(), &self.rules, &sets)?;
                Ok((ms(), imported.report.keys_created, imported.report.values_written))
            }
            "look" => {
                let mut profile = self.host.open(&self.sid)?;
                let seen = Seen::read(profile.as_mut(), &self.rules)?;
                profile.close()?;
                self.looked_at = Some(seen);
                Ok((ms(), 0, 0))
            }
            "import-seen" => {
                let mut profile = self.host.open(&self.sid)?;
                let seen = self.looked_at.take().context("look comes first")?;
                let set = decode(&self.file[..], &Limits::default())?.into_data_set();
                let sets = Sets { global: Some(&set), group: None };
                let imported = mp_profile::import_seen(profile.as_mut(), &self.rules, &sets, &seen)?;
                Ok((ms(), imported.report.keys_created, imported.report.values_written))
            }
            "merged" => {
                let profile = self.host.open(&self.sid)?;
                drop(profile.marker()?);
                profile.close()?;
                Ok((ms(), 0, 0))
            }
            "touch" => {
                let mut edits = KeyEdit::root();
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
                let key = edits.at_or_pass(&KeyPath::parse(TOUCHED));
                key.edit_value(ValueEdit::Set(Value::sz("Session", &now.to_string())));
                edits.ensure_passed();
                self.apply(&edits)?;
                Ok((ms(), 0, 1))
            }
            "forget" => {
                let mut edits = KeyEdit::root();
                let (parent, name) = MARKER.split_once('\\').context("the marker lies below Software")?;
                let delete = KeyEdit::new(name, KeyAction::Delete);
                edits.at_or_pass(&KeyPath::parse(parent)).insert_subkey(delete);
                self.apply(&edits)?;
                Ok((ms(), 0, 0))
            }
            other => bail!("no such work: {other}"),
        }
    }

    fn registry(&self) -> Result<LiveRegistry> {
        LiveRegistry::open(&self.sid, OpenMode::AsGranted)?.context("the hive is not loaded")
    }

    fn read(&self) -> Result<Key> {
        let read = self.registry()?.read_tree(&KeyPath::parse(KEY), &mut TakeAll)?;
        ensure!(read.problems.is_empty(), "cannot read all: {:?}", read.problems.first());
        read.tree.context("the key is not there")
    }

    fn apply(&self, edits: &KeyEdit) -> Result<Applied> {
        let applied = self.registry()?.apply(edits)?;
        ensure!(applied.problems.is_empty(), "cannot write all: {:?}", applied.problems.first());
        Ok(applied)
    }
}
