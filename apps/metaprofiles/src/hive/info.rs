use serde_json::json;

use super::{HiveArgs, open::Opened};
use crate::{Outcome, lines::time_text, listing::Listing, output};

/// Tell what a hive is: version, state, counts, logs and damage
#[derive(clap::Args)]
pub(crate) struct Info {
    #[command(flatten)]
    hive: HiveArgs,
    /// Write JSON for programs
    #[arg(long)]
    json: bool,
}

impl Info {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let opened = Opened::read(&self.hive.file, self.hive.reading)?;
        match self.json {
            true => output::print_json(&json(&opened))?,
            false => output::print(&listing(&opened))?,
        }
        Ok(Outcome::Done)
    }
}

fn listing(opened: &Opened) -> String {
    let info = &opened.hive.info;
    let counts = opened.hive.root.counts();
    let (first, second) = (info.primary_sequence, info.secondary_sequence);
    let state = match (opened.dirty, info.dirty) {
        (false, _) => format!("clean, sequence number {first}"),
        (true, false) => format!("dirty; complete with its logs, sequence number {first}"),
        (true, true) => {
            format!("dirty: the last write was not finished, sequence numbers {first} and {second}")
        }
    };
    let mut listing = Listing::default();
    listing.row("File", opened.path.display());
    listing.row("Format version", format_args!("1.{}", info.minor_version));
    listing.row("State", state);
    listing.row("Last written", time_text(info.last_written));
    listing.row("Loaded as", &info.file_name);
    listing.row("Root key", &opened.hive.root.name);
    listing.row("Keys", counts.keys);
    listing.row("Values", counts.values);
    listing.row("Data of values", format_args!("{} bytes", counts.data_bytes));
    for log in &opened.logs {
        listing.row("Log", log.display());
    }
    if !opened.logs.is_empty() {
        listing.row("Log entries", format_args!("{} applied", opened.entries));
    }
    if opened.base_block_from_log {
        listing.row("Base block", "taken from a log");
    }
    for fault in &opened.log_faults {
        listing.row("Log not used", fault);
    }
    for damage in &opened.hive.damage {
        listing.row("Damage", damage);
    }
    if opened.hive.more_damage > 0 {
        listing.row("Damage", format_args!("and {} more pieces", opened.hive.more_damage));
    }
    listing.text()
}

fn json(opened: &Opened) -> serde_json::Value {
    let info = &opened.hive.info;
    let counts = opened.hive.root.counts();
    let texts = |items: Vec<String>| json!(items);
    json!({
        "file": opened.path.display().to_string(),
        "version": format!("1.{}", info.minor_version),
        "dirty": opened.dirty,
        "incomplete": info.dirty,
        "primary-sequence": info.primary_sequence,
        "secondary-sequence": info.secondary_sequence,
        "last-written": time_text(info.last_written),
        "loaded-as": info.file_name.to_string(),
        "root": opened.hive.root.name.to_string(),
        "keys": counts.keys,
        "values": counts.values,
        "data-bytes": counts.data_bytes,
        "logs": texts(opened.logs.iter().map(|log| log.display().to_string()).collect()),
        "log-entries-applied": opened.entries,
        "log-faults": texts(opened.log_faults.iter().map(ToString::to_string).collect()),
        "base-block-from-log": opened.base_block_from_log,
        "damage": texts(opened.hive.damage.iter().map(ToString::to_string).collect()),
        "more-damage": opened.hive.more_damage,
    })
}
