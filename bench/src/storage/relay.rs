//! A way to a server that holds back everything for a while in each direction, as a distance does.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;

pub(super) struct Relay {
    pub(super) address: SocketAddr,
}

impl Relay {
    /// Relays connections to `server` until the process ends.
    pub(super) fn start(server: SocketAddr, hold: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = TcpStream::connect(server) {
                    pair(client, server, hold);
                }
            }
        });
        Ok(Self { address })
    }
}

fn pair(client: TcpStream, server: TcpStream, hold: Duration) {
    for socket in [&client, &server] {
        // Without it the relay would be slower than meant, no more.
        let _ = socket.set_nodelay(true);
    }
    if let (Ok(from_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) {
        one_way(from_client, server, hold);
        one_way(from_server, client, hold);
    }
}

fn one_way(mut from: TcpStream, mut to: TcpStream, hold: Duration) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 18];
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + hold, buffer[..len].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        // The other side has gone already when this fails.
        let _ = to.shutdown(Shutdown::Write);
    });
}
