use std::pin::pin;

use axum::{
    body::Body,
    http::{HeaderMap, header::CONTENT_LENGTH},
};
use http_body_util::BodyExt;
use mp_protocol::{
    digest::{CONTENT_DIGEST, Hasher, hash_matches},
    paths::MAX_DATA_SET,
};
use tokio::{
    select,
    time::{Instant, sleep_until},
};

use super::{Shared, room::Room};
use crate::{Code, Patience, Refusal};

/// Memory for a body that is taken before its bytes have come.
const TAKEN_AT_ONCE: usize = 1 << 20;

/// A body that arrived as it was sent, and its share of the memory for bodies.
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    /// Their SHA-256, where they are what was sent.
    pub(super) sha256: Option<[u8; 32]>,
    pub(super) _room: Room,
}

/// Takes a body of a stated length, with its digest, within the time and memory there are.
pub(super) async fn receive(
    shared: &Shared,
    holder: &str,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<Received, Refusal> {
    let len = headers.get(CONTENT_LENGTH).and_then(|len| len.to_str().ok()?.parse::<u64>().ok());
    let len = len.ok_or_else(|| Refusal::new(Code::NoLength, "a body needs the header Content-Length"))?;
    let most = shared.plan.borrow().limits.max_data_set_bytes.min(MAX_DATA_SET);
    let too_large = || Refusal::new(Code::TooLarge, format!("a data set file has at most {most} bytes here"));
    if len > most {
        return Err(too_large());
    }
    let len = usize::try_from(len).map_err(|_| too_large())?;
    let digest = headers.get(CONTENT_DIGEST).and_then(|digest| digest.to_str().ok());
    let digest =
        digest.ok_or_else(|| Refusal::new(Code::BadHeader, "a body needs the header Content-Digest"))?;

    let room = shared.room(holder, len).await?;
    let (bytes, sha256) = read(&mut body, len, &shared.patience).await?;
    if hash_matches(digest, &sha256) {
        Ok(Received { bytes, sha256: Some(sha256), _room: room })
    } else {
        Err(Refusal::new(
            Code::DigestMismatch,
            "the body does not have the digest it was sent with; send it again",
        ))
    }
}

/// The bytes and their SHA-256, which is calculated while the next ones are on their way.
async fn read(body: &mut Body, len: usize, patience: &Patience) -> Result<(Vec<u8>, [u8; 32]), Refusal> {
    let mut bytes = Vec::with_capacity(len.min(TAKEN_AT_ONCE));
    let mut hasher = Hasher::default();
    let end = Instant::now() + patience.body;
    let mut due = (Instant::now() + patience.piece).min(end);
    // One timer for all pieces: when it is over, it is set anew for the piece that is awaited then.
    let mut over = pin!(sleep_until(due));
    loop {
        let frame = select! {
            biased;
            frame = body.frame() => frame,
            () = &mut over => match Instant::now() {
                now if now >= end => return Err(incomplete("it took too long")),
                now if now >= due => return Err(incomplete("the next piece did not come")),
                _ => {
                    over.as_mut().reset(due);
                    continue;
                }
            },
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| incomplete(&error.to_string()))?;
        due = (Instant::now() + patience.piece).min(end);
        if let Ok(piece) = frame.into_data() {
            if piece.len() > len - bytes.len() {
                return Err(incomplete("it is longer than stated"));
            }
            hasher.update(&piece);
            bytes.extend_from_slice(&piece);
        }
    }
    if bytes.len() == len {
        Ok((bytes, hasher.finish()))
    } else {
        Err(incomplete("it is shorter than stated"))
    }
}

fn incomplete(why: &str) -> Refusal {
    Refusal::new(Code::BodyIncomplete, format!("the body did not arrive wholly: {why}; send it again"))
}
