use anyhow::Context;

use super::serve::Serve;
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
    serve: Serve,
    #[command(flatten)]
    objects: super::objects::Objects,
    #[command(flatten)]
    logging: Logging,
}

impl Run {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let _exporting = self.logging.start("metaprofiles-storage")?;
        let mut options = self.serve.options()?;
        options.objects = self.objects.options()?;
        runtime()?.block_on(async {
            let stop = Stop::listen().context("cannot wait for signals")?;
            Ok::<_, anyhow::Error>(mp_storage::run(options, stop.asked()).await?)
        })?;
        Ok(Outcome::Done)
    }
}
