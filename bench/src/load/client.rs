use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use anyhow::{Context, Result, bail, ensure};
use mp_dataset::{DataSet, FileChange, FileContent, FileEntry, FilePath, Origin, encode};
use mp_protocol::{
    Identity,
    digest::content_digest,
    paths::DELTA_CODING,
    tls::{self, ServerKind},
};
use rustls::{ClientConnection, StreamOwned};

/// One kept connection that speaks as much HTTP/1.1 as is needed.
pub(crate) struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    /// What was read and not used yet, and how much of it there is.
    buffer: Vec<u8>,
    filled: usize,
}

/// Status, version tag and length of the body of an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) tag: Option<String>,
    pub(crate) len: usize,
}

/// What is sent, with what is said of it; made beforehand, so that the client's work is not measured.
pub(crate) struct Upload {
    bytes: Vec<u8>,
    headers: String,
}

impl Upload {
    pub(crate) fn whole(bytes: Vec<u8>) -> Self {
        let headers =
            format!("content-length: {}\r\ncontent-digest: {}\r\n", bytes.len(), content_digest(&bytes));
        Self { bytes, headers }
    }

    pub(crate) fn delta(bytes: Vec<u8>) -> Self {
        let Self { bytes, headers } = Self::whole(bytes);
        Self { bytes, headers: format!("{headers}content-encoding: {DELTA_CODING}\r\n") }
    }
}

impl Client {
    /// Connects to a Storage Service.
    pub(crate) fn connect(agent: &Identity, address: SocketAddr) -> Result<Self> {
        Self::connect_to(agent, ServerKind::Storage, address)
    }

    pub(crate) fn connect_to(agent: &Identity, server: ServerKind, address: SocketAddr) -> Result<Self> {
        let tls = tls::machine_client(agent, server)?;
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        let connection = ClientConnection::new(tls, "127.0.0.1".try_into()?)?;
        Ok(Self { stream: StreamOwned::new(connection, socket), buffer: vec![0; 1 << 18], filled: 0 })
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        self.stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: s\r\n\r\n").as_bytes())?;
        self.answer()
    }

    /// Gets what is not what the client has, by its tag.
    pub(crate) fn get_unless(&mut self, path: &str, tag: &str) -> Result<Answer> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: s\r\nif-none-match: {tag}\r\n\r\n");
        self.stream.write_all(head.as_bytes())?;
        self.answer()
    }

    /// Stores a file in the place of the version with this tag.
    pub(crate) fn put(&mut self, path: &str, base: Option<&str>, upload: &Upload) -> Result<Answer> {
        let base = base.map_or("if-none-match: *".to_owned(), |tag| format!("if-match: {tag}"));
        let head = format!("PUT {path} HTTP/1.1\r\nhost: s\r\n{base}\r\n{}\r\n", upload.headers);
        self.stream.write_all(head.as_bytes())?;
        self.stream.write_all(&upload.bytes)?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Answer> {
        self.stream.flush()?;
        let head = loop {
            let found = self.buffer[..self.filled].windows(4).position(|bytes| bytes == b"\r\n\r\n");
            match found {
                Some(end) => break end + 4,
                None => self.fill()?,
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head])?.to_ascii_lowercase();
        let status = text.get(9..12).context("no status")?.parse()?;
        let header =
            |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        let len = header("content-length:").map_or(Ok(0), |len| len.parse::<usize>())?;
        let tag = header("etag:");
        let mut left = len.saturating_sub(self.filled - head);
        self.filled = 0;
        while left > 0 {
            match self.stream.read(&mut self.buffer)? {
                0 => bail!("the server ended in the middle"),
                more => left = left.saturating_sub(more),
            }
        }
        Ok(Answer { status, tag, len })
    }

    fn fill(&mut self) -> Result<()> {
        ensure!(self.filled < self.buffer.len(), "the head is too long");
        let read = self.stream.read(&mut self.buffer[self.filled..])?;
        ensure!(read > 0, "the server ended the connection");
        self.filled += read;
        Ok(())
    }
}

pub(crate) fn sid(number: u32) -> String {
    format!("S-1-5-21-1-2-3-{}", number + 1000)
}

/// A data set file of a user, of about `bytes` bytes that do not compress.
pub(crate) fn data_set(user: u32, seed: u64, bytes: usize) -> Result<Vec<u8>> {
    data_set_of(user, &noise(seed ^ u64::from(user) << 32, bytes))
}

/// Bytes that do not compress.
pub(crate) fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed;
    let content = (0..bytes).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    });
    content.collect()
}

/// A data set file of a user, with one file of this content.
pub(crate) fn data_set_of(user: u32, content: &[u8]) -> Result<Vec<u8>> {
    let bytes = content.to_vec().into();
    let content = FileContent { modified: Default::default(), attributes: Default::default(), bytes };
    let path = FilePath { folder: "RoamingAppData".to_owned(), components: vec!["settings.bin".into()] };
    let file = FileEntry { path, change: FileChange::Present(content), unknown: Default::default() };
    let origin = Origin { sid: sid(user), ..Origin::default() };
    let mut out = Vec::new();
    encode(&DataSet { origin, files: vec![file], ..DataSet::default() }, &mut out)?;
    Ok(out)
}
