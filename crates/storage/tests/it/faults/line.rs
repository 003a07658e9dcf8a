//! Lines that are slow, fall silent and are cut, before what somebody connects to.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use fastrand::Rng;
use tempfile::TempDir;

/// Bytes that go over a line at a time.
const CHUNK: usize = 2048;
/// A cut comes within so many bytes.
const CUT_WITHIN: usize = 120_000;
/// Pause of a slow line after each chunk.
const PAUSE: Duration = Duration::from_millis(5);
/// For so long a line is silent before it ends.
const SILENCE: Duration = Duration::from_millis(400);
/// Name of PostgreSQL's socket in its folder.
const POSTGRES: &str = ".s.PGSQL.5432";

/// How it is with lines at the moment.
pub(super) struct Weather {
    rng: Mutex<Rng>,
    is_fine: AtomicBool,
    ended: AtomicBool,
}

/// What happens to a connection.
#[derive(Clone, Copy)]
enum Fate {
    Fine,
    Slow,
    Cut { within: usize },
    Silent { within: usize },
}

impl Weather {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let rng = Mutex::new(Rng::with_seed(seed));
        Arc::new(Self { rng, is_fine: AtomicBool::new(true), ended: AtomicBool::new(false) })
    }

    pub(super) fn turn(&self, is_fine: bool) {
        self.is_fine.store(is_fine, Ordering::Relaxed);
    }

    fn fate(&self) -> Fate {
        let mut rng = self.rng.lock().unwrap();
        let within = rng.usize(..CUT_WITHIN);
        match rng.u8(..10) {
            0..3 => Fate::Fine,
            3..5 => Fate::Slow,
            5..9 => Fate::Cut { within },
            _ => Fate::Silent { within },
        }
    }
}

/// A connection of either kind.
trait Wire: Read + Write + Send {
    fn twin(&self) -> Box<dyn Wire>;
    fn cut(&self);
}

impl Wire for TcpStream {
    fn twin(&self) -> Box<dyn Wire> {
        Box::new(self.try_clone().unwrap())
    }

    fn cut(&self) {
        drop(self.shutdown(Shutdown::Both));
    }
}

impl Wire for UnixStream {
    fn twin(&self) -> Box<dyn Wire> {
        Box::new(self.try_clone().unwrap())
    }

    fn cut(&self) {
        drop(self.shutdown(Shutdown::Both));
    }
}

/// A place to connect to instead of another one.
pub(super) struct Line {
    weather: Arc<Weather>,
    at: At,
}

enum At {
    Port(u16),
    Folder(TempDir),
}

impl Line {
    /// Before a port of this machine.
    pub(super) fn to_port(port: u16, weather: &Arc<Weather>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = At::Port(listener.local_addr().unwrap().port());
        let accept = move || listener.accept().map(|(socket, _)| Box::new(socket) as Box<dyn Wire>);
        let connect = move || {
            let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            socket.set_nodelay(true).unwrap();
            Ok(Box::new(socket) as Box<dyn Wire>)
        };
        Self::open(at, weather, accept, connect)
    }

    /// Before the PostgreSQL server whose socket is in a folder.
    pub(super) fn to_postgres(folder: &Path, weather: &Arc<Weather>) -> Self {
        let own = TempDir::new().unwrap();
        let listener = UnixListener::bind(own.path().join(POSTGRES)).unwrap();
        let there: PathBuf = folder.join(POSTGRES);
        let accept = move || listener.accept().map(|(socket, _)| Box::new(socket) as Box<dyn Wire>);
        let connect = move || UnixStream::connect(&there).map(|socket| Box::new(socket) as Box<dyn Wire>);
        Self::open(At::Folder(own), weather, accept, connect)
    }

    fn open(
        at: At,
        weather: &Arc<Weather>,
        accept: impl Fn() -> std::io::Result<Box<dyn Wire>> + Send + 'static,
        connect: impl Fn() -> std::io::Result<Box<dyn Wire>> + Send + 'static,
    ) -> Self {
        let sky = Arc::clone(weather);
        thread::spawn(move || {
            while let Ok(near) = accept() {
                if sky.ended.load(Ordering::Relaxed) {
                    return;
                }
                // What is not there refuses at once.
                if let Ok(far) = connect() {
                    carry(near, far, &sky);
                }
            }
        });
        Self { weather: Arc::clone(weather), at }
    }

    pub(super) fn port(&self) -> u16 {
        match &self.at {
            At::Port(port) => *port,
            At::Folder(_) => panic!("a socket in a folder has no port"),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        match &self.at {
            At::Port(_) => panic!("a port is in no folder"),
            At::Folder(folder) => folder.path(),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.weather.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        match &self.at {
            At::Port(port) => drop(TcpStream::connect((Ipv4Addr::LOCALHOST, *port))),
            At::Folder(folder) => drop(UnixStream::connect(folder.path().join(POSTGRES))),
        }
    }
}

fn carry(near: Box<dyn Wire>, far: Box<dyn Wire>, weather: &Arc<Weather>) {
    let (fate, gone) = (weather.fate(), Arc::new(AtomicUsize::new(0)));
    for (from, to) in [(near.twin(), far.twin()), (far, near)] {
        let (weather, gone) = (Arc::clone(weather), Arc::clone(&gone));
        thread::spawn(move || pump(from, to, fate, &gone, &weather));
    }
}

fn pump(mut from: Box<dyn Wire>, mut to: Box<dyn Wire>, fate: Fate, gone: &AtomicUsize, weather: &Weather) {
    let mut chunk = [0; CHUNK];
    while let Ok(len @ 1..) = from.read(&mut chunk) {
        let gone = gone.fetch_add(len, Ordering::Relaxed) + len;
        let is_fine = weather.is_fine.load(Ordering::Relaxed);
        match fate {
            Fate::Slow if !is_fine => thread::sleep(PAUSE),
            // A part of the chunk still arrives.
            Fate::Cut { within } if !is_fine && gone > within => {
                drop(to.write_all(&chunk[..len / 2]));
                break;
            }
            Fate::Silent { within } if !is_fine && gone > within => {
                thread::sleep(SILENCE);
                break;
            }
            _ => {}
        }
        if to.write_all(&chunk[..len]).is_err() {
            break;
        }
    }
    from.cut();
    to.cut();
}
