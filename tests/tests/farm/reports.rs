//! What Agents did is seen in the console.

use mp_agent::{Outcome, ReportsQueue, ReportsSent};
use mp_registry::Value;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::{
    station::{Station, sid, start},
    template,
};

const MOUSE: &str = r"Control Panel\Mouse";

fn waiting(station: &Station) -> usize {
    ReportsQueue::new(station.state.reports_out(), 10).waiting().unwrap()
}

fn array(value: &Json) -> &[Json] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[test]
fn the_console_shows_what_happened_in_a_session_and_why() {
    let folder = TempDir::new().unwrap();
    let mut farm = start(&folder);
    let template = template::generated();
    let [ts1, ts2] = ["TS1", "TS2"].map(|name| Station::new(&farm, &folder, name, "Accounting", &template));
    // Two sessions at once change the same value.
    ts1.logon();
    ts2.logon();
    ts1.set(MOUSE, Value::sz("DoubleClickSpeed", "a secret speed"));
    ts2.set(MOUSE, Value::sz("DoubleClickSpeed", "another secret"));
    assert_eq!(ts1.logoff().outcome, Outcome::Stored);
    assert_eq!(ts2.logoff().outcome, Outcome::Stored);
    for station in [&ts1, &ts2] {
        let sent = station.agent(|agent| agent.send_reports()).unwrap();
        assert_eq!((sent, waiting(station)), (ReportsSent { taken: 2, refused: 0 }, 0));
    }

    let administrator = farm.administrator();
    let list = administrator.get(&format!("/api/v1/user-sessions?sid={}", sid())).unwrap();
    assert_eq!(array(&list["items"]).len(), 2, "{list}");
    let list = administrator.get("/api/v1/user-sessions?host=ts2&outcome=stored").unwrap();
    let [session] = array(&list["items"]) else { panic!("{list}") };
    assert_eq!((&session["reports"], &session["overridden"]), (&json!(2), &json!(1)), "{session}");
    let path = format!("/api/v1/user-sessions/{}", session["id"].as_str().unwrap());
    let shown = administrator.get(&path).unwrap();
    let [logon, logoff] = array(&shown["timeline"]) else { panic!("{shown}") };
    assert_eq!((&logon["event"], &logon["outcome"]), (&json!("logon"), &json!("merged")));
    let steps: Vec<_> = array(&logon["steps"]).iter().map(|step| step["name"].clone()).collect();
    assert!(steps.contains(&json!("fetch and verify")) && steps.contains(&json!("import")), "{steps:?}");
    let first = &logoff["items"][0];
    assert_eq!((&first["fate"], &first["code"]), (&json!("overridden"), &json!("MP-AGT-220")), "{logoff}");
    assert!(first["place"].as_str().unwrap().ends_with("DoubleClickSpeed"), "{first}");
    assert!(!shown.to_string().contains("secret"), "contents stay in data sets: {shown}");

    // A console that is away holds up nobody; the reports come later.
    farm.stop_console().unwrap();
    assert_eq!(ts1.logon().outcome, Outcome::Merged);
    assert_eq!(ts1.logoff().outcome, Outcome::Stored);
    let error = ts1.agent(|agent| agent.send_reports()).unwrap_err();
    assert!(error.to_string().starts_with("MP-AGT-054"), "{error}");
    assert_eq!(waiting(&ts1), 2);
}
