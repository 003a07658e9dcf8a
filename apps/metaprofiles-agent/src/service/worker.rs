//! The Agent's service once this machine is enrolled, and nothing before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mp_agent::service::{AgentService, ServiceEvent};
use mp_profile::Sid;
use serde_json::{Value, json};

/// Shared by the pipe's clients and the main loop.
#[derive(Clone, Default)]
pub(crate) struct Worker(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    service: Option<AgentService>,
    idle_because: String,
}

impl Worker {
    pub(crate) fn start(&self, service: AgentService) {
        self.lock().service = Some(service);
    }

    pub(crate) fn is_started(&self) -> bool {
        self.lock().service.is_some()
    }

    /// Says why nothing is done, and whether that is news.
    pub(crate) fn set_idle_because(&self, why: &str) -> bool {
        let mut inner = self.lock();
        let news = inner.idle_because != why;
        why.clone_into(&mut inner.idle_because);
        news
    }

    pub(crate) fn idle_because(&self) -> String {
        self.lock().idle_because.clone()
    }

    /// Hands an event on; says whether there is a service that takes it.
    pub(crate) fn handle(&self, event: ServiceEvent) -> bool {
        let inner = self.lock();
        let Some(service) = &inner.service else { return false };
        service.handle(event);
        true
    }

    /// What is known of all users, or of one (of nobody, when the one who asks has no profile that is kept).
    pub(crate) fn status(&self, only: Option<Option<&Sid>>) -> Value {
        let inner = self.lock();
        let Some(service) = &inner.service else {
            return json!({ "idle-because": inner.idle_because, "users": [] });
        };
        let asked = |sid: &Sid| only.is_none_or(|only| only == Some(sid));
        let users: Vec<Value> = service
            .status()
            .into_iter()
            .filter(|user| asked(&user.sid))
            .map(|user| {
                json!({
                    "sid": user.sid,
                    "state": format!("{:?}", user.state),
                    "load": format!("{:?}", user.load),
                    "sessions": user.sessions.iter().map(|id| id.0).collect::<Vec<_>>(),
                    "job": user.job.map(|job| format!("{job:?}")),
                    "held": user.held,
                    "incidents": user.incidents.iter().map(|noted| format!("{noted:?}")).collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({ "users": users })
    }

    pub(crate) fn stop(&self, shutdown: bool, within: Duration) {
        // The lock is not held meanwhile: clients are told that there is no service any more.
        let service = self.lock().service.take();
        if let Some(service) = service {
            service.stop(shutdown, within);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
