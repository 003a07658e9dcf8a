use std::collections::BTreeMap;

use mp_protocol::{
    damage::{DamageFound, DamageRemedy, DamageReport, DamagedPart, MAX_WHY},
    digest::sha256,
};

use crate::backend::{Damage, Damaged, Inspection, Key, Remedy};

/// What an inspection found, as the console is told: one report for each damaged version, by the remedy that says most. The
/// current version may be found a second time among the former ones.
#[must_use]
pub fn damage_reports(key: &Key, inspection: &Inspection, found: DamageFound, at: u64) -> Vec<DamageReport> {
    let mut reports: BTreeMap<String, DamageReport> = BTreeMap::new();
    for damage in &inspection.damage {
        let report = report(key, damage, found, at);
        match reports.get(&report.id) {
            Some(known) if known.remedy.rank() >= report.remedy.rank() => {}
            _ => drop(reports.insert(report.id.clone(), report)),
        }
    }
    reports.into_values().collect()
}

fn report(key: &Key, damage: &Damage, found: DamageFound, at: u64) -> DamageReport {
    let (part, number, quarantine) = match &damage.what {
        Damaged::Current(number) => (DamagedPart::Current, Some(*number), None),
        Damaged::Former(number) => (DamagedPart::Former, Some(*number), None),
        Damaged::Quarantined(id) => (DamagedPart::Quarantined, None, Some(id.clone())),
    };
    let remedy = match damage.remedy {
        Remedy::None => DamageRemedy::None,
        Remedy::SetAside => DamageRemedy::SetAside,
        Remedy::NothingIntact => DamageRemedy::NothingIntact,
        Remedy::FellBack { from, to } => DamageRemedy::FellBack { from, to },
    };
    DamageReport {
        id: identity(key, number, quarantine.as_deref()),
        at,
        scope: key.scope.clone(),
        sid: key.sid.clone(),
        part,
        number,
        quarantine,
        why: damage.why.chars().filter(|c| *c != '\0').take(MAX_WHY).collect(),
        remedy,
        found,
    }
}

/// A damaged version is a former one after the fallback: its number is what stays.
fn identity(key: &Key, number: Option<u64>, quarantine: Option<&str>) -> String {
    let number = number.map(|number| number.to_string()).unwrap_or_default();
    let text = format!("{}\n{}\n{number}\n{}", key.scope, key.sid, quarantine.unwrap_or_default());
    sha256(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use mp_profile::Scope;

    use super::*;

    #[test]
    fn damage_has_one_identity_whatever_is_done_about_it() {
        let key = Key { scope: Scope::Global, sid: "S-1-5-21-1-2-3-1001".parse().expect("a SID") };
        let damage = |what, remedy| Damage { what, remedy, why: "why".to_owned() };
        let reports = |damage: Vec<Damage>| {
            let inspection = Inspection { damage, ..Inspection::default() };
            damage_reports(&key, &inspection, DamageFound::Use, 1)
        };
        let both = reports(vec![
            damage(Damaged::Former(3), Remedy::SetAside),
            damage(Damaged::Current(3), Remedy::FellBack { from: 2, to: 4 }),
        ]);
        assert_eq!(both.len(), 1);
        assert_eq!(
            (both[0].part, both[0].remedy),
            (DamagedPart::Current, DamageRemedy::FellBack { from: 2, to: 4 })
        );
        assert!(both.iter().all(|report| report.check().is_ok()));
        let later = reports(vec![damage(Damaged::Former(3), Remedy::None)]);
        assert_eq!(later[0].id, both[0].id);
        let others = reports(vec![
            damage(Damaged::Former(2), Remedy::None),
            damage(Damaged::Quarantined("3".to_owned()), Remedy::None),
        ]);
        assert_eq!(others.len(), 2);
        assert!(others.iter().all(|report| report.id != both[0].id && report.check().is_ok()));
    }
}
