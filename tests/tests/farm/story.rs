//! One user's day: TS1, then TS2 of the same group, then TS3 of another one.

use std::fs;

use mp_agent::Outcome;
use mp_dataset::FileAttributes;
use mp_registry::{Key, Name, Value, ValueType};
use tempfile::TempDir;

use crate::{
    station::{Station, content, sid, start},
    template,
};

const DESKTOP: &str = r"Control Panel\Desktop";
const MOUSE: &str = r"Control Panel\Mouse";
const LEDGER: &str = r"Software\Contoso\Ledger";
const RUN: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";

fn play(template: &Key) {
    let folder = TempDir::new().unwrap();
    let farm = start(&folder);
    let [ts1, ts2, ts3] = [("TS1", "Accounting"), ("TS2", "Accounting"), ("TS3", "Office")]
        .map(|(name, group)| Station::new(&farm, &folder, name, group, template));
    // A lone surrogate, a NUL and a type that nobody knows, as programs write them.
    let odd = Value::new(Name::from_units([0xD83D, 0x21, 0]), ValueType(0xFFFF), [1, 2, 3]);
    let signature = content("<p>Ada Byron</p>", FileAttributes::default());
    let settings = content(r#"{"currency":"GBP"}"#, FileAttributes::HIDDEN);

    let report = ts1.logon();
    assert_eq!(report.outcome, Outcome::Merged, "{report}");
    assert!(report.data_sets.iter().all(|set| set.result == "none stored"), "{report}");
    let run = started_at_logon(&ts1);
    ts1.set(DESKTOP, Value::sz("WallPaper", r"D:\harbour.jpg"));
    ts1.unset(DESKTOP, "CursorBlinkRate");
    ts1.set(MOUSE, Value::sz("DoubleClickSpeed", "900"));
    ts1.set(LEDGER, odd.clone());
    ts1.set(RUN, Value::sz("Updater", r"C:\Users\Public\u.exe"));
    ts1.set(r"Software\Fabrikam\Viewer", Value::dword("Zoom", 150));
    ts1.write(r"Microsoft\Signatures\Work.htm", &signature);
    ts1.delete(r"Microsoft\Signatures\Template.htm");
    ts1.write(r"Contoso\Ledger\settings.json", &settings);
    ts1.write(r"Contoso\Ledger\debug.log", &content("started", FileAttributes::default()));
    let report = ts1.logoff();
    assert_eq!(report.outcome, Outcome::Stored, "{report}");
    let exported = report.export.as_ref().unwrap();
    assert!(exported.notes.notes.iter().any(|note| note.place.contains("Run")), "{report}");

    // The same group: all of it, but for what is never kept.
    let report = ts2.logon();
    assert_eq!(report.outcome, Outcome::Merged, "{report}");
    assert_eq!(ts2.text(DESKTOP, "WallPaper").as_deref(), Some(r"D:\harbour.jpg"));
    assert_eq!(ts2.value(DESKTOP, "CursorBlinkRate"), None);
    assert_eq!(ts2.text(MOUSE, "DoubleClickSpeed").as_deref(), Some("900"));
    assert_eq!(ts2.value(LEDGER, odd.name.clone()), Some(odd.clone()));
    assert_eq!(started_at_logon(&ts2), run);
    assert_eq!(ts2.value(r"Software\Fabrikam\Viewer", "Zoom"), None);
    assert_eq!(ts2.file(r"Microsoft\Signatures\Work.htm"), Some(signature.clone()));
    assert_eq!(ts2.file(r"Microsoft\Signatures\Template.htm"), None);
    assert_eq!(ts2.file(r"Contoso\Ledger\settings.json"), Some(settings));
    assert_eq!(ts2.file(r"Contoso\Ledger\debug.log"), None);
    ts2.set(MOUSE, Value::sz("DoubleClickSpeed", "200"));
    ts2.set(LEDGER, Value::sz("Year", "2026"));
    assert_eq!(ts2.logoff().outcome, Outcome::Stored);

    // Another group: what is the farm's, as it was left at TS2, and nothing of the ledger.
    assert_eq!(ts3.logon().outcome, Outcome::Merged);
    assert_eq!(ts3.text(DESKTOP, "WallPaper").as_deref(), Some(r"D:\harbour.jpg"));
    assert_eq!(ts3.value(DESKTOP, "CursorBlinkRate"), None);
    assert_eq!(ts3.text(MOUSE, "DoubleClickSpeed").as_deref(), Some("200"));
    assert_eq!(ts3.value(LEDGER, odd.name.clone()), None);
    assert_eq!(ts3.file(r"Microsoft\Signatures\Work.htm"), Some(signature));
    assert_eq!(ts3.file(r"Microsoft\Signatures\Template.htm"), None);
    assert_eq!(ts3.file(r"Contoso\Ledger\settings.json"), None);
    let report = ts3.logoff();
    assert_eq!(report.outcome, Outcome::Stored, "{report}");
    assert!(report.data_sets.iter().all(|set| set.result == "unchanged"), "{report}");

    // What a day of one user costs the store; the former version is kept.
    let store = |scope: &str| farm.base_folder().join(scope).join(format!("{}.mpd", sid()));
    for scope in ["global", "accounting"] {
        let size = fs::metadata(store(scope)).unwrap().len();
        assert!(size < 4096, "{scope}: {size} bytes");
    }
    assert!(!store("office").exists());
    assert_eq!(ts1.logon().outcome, Outcome::Merged);
    assert_eq!(ts1.text(LEDGER, "Year").as_deref(), Some("2026"));
    farm.stop().unwrap();
}

/// What malware put at a place that never travels; a real profile may have something of that name.
fn started_at_logon(station: &Station) -> Option<Value> {
    station.value(RUN, "Updater")
}

#[test]
fn a_users_day_with_a_generated_profile() {
    play(&template::generated());
}

#[test]
fn a_users_day_with_a_real_profile() {
    if let Some(template) = template::real("a_users_day_with_a_real_profile") {
        play(&template);
    }
}
