//! What takes time: opening the profile, reading and writing it, waiting for storage.

use mp_dataset::ProfileKind;
use mp_profile::{
    HostError, Sid,
    machine::{Job, JobEnd, JobNumber},
};

use super::Ports;
use crate::{Agent, AgentError, CachedPlan, Outcome, SessionReport, chain::chain, session::GivenUp};

/// A job of one user. Whoever takes it runs it and tells its end.
#[derive(Clone, Debug)]
pub struct JobOrder {
    /// The user.
    pub sid: Sid,
    /// Number of the job.
    pub job: JobNumber,
    /// What is to be done.
    pub work: Job,
    /// Whether nobody waits for it any more.
    pub(super) given_up: GivenUp,
}

impl JobOrder {
    /// Does it. What went wrong is in the reports of the session.
    #[must_use]
    pub fn run(&self, ports: &Ports) -> JobEnd {
        let agent = ports.agent().until(self.given_up.clone());
        match self.work {
            Job::Look => look(&self.sid, ports, &agent),
            Job::Import => match ended(agent.import(&self.sid)) {
                JobEnd::Done if agent.rest_follows(&self.sid) => JobEnd::RestFollows,
                end => end,
            },
            Job::LateMerge => ended(agent.merge_late(&self.sid)),
            Job::MergeNewer => match agent.merge_newer(&self.sid) {
                Ok(report) if report.outcome == Outcome::Merged => JobEnd::Done,
                Ok(_) => JobEnd::Partly,
                Err(_) => JobEnd::Failed,
            },
            // Plans hold no registry tasks and policies yet that differ from what an import brings.
            Job::Tasks => JobEnd::Done,
            Job::Export { kind, aim } => ended(agent.export(&self.sid, kind, aim)),
            Job::Upload => match agent.upload(&self.sid) {
                Ok(true) => JobEnd::Done,
                Ok(false) => JobEnd::Partly,
                Err(error) => {
                    tracing::warn!(sid = %self.sid, error = chain(&error), "The spool is not sent");
                    JobEnd::Partly
                }
            },
        }
    }
}

fn ended(done: Result<SessionReport, AgentError>) -> JobEnd {
    match done {
        Ok(report) => match report.outcome {
            Outcome::Failed => JobEnd::Failed,
            Outcome::NotMerged | Outcome::Spooled | Outcome::Quarantined => JobEnd::Partly,
            _ => JobEnd::Done,
        },
        Err(AgentError::Host(HostError::NotLoaded(_))) => JobEnd::NotLoaded,
        Err(_) => JobEnd::Failed,
    }
}

fn look(sid: &Sid, ports: &Ports, agent: &Agent<'_>) -> JobEnd {
    // Whoever else works for the user now has looked already.
    let plan = CachedPlan::load(&ports.state).ok().flatten();
    let alone = agent.lock(sid, plan.as_ref()).ok();
    let mut profile = match ports.host.open(sid) {
        Ok(profile) => profile,
        Err(HostError::NotLoaded(_)) => return JobEnd::NotLoaded,
        Err(error) => {
            tracing::warn!(%sid, error = chain(&error), "The profile cannot be looked at");
            return JobEnd::Failed;
        }
    };
    let marker = agent.marker_of(sid, profile.as_ref());
    let kind = treated_as(profile.kind(), plan.as_ref(), ports);
    if alone.is_some()
        && kind == ProfileKind::Mandatory
        && let Some(cached) = &plan
        && let Err(error) = agent.take_first_look(sid, profile.as_mut(), &cached.plan)
    {
        tracing::warn!(%sid, error = chain(&error), "What the user changes before the import cannot be told from defaults");
    }
    JobEnd::Found { kind, marker }
}

/// The kind of profile for which something is done; `Unknown` for one that the administrator wants left alone.
fn treated_as(kind: ProfileKind, plan: Option<&CachedPlan>, ports: &Ports) -> ProfileKind {
    let captures = || plan.is_none_or(|cached| cached.plan.settings.capture_local_profiles);
    match kind {
        _ if ports.settings.turned_off => ProfileKind::Unknown,
        ProfileKind::Local | ProfileKind::Roaming if !captures() => ProfileKind::Unknown,
        kind => kind,
    }
}
