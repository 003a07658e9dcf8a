//! How long the console keeps what it was told, and forgetting it afterwards.

use super::{Administrator, Core, Expected, Tagged};
use crate::{
    domain::{Kept, KeptSetting, Refusal, UnixMillis},
    repository::{AuditEntry, Setting},
};

impl Core {
    /// How long the console keeps what.
    pub(crate) async fn retention(&self, _: &Administrator) -> Result<Tagged<Kept>, Refusal> {
        let (kept, version) = self.kept().await?;
        Ok(Tagged { tag: version.to_string(), item: kept })
    }

    /// Says how long the console keeps what, whatever it was started with. What is too old goes at once.
    pub(crate) async fn set_retention(
        &self,
        caller: &Administrator,
        expected: &Expected,
        kept: Kept,
    ) -> Result<Tagged<Kept>, Refusal> {
        kept.check()?;
        let mut write = self.write().await?;
        let stored: Setting<KeptSetting> = write.setting(Kept::NAME).await?;
        expected.require(&stored.version.to_string())?;
        let before = stored.value.0.unwrap_or(self.started_with);
        write.set_setting(Kept::NAME, &KeptSetting(Some(kept)), "").await?;
        let tag = write.revision.to_string();
        write.commit(caller.changed("retention".to_owned(), before.told(), kept.told())).await?;
        self.trimming.notify_one();
        Ok(Tagged { tag, item: kept })
    }

    /// Waits until somebody changes how long something is kept.
    pub(crate) async fn retention_changed(&self) {
        self.trimming.notified().await;
    }

    /// Forgets what is older than it is kept.
    pub(crate) async fn trim(&self) -> Result<(), Refusal> {
        let (kept, _) = self.kept().await?;
        let now = self.now();
        let before = |days: u32| now.plus(-i64::from(days).saturating_mul(UnixMillis::DAY));
        self.trim_user_sessions(before(kept.session_days), kept.session_days).await?;
        while self.database.trim_damage(before(kept.session_days)).await? > 0 {}
        self.trim_deliveries().await?;
        match kept.audit_days {
            Some(days) => self.trim_audit_log(before(days), days).await,
            None => Ok(()),
        }
    }

    async fn kept(&self) -> Result<(Kept, i64), Refusal> {
        let stored: Setting<KeptSetting> = self.database.setting(Kept::NAME).await?;
        Ok((stored.value.0.unwrap_or(self.started_with), stored.version))
    }

    /// Removes lines of the audit log that are too old, which is a line of its own, at most once a day.
    async fn trim_audit_log(&self, before: UnixMillis, days: u32) -> Result<(), Refusal> {
        let oldest = self.database.oldest_audit_line().await?;
        if oldest.is_none_or(|oldest| oldest.plus(UnixMillis::DAY) > before) {
            return Ok(());
        }
        let entry = AuditEntry {
            who: "console".to_owned(),
            action: "trimmed",
            subject: "audit log".to_owned(),
            details: format!(
                "lines and former configurations from before {} ({days} days)",
                before.rfc3339()
            ),
            ..AuditEntry::default()
        };
        let mut removed = self.database.trim_audit_log(self.now(), before, Some(&entry)).await?;
        loop {
            match self.database.trim_audit_log(self.now(), before, None).await? {
                0 => break,
                some => removed += some,
            }
        }
        tracing::info!(removed, days, "Old lines of the audit log are removed");
        Ok(())
    }
}
