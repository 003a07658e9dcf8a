//! Answers programs in sessions.

use std::{
    sync::{Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use mp_agent::{
    pipe_protocol::{MAX_REQUEST, PipeAnswer, PipeCommand, PipeRequest, PipeResult, RateLimit},
    service::{HelperRequest, ServiceEvent},
};
use mp_profile::machine::Request;
use mp_windows::{Peer, pipe::PipeLimits};

use super::{answer::to_helper, worker::Worker};

/// What clients may take of the service. A logon waits for as long as the plan says, so many may wait at once.
pub(crate) const LIMITS: PipeLimits = PipeLimits {
    request: MAX_REQUEST,
    patience: Duration::from_secs(5),
    clients: 256,
    clients_per_session: 4,
};
/// Longest wait for an answer of the user's machine, which has bounds of its own from the plan (at most 600 s).
const LONGEST: Duration = Duration::from_secs(620);

/// Answers requests.
pub(crate) struct Answers {
    worker: Worker,
    rate: Mutex<RateLimit>,
    started: Instant,
}

impl Answers {
    pub(crate) fn new(worker: Worker) -> Self {
        Self { worker, rate: Mutex::default(), started: Instant::now() }
    }

    pub(crate) fn answer(&self, peer: &Peer, request: &[u8]) -> Vec<u8> {
        // Administrators watch the service, and could stop it anyhow.
        let allowed = peer.administrator || self.may_ask(&peer.sid);
        let answer = if allowed {
            self.to(peer, request)
        } else {
            PipeAnswer::new(PipeResult::TooMany, "you ask too often; wait a minute")
        };
        answer.encode()
    }

    fn may_ask(&self, sid: &str) -> bool {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        rate.allows(sid, self.started.elapsed())
    }

    fn to(&self, peer: &Peer, request: &[u8]) -> PipeAnswer {
        let request = match PipeRequest::decode(request) {
            Ok(request) => request.command,
            Err(error) => {
                return PipeAnswer::new(PipeResult::Refused, format!("{:#}", anyhow::Error::new(error)));
            }
        };
        let user = peer.user();
        let request = match request {
            PipeCommand::Logon => Request::Logon,
            PipeCommand::Logoff => Request::Logoff,
            PipeCommand::Refresh => Request::Refresh,
            PipeCommand::Status => {
                let only = if peer.administrator { None } else { Some(user.as_ref()) };
                return PipeAnswer::new(PipeResult::Done, "").with_status(self.worker.status(only));
            }
        };
        let Some(sid) = user else {
            return PipeAnswer::new(PipeResult::Refused, "nothing is kept of this account");
        };
        let (reply, answered) = mpsc::sync_channel(1);
        let asked = HelperRequest {
            sid,
            session: peer.session,
            logon: (peer.logon != 0).then_some(peer.logon),
            request,
            // Nobody waits any more only when the bound has passed.
            reply: Box::new(move |answer| {
                let _ = reply.try_send(answer);
            }),
        };
        if !self.worker.handle(ServiceEvent::Request(asked)) {
            return PipeAnswer::new(PipeResult::Incomplete, self.worker.idle_because());
        }
        match answered.recv_timeout(LONGEST) {
            Ok(answer) => to_helper(answer),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                PipeAnswer::new(PipeResult::Continues, "the Agent goes on behind the session")
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                PipeAnswer::new(PipeResult::Failed, "the service stops")
            }
        }
    }
}
