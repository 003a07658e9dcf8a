use std::{thread, time::Duration};

use anyhow::Context;
use mp_windows::service::{Control, ServiceRun};
use tokio::sync::oneshot;
use tracing_appender::rolling::{RollingFileAppender, Rotation};

use super::{objects::Objects, serve::Serve};
use crate::{Outcome, service::runtime};

/// Name of the service.
pub(super) const NAME: &str = "MetaProfilesStorage";
/// Days for which the log is kept.
const LOG_DAYS: usize = 14;
/// What is promised to the service manager while requests end.
const ENDING: Duration = Duration::from_secs(75);

/// What the service manager starts.
#[derive(clap::Args)]
pub(crate) struct Service {
    #[command(flatten)]
    serve: Serve,
    #[command(flatten)]
    objects: Objects,
}

impl Service {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let (serve, objects) = (self.serve.clone(), self.objects.clone());
        mp_windows::service::run(NAME, move |run| match work(&serve, &objects, run) {
            Ok(()) => 0,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "The service ends");
                1
            }
        })
        .context("this is what the service manager starts; use `run` to run the service by hand")?;
        Ok(Outcome::Done)
    }
}

fn work(serve: &Serve, objects: &Objects, run: ServiceRun) -> anyhow::Result<()> {
    let log = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("storage")
        .filename_suffix("log")
        .max_log_files(LOG_DAYS)
        .build(serve.state.state.join("logs"))
        .context("cannot open the log")?;
    tracing_subscriber::fmt().json().with_writer(log).init();
    let (stop, stopped) = oneshot::channel::<()>();
    run.running();
    thread::spawn(move || {
        while let Ok(control) = run.controls().recv() {
            if matches!(control, Control::Stop | Control::Preshutdown) {
                run.still_stopping(ENDING);
                break;
            }
        }
        drop(stop);
    });
    let mut options = serve.options()?;
    options.objects = objects.options()?;
    runtime()?.block_on(mp_storage::run(options, async { drop(stopped.await) }))?;
    Ok(())
}
