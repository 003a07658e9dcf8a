use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, sync_channel},
};

use tokio::runtime::Handle;

use super::sync_folder_of;
use crate::backend::BackendError;

/// The flush of the folder that holds a file, while its caller does something else.
pub(super) struct Flushing {
    path: PathBuf,
    done: Option<Receiver<Result<(), BackendError>>>,
}

impl Flushing {
    /// Begins it on a thread of the runtime; where there is none, it is left for the end.
    pub(super) fn begin(path: PathBuf) -> Self {
        let runtime = Handle::try_current().ok().filter(|_| cfg!(unix));
        let done = runtime.map(|runtime| {
            let (give, done) = sync_channel(1);
            let path = path.clone();
            // Nobody waits for it only when the caller panicked.
            runtime.spawn_blocking(move || drop(give.send(sync_folder_of(&path))));
            done
        });
        Self { path, done }
    }

    /// Waits until it is flushed.
    pub(super) fn end(self) -> Result<(), BackendError> {
        let done = self.done.and_then(|done| done.recv().ok());
        // A runtime that ends does no more calls.
        done.unwrap_or_else(|| sync_folder_of(&self.path))
    }
}
