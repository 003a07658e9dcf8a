//! The same with threads and a real clock: nothing is told twice, nothing hangs.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use mp_agent::service::{AgentService, HelperAnswer, HelperRequest, Ports, ServiceEvent};
use mp_profile::{
    Clock, SessionId, Sid,
    machine::{Answer, Request, SessionChange},
};
use mp_registry::FileTime;

use super::{Host, in_store};
use crate::{
    console::{FakeConsole, plan},
    station::{sid, user},
};

struct RealTime(Instant);

impl Clock for RealTime {
    fn now(&self) -> FileTime {
        FileTime(0x01DC_5B00_0000_0000 + u64::try_from(self.elapsed().as_nanos() / 100).unwrap())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

fn ask(
    service: &AgentService,
    sid: &Sid,
    session: SessionId,
    request: Request,
) -> mpsc::Receiver<HelperAnswer> {
    let (sender, receiver) = mpsc::channel();
    let reply = Box::new(move |answer| sender.send(answer).unwrap());
    let asked = HelperRequest { sid: sid.clone(), session, logon: None, request, reply };
    service.handle(ServiceEvent::Request(asked));
    receiver
}

#[test]
fn many_users_at_once_are_served_and_the_stop_takes_a_checkpoint_of_all() {
    let console = Arc::new(FakeConsole::default());
    let host = Host::new("TS1", &console, &plan(1));
    let clock = Arc::new(RealTime(Instant::now()));
    let service = AgentService::start(Ports { clock: Arc::clone(&clock) as _, ..host.ports.clone() });
    let users: Vec<Sid> = (0..20).map(|number| user(1001 + number)).collect();
    let mut answers = Vec::new();
    for sid in &users {
        let session = host.sessions.log_on(sid, clock.now()).unwrap();
        service.handle(ServiceEvent::Session { session, change: SessionChange::Logon });
        answers.push(ask(&service, sid, session, Request::Logon));
    }
    for answer in answers {
        assert_eq!(answer.recv().unwrap().answer, Answer::Merged);
        assert!(answer.recv().is_err(), "it is answered once");
    }
    for sid in &users {
        host.set(sid, "Theme", "dark");
    }
    assert_eq!(service.status().len(), users.len());
    service.stop(false, Duration::from_secs(60));
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
    assert!(users.iter().all(|sid| host.sessions.is_loaded(sid)), "their sessions go on");
    assert_eq!(users[0], sid());
}
