//! Users' data sets: versions, looks into them, differences, restores; with a Storage Server that runs.

use mp_dataset::{
    DataSet, FileChange, FileContent, FileEntry, FilePath, Limits, Origin, UnknownFields, decode, encode,
};
use mp_profile::{DataSetStore, Fetched, Scope, Sid, Stored, VersionTag};
use mp_protocol::StorageClient;
use mp_registry::{KeyAction, KeyEdit, KeyPath, Name, Value as RegistryValue, ValueEdit, ValueType};
use serde_json::{Value, json};

use crate::{
    roles::{account, json_as},
    support::Farm,
    user_sessions::{report, send},
};

pub(crate) const SID: &str = "S-1-5-21-1-2-3-1001";
const OFFICE: &str = "/api/v1/users/S-1-5-21-1-2-3-1001/data-sets/group:Office";

fn sid() -> Sid {
    SID.parse().unwrap()
}

fn office() -> Scope {
    "group:Office".parse().unwrap()
}

/// A data set in which everything is of one number.
pub(crate) fn data_set(number: u32) -> Vec<u8> {
    let origin = Origin { sid: SID.to_owned(), ..Origin::default() };
    let mut set = DataSet { origin, registry: KeyEdit::root(), ..DataSet::default() };
    let mut put = |path: &str, value: RegistryValue| {
        let key = set.registry.at_or_pass(&KeyPath::parse(path));
        key.action = KeyAction::Ensure;
        key.edit_value(ValueEdit::Set(value));
    };
    put("Software\\Contoso", RegistryValue::dword("Zoom", number));
    put("Software\\Contoso", RegistryValue::sz("Name", &format!("name {number}")));
    put("Software\\Contoso\\Deep", RegistryValue::new("Raw", ValueType::BINARY, number.to_le_bytes()));
    let lines: Vec<u8> = "one\0two\0\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    put("Software\\Other", RegistryValue::new("Lines", ValueType::MULTI_SZ, lines));
    let path = FilePath { folder: "Desktop".to_owned(), components: vec!["notes".into(), "a.txt".into()] };
    let content = FileContent {
        modified: Default::default(),
        attributes: Default::default(),
        bytes: number.to_string().into_bytes().into(),
    };
    let change = FileChange::Present(content);
    set.replace_files(vec![FileEntry { path, change, unknown: UnknownFields::default() }]);
    let mut file = Vec::new();
    encode(&set, &mut file).unwrap();
    file
}

/// A farm with two versions in the scope of the group Office, of the numbers 1 and 2, and the Agent that stored them.
fn stored() -> (Farm, StorageClient, VersionTag) {
    let farm = Farm::with_storage();
    let agent = farm.agent("ts01", Some("Office"));
    let client = farm.storage_client(&agent);
    let mut last = None;
    for number in 1..=2 {
        let Stored::As(tag) = client.store(&office(), &sid(), last.as_ref(), &data_set(number)).unwrap()
        else {
            panic!("conflict")
        };
        last = Some(tag);
    }
    (farm, client, last.unwrap())
}

/// What the Agent gets at the next logon.
fn current(client: &StorageClient) -> DataSet {
    let Fetched::Data { bytes, .. } = client.fetch(&office(), &sid(), None).unwrap() else { panic!("none") };
    decode(&bytes[..], &Limits::default()).unwrap().into_data_set()
}

fn value(set: &DataSet, key: &str, name: &str) -> Option<ValueEdit> {
    set.registry.at(&KeyPath::parse(key)).and_then(|key| key.value(&Name::from(name))).cloned()
}

fn restore(farm: &Farm, etag: &str, body: &Value) -> crate::support::Answer {
    let headers = [("content-type", "application/json"), ("if-match", etag)];
    farm.call("POST", &format!("{OFFICE}/restore"), &headers, &body.to_string())
}

fn audited(farm: &Farm, action: &str) -> Vec<Value> {
    let path = format!("/api/v1/audit-log?action={}", action.replace(' ', "%20"));
    farm.get(&path).ok(200)["items"].as_array().unwrap().clone()
}

