use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::Shared;
use crate::{Code, Metrics, Refusal, protection::PERMIT};

/// For others to make room.
const WAIT: Duration = Duration::from_secs(10);

/// Memory that a body may take: of its Agent's share, and of all there is. It is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Room {
    bytes: i64,
    metrics: Arc<Metrics>,
    _share: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.metrics.body_bytes.dec_by(self.bytes);
    }
}

/// A body that goes out, and its room for as long as some of it was not sent.
struct Kept {
    bytes: Vec<u8>,
    _room: Room,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Shared {
    /// Waits a while for memory for a body. An Agent that wants much waits for itself, before it takes from the others.
    pub(super) async fn room(&self, holder: &str, len: usize) -> Result<Room, Refusal> {
        let busy = || Refusal::new(Code::Busy, "too much is being received or sent; try again later");
        let permits = permits(len).ok_or_else(busy)?;
        let share = self.shares.of(holder);
        let both = async {
            let share = Arc::clone(&share.body_memory).acquire_many_owned(permits).await;
            Some((share.ok()?, Arc::clone(&self.body_memory).acquire_many_owned(permits).await.ok()?))
        };
        let (share, all) = timeout(WAIT, both).await.ok().flatten().ok_or_else(busy)?;
        Ok(self.taken(len, share, all))
    }

    /// Memory for a body, if there is some without waiting.
    pub(super) fn room_now(&self, holder: &str, len: usize) -> Option<Room> {
        let permits = permits(len)?;
        let share = Arc::clone(&self.shares.of(holder).body_memory).try_acquire_many_owned(permits).ok()?;
        let all = Arc::clone(&self.body_memory).try_acquire_many_owned(permits).ok()?;
        Some(self.taken(len, share, all))
    }

    fn taken(&self, len: usize, share: OwnedSemaphorePermit, all: OwnedSemaphorePermit) -> Room {
        let bytes = i64::try_from(len).unwrap_or(i64::MAX);
        self.metrics.body_bytes.inc_by(bytes);
        Room { bytes, metrics: Arc::clone(&self.metrics), _share: share, _all: all }
    }

    /// A body to send, which counts as memory until the client has read it.
    pub(super) async fn outgoing(&self, holder: &str, bytes: Vec<u8>) -> Result<Bytes, Refusal> {
        let room = self.room(holder, bytes.len()).await?;
        Ok(Bytes::from_owner(Kept { bytes, _room: room }))
    }
}

fn permits(len: usize) -> Option<u32> {
    u32::try_from(len / PERMIT + 1).ok()
}
