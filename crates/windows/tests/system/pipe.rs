//! The pipe between helper and service.

use std::{
    io,
    sync::atomic::{AtomicU32, Ordering},
    thread::{self, JoinHandle},
    time::Duration,
};

use mp_windows::{
    Peer,
    pipe::{PipeClientError, PipeLimits, PipeServer, PipeStop, ask},
};
use windows_sys::Win32::{
    Foundation::{CloseHandle, GENERIC_READ, HANDLE, INVALID_HANDLE_VALUE},
    Storage::FileSystem::{
        CreateFileW, FILE_WRITE_DATA, OPEN_EXISTING, PIPE_ACCESS_DUPLEX, ReadFile, WriteFile,
    },
    System::{
        Pipes::{CreateNamedPipeW, PeekNamedPipe},
        RemoteDesktop::ProcessIdToSessionId,
    },
};

use crate::support::wide;

const LIMITS: PipeLimits =
    PipeLimits { request: 64, patience: Duration::from_millis(600), clients: 8, clients_per_session: 3 };
const BOUND: Duration = Duration::from_secs(20);
/// No service of this name is installed: the pipe is trusted for its owner.
const NO_SERVICE: &str = "MetaProfilesNone";

/// A server that answers with who asked and what they said; it ends when this is dropped.
struct Server {
    name: String,
    stop: PipeStop,
    serving: Option<JoinHandle<()>>,
}

impl Server {
    fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!(r"\\.\pipe\mp-test-{}-{number}", std::process::id());
        let server = PipeServer::create(&name, LIMITS).unwrap();
        let stop = server.stopper();
        let serving = thread::spawn(move || server.serve(answer));
        Self { name, stop, serving: Some(serving) }
    }

    fn ask(&self, request: &[u8]) -> Result<String, PipeClientError> {
        ask(&self.name, NO_SERVICE, request, 4096, BOUND).map(|answer| String::from_utf8(answer).unwrap())
    }

    /// A client that opens the pipe and does nothing.
    fn silent(&self) -> Silent {
        loop {
            match Silent::connect(&self.name) {
                // All instances are taken for a moment.
                Err(error) if error.raw_os_error() == Some(231) => thread::sleep(Duration::from_millis(5)),
                connected => return connected.expect("connect"),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.stop();
        self.serving.take().unwrap().join().unwrap();
    }
}

fn answer(peer: &Peer, request: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(request);
    format!("{} {} {text:?}\n", peer.sid, peer.session).into_bytes()
}

struct Silent(HANDLE);

impl Silent {
    fn connect(name: &str) -> io::Result<Self> {
        let name = wide(name);
        // SAFETY: the name ends with a NUL; everything optional is left out.
        let opened = unsafe {
            CreateFileW(
                name.as_ptr(),
                GENERIC_READ | FILE_WRITE_DATA,
                0,
                std::ptr::null(),
                OPEN_EXISTING,
                0,
                std::ptr::null_mut(),
            )
        };
        if opened == INVALID_HANDLE_VALUE { Err(io::Error::last_os_error()) } else { Ok(Self(opened)) }
    }

    fn write(&self, bytes: &[u8]) -> bool {
        let (len, mut written) = (u32::try_from(bytes.len()).unwrap(), 0);
        // SAFETY: the bytes have that length; the result has a valid place.
        unsafe { WriteFile(self.0, bytes.as_ptr(), len, &raw mut written, std::ptr::null_mut()) != 0 }
    }

    /// What the server has sent; waits until it sends something or closes its end.
    fn read(&self) -> String {
        let (mut part, mut read) = ([0_u8; 4096], 0);
        let room = u32::try_from(part.len()).unwrap();
        // SAFETY: the place has that room; the result has a valid place.
        unsafe { ReadFile(self.0, part.as_mut_ptr(), room, &raw mut read, std::ptr::null_mut()) };
        String::from_utf8(part[..usize::try_from(read).unwrap()].to_vec()).unwrap()
    }

    /// Whether the server has closed its end; waits until it does or sends something.
    fn is_dropped(&self) -> bool {
        let (mut byte, mut read) = (0_u8, 0);
        // SAFETY: the place has one byte; the result has a valid place.
        unsafe { ReadFile(self.0, &raw mut byte, 1, &raw mut read, std::ptr::null_mut()) == 0 || read == 0 }
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // SAFETY: the handle is open and ours.
        unsafe { CloseHandle(self.0) };
    }
}

#[test]
fn the_server_knows_who_asks() {
    let server = Server::start();
    let mut session = 0;
    // SAFETY: the result has a valid place.
    assert_ne!(unsafe { ProcessIdToSessionId(std::process::id(), &raw mut session) }, 0);
    for request in ["first\n", "second\n"] {
        let answer = server.ask(request.as_bytes()).unwrap();
        assert!(answer.starts_with("S-1-5-21-"), "{answer}");
        assert!(answer.contains(&format!(" {session} ")), "{answer}");
        assert!(answer.contains(request.trim()), "{answer}");
    }
}

#[test]
fn a_request_is_cut_at_its_limit_and_ends_at_its_newline() {
    let server = Server::start();
    let long = [b'x'; 200];
    // One byte more than allowed, so that the protocol tells that it is too long.
    assert_eq!(server.ask(&long).unwrap().matches('x').count(), 65);
    assert!(server.ask(b"one\ntwo\n").unwrap().contains("one"));
}

#[test]
fn an_answer_waits_for_a_client_that_sent_too_much() {
    let server = Server::start();
    let slow = server.silent();
    assert!(slow.write(&[b'x'; 200]));
    // Long enough for the server to be done with its answer, shorter than its patience.
    thread::sleep(Duration::from_millis(200));
    assert_eq!(slow.read().matches('x').count(), 65);
}

#[test]
fn silent_and_slow_clients_are_dropped_and_nobody_waits_for_them() {
    let server = Server::start();
    let silent = [server.silent(), server.silent()];
    assert!(silent[1].write(b"half a requ"));
    // A third client of the session is served while the two keep silent.
    assert!(server.ask(b"quick\n").unwrap().contains("quick"));
    // The first is dropped for its silence. The second said something, and is answered with what came until then or dropped.
    assert!(silent[0].is_dropped());
    assert!(silent[1].is_dropped());
}

#[test]
fn one_session_cannot_take_all_places() {
    let server = Server::start();
    let silent: Vec<Silent> = (0..3).map(|_| server.silent()).collect();
    // Each is inside once the server listens again, which a further client's fate shows: it is dropped at once.
    let refused = server.ask(b"one too many\n");
    let refused = matches!(refused, Err(PipeClientError::Dropped | PipeClientError::Failed { .. }));
    assert!(refused);
    drop(silent);
    // The places are free again as soon as the server has noticed that the clients are gone.
    let served = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(20));
        server.ask(b"next\n").is_ok()
    });
    assert!(served);
}

