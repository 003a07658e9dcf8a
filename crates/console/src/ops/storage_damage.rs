//! Damage that Storage Servers tell of, and who has seen it.

use mp_profile::Sid;
use mp_protocol::{
    MachineRole,
    damage::DamageReport,
    session_report::{BatchAnswer, MAX_BATCH_REPORTS, RefusedReport, ReportBatch},
};
use serde_json::Value;

use super::{Administrator, Core};
use crate::{
    domain::{Acknowledged, DamageFilter, Page, Paging, Peer, Refusal, StorageDamage, TimedDamage},
    repository::DAMAGE_ORDERS,
};

/// Most characters of the note of somebody who acknowledges.
const MAX_NOTE: usize = 500;
/// How much of the newest damage the overview tells one by one.
const OVERVIEW: u32 = 5;

impl Core {
    /// Takes the reports of the Storage Server that sends them. One that cannot be read does not hold up the others.
    pub(crate) async fn take_damage_reports(
        &self,
        peer: &Peer,
        batch: ReportBatch<Value>,
    ) -> Result<BatchAnswer, Refusal> {
        if peer.role != MachineRole::Storage {
            return Err(Refusal::StorageAlone);
        }
        let now = self.now();
        let farm = self.farm().await?;
        let machine = farm.authenticate(peer, now)?;
        if batch.reports.len() > MAX_BATCH_REPORTS {
            return Err(Refusal::Request(format!("a batch has at most {MAX_BATCH_REPORTS} reports")));
        }
        let server = machine.storage_server.as_deref().unwrap_or(&machine.name);
        let (mut answer, mut reports) = (BatchAnswer::default(), Vec::new());
        for (index, report) in batch.reports.into_iter().enumerate() {
            match read(report) {
                Ok(report) => reports.push(TimedDamage::at(report, batch.sent, now)),
                Err(reason) => {
                    tracing::warn!(machine = %machine.id, reason, "A report of damage is refused");
                    answer.refused.push(RefusedReport { index, reason });
                }
            }
        }
        let (taken, news) = self.database.keep_damage(now, server, &reports).await?;
        for TimedDamage { report, .. } in &news {
            tracing::warn!(
                server, sid = %report.sid, scope = %report.scope, number = report.number, why = report.why,
                "A Storage Server found damage"
            );
        }
        answer.taken = taken;
        self.metrics.took_reports("damage", answer.taken.len(), answer.refused.len());
        Ok(answer)
    }

    /// Damage, a page of it.
    pub(crate) async fn storage_damage(
        &self,
        caller: &Administrator,
        filter: DamageFilter,
        paging: &Paging,
    ) -> Result<Page<StorageDamage>, Refusal> {
        let filter = DamageFilter { within: caller.groups(), ..filter };
        let mut page = self.database.storage_damage(&filter, paging).await?;
        self.name_damage(&mut page.items).await?;
        Ok(page)
    }

    /// How much there is that nobody has acknowledged, and the newest of it.
    pub(crate) async fn open_damage(
        &self,
        caller: &Administrator,
    ) -> Result<(i64, Vec<StorageDamage>), Refusal> {
        let filter =
            DamageFilter { within: caller.groups(), acknowledged: Some(false), ..DamageFilter::default() };
        let count = self.database.open_damage(&filter).await?;
        if count == 0 {
            return Ok((0, Vec::new()));
        }
        let paging = Paging::read(DAMAGE_ORDERS, None, "-last", None, Some(OVERVIEW))?;
        Ok((count, self.storage_damage(caller, filter, &paging).await?.items))
    }

    /// One of them.
    pub(crate) async fn one_damage(
        &self,
        caller: &Administrator,
        id: &str,
    ) -> Result<StorageDamage, Refusal> {
        let filter = DamageFilter { within: caller.groups(), ..DamageFilter::default() };
        let found = self.database.one_damage(&filter, id).await?;
        let mut found = [found.ok_or_else(|| Refusal::NoDamage(id.chars().take(64).collect()))?];
        self.name_damage(&mut found).await?;
        let [found] = found;
        Ok(found)
    }

    /// Notes that somebody has seen it. It is not shown as something that needs attention any more.
    pub(crate) async fn acknowledge_damage(
        &self,
        caller: &Administrator,
        id: &str,
        note: &str,
    ) -> Result<StorageDamage, Refusal> {
        if note.chars().count() > MAX_NOTE || note.contains('\0') {
            return Err(Refusal::Request(format!("a note has at most {MAX_NOTE} characters and no NUL")));
        }
        let damage = self.one_damage(caller, id).await?;
        let at = self.now();
        let acknowledged = Acknowledged { at, by: caller.name().to_owned(), note: note.trim().to_owned() };
        let entry = caller.did("acknowledged", damage.to_string(), acknowledged.note.clone());
        if damage.acknowledged.is_some()
            || !self.database.acknowledge_damage(id, &acknowledged, &entry).await?
        {
            return Err(Refusal::DamageAcknowledged);
        }
        Ok(StorageDamage { acknowledged: Some(acknowledged), ..damage })
    }

    async fn name_damage(&self, damage: &mut [StorageDamage]) -> Result<(), Refusal> {
        let sids: Vec<Sid> = damage.iter().map(|damage| damage.sid.clone()).collect();
        let names = self.database.names_of(&sids).await?;
        for damage in damage {
            damage.user = names.get(&damage.sid).cloned();
        }
        Ok(())
    }
}

fn read(report: Value) -> Result<DamageReport, String> {
    let report: DamageReport = serde_json::from_value(report).map_err(|error| error.to_string())?;
    report.check().map_err(|error| error.to_string())?;
    Ok(report)
}
