use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use anyhow::Context;
use mp_storage::RunOptions;

use super::State;
use crate::{
    Outcome,
    service::{Logging, runtime, stop::Stop},
};

/// Run the Storage Service, until Ctrl-C or SIGTERM
///
/// Where it keeps data sets, its port and who may come, the console says; without the console it works by what it said last.
#[derive(clap::Args)]
pub(crate) struct Run {
    #[command(flatten)]
    state: State,
    /// IP address to listen on; all addresses if not given
    #[arg(long, value_name = "ADDRESS", env = "METAPROFILES_STORAGE_LISTEN")]
    listen: Option<IpAddr>,
    /// Address and port of /healthz, /readyz and /metrics, without TLS, such as 127.0.0.1:9477; nowhere if not given
    #[arg(long, value_name = "ADDRESS", env = "METAPROFILES_STORAGE_MONITOR")]
    monitor: Option<SocketAddr>,
    /// Seconds for which /readyz says that the service stops before it stops
    #[arg(long, value_name = "SECONDS", env = "METAPROFILES_STORAGE_STOP_NOTICE", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60))]
    stop_notice: u64,
    #[command(flatten)]
    objects: super::objects::Objects,
    #[command(flatten)]
    logging: Logging,
}

impl Run {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        self.logging.start()?;
        let options = RunOptions {
            listen: self.listen,
            monitor: self.monitor,
            objects: self.objects.options()?,
            notice: Duration::from_secs(self.stop_notice),
            ..RunOptions::new(&self.state.state)
        };
        runtime()?.block_on(async {
            let stop = Stop::listen().context("cannot wait for signals")?;
            Ok::<_, anyhow::Error>(mp_storage::run(options, stop.asked()).await?)
        })?;
        Ok(Outcome::Done)
    }
}
