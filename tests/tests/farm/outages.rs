//! Storage restarts, the console is away.

use mp_agent::{Outcome, Sent};
use mp_registry::Value;
use tempfile::TempDir;

use crate::{
    station::{Station, start},
    template,
};

const MOUSE: &str = r"Control Panel\Mouse";

#[test]
fn storage_may_restart_and_the_console_may_be_away() {
    let folder = TempDir::new().unwrap();
    let mut farm = start(&folder);
    let template = template::generated();
    let ts1 = Station::new(&farm, &folder, "TS1", "Accounting", &template);
    let ts2 = Station::new(&farm, &folder, "TS2", "Accounting", &template);
    ts1.logon();
    ts1.set(MOUSE, Value::sz("DoubleClickSpeed", "900"));
    assert_eq!(ts1.logoff().outcome, Outcome::Stored);
    assert_eq!(ts2.logon().outcome, Outcome::Merged);
    ts2.set(MOUSE, Value::sz("SwapMouseButtons", "1"));

    // Storage goes down: the logoff waits in the spool, the next logon goes on from there.
    farm.stop_storage().unwrap();
    let report = ts2.logoff();
    assert_eq!(report.outcome, Outcome::Spooled, "{report}");
    let report = ts2.logon();
    assert_eq!(report.data_sets[0].result, "imported from the spool", "{report}");
    assert_eq!(ts2.text(MOUSE, "SwapMouseButtons").as_deref(), Some("1"));
    ts2.set(MOUSE, Value::sz("MouseTrails", "7"));
    assert_eq!(ts2.logoff().outcome, Outcome::Spooled);
    // Where nothing waits, the session starts with the defaults and replaces nothing.
    let report = ts1.logon();
    assert_eq!(report.outcome, Outcome::NotMerged, "{report}");
    assert_eq!(ts1.text(MOUSE, "DoubleClickSpeed").as_deref(), Some("500"));
    ts1.set(MOUSE, Value::sz("DoubleClickSpeed", "1"));
    assert_eq!(ts1.logoff().outcome, Outcome::Spooled);

    farm.start_storage().unwrap();
    let sent = ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert!(matches!(&sent.tried[..], [one] if matches!(one.result, Ok(Sent::Quarantined(_)))), "{sent:?}");
    let sent = ts2.agent(|agent| agent.send_spool(None)).unwrap();
    assert!(matches!(&sent.tried[..], [one] if matches!(one.result, Ok(Sent::Stored(_)))), "{sent:?}");

    // The console goes down: the plan on disk is enough, also for a storage that starts anew.
    farm.stop_console().unwrap();
    farm.stop_storage().unwrap();
    farm.start_storage().unwrap();
    let report = ts1.logon();
    assert_eq!(report.outcome, Outcome::Merged, "{report}");
    for (name, text) in [("DoubleClickSpeed", "900"), ("SwapMouseButtons", "1"), ("MouseTrails", "7")] {
        assert_eq!(ts1.text(MOUSE, name).as_deref(), Some(text), "{name}");
    }
    ts1.set(MOUSE, Value::sz("MouseTrails", "3"));
    assert_eq!(ts1.logoff().outcome, Outcome::Stored);
    ts2.logon();
    assert_eq!(ts2.text(MOUSE, "MouseTrails").as_deref(), Some("3"));
    farm.stop().unwrap();
}
