//! A machine's certificate is renewed while it works.

use std::time::SystemTime;

use mp_agent::{EnrolledMachine, Outcome, Renewal, renew_certificate};
use mp_protocol::Identity;
use mp_registry::Value;
use tempfile::TempDir;

use crate::{
    station::{Station, start},
    template,
};

#[test]
fn a_renewed_certificate_serves_on() {
    let folder = TempDir::new().unwrap();
    let farm = start(&folder);
    let mut ts1 = Station::new(&farm, &folder, "TS1", "Accounting", &template::generated());
    ts1.logon();
    ts1.set(r"Control Panel\Mouse", Value::sz("MouseTrails", "7"));
    ts1.logoff();

    let now = SystemTime::now();
    assert_eq!(renew_certificate(&ts1.state, false, now), Ok(Renewal::NotDue));
    let serial =
        |station: &Station| Identity::load(station.state.identity()).unwrap().certificate().serial.clone();
    let before = serial(&ts1);
    assert_eq!(renew_certificate(&ts1.state, true, now), Ok(Renewal::Done));
    assert_ne!(serial(&ts1), before);

    farm.wait_for_agent("TS1").unwrap();
    ts1.machine = EnrolledMachine::new(Identity::load(ts1.state.identity()).unwrap().into()).into();
    assert_eq!(ts1.logon().outcome, Outcome::Merged);
    assert_eq!(ts1.value(r"Control Panel\Mouse", "MouseTrails"), Some(Value::sz("MouseTrails", "7")));
    farm.stop().unwrap();
}
