//! Reading a hive: into a tree that owns all it holds, against other readers and against a walk that keeps nothing.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use mp_hive::{ReadOptions, open, parse};
use notatin::{parser::ParserIterator, parser_builder::ParserBuilder};

use crate::{
    hives,
    peer::Peer,
    samples::{RUNS, Sample, aim, cpu_ms, fact, note, ratio},
};

const LENIENT: ReadOptions = ReadOptions { strict: false };

pub(crate) fn run(data: Option<&Path>, peers: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    note("hive: CPU milliseconds of the reading thread; each run is the least of three");
    note(
        "hive: read = file to owned tree, parse = bytes in memory to owned tree, clone = the cost of owning (a copy of that tree), \
          walk = a bare C walk over bytes in memory, walk-file = the same with reading the file",
    );
    for (name, file) in hives::used(data, scratch.path())? {
        measure(&name, &file, peers).with_context(|| format!("hive {}", file.display()))?;
    }
    Ok(())
}

fn measure(name: &str, file: &Path, peers: &Path) -> Result<()> {
    let bytes = std::fs::read(file)?;
    let tree = parse(&bytes, LENIENT)?.root;
    let mut walk = Peer::start(Command::new(peers.join("regfwalk")).arg(file))?;
    let hivex = peers.join("hivexwalk");
    let mut hivex = hivex.is_file().then(|| Peer::start(Command::new(&hivex).arg(file))).transpose()?;

    let counts = tree.counts();
    let seen = walk.ask("walk")?;
    let ours = [counts.keys as f64, counts.values as f64, counts.data_bytes as f64];
    ensure!(seen[1..] == ours, "the walk saw {:?} keys, values and bytes, we read {ours:?}", &seen[1..]);
    fact(format_args!("hive.{name}.file"), "bytes", bytes.len() as f64);
    fact(format_args!("hive.{name}.keys"), "keys", ours[0]);
    fact(format_args!("hive.{name}.values"), "values", ours[1]);

    let sample = |what: &str| Sample::new(format!("hive.{name}.{what}"), "ms");
    let mut parsed = sample("parse");
    let mut read = sample("read");
    let mut cloned = sample("clone");
    let mut walked = sample("walk");
    let mut walked_file = sample("walk-file");
    let mut allowed = sample("allowed-parse");
    let mut allowed_read = sample("allowed-read");
    let mut by_notatin = sample("notatin");
    let mut by_hivex = sample("hivex");
    for run in 0..=RUNS {
        let parse = cpu_ms(|| parse(&bytes, LENIENT));
        let bare = walk.least("walk")?.0;
        let clone = cpu_ms(|| tree.clone());
        let open = cpu_ms(|| open(file, LENIENT));
        let bare_file = walk.least("file")?.0;
        let notatin = cpu_ms(|| with_notatin(file));
        let other = hivex.as_mut().map(|peer| peer.least("walk")).transpose()?;
        if run == 0 {
            continue;
        }
        parsed.push(parse);
        walked.push(bare);
        cloned.push(clone);
        read.push(open);
        walked_file.push(bare_file);
        by_notatin.push(notatin);
        allowed.push(2.0 * bare + clone);
        allowed_read.push(2.0 * bare_file + clone);
        if let Some((ms, _)) = other {
            by_hivex.push(ms);
        }
    }
    for sample in [&parsed, &read, &cloned, &walked, &walked_file, &allowed, &allowed_read, &by_notatin] {
        sample.print();
    }
    let of = |what: &str| format!("hive.{name}.{what}");
    ratio(of("read-to-notatin"), of("read"), of("notatin"));
    if hivex.is_some() {
        by_hivex.print();
        ratio(of("read-to-hivex"), of("read"), of("hivex"));
    }
    ratio(of("parse-to-walk"), of("parse"), of("walk"));
    ratio(of("parse-to-allowed"), of("parse"), of("allowed-parse"));
    ratio(of("read-to-allowed"), of("read"), of("allowed-read"));
    aim(of("read-to-allowed"), 1.0, format_args!("of 2 bare C walks and the cost of owning, {name}"));
    Ok(())
}

fn with_notatin(file: &Path) -> Result<usize> {
    let parser = ParserBuilder::from_path(PathBuf::from(file)).build()?;
    let mut seen = 0;
    for key in ParserIterator::new(&parser).iter() {
        for value in key.value_iter() {
            seen += 1;
            drop(value.get_content());
        }
    }
    Ok(seen)
}
