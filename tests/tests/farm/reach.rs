//! What an Agent may reach, and what a revoked one may not.

use std::time::{Duration, Instant};

use mp_agent::{Connections, Outcome};
use mp_profile::{Fetched, Scope, StoreError};
use mp_registry::Value;
use tempfile::TempDir;

use crate::{
    station::{Station, sid, start},
    template,
};

const LEDGER: &str = r"Software\Contoso\Ledger";

#[test]
fn an_agent_reaches_its_own_group_and_a_revoked_one_nothing() {
    let folder = TempDir::new().unwrap();
    let farm = start(&folder);
    let template = template::generated();
    let ts1 = Station::new(&farm, &folder, "TS1", "Accounting", &template);
    let ts3 = Station::new(&farm, &folder, "TS3", "Office", &template);
    ts1.logon();
    ts1.set(LEDGER, Value::sz("Year", "2026"));
    ts1.set(r"Control Panel\Mouse", Value::sz("MouseTrails", "7"));
    assert_eq!(ts1.logoff().outcome, Outcome::Stored);
    ts3.logon();
    ts3.logoff();

    // An Agent that claims another group: its certificate says who it is, and storage knows its group.
    let accounting = Scope::Group("Accounting".parse().unwrap());
    let store = ts3.machine.storage(&ts3.plan().plan).unwrap();
    assert!(matches!(store.fetch(&Scope::Global, &sid(), None), Ok(Fetched::Data { .. })));
    let refused = store.fetch(&accounting, &sid(), None);
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    let refused = store.store(&accounting, &sid(), None, b"mine");
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    let refused = store.quarantine(&accounting, &sid(), "mine", b"mine");
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");

    // Revoked while it is connected: the open connection serves it no longer.
    let store = ts1.machine.storage(&ts1.plan().plan).unwrap();
    assert!(matches!(store.fetch(&accounting, &sid(), None), Ok(Fetched::Data { .. })));
    farm.revoke_agent("TS1").unwrap();
    let revoked = Instant::now();
    while store.fetch(&accounting, &sid(), None).is_ok() {
        assert!(revoked.elapsed() < Duration::from_secs(10), "a revoked Agent is still served");
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("refused {:?} after the revocation", revoked.elapsed());
    let report = ts1.logon();
    assert_eq!(report.outcome, Outcome::NotMerged, "{report}");
    assert_eq!(ts1.value(LEDGER, "Year"), None);
    ts1.set(LEDGER, Value::sz("Year", "1"));
    assert_eq!(ts1.logoff().outcome, Outcome::Spooled);
    // Others are served as before.
    assert_eq!(ts3.logon().outcome, Outcome::Merged);
    farm.stop().unwrap();
}
