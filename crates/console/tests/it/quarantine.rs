//! Uploads in quarantine: looked at, adopted, deleted.

use mp_profile::{DataSetStore, Stored};
use serde_json::{Value, json};

use crate::{
    data_sets::{SID, data_set},
    roles::{account, json_as},
    support::Farm,
};

const OFFICE: &str = "/api/v1/users/S-1-5-21-1-2-3-1001/data-sets/group:Office";
const REASON: &str = "its base is not known";

/// A farm with a version of number 1 and uploads of the numbers 2 and 3 beside it.
fn stored() -> (Farm, Vec<String>) {
    let farm = Farm::with_storage();
    let client = farm.storage_client(&farm.agent("ts01", Some("Office")));
    let (scope, sid) = ("group:Office".parse().unwrap(), SID.parse().unwrap());
    assert!(matches!(client.store(&scope, &sid, None, &data_set(1)).unwrap(), Stored::As(_)));
    for number in 2..=3 {
        client.quarantine(&scope, &sid, REASON, &data_set(number)).unwrap();
    }
    let list = farm.get(&format!("{OFFICE}/quarantine")).ok(200);
    let ids = list.as_array().unwrap().iter().map(|each| each["id"].as_str().unwrap().to_owned());
    let ids = ids.collect::<Vec<_>>();
    (farm, ids)
}

fn audited(farm: &Farm, action: &str) -> Vec<Value> {
    farm.get(&format!("/api/v1/audit-log?action={action}")).ok(200)["items"].as_array().unwrap().clone()
}

fn adopt(farm: &Farm, id: &str, etag: &str) -> crate::support::Answer {
    let headers = [("content-type", "application/json"), ("if-match", etag)];
    let body = json!({"reason": "the user says so"}).to_string();
    farm.call("POST", &format!("{OFFICE}/quarantine/{id}/adoption"), &headers, &body)
}

#[test]
fn an_upload_is_listed_and_compared_with_what_is_current() {
    let (farm, ids) = stored();
    assert_eq!(ids.len(), 2);
    let list = farm.get(&format!("{OFFICE}/quarantine")).ok(200);
    assert_eq!((&list[0]["reason"], &list[0]["agent"]), (&json!(REASON), &json!("ts01")));
    assert!(list[0]["at"].is_string() && list[0]["bytes"].as_u64().unwrap() > 0);
    let sets = farm.get(&format!("/api/v1/users/{SID}/data-sets")).ok(200);
    assert_eq!(sets[0]["quarantined"], 2);
    assert!(audited(&farm, "compared").is_empty());

    let differs = ids.iter().map(|id| farm.get(&format!("{OFFICE}/quarantine/{id}/difference")).ok(200));
    for told in differs {
        assert_eq!((&told["current"], &told["total"]), (&json!(1), &json!(4)), "{told}");
    }
    assert_eq!(audited(&farm, "compared").len(), 2);
    farm.get(&format!("{OFFICE}/quarantine/nowhere/difference")).refused(404, "MP-CON-123");

    let auditor = account(&farm, "reader", "auditor", &Value::Null);
    let ask =
        |path: &str| json_as(&farm, &auditor, "GET", &format!("{OFFICE}/quarantine{path}"), &Value::Null);
    ask("").ok(200);
    ask(&format!("/{}/difference", ids[0])).refused(403, "MP-CON-006");
    let elsewhere = account(&farm, "lab", "operator", &json!(["Lab"]));
    let list = format!("{OFFICE}/quarantine");
    json_as(&farm, &elsewhere, "GET", &list, &Value::Null).refused(404, "MP-CON-110");
}

#[test]
fn an_upload_becomes_a_version_or_is_deleted() {
    let (farm, ids) = stored();
    let list = farm.get(&format!("{OFFICE}/quarantine"));
    assert_eq!(adopt(&farm, &ids[0], &list.etag).ok(200), json!({"number": 2}));
    // What is current now was never looked at.
    adopt(&farm, &ids[1], &list.etag).refused(412, "MP-CON-028");
    adopt(&farm, &ids[0], "*").refused(404, "MP-CON-123");
    let versions = farm.get(&format!("{OFFICE}/versions")).ok(200);
    assert_eq!((&versions[0]["number"], &versions[0]["current"]), (&json!(2), &json!(true)));
    assert_eq!(versions[0]["notes"], "the user says so");
    assert_eq!(versions[1]["kept"], true);
    let entry = &audited(&farm, "adopted")[0];
    assert!(entry["details"].as_str().unwrap().ends_with(": the user says so"), "{entry}");

    let path = format!("{OFFICE}/quarantine/{}", ids[1]);
    farm.call("DELETE", &format!("{path}?reason=old"), &[], "").ok(204);
    farm.call("DELETE", &path, &[], "").refused(404, "MP-CON-123");
    assert_eq!(farm.get(&format!("{OFFICE}/quarantine")).ok(200), json!([]));
    let entry = &audited(&farm, "deleted")[0];
    assert!(entry["details"].as_str().unwrap().ends_with(": old"), "{entry}");
}
