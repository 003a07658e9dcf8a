//! Two sessions of one user at once, over the real wire and into a real folder.

use std::fs;

use mp_agent::Outcome;
use mp_registry::Value;
use tempfile::TempDir;

use crate::{
    station::{Station, start},
    template,
};

const MOUSE: &str = r"Control Panel\Mouse";

#[test]
fn what_two_sessions_changed_at_once_is_there_at_the_next_logon() {
    let folder = TempDir::new().unwrap();
    let farm = start(&folder);
    let template = template::generated();
    let [ts1, ts2, ts3] =
        ["TS1", "TS2", "TS3"].map(|name| Station::new(&farm, &folder, name, "Accounting", &template));
    ts1.logon();
    ts1.set(MOUSE, Value::sz("MouseTrails", "1"));
    ts1.logoff();

    assert_eq!((ts1.logon().outcome, ts2.logon().outcome), (Outcome::Merged, Outcome::Merged));
    ts1.set(MOUSE, Value::sz("DoubleClickSpeed", "900"));
    ts1.set(MOUSE, Value::sz("MouseTrails", "one"));
    ts2.set(MOUSE, Value::sz("SwapMouseButtons", "1"));
    ts2.set(MOUSE, Value::sz("MouseTrails", "two"));
    assert_eq!(ts1.logoff().outcome, Outcome::Stored);
    let report = ts2.logoff();
    assert_eq!(report.outcome, Outcome::Stored, "{report}");
    let [one] = &report.overrides.named[..] else { panic!("{report}") };
    assert!(one.place.ends_with("MouseTrails") && one.mine_kept, "{one:?}");

    assert_eq!(ts3.logon().outcome, Outcome::Merged);
    for (name, text) in [("DoubleClickSpeed", "900"), ("SwapMouseButtons", "1"), ("MouseTrails", "two")] {
        assert_eq!(ts3.text(MOUSE, name).as_deref(), Some(text), "{name}");
    }
    // The merged data set is current; the first session's and the other one's are former versions.
    assert_eq!(former_versions(folder.path()), 2);
}

/// Former versions of data sets anywhere below a folder.
fn former_versions(folder: &std::path::Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let count = |path: std::path::PathBuf| match path.is_dir() {
        true => former_versions(&path),
        false => usize::from(folder.extension().is_some_and(|extension| extension == "versions")),
    };
    entries.map(count).sum()
}
