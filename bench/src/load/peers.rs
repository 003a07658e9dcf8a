use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use mp_protocol::tls::{self, ServerKind};

use super::{
    Farm,
    client::{Client, data_set, sid},
    server::Server,
};
use crate::{
    samples::{RUNS, Sample, aim, note, ratio, wall_ms},
    storage::bare::BareClient,
};

const BYTES: usize = 100_000;
const GETS: u32 = 200;
const PUTS: u32 = 20;

/// One client, one kept connection, 100 KB: ours, the bare loop and nginx in turn.
pub(super) fn run(farm: &Farm, nginx: Option<&Path>) -> Result<()> {
    let (ours, bare) = (Server::start(farm, "ours")?, Server::start(farm, "bare")?);
    let bodies = [data_set(0, 1, BYTES)?, data_set(0, 2, BYTES)?];
    let path = format!("/v1/data-sets/global/{}", sid(0));
    let mut client = Client::connect(&farm.agent, ours.address)?;
    let mut peer = BareClient::connect(tls::machine_client(&farm.agent, ServerKind::Storage)?, bare.address)?;
    let mut tag = client.put(&path, None, &bodies[0])?.tag;
    peer.put(0, &bodies[0])?;
    let nginx = nginx.map(|program| Nginx::start(program, farm, &bodies[0])).transpose()?;
    let mut third = nginx.as_ref().map(|nginx| Client::connect(&farm.agent, nginx.address)).transpose()?;

    let sample = |what: &str| Sample::new(format!("load.{what}"), "ms");
    let (mut get, mut get_bare, mut get_nginx) = (sample("get"), sample("get-bare"), sample("get-nginx"));
    let (mut put, mut put_bare) = (sample("put"), sample("put-bare"));
    let mut turn = 0;
    for run in 0..=RUNS {
        let a = wall_ms(GETS, || assert_eq!(client.get(&path).unwrap().len, bodies[turn].len()));
        let b = wall_ms(GETS, || assert_eq!(peer.get(0).unwrap().len(), bodies[0].len()));
        let c = third
            .as_mut()
            .map(|nginx| wall_ms(GETS, || assert_eq!(nginx.get("/set.mpd").unwrap().len, bodies[0].len())));
        let d = wall_ms(PUTS, || {
            turn ^= 1;
            let answer = client.put(&path, tag.as_deref(), &bodies[turn]).unwrap();
            assert_eq!(answer.status, 204);
            tag = answer.tag;
        });
        let e = wall_ms(PUTS, || peer.put(0, &bodies[0]).unwrap());
        if run > 0 {
            get.push(a);
            get_bare.push(b);
            put.push(d);
            put_bare.push(e);
            c.into_iter().for_each(|c| get_nginx.push(c));
        }
    }
    [&get, &get_bare, &put, &put_bare].into_iter().for_each(Sample::print);
    ratio("load.get-to-bare", "load.get", "load.get-bare");
    ratio("load.put-to-bare", "load.put", "load.put-bare");
    aim("load.get-to-bare", 1.25, "of the bare loop's time (0.8 of its rate), GET of 100 KB");
    aim("load.put-to-bare", 1.25, "of the bare loop's time (0.8 of its rate), durable PUT of 100 KB");
    if third.is_some() {
        get_nginx.print();
        ratio("load.get-to-nginx", "load.get", "load.get-nginx");
    } else {
        note("load: nginx NOT RUN: it is not installed");
    }
    Ok(())
}

/// nginx with the same certificates and one file, which it sends unchecked.
struct Nginx {
    address: SocketAddr,
    child: Child,
}

impl Nginx {
    fn start(program: &Path, farm: &Farm, body: &[u8]) -> Result<Self> {
        let folder = farm.folder.join("nginx");
        fs::create_dir_all(folder.join("root"))?;
        fs::write(folder.join("root/set.mpd"), body)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let identity = farm.folder.join("storage");
        let (root, identity) = (folder.display(), identity.display());
        let config = format!(
            "daemon off; worker_processes 2; pid {root}/pid; error_log {root}/error.log;\n\
             events {{}}\n\
             http {{\n access_log off; sendfile on; tcp_nodelay on; keepalive_requests 100000000;\n\
             client_body_temp_path {root}/a; proxy_temp_path {root}/b; fastcgi_temp_path {root}/c;\n\
             uwsgi_temp_path {root}/d; scgi_temp_path {root}/e;\n\
             server {{\n listen {address} ssl; root {root}/root;\n\
             ssl_certificate {identity}/certificate.pem; ssl_certificate_key {identity}/key.pem;\n\
             ssl_client_certificate {identity}/authority.pem; ssl_verify_client on; ssl_protocols TLSv1.3;\n\
             }}\n}}\n"
        );
        fs::write(folder.join("nginx.conf"), config)?;
        let mut command = Command::new(program);
        command.arg("-c").arg(folder.join("nginx.conf")).arg("-p").arg(&folder);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let nginx = Self { address, child };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            ensure!(begun.elapsed() < Duration::from_secs(10), "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its master ends its workers only when it is asked to.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