#[test]
fn versions_are_listed_with_where_they_came_from() {
    let (farm, _, tag) = stored();
    let sets = farm.get(&format!("/api/v1/users/{SID}/data-sets")).ok(200);
    assert_eq!(sets.as_array().unwrap().len(), 1, "{sets}");
    assert_eq!((&sets[0]["scope"], &sets[0]["versions"]), (&json!("group:Office"), &json!(2)));
    assert_eq!((&sets[0]["storage-server"], &sets[0]["problem"]), (&json!("STORE1"), &Value::Null));
    let list = farm.get(&format!("{OFFICE}/versions"));
    assert_eq!(list.etag, tag.0);
    let versions = list.ok(200);
    assert_eq!((&versions[0]["number"], &versions[0]["current"]), (&json!(2), &json!(true)));
    assert_eq!((&versions[0]["by"], &versions[0]["by-agent"]), (&json!("ts01"), &json!(true)));
    assert_eq!((&versions[0]["base"], &versions[1]["kept"]), (&json!(1), &json!(true)));
    assert_eq!(versions[0]["digest"].as_str().unwrap().len(), 64);
    // Nothing of its content was looked at.
    assert!(audited(&farm, "looked at").is_empty());
    farm.get(&format!("{OFFICE}/versions/9")).refused(404, "MP-CON-111");
    farm.get(&format!("/api/v1/users/{SID}/data-sets/group:Nowhere/versions")).refused(404, "MP-CON-110");
    farm.get(&format!("/api/v1/users/{SID}/data-sets/x/versions")).refused(400, "MP-CON-011");
    let none = farm.get(&format!("/api/v1/users/{SID}/data-sets/global/versions"));
    assert_eq!((none.etag.as_str(), none.ok(200)), ("\"none\"", json!([])));
}

#[test]
fn content_is_looked_at_piece_by_piece_and_each_look_is_noted() {
    let (farm, ..) = stored();
    let content = |query: &str| farm.get(&format!("{OFFICE}/versions/2/content?{query}"));
    let top = content("").ok(200);
    assert_eq!(
        (&top["keys"][0]["name"], &top["folders"][0]["path"]),
        (&json!("Software"), &json!("Desktop"))
    );
    let key = content("key=Software%5CContoso").ok(200);
    assert_eq!(
        (&key["keys"][0]["path"], &key["keys"][0]["values"]),
        (&json!("Software\\Contoso\\Deep"), &json!(1))
    );
    let values = key["values"].as_array().unwrap();
    assert_eq!((&values[0]["name"], &values[0]["item"]["text"]), (&json!("Name"), &json!("name 2")));
    assert_eq!(values[1]["item"]["number"], json!("0x00000002 (2)"));
    let deep = content("key=software%5Ccontoso%5Cdeep").ok(200);
    assert_eq!(deep["values"][0]["item"]["hex"], json!("02 00 00 00"));
    let other = content("key=Software%5COther").ok(200);
    assert_eq!(other["values"][0]["item"]["lines"], json!(["one", "two"]));
    let notes = content("folder=Desktop%3Anotes").ok(200);
    assert_eq!(
        (&notes["files"][0]["path"], &notes["files"][0]["item"]["bytes"]),
        (&json!("Desktop:notes\\a.txt"), &json!(1))
    );
    let found = content("search=NAME%202").ok(200);
    assert_eq!(
        (&found["found"][0]["key"], &found["found"][0]["value"]),
        (&json!("Software\\Contoso"), &json!("Name"))
    );
    content("key=Nowhere").refused(404, "MP-CON-114");
    content("key=a&folder=b").refused(400, "MP-CON-011");
    let file = farm.get(&format!("{OFFICE}/versions/1/file?file=Desktop%3Anotes%5Ca.txt"));
    assert_eq!(
        (file.status, file.text.as_str(), file.content_type.as_str()),
        (200, "1", "application/octet-stream")
    );

    let looks = audited(&farm, "looked at");
    assert!(looks.iter().any(|line| line["details"] == "version 2: HKCU\\Software\\Contoso"), "{looks:?}");
    assert!(looks.iter().all(|line| line["subject"] == format!("data set group:Office of user {SID}")));
    assert_eq!(audited(&farm, "took a copy from")[0]["details"], json!("version 1: Desktop:notes\\a.txt"));
}

#[test]
fn two_versions_are_compared() {
    let (farm, ..) = stored();
    let difference = farm.get(&format!("{OFFICE}/versions/2/difference")).ok(200);
    assert_eq!((&difference["former"], &difference["total"]), (&json!(1), &json!(4)));
    let changes = difference["changes"].as_array().unwrap();
    let zoom = changes.iter().find(|change| change["value"] == "Zoom").unwrap();
    assert_eq!((&zoom["differs"], &zoom["sort"]), (&json!("changed"), &json!("value")));
    assert_eq!(zoom["before"]["number"], json!("0x00000001 (1)"));
    assert_eq!(zoom["after"]["number"], json!("0x00000002 (2)"));
    let one = farm.get(&format!("{OFFICE}/versions/2/difference?search=zoom&limit=1")).ok(200);
    assert_eq!((&one["total"], one["changes"].as_array().unwrap().len()), (&json!(1), 1));
    let first = farm.get(&format!("{OFFICE}/versions/1/difference")).ok(200);
    assert_eq!((&first["former"], &first["changes"][0]["differs"]), (&Value::Null, &json!("added")));
    let back = farm.get(&format!("{OFFICE}/versions/1/difference?with=2&skip=3")).ok(200);
    assert_eq!((&back["total"], back["changes"].as_array().unwrap().len()), (&json!(4), 1));
    assert_eq!(audited(&farm, "compared").len(), 4);
}

