//! Damage that Storage Servers tell of: kept once, shown, and acknowledged.

use std::{fs, time::Duration};

use mp_profile::{DataSetStore, Scope};
use mp_protocol::{Identity, client::ConsoleClient, paths};
use serde_json::{Value, json};

use crate::{
    data_sets::{SID, data_set},
    roles::{account, json_as},
    support::Farm,
};

const OTHER: &str = "S-1-5-21-1-2-3-1002";

fn report(id: u8, sid: &str, scope: Value, remedy: Value) -> Value {
    json!({
        "id": format!("{id:02x}").repeat(32), "at": 1_000, "scope": scope, "sid": sid, "part": "current", "number": 3,
        "why": "its seal is another", "remedy": remedy, "found": "use"
    })
}

fn send(from: &Identity, reports: &[Value]) -> Result<Value, String> {
    let batch = json!({"sent": 2_000, "reports": reports});
    ConsoleClient::new(from).unwrap().post(paths::DAMAGE_REPORTS, &batch).map_err(|error| error.to_string())
}

fn list(farm: &Farm, query: &str) -> Vec<Value> {
    farm.get(&format!("/api/v1/storage-damage{query}")).ok(200)["items"].as_array().unwrap().clone()
}

#[test]
fn damage_is_kept_once_shown_and_acknowledged_with_a_note() {
    let farm = Farm::described();
    let storage = farm.storage("store1", "STORE1");
    let nothing = report(1, SID, json!("global"), json!({"done": "none"}));
    let told = send(&storage, &[nothing.clone(), json!({"id": "?"})]).unwrap();
    assert_eq!((&told["taken"][0], &told["refused"][0]["index"]), (&nothing["id"], &json!(1)));
    send(&storage, std::slice::from_ref(&nothing)).unwrap();
    let damage = list(&farm, "");
    assert_eq!(damage.len(), 1, "it is the same damage: {damage:?}");
    let damage = &damage[0];
    assert_eq!(
        (&damage["storage-server"], &damage["number"], &damage["code"], &damage["times"]),
        (&json!("STORE1"), &json!(3), &json!("MP-STO-123"), &json!(2))
    );
    let overview = farm.get("/api/v1/overview").ok(200)["storage-damage"].clone();
    assert_eq!((&overview["count"], &overview["newest"][0]["sid"]), (&json!(1), &json!(SID)));

    let path = format!("/api/v1/storage-damage/{}", damage["id"].as_str().unwrap());
    let note = json!({"note": "the disk was exchanged"});
    let acknowledged = farm.post(&format!("{path}/acknowledgement"), &note).ok(200);
    assert_eq!(acknowledged["acknowledged"]["by"], "admin");
    farm.post(&format!("{path}/acknowledgement"), &note).refused(409, "MP-CON-131");
    let line = farm.get("/api/v1/audit-log?limit=1").ok(200)["items"][0].clone();
    assert_eq!(
        (&line["action"], &line["details"]),
        (&json!("acknowledged"), &json!("the disk was exchanged"))
    );
    assert!(line["subject"].as_str().unwrap().contains(SID), "{line}");
    assert_eq!(farm.get("/api/v1/overview").ok(200)["storage-damage"]["count"], 0);
    assert_eq!((list(&farm, "?acknowledged=false").len(), list(&farm, "?acknowledged=true").len()), (0, 1));

    // What is done about it later is news; what was done already is not.
    send(&storage, std::slice::from_ref(&nothing)).unwrap();
    assert_eq!(list(&farm, "?acknowledged=false").len(), 0);
    let fell_back = report(1, SID, json!("global"), json!({"done": "fell-back", "from": 2, "to": 4}));
    send(&storage, &[fell_back]).unwrap();
    let open = list(&farm, "?acknowledged=false&storage-server=store1&search=1001");
    assert_eq!(
        (&open[0]["code"], &open[0]["fell-back-to"], &open[0]["current-as"], &open[0]["acknowledged"]),
        (&json!("MP-STO-120"), &json!(2), &json!(4), &Value::Null)
    );
    farm.get("/api/v1/storage-damage/x").refused(404, "MP-CON-130");
    farm.pass(24 * 91);
    farm.sign_in();
    assert_eq!(list(&farm, "").len(), 1, "what nobody has acknowledged stays");
}

#[test]
fn storage_servers_alone_tell_of_damage_and_who_is_held_to_a_group_sees_its_own() {
    let farm = Farm::described();
    let (storage, agent) = (farm.storage("store1", "STORE1"), farm.agent("ts01", Some("Office")));
    let error = send(&agent, &[]).unwrap_err();
    assert!(error.contains("MP-CON-066"), "{error}");
    let set_aside = json!({"done": "set-aside"});
    let reports = [
        report(1, SID, json!({"group": "Office"}), set_aside.clone()),
        report(2, OTHER, json!({"group": "Lab"}), set_aside.clone()),
        report(3, OTHER, json!("global"), set_aside),
    ];
    send(&storage, &reports).unwrap();
    assert_eq!(list(&farm, "").len(), 3);
    let session = account(&farm, "Bob", "operator", &json!(["office"]));
    let seen = json_as(&farm, &session, "GET", "/api/v1/storage-damage", &Value::Null).ok(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(seen["items"][0]["scope"], "group:Office");
    let overview = json_as(&farm, &session, "GET", "/api/v1/overview", &Value::Null).ok(200);
    assert_eq!(overview["storage-damage"]["count"], 1);
    let hidden = list(&farm, "?search=1002")[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/storage-damage/{hidden}/acknowledgement");
    json_as(&farm, &session, "POST", &path, &json!({})).refused(404, "MP-CON-130");
}

/// From the bytes on the disk to the console: the service falls back, and says so.
#[test]
fn a_storage_server_that_falls_back_says_so_to_the_console() {
    let farm = Farm::with_storage();
    let agent = farm.agent("ts01", None);
    let client = farm.storage_client(&agent);
    let sid = SID.parse().unwrap();
    let mut base = None;
    for seed in 1..3 {
        let stored = client.store(&Scope::Global, &sid, base.as_ref(), &data_set(seed)).unwrap();
        let mp_profile::Stored::As(tag) = stored else { panic!("{stored:?}") };
        base = Some(tag);
    }
    let current = farm.folder.path().join(format!("store/global/{SID}.mpd"));
    let mut bytes = fs::read(&current).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&current, bytes).unwrap();
    client.fetch(&Scope::Global, &sid, None).unwrap();
    let mut damage = Vec::new();
    for _ in 0..500 {
        damage = list(&farm, "");
        if !damage.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(damage.len(), 1, "{damage:?}");
    assert_eq!(
        (&damage[0]["sid"], &damage[0]["scope"], &damage[0]["number"], &damage[0]["remedy"]),
        (&json!(SID), &json!("global"), &json!(2), &json!("fell-back"))
    );
    assert_eq!((&damage[0]["fell-back-to"], &damage[0]["current-as"]), (&json!(1), &json!(3)));
    assert_eq!(damage[0]["found"], "use");
}
