use std::{
    fmt, fs,
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    sync::Arc,
};

use mp_protocol::digest::sha256;
use rustls::ServerConfig;

use crate::{
    ConsoleConfig, OpenError, Secret, authority,
    config::is_public_name,
    domain::{Kept, Refusal},
    ops::{Core, is_password},
    repository::{Database, SCHEMA},
    secret::hexadecimal,
};

const LOCK: &str = "console.lock";
const DATABASE: &str = "console.db";
/// File of the authority in the state folder.
pub(crate) const AUTHORITY: &str = "authority.pem";

/// An open console: its database, its authority, its operations.
pub struct Console {
    core: Arc<Core>,
    public_names: Vec<String>,
    initial_password: Option<Secret>,
    /// Keeps other consoles out of the state folder for as long as it is open.
    _lock: File,
}

impl Console {
    /// Opens the console in its state folder. At the first start it makes the database, the authority and the administrator
    /// `admin`.
    ///
    /// # Errors
    /// When the folder is in use or cannot be used, or what is in it is damaged or incomplete.
    pub async fn open(config: ConsoleConfig) -> Result<Self, OpenError> {
        if let Some(name) = config.public_names.iter().find(|name| !is_public_name(name)) {
            return Err(OpenError::PublicName(name.clone()));
        }
        if config.initial_password.as_ref().is_some_and(|password| !is_password(password)) {
            return Err(OpenError::InitialPassword);
        }
        let folder = &config.state_folder;
        create_folder(folder).map_err(|source| OpenError::File { path: folder.clone(), source })?;
        let lock = lock(folder)?;
        let database = open_database(&config).await?;
        database.migrate(SCHEMA).await?;
        let new_farm = !database.has_accounts().await.map_err(prepare)?;
        let authority = authority::open(&folder.join(AUTHORITY), new_farm, config.clock.now())?;
        let sha256 = hexadecimal(&sha256(authority.certificate()));
        if !database.tie_to_authority(&sha256).await.map_err(prepare)? {
            return Err(OpenError::ForeignAuthority(folder.join(AUTHORITY)));
        }
        let kept = Kept { session_days: config.session_days, audit_days: config.audit_days };
        let core = Core::new(database, authority, config.clock, kept).await.map_err(prepare)?;
        let initial_password = core.bootstrap(config.initial_password.as_ref()).await.map_err(prepare)?;
        Ok(Self { core: Arc::new(core), public_names: config.public_names, initial_password, _lock: lock })
    }

    /// The password of `admin`, if it was made up just now. It is to be shown once, and is nowhere else.
    #[must_use]
    pub fn initial_password(&self) -> Option<&Secret> {
        self.initial_password.as_ref()
    }

    /// The authority's certificate (DER), which machines and browsers are to trust.
    #[must_use]
    pub fn authority_certificate(&self) -> &[u8] {
        self.core.authority.certificate()
    }

    /// The authority's certificate (PEM).
    #[must_use]
    pub fn authority_certificate_pem(&self) -> &str {
        self.core.authority.pem()
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// TLS with a new certificate of the console.
    pub(crate) fn server_config(&self) -> Result<Arc<ServerConfig>, Refusal> {
        self.core.authority.server_config(&self.public_names, self.core.now())
    }

    pub(crate) async fn close(&self) {
        self.core.database.close().await;
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("public_names", &self.public_names).finish_non_exhaustive()
    }
}

/// Opens the database as it is.
pub(crate) async fn open_database(config: &ConsoleConfig) -> Result<Database, OpenError> {
    match &config.database {
        Some(url) => Database::open_server(url).await,
        None => Database::open_file(&config.state_folder.join(DATABASE)).await,
    }
}

fn prepare(refusal: Refusal) -> OpenError {
    match refusal {
        Refusal::Internal(error) => OpenError::Prepare(error),
        other => OpenError::Prepare(Box::new(other)),
    }
}

/// Makes the state folder, for its owner alone where the system has such a thing.
pub(crate) fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Keeps other consoles out of a state folder.
pub(crate) fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let failed = |source| OpenError::File { path: path.clone(), source };
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
