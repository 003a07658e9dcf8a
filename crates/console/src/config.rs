use std::{
    fmt,
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{Secret, domain::UnixMillis};

/// What a console needs to know to start.
#[derive(Clone, Debug)]
pub struct ConsoleConfig {
    /// Folder of the database, the authority's key and the lock; made when it is missing. One console at a time.
    pub state_folder: PathBuf,
    /// DNS names and IP addresses under which people and machines reach the console, for its certificate; `localhost` and the
    /// loopback addresses are always in it.
    pub public_names: Vec<String>,
    /// Password for the administrator `admin`, made at the first start only. `None`: a random one, told once.
    pub initial_password: Option<Secret>,
    /// Connection string of a PostgreSQL database (`postgres://…`), which several consoles may share; `None` for an SQLite
    /// database in the state folder.
    pub database: Option<Secret>,
    /// Tells the time.
    pub clock: WallClock,
    /// Days for which users' sessions are kept after the last report of them, as long as no administrator says otherwise.
    pub session_days: u32,
    /// Days for which lines of the audit log, and former configurations, are kept; `None` for ever. As long as no administrator says
    /// otherwise.
    pub audit_days: Option<u32>,
}

impl ConsoleConfig {
    /// Days for which users' sessions are kept if nobody says otherwise.
    pub const DEFAULT_SESSION_DAYS: u32 = 90;

    /// A console in this folder, for this machine alone, with the system's clock.
    #[must_use]
    pub fn new(state_folder: impl Into<PathBuf>) -> Self {
        Self {
            state_folder: state_folder.into(),
            public_names: Vec::new(),
            initial_password: None,
            database: None,
            clock: WallClock::system(),
            session_days: Self::DEFAULT_SESSION_DAYS,
            audit_days: None,
        }
    }
}

/// Tells the time of day, by which tokens, sessions and certificates end.
#[derive(Clone)]
pub struct WallClock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl WallClock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> UnixMillis {
        let millis = (self.0)().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        UnixMillis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WallClock")
    }
}

/// Whether a text can be a public name: an IP address, or letters, digits, hyphens and dots.
pub(crate) fn is_public_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    name.parse::<IpAddr>().is_ok() || ((1..=253).contains(&name.len()) && name.bytes().all(legal))
}
