//! 100 KB over kept connections: ours, the bare loop and nginx.

use std::{path::Path, thread};

use anyhow::{Context, Result, ensure};
use mp_protocol::tls::{self, ServerKind};

use super::{
    Farm,
    client::{Client, Upload, data_set, sid},
    contest::{Contestant, compete},
    nginx::Nginx,
    server::Server,
};
use crate::{
    samples::{aim, note, ratio},
    storage::bare::BareClient,
};

pub(super) const BYTES: usize = 100_000;
/// Clients that ask at the same time, in the second part.
const CLIENTS: u32 = 8;

/// The servers that are compared.
struct Servers {
    ours: Server,
    bare: Server,
    nginx: Option<Nginx>,
}

pub(super) fn run(farm: &Farm, nginx: Option<&Path>) -> Result<()> {
    let body = data_set(0, 1, BYTES)?;
    let nginx = nginx.map(|program| Nginx::start(program, farm, &body)).transpose()?;
    let servers = Servers { ours: Server::start(farm, "ours")?, bare: Server::start(farm, "bare")?, nginx };
    one_client(farm, &servers)?;
    many_clients(farm, &servers)
}

fn bare_client(farm: &Farm, servers: &Servers) -> Result<BareClient> {
    BareClient::connect(tls::machine_client(farm.agent(), ServerKind::Storage)?, servers.bare.address)
}

fn one_client(farm: &Farm, servers: &Servers) -> Result<()> {
    let mut writer = Writer::new(farm, &servers.ours, 0)?;
    writer.put()?;
    let mut reader = Client::connect(farm.agent(), servers.ours.address)?;
    let (mut get, mut put) = (bare_client(farm, servers)?, bare_client(farm, servers)?);
    let body = data_set(0, 1, BYTES)?;
    put.put(0, &body)?;
    let (len, path) = (body.len(), writer.path.clone());
    let mut contestants = vec![
        contestant("get", Some(&servers.ours), 20, move || expect(reader.get(&path)?.len, len)),
        contestant("get-bare", Some(&servers.bare), 20, move || expect(get.get(0)?.len(), len)),
    ];
    if let Some(nginx) = &servers.nginx {
        let mut client = Client::connect(farm.agent(), nginx.address)?;
        let act = move || expect(client.get("/set.mpd")?.len, len);
        contestants.push(contestant("get-nginx", None, 20, act));
    } else {
        note("load: nginx NOT RUN: it is not installed");
    }
    compete(contestants)?;
    compete(vec![
        contestant("put", Some(&servers.ours), 5, move || writer.put()),
        contestant("put-bare", Some(&servers.bare), 5, move || Ok(put.put(0, &body)?)),
    ])?;
    ratio("load.get-to-bare", "load.get", "load.get-bare");
    ratio("load.get-cpu-to-bare", "load.get.cpu", "load.get-bare.cpu");
    ratio("load.put-to-bare", "load.put", "load.put-bare");
    ratio("load.put-cpu-to-bare", "load.put.cpu", "load.put-bare.cpu");
    if servers.nginx.is_some() {
        ratio("load.get-to-nginx", "load.get", "load.get-nginx");
    }
    aim("load.get-to-bare", 1.25, "of the bare loop's time (0.8 of its rate), GET of 100 KB");
    aim("load.put-to-bare", 1.25, "of the bare loop's time (0.8 of its rate), durable PUT of 100 KB");
    Ok(())
}

