//! The peer: a server that only moves bytes over TLS and makes them durable, a thread per connection, and a client as simple.
//!
//! A request is an operation (`G`, `P`), a user's number and, to put, a length and the bytes; the answer to a get is a length
//! and the bytes, to a put one byte.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use anyhow::Result;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection, StreamOwned};

pub(crate) struct Bare {
    pub(crate) address: SocketAddr,
}

impl Bare {
    /// Serves until the process ends.
    pub(crate) fn start(tls: Arc<ServerConfig>, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let folder = folder.to_path_buf();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (tls, folder) = (Arc::clone(&tls), folder.clone());
                thread::spawn(move || {
                    // It ends with an error when the client goes.
                    let _ = serve(socket, tls, &folder);
                });
            }
        });
        Ok(Self { address })
    }
}

fn serve(socket: TcpStream, tls: Arc<ServerConfig>, folder: &Path) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, socket);
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let [operation, user @ ..] = head;
        let place = folder.join(format!("{}.mpd", u32::from_le_bytes(user)));
        if operation == b'P' {
            let body = read_block(&mut stream)?;
            put(folder, &place, &body)?;
            stream.write_all(&[1])?;
        } else {
            let body = fs::read(&place)?;
            stream.write_all(&length(&body)?)?;
            stream.write_all(&body)?;
        }
        stream.flush()?;
    }
}

fn put(folder: &Path, place: &Path, body: &[u8]) -> io::Result<()> {
    let temporary: PathBuf = place.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(body)?;
    file.sync_all()?;
    fs::rename(&temporary, place)?;
    File::open(folder)?.sync_all()
}

pub(crate) struct BareClient(StreamOwned<ClientConnection, TcpStream>);

impl BareClient {
    pub(crate) fn connect(tls: Arc<ClientConfig>, address: SocketAddr) -> Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        Ok(Self(StreamOwned::new(ClientConnection::new(tls, "127.0.0.1".try_into()?)?, socket)))
    }

    pub(crate) fn get(&mut self, user: u32) -> io::Result<Vec<u8>> {
        self.0.write_all(&head(b'G', user))?;
        self.0.flush()?;
        read_block(&mut self.0)
    }

    pub(crate) fn put(&mut self, user: u32, body: &[u8]) -> io::Result<()> {
        self.0.write_all(&head(b'P', user))?;
        self.0.write_all(&length(body)?)?;
        self.0.write_all(body)?;
        self.0.flush()?;
        self.0.read_exact(&mut [0])
    }
}

fn head(operation: u8, user: u32) -> [u8; 5] {
    let [a, b, c, d] = user.to_le_bytes();
    [operation, a, b, c, d]
}

fn length(body: &[u8]) -> io::Result<[u8; 4]> {
    Ok(u32::try_from(body.len()).map_err(io::Error::other)?.to_le_bytes())
}

fn read_block(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut len = [0; 4];
    stream.read_exact(&mut len)?;
    let mut body = vec![0; usize::try_from(u32::from_le_bytes(len)).map_err(io::Error::other)?];
    stream.read_exact(&mut body)?;
    Ok(body)
}