#[test]
fn one_value_is_restored_and_reaches_the_next_logon() {
    let (farm, client, tag) = stored();
    let agent = farm.agent("ts02", Some("Office"));
    assert_eq!(send(&agent, &[report(1, "s1", SID, "logon", "merged", 1)]).refused.len(), 0);
    let part = json!({"kind": "value", "key": "Software\\Contoso", "value": "Zoom"});
    let body = json!({"version": 1, "part": part, "reason": "asked for it"});
    let tried = farm.post(&format!("{OFFICE}/restore?dry-run=true"), &body);
    assert_eq!(tried.etag, tag.0);
    let tried = tried.ok(200);
    assert_eq!((&tried["total"], &tried["number"]), (&json!(1), &Value::Null));
    assert_eq!(tried["open-sessions"], json!(["ts02"]));
    assert_eq!(tried["changes"][0]["after"]["number"], json!("0x00000001 (1)"));
    assert_eq!(value(&current(&client), "Software\\Contoso", "Zoom"), Some(dword(2)), "nothing was done");

    farm.post(&format!("{OFFICE}/restore"), &body).refused(428, "MP-CON-027");
    restore(&farm, "\"another\"", &body).refused(412, "MP-CON-028");
    let done = restore(&farm, &tag.0, &body);
    let (etag, done) = (done.etag.clone(), done.ok(200));
    assert_eq!((&done["number"], &done["total"]), (&json!(3), &json!(1)));
    let now = current(&client);
    assert_eq!(value(&now, "Software\\Contoso", "Zoom"), Some(dword(1)));
    assert_eq!(
        value(&now, "Software\\Contoso", "Name"),
        Some(ValueEdit::Set(RegistryValue::sz("Name", "name 2")))
    );
    let list = farm.get(&format!("{OFFICE}/versions"));
    assert_eq!(list.etag, etag);
    let newest = &list.ok(200)[0];
    assert_eq!(
        (&newest["by"], &newest["by-agent"]),
        (&json!("administrator admin (console)"), &json!(false))
    );
    assert_eq!(newest["notes"], json!("HKCU\\Software\\Contoso: Zoom from version 1: asked for it"));
    restore(&farm, &etag, &body).refused(409, "MP-CON-115");

    let line = &audited(&farm, "restored")[0];
    assert!(line["details"].as_str().unwrap().starts_with("HKCU\\Software\\Contoso: Zoom from version 1"));
    let changes = &line["changes"];
    assert!(changes[0]["before"].as_str().unwrap().starts_with("version 2, "), "{changes}");
    assert!(changes[0]["after"].as_str().unwrap().starts_with("version 3, "), "{changes}");
    assert_eq!(changes[1]["subject"], json!("HKCU\\Software\\Contoso: Zoom"));
    assert_eq!(changes[1]["after"], json!("REG_DWORD 0x00000001 (1)"));
    assert_eq!(farm.get("/api/v1/audit-log/proof").ok(200)["intact"], json!(true));
}

fn dword(number: u32) -> ValueEdit {
    ValueEdit::Set(RegistryValue::dword("Zoom", number))
}

#[test]
fn keys_files_data_subsets_and_all_of_it_are_restored() {
    let (farm, client, _) = stored();
    let subset = json!({
        "name": "Contoso", "applies": {"groups": ["Office"]},
        "registry": [{"key": "Software\\Contoso"}],
    });
    let made = farm.post("/api/v1/data-subsets", &subset);
    assert_eq!(made.status, 201, "{made:?}");
    let part = |part: Value| json!({"version": 1, "part": part});
    let alone = restore(&farm, "*", &part(json!({"kind": "key", "key": "Software\\Contoso"}))).ok(200);
    assert_eq!(alone["total"], json!(2));
    let file = restore(&farm, "*", &part(json!({"kind": "file", "file": "Desktop:notes\\a.txt"}))).ok(200);
    assert_eq!((&file["total"], &file["changes"][0]["file"]), (&json!(1), &json!("Desktop:notes\\a.txt")));
    restore(&farm, "*", &part(json!({"kind": "folder", "folder": "Desktop:notes"})))
        .refused(409, "MP-CON-115");
    restore(&farm, "*", &json!({"version": 2, "part": {"kind": "everything"}})).ok(200);
    assert_eq!(value(&current(&client), "Software\\Contoso", "Zoom"), Some(dword(2)));
    let subset = restore(&farm, "*", &part(json!({"kind": "data-subset", "name": "Contoso"}))).ok(200);
    assert_eq!(subset["total"], json!(3));
    assert_eq!(
        current(&client).files[0],
        decode(&data_set(2)[..], &Limits::default()).unwrap().into_data_set().files[0]
    );
    restore(&farm, "*", &part(json!({"kind": "data-subset", "name": "Other"}))).refused(400, "MP-CON-116");
    let versions = farm.get(&format!("{OFFICE}/versions")).ok(200);
    assert_eq!((&versions[1]["restored-from"], &versions[0]["restored-from"]), (&json!(2), &Value::Null));
}

