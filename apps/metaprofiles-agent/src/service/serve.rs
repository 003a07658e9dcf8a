//! The main loop.

use std::{
    path::Path,
    process::ExitCode,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use mp_agent::{
    EnrolledMachine, StateFolder,
    pipe_protocol::PIPE_NAME,
    service::{AgentService, Ports, ServiceEvent},
};
use mp_profile::{SessionControl, SessionId, machine::SessionChange};
use mp_protocol::Identity;
use mp_windows::{
    OpenMode, ProfileList, UserTokens, WindowsHost, WindowsSessions, enable_backup_privileges,
    pipe::{PipeServer, PipeStop},
    refuse_redirections,
    service::{Control, SERVICE_NAME, stop_on_ctrl_c},
};

use super::{
    injected::{self, InjectedSessions},
    pipe::{Answers, LIMITS},
    worker::Worker,
};
use crate::{Common, events, host::SystemClock, logging};

/// How often a machine that is not enrolled looks whether it is now.
const LOOK_FOR_IDENTITY: Duration = Duration::from_secs(5);
/// Longest stop when the machine goes on; what is not done then waits in the spool.
const STOP: Duration = Duration::from_secs(60);
/// Longest stop when the machine shuts down: a little less than what `install` agreed with the service manager.
const SHUTDOWN: Duration = Duration::from_secs(160);
/// How often the service manager hears that the stop goes on, and what it is promised.
const STILL_STOPPING: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(15));

