//! A PostgreSQL server for one test program, in a temporary folder, reached by a Unix socket.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Set where a missing server is a failure, as in CI.
const REQUIRED: &str = "METAPROFILES_POSTGRES_REQUIRED";

/// Runs the server until standard input ends, which it does however the test program ends. As root it becomes another user,
/// since PostgreSQL refuses root. Prints the folder of the socket when the server answers.
const RUN: &str = r#"
set -eu
bin=$1
folder=$(mktemp -d)
as=
if [ "$(id -u)" = 0 ]; then
    user=$(getent passwd postgres >/dev/null && echo postgres || echo nobody)
    chown "$user" "$folder"
    as="setpriv --reuid=$user --regid=$(id -g $user) --clear-groups"
fi
chmod 700 "$folder"
cd "$folder"
$as "$bin/initdb" --pgdata "$folder/data" --username postgres --auth trust --encoding UTF8 --locale C --no-sync >/dev/null
$as "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off -c max_connections=300 \
    >"$folder/log" 2>&1 </dev/null &
server=$!
trap 'kill -QUIT $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$folder"' EXIT
for attempt in $(seq 300); do
    if "$bin/pg_isready" --quiet --host "$folder"; then
        chmod 755 "$folder"
        echo "$folder"
        cat >/dev/null
        exit 0
    fi
    sleep 0.1
done
cat "$folder/log" >&2
exit 1
"#;

struct Server {
    bin: PathBuf,
    folder: PathBuf,
    /// Its standard input stays open as long as this program lives.
    _shell: Child,
}

/// Connection string of a new, empty database. `None` without a PostgreSQL server, where that is no failure.
pub(crate) fn new_database() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(start).as_ref()?;
    let name = format!("farm{}", NUMBER.fetch_add(1, Ordering::SeqCst));
    server.psql("postgres", &format!("CREATE DATABASE {name}"));
    Some(format!("postgres://postgres@localhost/{name}?host={}", server.folder.display()))
}

impl Server {
    fn psql(&self, database: &str, statements: &str) {
        let status = Command::new(self.bin.join("psql"))
            .args(["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--username", "postgres", "--host"])
            .arg(&self.folder)
            .args(["--dbname", database, "--command", statements])
            .status()
            .unwrap();
        assert!(status.success(), "{statements}");
    }
}

fn start() -> Option<Server> {
    let Some(bin) = programs() else {
        let told = "there is no PostgreSQL server; `cargo xtask test` installs it (package postgresql-15)";
        assert!(std::env::var_os(REQUIRED).is_none(), "{told}");
        println!("SKIPPED the console on PostgreSQL, which is tested on SQLite once more: {told}");
        return None;
    };
    let mut shell = Command::new("sh")
        .args(["-c", RUN, "postgres-for-tests"])
        .arg(&bin)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut folder = String::new();
    BufReader::new(shell.stdout.take().unwrap()).read_line(&mut folder).unwrap();
    assert!(!folder.is_empty(), "PostgreSQL does not start");
    Some(Server { bin, folder: PathBuf::from(folder.trim()), _shell: shell })
}

/// The folder of the newest server's programs, where Debian has them.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok);
    let folders = versions.map(|version| version.path().join("bin"));
    folders.filter(|bin| bin.join("postgres").exists() && bin.join("psql").exists()).max()
}
