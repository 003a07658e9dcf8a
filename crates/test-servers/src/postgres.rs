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
fsync=$2
folder=$(mktemp -d)
as() { "$@"; }
if [ "$(id -u)" = 0 ]; then
    user=$(getent passwd postgres >/dev/null && echo postgres || echo nobody)
    chown "$user" "$folder"
    as() { setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"; }
fi
chmod 700 "$folder"
cd "$folder"
as "$bin/initdb" --pgdata "$folder/data" --username postgres --auth trust --encoding UTF8 --locale C --no-sync >/dev/null
as "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=$fsync -c max_connections=300 \
    >"$folder/log" 2>&1 </dev/null &
trap 'kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" && wait; rm -rf "$folder"' EXIT
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

/// A PostgreSQL server in a temporary folder, reached by a Unix socket. All tests of a program share one.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    /// The server ends with its standard input, which stays open as long as this program lives.
    _shell: Child,
}

impl Postgres {
    /// The server of this test program; `None` on a machine without PostgreSQL, where that is no failure. What is then left
    /// out is said on standard output.
    pub fn server(left_out: &str) -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
        let server = SERVER.get_or_init(|| Self::start("off")).as_ref();
        if server.is_none() {
            println!("SKIPPED {left_out}: there is no PostgreSQL server; `cargo xtask test` installs it");
        }
        server
    }

    /// A server that flushes what it has acknowledged, as one in production does; for measurements.
    pub fn durable() -> Option<Self> {
        Self::start("on")
    }

    /// Connection string of a new, empty database.
    #[must_use]
    pub fn new_database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test{}", NUMBER.fetch_add(1, Ordering::SeqCst));
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgres://postgres@localhost/{name}?host={}", self.folder.display())
    }

    /// Executes statements in a database, named as in its connection string.
    pub fn execute(&self, database: &str, statements: &str) {
        let status = Command::new(self.bin.join("psql"))
            .args(["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--username", "postgres", "--host"])
            .arg(&self.folder)
            .args(["--dbname", database, "--command", statements])
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{statements}");
    }

    fn start(fsync: &str) -> Option<Self> {
        let Some(bin) = programs() else {
            assert!(
                std::env::var_os(REQUIRED).is_none(),
                "there is no PostgreSQL server (package postgresql-15)"
            );
            return None;
        };
        let mut shell = Command::new("sh")
            .args(["-c", RUN, "postgres-for-tests"])
            .arg(&bin)
            .arg(fsync)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut folder = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut folder).unwrap();
        assert!(!folder.is_empty(), "PostgreSQL does not start");
        Some(Self { bin, folder: PathBuf::from(folder.trim()), _shell: shell })
    }
}

/// The folder of the newest server's programs, where Debian has them.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok);
    let folders = versions.map(|version| version.path().join("bin"));
    folders.filter(|bin| bin.join("postgres").exists() && bin.join("psql").exists()).max()
}
