//! Reads what a client still sends after it was answered.
//!
//! A server that answers before it has read the whole request and then closes the connection makes the client's system throw
//! the answer away (RFC 9112, 9.6): the client sees a broken connection instead of the reason. So the rest is read and thrown
//! away, up to a bound, while the answer is on its way.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::Context,
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    middleware::Next,
    response::Response,
};
use futures_util::{StreamExt, stream};

/// Most bytes that are read after an answer. Who sends more sees the connection break.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Longest time for it.
const MAX_TIME: Duration = Duration::from_secs(2);

/// Answers, and reads what is left of the request's body.
pub(crate) async fn read_on(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    // The one who answers reads of it what he needs; what he leaves is read here.
    let body = Arc::new(Mutex::new(body.into_data_stream().fuse()));
    let poll = {
        let body = Arc::clone(&body);
        move |context: &mut Context<'_>| {
            body.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context)
        }
    };
    let lent = Body::from_stream(stream::poll_fn(poll.clone()));
    let response = next.run(Request::from_parts(parts, lent)).await;
    if !body.lock().unwrap_or_else(PoisonError::into_inner).is_done() {
        let mut rest = stream::poll_fn(poll);
        tokio::spawn(tokio::time::timeout(MAX_TIME, async move {
            let mut read = 0;
            while let Some(Ok(bytes)) = rest.next().await {
                read += bytes.len();
                if read > MAX_BYTES {
                    break;
                }
            }
        }));
    }
    response
}
