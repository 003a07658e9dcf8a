//! What the service does now and then, for nobody's session.

use std::time::Duration;

use super::Ports;
use crate::{AgentError, CachedPlan, chain::chain};

/// Between two looks at the host's sessions, for events that were lost.
pub(super) const LIST_EVERY: Duration = Duration::from_secs(60);
/// Between two tries to send what waits and to get a newer plan.
pub(super) const CHORES_EVERY: Duration = Duration::from_secs(60);

impl Ports {
    /// Gets a newer plan, sends the reports, and what waits in the spool, also of users who are not there.
    pub fn do_chores(&self) {
        let cached = CachedPlan::load(&self.state).ok().flatten();
        match self.connections.newer_plan(cached.as_ref()) {
            Ok(Some(newer)) => {
                if let Err(error) = newer.save(&self.state) {
                    tracing::warn!(error = chain(&error), "The new plan is not kept");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(error, "The console gives no plan"),
        }
        let agent = self.agent();
        if let Err(error) = agent.send_reports() {
            tracing::debug!(error = chain(&error), "The console does not take reports");
        }
        match agent.spool().users() {
            Ok(users) if users.is_empty() => {}
            Ok(users) => {
                for sid in users {
                    match agent.upload(&sid) {
                        Ok(_) | Err(AgentError::NoPlan(_) | AgentError::TurnedOff) => {}
                        Err(error) => tracing::warn!(%sid, error = chain(&error), "The spool is not sent"),
                    }
                }
            }
            Err(error) => tracing::warn!(error = chain(&error), "The spool cannot be read"),
        }
    }
}
