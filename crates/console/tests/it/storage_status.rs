//! What Storage Servers tell of their stores: shown, counted, and signalled once.

use mp_protocol::{Identity, client::ConsoleClient, paths};
use serde_json::{Value, json};

use crate::{
    data_sets::SID,
    roles::{account, json_as},
    support::Farm,
    webhooks::{HOOKS, Receiver, form},
};

const GIB: u64 = 1 << 30;

fn tell(from: &Identity, status: &Value) -> Result<(), String> {
    ConsoleClient::new(from)
        .unwrap()
        .post::<_, ()>(paths::STORAGE_STATUS, status)
        .map_err(|error| error.to_string())
}

fn near(scope: Value) -> Value {
    json!({"scope": scope, "sid": SID, "used-bytes": 90, "limit-bytes": 100})
}

fn attention(farm: &Farm) -> Vec<Value> {
    farm.get("/api/v1/overview").ok(200)["storage-status"].as_array().unwrap().clone()
}

#[test]
fn space_is_shown_and_little_of_it_needs_attention_and_is_signalled_once() {
    let farm = Farm::described();
    let receiver = Receiver::start();
    farm.post(HOOKS, &form(&receiver, json!(["storage-space-low", "storage-failing", "quota-near"]))).ok(201);
    let storage = farm.storage("store1", "STORE1");
    assert_eq!(farm.get("/api/v1/storage-status").ok(200), json!([]), "it has told nothing yet");
    let space = |free: u64| json!({"free-bytes": free * GIB, "total-bytes": 100 * GIB});
    tell(&storage, &space(50)).unwrap();
    let status = farm.get("/api/v1/storage-status").ok(200)[0].clone();
    assert_eq!(
        (&status["storage-server"], &status["free-bytes"], &status["total-bytes"], &status["low"]),
        (&json!("STORE1"), &json!(50 * GIB), &json!(100 * GIB), &json!(false))
    );
    assert!(attention(&farm).is_empty());

    for free in [9, 8, 11] {
        tell(&storage, &space(free)).unwrap();
        assert_eq!(attention(&farm)[0]["low"], true, "{free} GiB");
    }
    tell(&storage, &space(20)).unwrap();
    assert!(attention(&farm).is_empty());
    let mut quota = space(20);
    quota["near-quota"] = json!([near(json!("global"))]);
    tell(&storage, &quota).unwrap();
    tell(&storage, &quota).unwrap();
    assert_eq!(attention(&farm)[0]["near-quota"][0]["sid"], SID);
    tell(&storage, &json!({"problem": "is its disk mounted?"})).unwrap();
    let failing = attention(&farm);
    assert_eq!((&failing[0]["problem"], &failing[0]["low"]), (&json!("is its disk mounted?"), &json!(false)));

    let mut told = receiver.wait_for(3);
    told.sort_by_key(|told| told["type"].to_string());
    let types: Vec<_> = told.iter().map(|told| told["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["quota-near", "storage-failing", "storage-space-low"]);
    assert_eq!((&told[0]["data"]["sid"], &told[0]["data"]["limit-bytes"]), (&json!(SID), &json!(100)));
    assert_eq!(
        told[2]["data"],
        json!({"storage-server": "STORE1", "free-bytes": 9 * GIB, "total-bytes": 100 * GIB})
    );
}

#[test]
fn storage_servers_alone_tell_and_who_is_held_to_a_group_sees_its_users() {
    let farm = Farm::described();
    let (storage, agent) = (farm.storage("store1", "STORE1"), farm.agent("ts01", Some("Office")));
    let error = tell(&agent, &json!({})).unwrap_err();
    assert!(error.contains("MP-CON-066"), "{error}");
    let users =
        json!([near(json!("global")), near(json!({"group": "Office"})), near(json!({"group": "Lab"}))]);
    tell(&storage, &json!({"kept-bytes": 5, "near-quota": users})).unwrap();
    let all = farm.get("/api/v1/storage-status").ok(200)[0].clone();
    assert_eq!((all["near-quota"].as_array().unwrap().len(), &all["kept-bytes"]), (3, &json!(5)));
    let session = account(&farm, "Bob", "operator", &json!(["office"]));
    let seen = json_as(&farm, &session, "GET", "/api/v1/storage-status", &Value::Null).ok(200);
    assert_eq!(seen[0]["near-quota"].as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(seen[0]["near-quota"][0]["scope"], "group:Office");
}

/// From the volume to the console.
#[test]
fn a_storage_server_tells_its_space() {
    let farm = Farm::with_storage();
    for _ in 0..500 {
        if farm.get("/api/v1/storage-status").ok(200)[0].is_object() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let status = farm.get("/api/v1/storage-status").ok(200)[0].clone();
    let bytes = |name: &str| status[name].as_u64().unwrap_or_else(|| panic!("{status}"));
    assert!(bytes("free-bytes") > 0 && bytes("total-bytes") > bytes("free-bytes"), "{status}");
    assert_eq!((&status["problem"], &status["kept-bytes"]), (&Value::Null, &Value::Null));
}
