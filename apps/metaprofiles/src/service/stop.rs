use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, CtrlClose, CtrlShutdown, ctrl_c, ctrl_close, ctrl_shutdown};

/// What asks a service to stop: Ctrl-C, and what the system's service manager sends. From the moment it is made nothing of
/// that ends the process any more.
pub(super) struct Stop {
    #[cfg(unix)]
    signals: [Signal; 2],
    #[cfg(windows)]
    signals: (CtrlC, CtrlClose, CtrlShutdown),
}

impl Stop {
    /// Must be called inside the runtime.
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { signals: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?] })
    }

    /// Waits until somebody asks.
    #[cfg(unix)]
    pub(super) async fn asked(mut self) {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("Asked to stop");
    }

    /// Must be called inside the runtime.
    #[cfg(windows)]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { signals: (ctrl_c()?, ctrl_close()?, ctrl_shutdown()?) })
    }

    /// Waits until somebody asks.
    #[cfg(windows)]
    pub(super) async fn asked(mut self) {
        let (pressed, closed, shut_down) = &mut self.signals;
        tokio::select! {
            _ = pressed.recv() => {}
            _ = closed.recv() => {}
            _ = shut_down.recv() => {}
        }
        tracing::info!("Asked to stop");
    }
}
