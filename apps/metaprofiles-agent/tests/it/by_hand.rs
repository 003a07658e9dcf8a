//! A user's settings from one simulated host to the next by data set files.

use std::fs;

use mp_hive::ReadOptions;
use mp_registry::{Key, KeyPath, Value};

use crate::support::{Place, SID};

fn hive(profile: &std::path::Path) -> Key {
    mp_hive::open(&profile.join("NTUSER.MAN"), ReadOptions::default()).unwrap().hive.root
}

#[test]
fn export_and_import_carry_registry_and_files() {
    let place = Place::new();
    let profile = place.with_session();
    let mut user = hive(&profile);
    user.ensure(&KeyPath::parse("Software\\App")).set_value(Value::sz("Theme", "dark"));
    user.ensure(&KeyPath::parse("Software\\Ledger")).set_value(Value::dword("Year", 2026));
    let bytes = mp_hive::write(&user, &mp_hive::WriteOptions::default()).unwrap();
    fs::write(profile.join("NTUSER.MAN"), bytes).unwrap();
    let app = profile.join("AppData/Roaming/App");
    fs::create_dir_all(&app).unwrap();
    fs::write(app.join("a.ini"), "a=1").unwrap();

    let rules = ["--sid", SID, "--subsets", "@subsets.toml", "--group", "TS"];
    let with = |command: &str, files: &[&str]| {
        let all: Vec<&str> = [command].iter().chain(&rules).chain(files).copied().collect();
        place.run(&all)
    };
    let files = ["--global", "@global.mpd", "--group-file", "@group.mpd", "--json"];
    let ended = with("export", &files).succeeded();
    assert_eq!(ended.json()["global"]["values"], 1);
    assert_eq!(ended.json()["global"]["files"], 1);
    assert_eq!(ended.json()["group"]["values"], 1);

    place.run(&["simulate", "logoff", "--sid", SID]).succeeded();
    let ended = place.run(&["simulate", "logon", "--sid", SID, "--user", "ada", "--json"]).succeeded();
    assert_eq!(ended.json()["profile"], profile.to_str().unwrap());
    assert!(!app.exists(), "the logon starts from the mandatory profile");
    let ended = with("import", &files).succeeded();
    assert_eq!(ended.json()["values_written"], 2);
    let user = hive(&profile);
    let value = |key: &str, name: &str| user.at(&KeyPath::parse(key)).unwrap().value(&name.into()).cloned();
    assert_eq!(value("Software\\App", "Theme"), Some(Value::sz("Theme", "dark")));
    assert_eq!(value("Software\\Ledger", "Year"), Some(Value::dword("Year", 2026)));
    assert_eq!(fs::read_to_string(app.join("a.ini")).unwrap(), "a=1");

    // A second import finds all as it should be.
    let again = with("import", &files).succeeded().json();
    assert_eq!(again["values_written"], 0);

    fs::write(place.path("global.mpd"), "no data set").unwrap();
    let ended = with("import", &files).failed(1);
    let text = ended.json()["error"].as_str().unwrap().to_owned();
    assert!(text.contains("global.mpd") && text.contains("no sound data set: "), "{text}");
}
