//! An Agent Server is put into another group while something of the former one is under way.

use std::time::{Duration, Instant};

use mp_agent::{Outcome, Sent};
use mp_registry::Value;
use tempfile::TempDir;

use crate::{
    station::{Station, start},
    template,
};

const LEDGER: &str = r"Software\Contoso\Ledger";

/// Sends until the Storage Service, which learns of the move a moment later, takes all.
fn send(station: &Station) -> Vec<Sent> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut sent = Vec::new();
    loop {
        let deliveries = station.agent(|agent| agent.send_spool(None)).unwrap();
        assert!(deliveries.damaged.is_empty(), "{deliveries:?}");
        let mut refused = None;
        for delivery in deliveries.tried {
            match delivery.result {
                Ok(done) => sent.push(done),
                Err(error) => refused = Some(error),
            }
        }
        let Some(error) = refused else { return sent };
        assert!(Instant::now() < deadline, "{error}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_a_session_of_the_former_group_changed_arrives() {
    let folder = TempDir::new().unwrap();
    let mut farm = start(&folder);
    let template = template::generated();
    let moved = Station::new(&farm, &folder, "TS1", "Accounting", &template);
    let stays = Station::new(&farm, &folder, "TS2", "Accounting", &template);

    // It waits in the spool when the server is moved.
    moved.logon();
    moved.set(LEDGER, Value::sz("Account", "4711"));
    farm.stop_storage().unwrap();
    assert_eq!(moved.logoff().outcome, Outcome::Spooled);
    farm.move_agent("TS1", "Office").unwrap();
    assert_eq!(moved.newer_plan().plan.group.unwrap().as_str(), "Office");
    farm.start_storage().unwrap();
    let sent = send(&moved);
    assert!(!sent.is_empty() && sent.iter().all(|sent| matches!(sent, Sent::Stored(_))), "{sent:?}");
    stays.logon();
    assert_eq!(stays.text(LEDGER, "Account").as_deref(), Some("4711"));
    stays.logoff();

    // In the new group there is nothing of it.
    moved.logon();
    assert_eq!(moved.text(LEDGER, "Account"), None);
    assert_eq!(moved.logoff().outcome, Outcome::Stored);

    // The server is moved while the user is logged on.
    stays.logon();
    stays.set(LEDGER, Value::sz("Account", "0815"));
    farm.move_agent("TS2", "Office").unwrap();
    assert_eq!(stays.newer_plan().plan.group.unwrap().as_str(), "Office");
    let report = stays.logoff();
    if report.outcome != Outcome::Stored {
        send(&stays);
    }
    let third = Station::new(&farm, &folder, "TS3", "Accounting", &template);
    third.logon();
    assert_eq!(third.text(LEDGER, "Account").as_deref(), Some("0815"));

    // Who is in the group again is in it as before.
    farm.move_agent("TS2", "Accounting").unwrap();
    assert_eq!(stays.newer_plan().plan.group.unwrap().as_str(), "Accounting");
    stays.logon();
    assert_eq!(stays.text(LEDGER, "Account").as_deref(), Some("0815"));
    farm.stop().unwrap();
}
