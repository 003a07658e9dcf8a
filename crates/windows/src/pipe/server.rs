use std::{
    collections::HashMap,
    io, process, ptr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use windows_sys::Win32::{
    Foundation::INVALID_HANDLE_VALUE,
    Security::RevertToSelf,
    Storage::FileSystem::{FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX},
    System::Pipes::{
        CreateNamedPipeW, DisconnectNamedPipe, GetNamedPipeClientSessionId, ImpersonateNamedPipeClient,
        PIPE_READMODE_BYTE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES, PIPE_WAIT,
    },
};

use super::{
    access,
    overlapped::{PipeEnd, Until},
};
use crate::{
    nt::{Event, Handle, SecurityDescriptor},
    peer::{Peer, PeerToken},
    wide::wide,
};

/// Bytes that the system keeps for each direction of an instance.
const BUFFER: u32 = 4096;
/// Pause after the system refused another instance, so that the server does not turn in circles.
const PAUSE: Duration = Duration::from_millis(200);

/// What clients may take of the server.
#[derive(Clone, Copy, Debug)]
pub struct PipeLimits {
    /// Longest request in bytes.
    pub request: usize,
    /// Time for a client to send its request, and as long again to take the answer.
    pub patience: Duration,
    /// Clients served at once.
    pub clients: usize,
    /// Clients of one session served at once.
    pub clients_per_session: usize,
}

/// The service's end of the pipe.
#[derive(Debug)]
pub struct PipeServer {
    name: Vec<u16>,
    access: SecurityDescriptor,
    limits: PipeLimits,
    first: PipeEnd,
    stop: Arc<Event>,
}

/// Ends a server.
#[derive(Clone, Debug)]
pub struct PipeStop(Arc<Event>);

impl PipeStop {
    /// Lets [`PipeServer::serve`] return soon; clients that are being served are served to their end.
    pub fn stop(&self) {
        self.0.set();
    }
}

impl PipeServer {
    /// Makes a pipe. Users of this machine's sessions can connect from now on, and are answered when it is served.
    ///
    /// # Errors
    /// When a pipe of that name is there already (`ERROR_ACCESS_DENIED`): another server, or somebody who waits for
    /// clients that take them for the service.
    pub fn create(name: &str, limits: PipeLimits) -> io::Result<Self> {
        let (name, access) = (wide(name), access::of_pipe()?);
        let first = instance(&name, &access, FILE_FLAG_FIRST_PIPE_INSTANCE)?;
        Ok(Self { name, access, limits, first, stop: Arc::new(Event::lasting()?) })
    }

    /// What ends the server.
    #[must_use]
    pub fn stopper(&self) -> PipeStop {
        PipeStop(Arc::clone(&self.stop))
    }

    /// Serves clients until it is stopped: `answer` is called on a thread of each client's own with who it is and the bytes
    /// up to and with the first newline (or fewer, when there are too many or the client closed its end), and gives the
    /// bytes to send back.
    ///
    /// A client that sends nothing, or does not take its answer, is dropped; others do not wait for it.
    pub fn serve(self, answer: impl Fn(&Peer, &[u8]) -> Vec<u8> + Send + Sync + 'static) {
        let (answer, clients) = (Arc::new(answer), Clients::default());
        let until = Until { deadline: None, stop: Some(&self.stop) };
        let mut listening = Some(self.first);
        loop {
            let Some(end) = listening.take() else {
                // Without another instance nobody can connect, so this is tried until it works.
                listening = instance(&self.name, &self.access, 0).ok();
                if listening.is_none() && self.stop.wait(PAUSE) {
                    return;
                }
                continue;
            };
            match end.connect(until) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return,
                // The client came and went; whatever else it was must not make the server turn in circles.
                Err(_) if self.stop.wait(Duration::from_millis(1)) => return,
                Err(_) => continue,
            }
            // The next client finds an instance while this one is served.
            listening = instance(&self.name, &self.access, 0).ok();
            let Some(place) = clients.enter(session_of(&end), &self.limits) else { continue };
            let (answer, limits) = (Arc::clone(&answer), self.limits);
            // When the system has no more threads, the client is dropped with the closure.
            let _ = thread::Builder::new().name("pipe client".to_owned()).spawn(move || {
                // A client that breaks off, or does not say who it is, has nobody to tell.
                let _ = serve_client(&end, limits, answer.as_ref());
                drop(place);
            });
        }
    }
}

fn serve_client(
    end: &PipeEnd,
    limits: PipeLimits,
    answer: &(impl Fn(&Peer, &[u8]) -> Vec<u8> + ?Sized),
) -> io::Result<()> {
    // One byte more than allowed tells an overlong request from a whole one.
    let request = end.read_line(limits.request + 1, (Instant::now() + limits.patience).into())?;
    let peer = peer_of(end)?;
    end.write(&answer(&peer, &request), (Instant::now() + limits.patience).into())?;
    // Closing the pipe would throw away what the client has not read yet; it closes its end when it has. What it has sent
    // beyond its request says nothing about that.
    end.drain((Instant::now() + limits.patience).into())?;
    // SAFETY: the pipe is open.
    unsafe { DisconnectNamedPipe(end.raw()) };
    Ok(())
}

/// Who the client is. It must have sent something before.
fn peer_of(end: &PipeEnd) -> io::Result<Peer> {
    // SAFETY: the pipe is open. The impersonation ends below, before anything else is done.
    if unsafe { ImpersonateNamedPipeClient(end.raw()) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let token = PeerToken::of_thread();
    // SAFETY: the function has no conditions.
    if unsafe { RevertToSelf() } == 0 {
        // Going on as somebody else is not an option (Microsoft says so of this function, too).
        process::abort();
    }
    token?.peer()
}

/// The session that a client says to be in. It counts clients with it, and trusts it in nothing else.
fn session_of(end: &PipeEnd) -> u32 {
    let mut session = 0;
    // SAFETY: the pipe is open and the result has a valid place.
    unsafe { GetNamedPipeClientSessionId(end.raw(), &raw mut session) };
    session
}

fn instance(name: &[u16], access: &SecurityDescriptor, flags: u32) -> io::Result<PipeEnd> {
    let attributes = access.attributes();
    // SAFETY: the name ends with a NUL; the attributes point at an access list that outlives the call.
    let pipe = unsafe {
        CreateNamedPipeW(
            name.as_ptr(),
            PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | flags,
            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
            PIPE_UNLIMITED_INSTANCES,
            BUFFER,
            BUFFER,
            0,
            &raw const attributes,
        )
    };
    if ptr::eq(pipe, INVALID_HANDLE_VALUE) {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
    PipeEnd::new(unsafe { Handle::own(pipe) })
}

/// How many clients each session has.
#[derive(Clone, Default, Debug)]
struct Clients(Arc<Mutex<HashMap<u32, usize>>>);

/// A client that is being served; it leaves when this is dropped.
struct Place {
    clients: Clients,
    session: u32,
}

impl Clients {
    fn enter(&self, session: u32, limits: &PipeLimits) -> Option<Place> {
        let mut counts = self.lock();
        let all: usize = counts.values().sum();
        let of_session = counts.entry(session).or_default();
        if all >= limits.clients || *of_session >= limits.clients_per_session {
            return None;
        }
        *of_session += 1;
        Some(Place { clients: self.clone(), session })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.clients.lock();
        if let Some(count) = counts.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.session);
            }
        }
    }
}