#[test]
fn a_version_is_pinned_and_a_data_set_deleted_and_brought_back() {
    let (farm, client, _) = stored();
    let path = format!("{OFFICE}/versions/1");
    let read = farm.get(&path);
    let listed = farm.get(&format!("{OFFICE}/versions")).ok(200);
    assert!(
        listed.as_array().unwrap().iter().any(|version| version["etag"] == read.etag.as_str()),
        "{listed}"
    );
    farm.put(&path, "\"x\"", &json!({"pinned": true})).refused(412, "MP-CON-028");
    let pinned = farm.put(&path, &read.etag, &json!({"pinned": true, "reason": "audit"}));
    assert_eq!(pinned.ok(200)["pinned"], json!(true));
    farm.put(&path, &read.etag, &json!({"pinned": false})).refused(412, "MP-CON-028");
    assert_eq!(farm.get(&path).ok(200)["pinned"], json!(true));

    let list = farm.get(&format!("{OFFICE}/versions"));
    farm.delete(OFFICE, &read.etag).refused(412, "MP-CON-028");
    farm.delete(&format!("{OFFICE}?reason=left%20us"), &list.etag).ok(204);
    assert_eq!(client.fetch(&office(), &sid(), None).unwrap(), Fetched::None);
    let list = farm.get(&format!("{OFFICE}/versions"));
    assert_eq!(list.etag, "\"none\"");
    let removed = &list.ok(200)[0]["removed"];
    assert_eq!(
        (&removed["reason"], &removed["by"]),
        (&json!("left us"), &json!("administrator admin (console)"))
    );
    let body = json!({"version": 1, "part": {"kind": "everything"}});
    restore(&farm, &list.etag, &body).ok(200);
    assert_eq!(value(&current(&client), "Software\\Contoso", "Zoom"), Some(dword(1)));
    assert_eq!(audited(&farm, "deleted").len(), 1);
}

#[test]
fn who_is_held_to_groups_reaches_their_data_sets_alone_and_an_auditor_sees_no_content() {
    let (farm, ..) = stored();
    let operator = account(&farm, "Lab", "operator", &json!(["Lab"]));
    let own = account(&farm, "Office", "operator", &json!(["Office"]));
    let auditor = account(&farm, "Auditor", "auditor", &Value::Null);
    let get = |token: &str, path: &str| json_as(&farm, token, "GET", path, &Value::Null);
    let versions = format!("{OFFICE}/versions");
    let content = format!("{OFFICE}/versions/1/content");
    get(&operator, &versions).refused(404, "MP-CON-110");
    get(&operator, &content).refused(404, "MP-CON-110");
    get(&own, &content).ok(200);
    get(&own, &format!("/api/v1/users/{SID}/data-sets/global/versions")).refused(404, "MP-CON-110");
    assert_eq!(get(&operator, &format!("/api/v1/users/{SID}/data-sets")).ok(200), json!([]));
    get(&auditor, &versions).ok(200);
    get(&auditor, &content).refused(403, "MP-CON-006");
    let body = json!({"version": 1, "part": {"kind": "everything"}});
    json_as(&farm, &operator, "POST", &format!("{OFFICE}/restore"), &body).refused(404, "MP-CON-110");
    json_as(&farm, &own, "POST", &format!("{OFFICE}/restore"), &body).ok(200);
    let line = &audited(&farm, "restored")[0];
    assert_eq!(line["who"], json!("administrator Office"));
}

#[test]
fn a_storage_server_that_is_away_is_said_so_and_hides_no_other() {
    let (mut farm, ..) = stored();
    farm.stop_storage();
    let sets = farm.get(&format!("/api/v1/users/{SID}/data-sets")).ok(200);
    assert_eq!(sets[0]["problem"]["code"], json!("MP-CON-119"), "{sets}");
    let away = farm.get(&format!("{OFFICE}/versions"));
    away.refused(503, "MP-CON-119");
    assert_eq!(away.content_type, "application/problem+json");
    assert!(away.json()["detail"].as_str().unwrap().contains("STORE1"), "{away:?}");
    restore(&farm, "*", &json!({"version": 1, "part": {"kind": "everything"}})).refused(503, "MP-CON-119");
}
