//! Taking connections, and serving each in a task of its own.

use std::{pin::pin, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::watch,
    time::sleep,
};

use super::steady::Steady;
use crate::{
    Patience,
    protection::{Connections, WithConnection},
};

/// Bytes of the head of a request.
const MAX_HEAD: usize = 32 * 1024;
/// Until connections are taken again after one could not be: the system has no handles left, for example.
const PAUSE: Duration = Duration::from_millis(50);

/// How far the service is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Phase {
    /// Connections are taken.
    Serving,
    /// Requests that are there may end.
    Draining,
    /// What is there ends.
    Ended,
}

/// What all connections share.
#[derive(Clone)]
pub(super) struct Serving {
    pub(super) connections: Connections,
    pub(super) router: Router,
    pub(super) patience: Patience,
    pub(super) phase: watch::Receiver<Phase>,
}

impl Serving {
    /// Takes connections until the service drains.
    pub(super) async fn accept(mut self, listener: TcpListener) {
        loop {
            let taken = select! {
                biased;
                () = reached(&mut self.phase, Phase::Draining) => return,
                taken = listener.accept() => taken,
            };
            match taken {
                Ok((stream, _)) => drop(tokio::spawn(self.clone().serve(stream))),
                Err(error) => {
                    tracing::warn!(%error, "No connection can be accepted");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn serve(self, stream: TcpStream) {
        let Self { connections, router, patience, mut phase } = self;
        let accepted = select! {
            biased;
            () = reached(&mut phase, Phase::Draining) => return,
            accepted = connections.accept(stream) => accepted,
        };
        // Why it was not was logged where it was refused.
        let Ok((stream, connection)) = accepted else { return };
        let service = TowerToHyperService::new(WithConnection { service: router, connection });
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.head)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let mut served = pin!(Steady::new(served));
        // An error was the client's, which is gone.
        select! {
            biased;
            _ = &mut served => return,
            () = reached(&mut phase, Phase::Draining) => served.inner().graceful_shutdown(),
        }
        select! {
            biased;
            _ = served => {}
            () = reached(&mut phase, Phase::Ended) => {}
        }
    }
}

/// Waits for a phase; nobody being there any more who could say is the last one.
async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    drop(phase.wait_for(|phase| *phase >= wanted).await);
}
