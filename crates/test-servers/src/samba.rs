use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread::sleep,
    time::Duration,
};

use tempfile::TempDir;

use crate::certificates;

/// Set where a missing server is a failure, as in CI.
const REQUIRED: &str = "METAPROFILES_SAMBA_REQUIRED";
/// Where Debian has what a domain is made of.
const NEEDED: [&str; 3] = ["/usr/bin/samba-tool", "/usr/sbin/samba", "/usr/share/samba/setup/ad-schema"];

/// Makes the domain of a new folder.
const PROVISION: &str = r#"
exec >"$1/provision.log" 2>&1
samba-tool domain provision --realm=FARM.TEST --domain=FARM --server-role=dc --dns-backend=NONE --host-name=dc1 \
    --adminpass="$3" --targetdir="$1/dc" --host-ip="$2" \
    --option="interfaces=$2/8" --option="bind interfaces only=yes" --option="log file=$1/log.%m" \
    --option="posix:eadb=$1/eadb.tdb" --option="vfs objects=dfs_samba4 acl_xattr xattr_tdb" \
    --option="tls cafile=$1/ca.pem" --option="tls certfile=$1/cert.pem" --option="tls keyfile=$1/key.pem"
sed -i 's/server services = .*/server services = ldap/' "$1/dc/etc/smb.conf"
"#;

/// What `samba-tool group add` does, without starting it for each.
const MANY_GROUPS: &str = r"
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
settings, database, name, number = sys.argv[1:]
parameters = LoadParm(settings)
domain = SamDB(url=database, session_info=system_session(), lp=parameters)
domain.transaction_start()
for each in range(int(number)):
    domain.newgroup(f'{name}{each:03}')
domain.transaction_commit()
";

/// Runs the server until standard input ends, which it does however the test program ends.
const RUN: &str = r#"
samba -i -M single -s "$1/dc/etc/smb.conf" >"$1/run.log" 2>&1 </dev/null &
server=$!
trap 'kill $server; wait; rm -rf "$1"' EXIT
cat >/dev/null
"#;

/// A domain controller of an Active Directory, FARM, that Samba makes: LDAPS on a loopback address of its own, with a
/// certificate of an authority of its own. All tests of a program share one.
#[derive(Debug)]
pub struct Samba {
    folder: PathBuf,
    address: String,
    ca: String,
    /// The server ends with its standard input.
    _shell: Child,
}

impl Samba {
    /// Who may ask the directory, and his password.
    pub const ACCOUNT: (&str, &str) = ("administrator@farm.test", "Passw0rd.of.Samba");

    /// The server of this test program, with what `fill` puts into the domain before it starts; `None` on a machine without
    /// Samba or without the rights for its ports, where that is no failure. What is then left out is said on standard output.
    pub fn server(left_out: &str, fill: impl FnOnce(&Domain)) -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Samba>> = OnceLock::new();
        let server = SERVER.get_or_init(|| Self::start(fill)).as_ref();
        if server.is_none() {
            println!(
                "SKIPPED {left_out}: there is no Samba, or no root to run it; `cargo xtask test` installs it"
            );
        }
        server
    }

    /// Host and port of LDAPS.
    #[must_use]
    pub fn server_address(&self) -> String {
        format!("{}:636", self.address)
    }

    /// The authority that signed the server's certificate, PEM.
    #[must_use]
    pub fn ca(&self) -> &str {
        &self.ca
    }

    /// Security identifier of a user or group.
    #[must_use]
    pub fn sid(&self, kind: &str, name: &str) -> String {
        let told = tool(&self.folder, &[kind, "show", name, "--attributes=objectSid"]);
        told.lines().find_map(|line| line.strip_prefix("objectSid: ")).unwrap().to_owned()
    }

    fn start(fill: impl FnOnce(&Domain)) -> Option<Self> {
        let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        if !root || !NEEDED.iter().all(|path| Path::new(path).exists()) {
            assert!(std::env::var_os(REQUIRED).is_none(), "there is no Samba domain controller, or no root");
            return None;
        }
        let folder = TempDir::new().unwrap().keep();
        let number = std::process::id();
        // An address that no other test program has at this time.
        let address =
            format!("127.{}.{}.{}", 64 + (number >> 15) % 64, (number >> 7) % 256, 1 + number % 128);
        let ca = certificates::write(&folder, &address);
        let made = Command::new("sh")
            .args(["-c", PROVISION, "samba-for-tests"])
            .arg(&folder)
            .args([&address, Self::ACCOUNT.1])
            .status()
            .unwrap();
        let log = || fs::read_to_string(folder.join("provision.log")).unwrap_or_default();
        assert!(made.success(), "{}", log());
        fill(&Domain { folder: folder.clone() });
        let shell = Command::new("sh")
            .args(["-c", RUN, "samba-for-tests"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = || TcpStream::connect((address.as_str(), 636)).is_ok();
        let ready = (0..600).any(|_| answers() || (sleep(Duration::from_millis(100)), false).1);
        assert!(
            ready,
            "Samba does not start: {}",
            fs::read_to_string(folder.join("run.log")).unwrap_or_default()
        );
        Some(Self { folder, address, ca, _shell: shell })
    }
}

/// A domain that is not served yet.
#[derive(Debug)]
pub struct Domain {
    folder: PathBuf,
}

impl Domain {
    /// Makes many groups, whose names are this and a number of three digits.
    pub fn many_groups(&self, name: &str, number: u32) {
        let (database, settings) =
            (self.folder.join("dc/private/sam.ldb"), self.folder.join("dc/etc/smb.conf"));
        let done = Command::new("/usr/bin/python3")
            .args(["-c", MANY_GROUPS])
            .args([&settings, &database])
            .args([name, &number.to_string()])
            .status()
            .unwrap();
        assert!(done.success(), "the groups were not made");
    }

    /// Runs `samba-tool` on it.
    pub fn tool(&self, args: &[&str]) {
        tool(&self.folder, args);
    }
}

fn tool(folder: &Path, args: &[&str]) -> String {
    let database = folder.join("dc/private/sam.ldb");
    let done = Command::new("samba-tool")
        .args(args)
        .arg("-H")
        .arg(database)
        .arg("-s")
        .arg(folder.join("dc/etc/smb.conf"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
