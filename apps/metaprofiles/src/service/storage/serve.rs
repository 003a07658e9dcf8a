use std::{
    ffi::OsString,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use mp_storage::RunOptions;

use super::{State, encryption::Encryption};

const DAY: u64 = 24 * 60 * 60;
const DEFAULT_LOOK_DAYS: u64 = RunOptions::DEFAULT_LOOK.as_secs() / DAY;

/// How the service runs, by hand or as one of the system's.
#[derive(Clone, clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    pub(super) state: State,
    /// IP address to listen on; all addresses if not given
    #[arg(long, value_name = "ADDRESS", env = "METAPROFILES_STORAGE_LISTEN")]
    pub(super) listen: Option<IpAddr>,
    /// Address and port of /healthz, /readyz and /metrics, without TLS, such as 127.0.0.1:9477; nowhere if not given
    #[arg(long, value_name = "ADDRESS", env = "METAPROFILES_STORAGE_MONITOR")]
    pub(super) monitor: Option<SocketAddr>,
    /// Seconds for which /readyz says that the service stops before it stops
    #[arg(long, value_name = "SECONDS", env = "METAPROFILES_STORAGE_STOP_NOTICE", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60))]
    pub(super) stop_notice: u64,
    /// Days from one look at every stored byte to the next; 0 never looks. The service reads slowly, a tenth of the time
    #[arg(long, value_name = "DAYS", env = "METAPROFILES_STORAGE_LOOK_DAYS", default_value_t = DEFAULT_LOOK_DAYS, value_parser = clap::value_parser!(u64).range(..=365))]
    pub(super) look_days: u64,
    #[command(flatten)]
    pub(super) encryption: Encryption,
}

impl Serve {
    pub(super) fn options(&self) -> anyhow::Result<RunOptions> {
        Ok(RunOptions {
            listen: self.listen,
            monitor: self.monitor,
            notice: Duration::from_secs(self.stop_notice),
            at_rest: self.encryption.at_rest()?,
            look: (self.look_days > 0).then(|| Duration::from_secs(self.look_days * DAY)),
            ..RunOptions::new(&self.state.state)
        })
    }

    /// The same as arguments of a command.
    pub(super) fn arguments(&self) -> anyhow::Result<Vec<OsString>> {
        let mut arguments: Vec<OsString> = vec!["--state".into(), self.state.state.clone().into()];
        let mut add = |name: &str, value: Option<String>| {
            arguments.extend(value.into_iter().flat_map(|value| [name.into(), value.into()]));
        };
        add("--listen", self.listen.map(|listen| listen.to_string()));
        add("--monitor", self.monitor.map(|monitor| monitor.to_string()));
        add("--stop-notice", (self.stop_notice > 0).then(|| self.stop_notice.to_string()));
        add("--look-days", (self.look_days != DEFAULT_LOOK_DAYS).then(|| self.look_days.to_string()));
        arguments.extend(self.encryption.arguments()?);
        Ok(arguments)
    }
}
