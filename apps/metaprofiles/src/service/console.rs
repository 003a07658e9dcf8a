use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
};

use anyhow::Context;
use mp_console::{Console, ConsoleConfig, ConsoleHandle, Secret};
use mp_protocol::digest::sha256;

use super::{Logging, default_state, runtime, stop::Stop};
use crate::{Outcome, output};

/// Sets the first password of `admin`; not on the command line, which other users of the machine can see.
const FIRST_PASSWORD: &str = "METAPROFILES_ADMIN_PASSWORD";

/// Run the Provision Management Console, until Ctrl-C or SIGTERM
///
/// At the first start it makes its database, the authority of the farm, and the administrator `admin`, whose password it
/// prints once; the environment variable METAPROFILES_ADMIN_PASSWORD sets it instead.
#[derive(clap::Args)]
pub(crate) struct ConsoleCommand {
    /// Folder of the database and the authority's key; made if it is missing
    #[arg(long, value_name = "FOLDER", env = "METAPROFILES_CONSOLE_STATE", default_value_os_t = default_state("console"))]
    state: PathBuf,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS", env = "METAPROFILES_CONSOLE_LISTEN", default_value = "[::]:8443")]
    listen: SocketAddr,
    /// DNS name or IP address by which people and machines reach this console; several times for several
    #[arg(long = "name", value_name = "NAME", env = "METAPROFILES_CONSOLE_NAMES", value_delimiter = ',')]
    names: Vec<String>,
    /// Connection string of a PostgreSQL database, `postgres://USER:PASSWORD@HOST/DATABASE`, which several consoles may share;
    /// without it the database is a file in the state folder. Better in the variable, for others see a command line
    #[arg(long, value_name = "URL", env = "METAPROFILES_CONSOLE_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Days for which users' sessions are kept after the last report of them, until `retention set` says otherwise
    #[arg(long, value_name = "DAYS", env = "METAPROFILES_CONSOLE_SESSION_DAYS", default_value_t = ConsoleConfig::DEFAULT_SESSION_DAYS, value_parser = clap::value_parser!(u32).range(1..=3650))]
    session_days: u32,
    /// Days for which lines of the audit log and former configurations are kept, until `retention set` says
    /// otherwise; for ever if not given
    #[arg(long, value_name = "DAYS", env = "METAPROFILES_CONSOLE_AUDIT_DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    audit_days: Option<u32>,
    /// Address and port of /healthz, /readyz and /metrics, without TLS, such as 127.0.0.1:9478; nowhere if not given
    #[arg(long, value_name = "ADDRESS", env = "METAPROFILES_CONSOLE_MONITOR")]
    monitor: Option<SocketAddr>,
    #[command(flatten)]
    logging: Logging,
}

impl ConsoleCommand {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        let _exporting = self.logging.start("metaprofiles-console")?;
        runtime()?.block_on(self.serve())?;
        Ok(Outcome::Done)
    }

    async fn serve(&self) -> anyhow::Result<()> {
        let mut config = ConsoleConfig::new(&self.state);
        config.public_names.clone_from(&self.names);
        config.database = self.database.clone().map(Secret::new);
        config.session_days = self.session_days;
        config.audit_days = self.audit_days;
        config.initial_password = std::env::var(FIRST_PASSWORD).ok().map(Secret::new);
        let console = Console::open(config).await.context("the console cannot start")?;
        let listener =
            TcpListener::bind(self.listen).with_context(|| format!("cannot listen on {}", self.listen))?;
        let mut handle =
            mp_console::serve(listener, Arc::new(console)).await.context("the console cannot serve")?;
        if let Some(address) = self.monitor {
            let listener = TcpListener::bind(address)
                .with_context(|| format!("cannot listen on {address} for health and metrics"))?;
            handle.watch(listener).context("cannot serve health and metrics")?;
        }
        let stop = Stop::listen().context("cannot wait for signals")?;
        output::print(&self.greeting(&handle))?;
        tokio::select! {
            () = stop.asked() => {}
            failed = handle.wait() => return failed.context("the console stopped serving"),
        }
        handle.stop().await.context("the console did not stop as it should")
    }

    /// What whoever started the console needs next.
    fn greeting(&self, handle: &ConsoleHandle) -> String {
        let name = self.names.first().map_or("localhost", String::as_str);
        let host = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
        let url = format!("https://{host}:{}", handle.address().port());
        let authority = sha256(handle.console().authority_certificate());
        let authority: String = authority.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut text = format!("Console    {url}\nAuthority  SHA-256 {authority}\n");
        if let Some(password) = handle.console().initial_password() {
            text.push_str(&format!(
                "\nThis is the first start. Sign in as admin with this password, which is shown only now:\n\n    {}\n\n    \
                 metaprofiles login --console {url} --authority-sha256 {authority}\n\n",
                password.reveal()
            ));
        }
        text
    }
}
