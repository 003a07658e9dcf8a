use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header::CONTENT_LENGTH},
};
use http_body_util::BodyExt;
use mp_protocol::{
    digest::{CONTENT_DIGEST, digest_matches},
    paths::MAX_DATA_SET,
};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, timeout, timeout_at},
};

use super::{PERMIT, Shared};
use crate::{Code, Refusal};

/// For the next piece of a body.
const PIECE: Duration = Duration::from_secs(15);
/// For a whole body.
const WHOLE: Duration = Duration::from_secs(300);
/// For others to make room.
const ROOM: Duration = Duration::from_secs(10);

/// A body that arrived as it was sent, and its share of the memory for bodies.
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

/// Takes a body of a stated length, with its digest, within the time and memory there are.
pub(super) async fn receive(
    shared: &Shared,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<Received, Refusal> {
    let len = headers.get(CONTENT_LENGTH).and_then(|len| len.to_str().ok()?.parse::<u64>().ok());
    let len = len.ok_or_else(|| Refusal::new(Code::NoLength, "a body needs the header Content-Length"))?;
    let too_large =
        || Refusal::new(Code::TooLarge, format!("a data set file has at most {MAX_DATA_SET} bytes"));
    if len > MAX_DATA_SET {
        return Err(too_large());
    }
    let len = usize::try_from(len).map_err(|_| too_large())?;
    let digest = headers.get(CONTENT_DIGEST).and_then(|digest| digest.to_str().ok());
    let digest =
        digest.ok_or_else(|| Refusal::new(Code::BadHeader, "a body needs the header Content-Digest"))?;

    let permits = u32::try_from(len / PERMIT + 1).map_err(|_| too_large())?;
    let room = timeout(ROOM, shared.body_memory.clone().acquire_many_owned(permits)).await;
    let Ok(Ok(room)) = room else {
        return Err(Refusal::new(Code::Busy, "too much is being received; send it again later"));
    };
    let bytes = timeout_at(Instant::now() + WHOLE, read(&mut body, len)).await;
    let bytes = bytes.unwrap_or_else(|_| Err(incomplete("it took too long")))?;
    if digest_matches(digest, &bytes) {
        Ok(Received { bytes, _room: room })
    } else {
        Err(Refusal::new(
            Code::DigestMismatch,
            "the body does not have the digest it was sent with; send it again",
        ))
    }
}

async fn read(body: &mut Body, len: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    loop {
        let frame =
            timeout(PIECE, body.frame()).await.map_err(|_| incomplete("the next piece did not come"))?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| incomplete(&error.to_string()))?;
        if let Ok(piece) = frame.into_data() {
            if piece.len() > len - bytes.len() {
                return Err(incomplete("it is longer than stated"));
            }
            bytes.extend_from_slice(&piece);
        }
    }
    if bytes.len() == len { Ok(bytes) } else { Err(incomplete("it is shorter than stated")) }
}

fn incomplete(why: &str) -> Refusal {
    Refusal::new(Code::BodyIncomplete, format!("the body did not arrive wholly: {why}; send it again"))
}
