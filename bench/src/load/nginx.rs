use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::Farm;

/// nginx with the same certificates and one file, `/set.mpd`, which it sends unchecked.
pub(super) struct Nginx {
    pub(super) address: SocketAddr,
    child: Child,
}

impl Nginx {
    pub(super) fn start(program: &Path, farm: &Farm, body: &[u8]) -> Result<Self> {
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
