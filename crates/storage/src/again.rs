use std::{
    convert::Infallible,
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

/// A thread that does something again and again. It is told to end when this is dropped.
#[derive(Debug)]
pub(crate) struct Again {
    _going_on: Sender<Infallible>,
}

/// How a thread learns that it is to end.
pub(crate) struct Until(Receiver<Infallible>);

impl Again {
    pub(crate) fn start(work: impl FnOnce(&Until) + Send + 'static) -> Self {
        let (going_on, ended) = mpsc::channel();
        thread::spawn(move || work(&Until(ended)));
        Self { _going_on: going_on }
    }
}

impl Until {
    /// Waits, and says whether it is to end; then it has not waited longer.
    pub(crate) fn is_over_within(&self, span: Duration) -> bool {
        matches!(self.0.recv_timeout(span), Err(RecvTimeoutError::Disconnected))
    }
}