#[test]
fn a_pipe_of_somebody_else_is_not_written_to() {
    let name = wide(&format!(r"\\.\pipe\mp-test-{}-squatter", std::process::id()));
    // SAFETY: the name ends with a NUL; without attributes the pipe belongs to the user who made it.
    let squatter =
        unsafe { CreateNamedPipeW(name.as_ptr(), PIPE_ACCESS_DUPLEX, 0, 1, 64, 64, 0, std::ptr::null()) };
    assert_ne!(squatter, INVALID_HANDLE_VALUE);
    let text = String::from_utf16(&name[..name.len() - 1]).unwrap();
    let refused = ask(&text, NO_SERVICE, b"secret\n", 64, BOUND);
    let process = std::process::id();
    // Wine's user owns what they make; on Windows an elevated administrator's objects belong to the administrators.
    assert!(
        matches!(refused, Err(PipeClientError::NotTheService { process: told }) if told == process),
        "{refused:?}"
    );
    let mut waiting = 0;
    // SAFETY: the pipe is open; the results have valid places or are left out.
    unsafe {
        let none = std::ptr::null_mut();
        PeekNamedPipe(squatter, none, 0, std::ptr::null_mut(), &raw mut waiting, std::ptr::null_mut());
        CloseHandle(squatter);
    }
    assert_eq!(waiting, 0);
}

#[test]
fn a_pipe_that_is_not_there_is_told_from_one_that_does_not_answer() {
    let nobody = ask(r"\\.\pipe\mp-test-nobody", NO_SERVICE, b"x\n", 64, BOUND);
    assert!(matches!(nobody, Err(PipeClientError::NotThere)), "{nobody:?}");
    // This one is never served.
    let name = format!(r"\\.\pipe\mp-test-{}-deaf", std::process::id());
    let _server = PipeServer::create(&name, LIMITS).unwrap();
    let deaf = ask(&name, NO_SERVICE, b"x\n", 64, Duration::from_millis(100));
    assert!(matches!(deaf, Err(PipeClientError::TimedOut(_))), "{deaf:?}");
}
