use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{Connection, Ended};

/// How long the service waits for clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For the head of a request, and between two requests; longer than clients keep an idle connection.
    pub head: Duration,
    /// For the next piece of a body.
    pub piece: Duration,
    /// For a whole body.
    pub body: Duration,
    /// How long sending may be stuck in all before the connection ends.
    pub reading: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(120),
            piece: Duration::from_secs(15),
            body: Duration::from_secs(300),
            reading: Duration::from_secs(30),
        }
    }
}

/// Bytes per second that a client must read in the long run: each byte that goes out gives back its part of a second.
const SLOWEST: u32 = 4096;

/// A connection whose client must read what it is sent. Time that writing is stuck uses up patience; bytes that go out give
/// it back. So a client that reads nothing and one that reads a byte at a time both end, and a slow line does not.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    stream: S,
    left: Duration,
    most: Duration,
    /// Since when writing is stuck.
    stuck: Option<(Instant, Pin<Box<Sleep>>)>,
    connection: Arc<Connection>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, most: Duration, connection: Arc<Connection>) -> Self {
        Self { stream, left: most, most, stuck: None, connection }
    }

    /// Takes the answer of the stream; when it is to wait, only for as long as there is patience.
    fn settle(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(written) => {
                if let Some((since, _)) = self.stuck.take() {
                    self.left = self.left.saturating_sub(since.elapsed());
                }
                if let Ok(bytes) = written {
                    let earned = Duration::from_secs(1) / SLOWEST * u32::try_from(bytes).unwrap_or(u32::MAX);
                    self.left = self.left.saturating_add(earned).min(self.most);
                }
                Poll::Ready(written)
            }
            Poll::Pending => {
                let (_, sleep) = self.stuck.get_or_insert_with(|| {
                    let now = Instant::now();
                    (now, Box::pin(sleep_until(now + self.left)))
                });
                ready!(sleep.as_mut().poll(cx));
                self.connection.end(Ended::NotReading, "the client does not read what it is sent");
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.settle(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.settle(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::Metrics;

    const MOST: Duration = Duration::from_secs(30);

    /// Time goes by itself when nothing else can happen.
    fn in_paused_time<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(test)
    }

    #[test]
    fn who_reads_nothing_is_let_go() {
        in_paused_time(async {
            let (near, _far) = duplex(1000);
            let mut near = Patient::new(near, MOST, Connection::new(None, Arc::new(Metrics::new())));
            let begun = Instant::now();
            let error = near.write_all(&[0; 2000]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert!(begun.elapsed() <= MOST + Duration::from_secs(1));
        });
    }

    #[test]
    fn who_reads_a_byte_at_a_time_is_let_go() {
        in_paused_time(async {
            let (near, mut far) = duplex(1000);
            let mut near = Patient::new(near, MOST, Connection::new(None, Arc::new(Metrics::new())));
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    if far.read_u8().await.is_err() {
                        break;
                    }
                }
            });
            let error = near.write_all(&[0; 2000]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        });
    }

    #[test]
    fn a_slow_line_is_waited_for() {
        in_paused_time(async {
            let (near, mut far) = duplex(1000);
            let mut near = Patient::new(near, MOST, Connection::new(None, Arc::new(Metrics::new())));
            let reader = tokio::spawn(async move {
                let mut buffer = vec![0; 10_000];
                let mut read = 0;
                loop {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    for _ in 0..10 {
                        match far.read(&mut buffer).await.unwrap() {
                            0 => return read,
                            more => read += more,
                        }
                    }
                }
            });
            near.write_all(&vec![0; 1_000_000]).await.unwrap();
            near.shutdown().await.unwrap();
            assert_eq!(reader.await.unwrap(), 1_000_000);
        });
    }
}