pub(super) fn by_service_manager(common: Common, inject: bool) -> Result<ExitCode> {
    mp_windows::service::run(SERVICE_NAME, move |run| {
        let served = Service::start(common, inject).map(|service| {
            run.running();
            service.run(run.controls(), |within| run.still_stopping(within));
        });
        if let Err(error) = served {
            logging::event(&events::NOT_STARTED, &[&format!("{error:#}")]);
            return 1;
        }
        0
    })
    .context("this is what the service manager starts; use `run` to run the Agent by hand")?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn in_foreground(common: Common, inject: bool) -> Result<ExitCode> {
    let (sender, controls) = mpsc::channel();
    stop_on_ctrl_c(sender).context("cannot listen for Ctrl-C")?;
    let service = Service::start(common, inject)?;
    println!("the Agent runs; Ctrl-C ends it");
    service.run(&controls, |_| {});
    Ok(ExitCode::SUCCESS)
}

struct Service {
    common: Common,
    inject: bool,
    tokens: Arc<UserTokens>,
    mode: OpenMode,
    worker: Worker,
    pipe: Option<PipeStop>,
}

impl Service {
    fn start(common: Common, inject: bool) -> Result<Self> {
        StateFolder::open(&common.state)?;
        // The file walk refuses links by itself; this comes on top where the system has it.
        drop(refuse_redirections());
        let mode = match enable_backup_privileges() {
            Ok(()) => OpenMode::BackupRestore,
            Err(error) => {
                tracing::warn!(%error, "Keys are opened with what their access lists grant");
                OpenMode::AsGranted
            }
        };
        let mut service =
            Self { common, inject, tokens: Arc::default(), mode, worker: Worker::default(), pipe: None };
        if inject {
            tracing::warn!("Sessions and events are taken from files: this is a test");
        }
        if !service.common.settings.turned_off {
            service.listen();
        }
        service.begin();
        let version = env!("CARGO_PKG_VERSION");
        logging::event(&events::STARTED, &[version, &service.common.state.display().to_string()]);
        Ok(service)
    }

    /// Without the pipe the Agent still acts on what Windows tells of sessions.
    fn listen(&mut self) {
        let server = match PipeServer::create(PIPE_NAME, LIMITS) {
            Ok(server) => server,
            Err(error) => return logging::event(&events::NO_PIPE, &[&error.to_string()]),
        };
        self.pipe = Some(server.stopper());
        let answers = Answers::new(self.worker.clone());
        thread::spawn(move || server.serve(move |peer, request| answers.answer(peer, request)));
    }

    /// Begins the work when the machine is enrolled.
    fn begin(&self) {
        if self.worker.is_started() {
            return;
        }
        if self.common.settings.turned_off {
            self.worker.set_idle_because("Group Policy has turned the Agent off");
            return;
        }
        match self.ports() {
            Ok(ports) => self.worker.start(AgentService::start(ports)),
            Err(error) => {
                let why = format!("{error:#}");
                if self.worker.set_idle_because(&why) {
                    tracing::error!("The Agent does nothing yet: {why}");
                }
            }
        }
    }

    fn ports(&self) -> Result<Ports> {
        let state = StateFolder::open(&self.common.state)?;
        let identity = Identity::load(state.identity())?;
        let settings = self.common.settings.clone();
        let host = WindowsHost::for_service(ProfileList::default(), self.mode, Arc::clone(&self.tokens))
            .context("this machine does not tell its name")?;
        let connections = EnrolledMachine::new(Arc::new(identity)).with_settings(settings.clone());
        Ok(Ports {
            state,
            host: Arc::new(host),
            control: self.sessions()?,
            connections: Arc::new(connections),
            clock: Arc::new(SystemClock::new()),
            settings,
        })
    }

    fn sessions(&self) -> Result<Arc<dyn SessionControl>> {
        let helper = std::env::current_exe().context("this program does not know where it is")?;
        let real = WindowsSessions::new(helper, Arc::clone(&self.tokens), self.mode);
        if !self.inject {
            return Ok(Arc::new(real));
        }
        let folder = self.common.state.clone();
        Ok(Arc::new(InjectedSessions { folder, tokens: Arc::clone(&self.tokens), real }))
    }

    /// Forwards until it is told to stop, and stops.
    fn run(self, controls: &Receiver<Control>, still_stopping: impl Fn(Duration)) {
        let shutdown = loop {
            match controls.recv_timeout(LOOK_FOR_IDENTITY) {
                Ok(Control::Stop) | Err(RecvTimeoutError::Disconnected) => break false,
                Ok(Control::Preshutdown) => break true,
                Ok(Control::Session { event, session }) => self.forward(session, event),
                Ok(Control::User(injected::CODE)) if self.inject => self.forward_injected(&self.common.state),
                Ok(Control::User(_)) => {}
                Err(RecvTimeoutError::Timeout) => self.begin(),
            }
        };
        if let Some(pipe) = &self.pipe {
            pipe.stop();
        }
        let worker = self.worker.clone();
        let stopping = thread::spawn(move || worker.stop(shutdown, if shutdown { SHUTDOWN } else { STOP }));
        let (every, promise) = STILL_STOPPING;
        let mut told = std::time::Instant::now();
        still_stopping(promise);
        while !stopping.is_finished() {
            thread::sleep(Duration::from_millis(20));
            if told.elapsed() > every {
                still_stopping(promise);
                told = std::time::Instant::now();
            }
        }
        logging::event(&events::STOPPED, &[]);
    }

    fn forward(&self, session: SessionId, event: u32) {
        if let Some(change) = change(event) {
            tracing::debug!(%session, ?change, "Windows tells of a session");
            self.worker.handle(ServiceEvent::Session { session, change });
        }
    }

    fn forward_injected(&self, folder: &Path) {
        match injected::events(folder) {
            Ok(events) => {
                events.iter().for_each(|injected| self.forward(SessionId(injected.session), injected.event));
            }
            Err(error) => tracing::error!("Cannot inject events: {error:#}"),
        }
    }
}

/// The `WTS_…` codes (Microsoft, "WM_WTSSESSION_CHANGE message"); others tell nothing that the Agent acts on.
fn change(event: u32) -> Option<SessionChange> {
    Some(match event {
        1 | 3 => SessionChange::Connect,
        2 | 4 => SessionChange::Disconnect,
        5 => SessionChange::Logon,
        6 => SessionChange::Logoff,
        7 => SessionChange::Lock,
        8 => SessionChange::Unlock,
        _ => return None,
    })
}
