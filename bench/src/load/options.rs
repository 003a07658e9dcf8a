//! What encryption at rest and deltas cost and save.

use anyhow::Result;
use mp_dataset::Dictionary;

use super::{
    Farm,
    client::{Upload, data_set_of, noise},
    contest::compete,
    peers::{BYTES, Writer, contestant},
    server::Server,
};
use crate::samples::{fact, note, ratio};

/// Bytes of a hundred that change from one version to the next.
const CHANGED: usize = 1;

pub(super) fn run(farm: &Farm) -> Result<()> {
    let (plain, sealed) = (Server::start(farm, "ours")?, Server::start(farm, "sealed")?);
    let first = noise(1, BYTES);
    let mut second = first.clone();
    second[BYTES / 2..][..BYTES * CHANGED / 100].copy_from_slice(&noise(2, BYTES * CHANGED / 100));
    let files = |user| Ok::<_, anyhow::Error>([data_set_of(user, &first)?, data_set_of(user, &second)?]);
    let whole = |user| Ok::<_, anyhow::Error>(files(user)?.map(Upload::whole));
    let start = |server, user| {
        let mut writer = Writer::with(farm, server, user, whole(user)?)?;
        writer.put()?;
        writer.put()?;
        anyhow::Ok(writer)
    };
    let [one, two] = files(3)?;
    let deltas = [Dictionary::of(&two)?.delta(&one)?, Dictionary::of(&one)?.delta(&two)?];
    fact("load.upload", "bytes", one.len() as f64);
    fact("load.upload-delta", "bytes", deltas[0].len() as f64);
    let (mut reader, mut sealed_reader) = (start(&plain, 1)?, start(&sealed, 1)?);
    let (mut writer, mut sealed_writer) = (start(&plain, 2)?, start(&sealed, 2)?);
    let mut sender = start(&plain, 3)?.go_on(deltas.map(Upload::delta));
    compete(vec![
        contestant("plain.get", Some(&plain), 20, move || reader.get()),
        contestant("sealed.get", Some(&sealed), 20, move || sealed_reader.get()),
    ])?;
    compete(vec![
        contestant("plain.put", Some(&plain), 5, move || writer.put()),
        contestant("sealed.put", Some(&sealed), 5, move || sealed_writer.put()),
        contestant("delta.put", Some(&plain), 5, move || sender.put()),
    ])?;
    ratio("load.get-sealed-to-plain", "load.sealed.get", "load.plain.get");
    ratio("load.get-sealed-to-plain-cpu", "load.sealed.get.cpu", "load.plain.get.cpu");
    ratio("load.put-sealed-to-plain", "load.sealed.put", "load.plain.put");
    ratio("load.put-sealed-to-plain-cpu", "load.sealed.put.cpu", "load.plain.put.cpu");
    ratio("load.put-delta-to-whole", "load.delta.put", "load.plain.put");
    ratio("load.put-delta-to-whole-cpu", "load.delta.put.cpu", "load.plain.put.cpu");
    ratio("load.bytes-delta-to-whole", "load.upload-delta", "load.upload");
    note(
        "load: sealed = the same service with encryption at rest; delta = uploads of a version that differs in one byte of a \
         hundred, over loopback, where sending fewer bytes saves next to nothing",
    );
    Ok(())
}
