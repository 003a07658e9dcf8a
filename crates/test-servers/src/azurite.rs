use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use tempfile::TempDir;

/// Folder in which npm has installed Azurite; set by `cargo xtask test`.
const INSTALLED: &str = "METAPROFILES_AZURITE";
const PROGRAM: &str = "node_modules/azurite/dist/src/blob/main.js";
const CONTAINER: &str = "profiles";
const ACCOUNT: &str = "devstoreaccount1";
/// The key that every emulator of Azure has.
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Runs Azurite until standard input ends, which it does however the test program ends.
const RUN: &str = r#"
program=$1; port=$2; folder=$3
node "$program" --silent --blobHost 127.0.0.1 --blobPort "$port" --location "$folder" --skipApiVersionCheck \
    --disableTelemetry >/dev/null 2>&1 </dev/null &
server=$!
trap 'kill $server; wait; rm -rf "$folder"' EXIT
cat >/dev/null
"#;

/// Makes the container, as an administrator does.
const MAKE_CONTAINER: &str = r"
const [port, account, key, container] = process.argv.slice(1);
const date = new Date().toUTCString(), version = '2021-08-06';
const signed = 'PUT' + '\n'.repeat(12) + `x-ms-date:${date}\nx-ms-version:${version}\n`
    + `/${account}/${account}/${container}\nrestype:container`;
const hmac = require('crypto').createHmac('sha256', Buffer.from(key, 'base64')).update(signed).digest('base64');
require('http').request({
    host: '127.0.0.1', port, method: 'PUT', path: `/${account}/${container}?restype=container`,
    headers: { 'x-ms-date': date, 'x-ms-version': version, 'content-length': 0,
        authorization: `SharedKey ${account}:${hmac}` },
}, answer => process.exit(answer.statusCode === 201 ? 0 : 1)).end();
";

/// Microsoft's emulator of Azure Blob Storage, with one container.
#[derive(Debug)]
pub struct Azurite {
    port: u16,
    /// The server ends with its standard input.
    _shell: Child,
}

impl Azurite {
    /// Starts a server that lives as long as this value; `None` where it is not installed. What is then left out is said
    /// on standard output.
    pub fn start(left_out: &str) -> Option<Self> {
        let Some(installed) = std::env::var_os(INSTALLED) else {
            println!("SKIPPED {left_out}: {INSTALLED} is not set; `cargo xtask test` installs Azurite");
            return None;
        };
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let shell = Command::new("sh")
            .args(["-c", RUN, "azurite-for-tests"])
            .arg(Path::new(&installed).join(PROGRAM))
            .arg(port.to_string())
            .arg(TempDir::new().unwrap().keep())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        assert!(
            (0..600).any(|_| answers() || (sleep(Duration::from_millis(100)), false).1),
            "Azurite does not start"
        );
        let made = Command::new("node")
            .args(["-e", MAKE_CONTAINER, "--", &port.to_string(), ACCOUNT, KEY, CONTAINER])
            .status()
            .unwrap();
        assert!(made.success(), "the container was not made");
        Some(Self { port, _shell: shell })
    }

    /// Address of a store in the container.
    #[must_use]
    pub fn store(&self, prefix: &str) -> String {
        format!("az://{CONTAINER}/{prefix}")
    }

    /// What a client of it finds in its environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AZURE_STORAGE_ENDPOINT", format!("http://127.0.0.1:{}/{ACCOUNT}", self.port)),
            ("AZURE_ALLOW_HTTP", "true".to_owned()),
            ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.to_owned()),
            ("AZURE_STORAGE_ACCOUNT_KEY", KEY.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}