fn many_clients(farm: &Farm, servers: &Servers) -> Result<()> {
    let (mut ours, mut bare, mut nginx) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..CLIENTS {
        let mut writer = Writer::new(farm, &servers.ours, 100 + number)?;
        writer.put()?;
        ours.push(writer);
        let mut client = bare_client(farm, servers)?;
        client.put(100 + number, &data_set(100 + number, 1, BYTES)?)?;
        bare.push((client, 100 + number));
        if let Some(server) = &servers.nginx {
            nginx.push(Client::connect(farm.agent(), server.address)?);
        }
    }
    let body = data_set(0, 1, BYTES)?;
    let mut contestants = vec![
        together("8-clients.get", Some(&servers.ours), 10, &mut ours, Writer::get),
        together("8-clients.get-bare", Some(&servers.bare), 10, &mut bare, |(client, user)| {
            client.get(*user).map(drop).map_err(Into::into)
        }),
    ];
    if !nginx.is_empty() {
        contestants.push(together("8-clients.get-nginx", None, 10, &mut nginx, |client| {
            ensure!(client.get("/set.mpd")?.len > BYTES, "not the whole file");
            Ok(())
        }));
    }
    compete(contestants)?;
    compete(vec![
        together("8-clients.put", Some(&servers.ours), 2, &mut ours, Writer::put),
        together("8-clients.put-bare", Some(&servers.bare), 2, &mut bare, |(client, user)| {
            client.put(*user, &body).map_err(Into::into)
        }),
    ])?;
    ratio("load.8-clients.get-to-bare", "load.8-clients.get", "load.8-clients.get-bare");
    if servers.nginx.is_some() {
        ratio("load.8-clients.get-to-nginx", "load.8-clients.get", "load.8-clients.get-nginx");
    }
    ratio("load.8-clients.put-to-bare", "load.8-clients.put", "load.8-clients.put-bare");
    Ok(())
}

pub(super) fn contestant<'a>(
    name: &str,
    server: Option<&'a Server>,
    calls: u32,
    act: impl FnMut() -> Result<()> + 'a,
) -> Contestant<'a> {
    Contestant { name: name.to_owned(), requests: 1, calls, act: Box::new(act), server }
}

/// All clients at once, each so many times.
fn together<'a, T: Send>(
    name: &str,
    server: Option<&'a Server>,
    times: u32,
    clients: &'a mut [T],
    act: impl Fn(&mut T) -> Result<()> + Sync + 'a,
) -> Contestant<'a> {
    let requests = CLIENTS * times;
    let act = move || {
        let work = |client: &mut T| (0..times).try_for_each(|_| act(client));
        thread::scope(|scope| {
            let threads: Vec<_> = clients.iter_mut().map(|client| scope.spawn(|| work(client))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().unwrap())
        })
    };
    Contestant { name: name.to_owned(), requests, calls: 1, act: Box::new(act), server }
}

pub(super) fn expect(found: usize, expected: usize) -> Result<()> {
    ensure!(found == expected, "{found} bytes instead of {expected}");
    Ok(())
}

/// Replaces the data set of a user of its own again and again, by two files in turn.
pub(super) struct Writer {
    client: Client,
    pub(super) path: String,
    uploads: [Upload; 2],
    tag: Option<String>,
    turn: usize,
}

impl Writer {
    pub(super) fn new(farm: &Farm, server: &Server, user: u32) -> Result<Self> {
        let uploads = [Upload::whole(data_set(user, 1, BYTES)?), Upload::whole(data_set(user, 2, BYTES)?)];
        Self::with(farm, server, user, uploads)
    }

    pub(super) fn with(farm: &Farm, server: &Server, user: u32, uploads: [Upload; 2]) -> Result<Self> {
        let client = Client::connect(farm.agent(), server.address)?;
        let path = format!("/v1/data-sets/global/{}", sid(user));
        Ok(Self { client, path, uploads, tag: None, turn: 0 })
    }

    /// Goes on from a version, whose file is the second one, with other uploads.
    pub(super) fn go_on(self, uploads: [Upload; 2]) -> Self {
        Self { uploads, turn: 0, ..self }
    }

    pub(super) fn put(&mut self) -> Result<()> {
        let answer = self.client.put(&self.path, self.tag.as_deref(), &self.uploads[self.turn])?;
        ensure!(matches!(answer.status, 201 | 204), "status {}", answer.status);
        self.turn ^= 1;
        self.tag = Some(answer.tag.context("no tag")?);
        Ok(())
    }

    pub(super) fn get(&mut self) -> Result<()> {
        let answer = self.client.get(&self.path)?;
        ensure!(answer.status == 200 && answer.len > BYTES, "status {}", answer.status);
        Ok(())
    }
}
