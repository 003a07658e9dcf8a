use mp_profile::Sid;
use mp_protocol::{
    MachineRole,
    session_report::{BatchAnswer, MAX_BATCH_REPORTS, RefusedReport, ReportBatch, SentReport},
};
use serde_json::Value;

use super::{Administrator, Core};
use crate::domain::{Page, Paging, Peer, Refusal, SessionFilter, TimedReport, UnixMillis, User, UserSession};

impl Core {
    /// Takes the reports of the Agent that sends them: whatever they say, they are about its own sessions. One that cannot
    /// be read does not hold up the others.
    pub(crate) async fn take_reports(
        &self,
        peer: &Peer,
        batch: ReportBatch<Value>,
    ) -> Result<BatchAnswer, Refusal> {
        let now = self.now();
        let farm = self.farm().await?;
        let machine = farm.authenticate(peer, now)?;
        if machine.role != MachineRole::Agent {
            return Err(Refusal::AgentsAlone);
        }
        if batch.reports.len() > MAX_BATCH_REPORTS {
            return Err(Refusal::Request(format!("a batch has at most {MAX_BATCH_REPORTS} reports")));
        }
        if batch.dropped > 0 {
            tracing::warn!(
                machine = %machine.id,
                name = machine.name,
                dropped = batch.dropped,
                "An Agent could not reach the console for so long that session reports were lost"
            );
        }
        let mut answer = BatchAnswer::default();
        let mut reports = Vec::new();
        for (index, report) in batch.reports.into_iter().enumerate() {
            match read(report) {
                Ok(report) => {
                    answer.taken.push(report.id.clone());
                    reports.push(TimedReport::at(report, batch.sent, now));
                }
                Err(reason) => {
                    tracing::warn!(machine = %machine.id, reason, "A session report is refused");
                    answer.refused.push(RefusedReport { index, reason });
                }
            }
        }
        self.database.keep_reports(now, &machine.id, &machine.name, &reports).await?;
        self.metrics.took_reports("session", answer.taken.len(), answer.refused.len());
        reports.iter().for_each(|report| self.metrics.session(report.report.outcome));
        Ok(answer)
    }

    /// Users' sessions.
    pub(crate) async fn user_sessions(
        &self,
        caller: &Administrator,
        filter: SessionFilter,
        paging: &Paging,
    ) -> Result<Page<UserSession>, Refusal> {
        let filter = SessionFilter { within: caller.groups(), ..filter };
        let mut page = self.database.user_sessions(&filter, paging).await?;
        let sids: Vec<Sid> = page.items.iter().map(|session| session.sid.clone()).collect();
        let names = self.database.names_of(&sids).await?;
        for session in &mut page.items {
            session.user = names.get(&session.sid).cloned();
        }
        Ok(page)
    }

    /// Users of whose sessions Agents have reported.
    pub(crate) async fn users(
        &self,
        caller: &Administrator,
        search: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<User>, Refusal> {
        let mut page = self.database.users(caller.groups().as_deref(), search, paging).await?;
        let sids: Vec<Sid> = page.items.iter().map(|user| user.sid.clone()).collect();
        let names = self.database.names_of(&sids).await?;
        for user in &mut page.items {
            user.name = names.get(&user.sid).cloned();
        }
        Ok(page)
    }

    /// One of them.
    pub(crate) async fn user(&self, caller: &Administrator, sid: &Sid) -> Result<User, Refusal> {
        let seen = self.database.has_session_within(sid, caller.groups().as_deref()).await?;
        let user = self.database.user(sid).await?.filter(|_| seen);
        let mut user = user.ok_or_else(|| Refusal::NoUser(sid.clone()))?;
        user.name = self.database.names_of(std::slice::from_ref(sid)).await?.remove(sid);
        Ok(user)
    }

    /// One session with its reports, oldest first.
    pub(crate) async fn user_session(
        &self,
        caller: &Administrator,
        id: &str,
    ) -> Result<(UserSession, Vec<TimedReport>), Refusal> {
        let mut found = self.database.user_session(id).await?;
        if let (Some((session, _)), Some(groups)) = (&found, caller.groups()) {
            let machine = self.database.machine(&session.machine).await?;
            let group = machine.and_then(|machine| machine.group);
            if !group.is_some_and(|group| groups.contains(&group)) {
                found = None;
            }
        }
        if let Some((session, _)) = &mut found {
            session.user =
                self.database.names_of(std::slice::from_ref(&session.sid)).await?.remove(&session.sid);
        }
        found.ok_or_else(|| Refusal::NoUserSession(id.chars().take(64).collect()))
    }

    /// Removes the sessions of which nothing was heard since a time.
    pub(super) async fn trim_user_sessions(&self, before: UnixMillis, days: u32) -> Result<(), Refusal> {
        let mut removed = 0;
        loop {
            match self.database.trim_user_sessions(before).await? {
                0 => break,
                some => removed += some,
            }
        }
        if removed > 0 {
            tracing::info!(removed, days, "Old sessions are removed");
        }
        Ok(())
    }
}

fn read(report: Value) -> Result<SentReport, String> {
    let report: SentReport = serde_json::from_value(report).map_err(|error| error.to_string())?;
    report.check().map_err(|error| error.to_string())?;
    Ok(report)
}
