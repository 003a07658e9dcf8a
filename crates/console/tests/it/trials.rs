//! Trials of data subsets on users' data sets and on sample hives.

use base64::{Engine, prelude::BASE64_STANDARD};
use mp_hive::{WriteOptions, write};
use mp_profile::{DataSetStore, Stored};
use mp_registry::{Key, KeyPath, Value as RegistryValue};
use serde_json::{Value, json};

use crate::{
    data_sets::{SID, data_set},
    roles::{account, json_as},
    support::{Answer, Farm},
};

const TRIALS: &str = "/api/v1/data-subset-trials";
const HIVES: &str = "/api/v1/sample-hives";

fn draft() -> Value {
    json!({
        "name": "",
        "applies": {"groups": ["Office"]},
        "registry": [
            {"key": "Software\\Contoso"},
            {"key": "Software\\Contoso\\Deep", "action": "exclude"},
        ],
        "folders": [{"folder": "Desktop", "max-file-bytes": 1}],
    })
}

fn on_user(subset: &Value) -> Value {
    json!({"subset": subset, "on": {"kind": "user", "sid": SID}})
}

/// A farm with a version of the group's data set whose number is of two digits.
fn stored() -> Farm {
    let farm = Farm::with_storage();
    let client = farm.storage_client(&farm.agent("ts01", Some("Office")));
    let scope = "group:Office".parse().unwrap();
    let stored = client.store(&scope, &SID.parse().unwrap(), None, &data_set(42)).unwrap();
    assert!(matches!(stored, Stored::As(_)));
    farm
}

fn hive() -> String {
    let mut root = Key::new("ROOT");
    let desktop = root.ensure(&KeyPath::parse("Control Panel\\Desktop"));
    desktop.set_value(RegistryValue::sz("Wallpaper", "C:\\sea.jpg"));
    desktop.set_value(RegistryValue::sz("", "default"));
    let run = root.ensure(&KeyPath::parse("Software\\Microsoft\\Windows\\CurrentVersion\\Run"));
    run.set_value(RegistryValue::sz("Updater", "C:\\updater.exe"));
    BASE64_STANDARD.encode(write(&root, &WriteOptions::default()).unwrap())
}

fn looks(farm: &Farm) -> Vec<Value> {
    farm.get("/api/v1/audit-log?action=looked%20at").ok(200)["items"].as_array().unwrap().clone()
}

#[test]
fn a_draft_says_what_it_would_keep_of_a_users_data() {
    let farm = stored();
    let tried = farm.post(TRIALS, &on_user(&draft())).ok(200);
    assert_eq!(tried["data-sets"], json!([{"scope": "group:Office", "version": 1}]));
    let rules = tried["rules"].as_array().unwrap();
    assert_eq!(rules[0]["kept"], json!({"keys": 1, "values": 2, "files": 0, "bytes": 4 + 16}), "{tried}");
    assert_eq!((&rules[1]["excludes"], &rules[1]["left-out"]["values"]), (&json!(true), &json!(1)));
    assert_eq!(rules[2]["refused"], json!({"keys": 0, "values": 0, "files": 1, "bytes": 2}));
    assert_eq!(tried["kept"]["values"], 2);
    assert!(tried["compressed-bytes"].as_u64().unwrap() >= rules[0]["compressed-bytes"].as_u64().unwrap());
    assert_eq!(
        (&tried["notes"][0]["code"], &tried["notes"][0]["place"]),
        (&json!("MP-PRF-107"), &json!("Desktop:notes\\a.txt"))
    );

    let audited = looks(&farm);
    assert_eq!(audited.len(), 1);
    assert_eq!(audited[0]["details"], "version 1: what data subset \"draft\" keeps of it");
    // Nothing was changed.
    assert_eq!(farm.get("/api/v1/data-subsets").ok(200), json!([]));
}

#[test]
fn a_trial_is_a_look_into_a_users_data() {
    let farm = stored();
    let as_who = |name: &str, role: &str, groups: &Value| -> Answer {
        let session = account(&farm, name, role, groups);
        json_as(&farm, &session, "POST", TRIALS, &on_user(&draft()))
    };
    as_who("of-office", "operator", &json!(["Office"])).ok(200);
    as_who("reader", "auditor", &Value::Null).refused(403, "MP-CON-006");
    as_who("of-lab", "operator", &json!(["Lab"])).refused(404, "MP-CON-121");
    assert_eq!(looks(&farm).len(), 1);
}

#[test]
fn a_sample_hive_shows_its_keys_and_is_tried() {
    let farm = Farm::described();
    let found = farm.post(HIVES, &json!({"hive": hive()})).ok(200);
    let keys: Vec<&str> =
        found["keys"].as_array().unwrap().iter().map(|key| key["path"].as_str().unwrap()).collect();
    assert_eq!(keys[..3], ["Control Panel", "Control Panel\\Desktop", "Software"]);
    assert_eq!(found["keys"][1]["values"], json!(["", "Wallpaper"]));
    assert_eq!(
        (&found["more"], &found["damage"], &found["dirty"]),
        (&json!(false), &json!(0), &json!(false))
    );

    let subset = json!({
        "name": "Desktop",
        "applies": "global",
        "registry": [{"key": "Control Panel"}, {"key": "Software\\Microsoft\\Windows"}],
    });
    let tried = farm.post(TRIALS, &json!({"subset": subset, "on": {"kind": "hive", "hive": hive()}})).ok(200);
    assert_eq!(tried["data-sets"], json!([]));
    assert_eq!(tried["rules"][0]["kept"]["values"], 2);
    assert_eq!(tried["rules"][1]["refused"]["values"], 1, "what starts programs: {tried}");
    assert_eq!(tried["notes"][0]["code"], "MP-PRF-101");
    assert!(looks(&farm).is_empty(), "nobody's stored data were looked at");
}

#[test]
fn what_cannot_be_tried_is_told() {
    let farm = stored();
    farm.post(HIVES, &json!({"hive": "bm8gaGl2ZQ=="})).refused(400, "MP-CON-122");
    farm.post(HIVES, &json!({"hive": "?"})).refused(400, "MP-CON-122");
    farm.post(HIVES, &json!({"hive": BASE64_STANDARD.encode([7; 8_192])})).refused(400, "MP-CON-122");
    let mut wrong = draft();
    wrong["registry"][0]["key"] = json!("HKCU\\Software");
    farm.post(TRIALS, &on_user(&wrong)).refused(400, "MP-CON-020");
    let mut elsewhere = draft();
    elsewhere["applies"] = json!({"groups": ["Nowhere"]});
    farm.post(TRIALS, &on_user(&elsewhere)).refused(400, "MP-CON-020");
    let mut global = draft();
    global["applies"] = json!("global");
    farm.post(TRIALS, &on_user(&global)).refused(404, "MP-CON-121");
    let with_group = json!({"subset": global, "on": {"kind": "user", "sid": SID, "group": "Office"}});
    assert_eq!(farm.post(TRIALS, &with_group).ok(200)["kept"]["values"], 2);
}
