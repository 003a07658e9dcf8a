use anyhow::{Result, ensure};

use super::{
    Farm,
    client::{Client, Upload, data_set, sid},
    server::Server,
};
use crate::samples::{aim, fact, note, ratio};

const CONNECTIONS: u32 = 1000;
const LIMIT: f64 = 100_000_000.0;

/// What the service's process has in memory while 1,000 connections are held, each of which was used.
pub(super) fn run(farm: &Farm) -> Result<()> {
    let server = Server::start(farm, "ours")?;
    let path = format!("/v1/data-sets/global/{}", sid(1));
    let mut first = Client::connect(farm.agent(), server.address)?;
    ensure!(
        first.put(&path, None, &Upload::whole(data_set(1, 1, 100_000)?))?.status == 201,
        "the data set is not stored"
    );
    let before = server.memory()?;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut client = Client::connect(farm.agent(), server.address)?;
        ensure!(client.get(&path)?.status == 200, "the data set is not there");
        held.push(client);
    }
    let after = server.memory()?;
    for client in &mut held {
        ensure!(client.get(&path)?.status == 200, "a connection was not held");
    }
    fact("load.memory-idle", "bytes", before);
    fact("load.memory-1000-connections", "bytes", after);
    fact("load.memory-1000-connections-used-again", "bytes", server.memory()?);
    fact("load.memory-limit", "bytes", LIMIT);
    ratio("load.memory-to-limit", "load.memory-1000-connections-used-again", "load.memory-limit");
    aim("load.memory-to-limit", 1.0, "of 100 MB for 1,000 connections");
    note("load: memory is the resident set of the service's process; each connection fetched 100 KB twice");
    Ok(())
}
