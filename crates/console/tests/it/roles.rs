//! Who may do what: each role times each operation of the document, accounts, API tokens, and groups that somebody is held to.

use std::time::{SystemTime, UNIX_EPOCH};

use mp_protocol::{client::ConsoleClient, paths};
use serde_json::{Value, json};

use crate::support::{Answer, Farm, PASSWORD};

/// Which roles may do what: a(dministrator), o(perator), (a)u(ditor), by operation. An operation that is not here fails the
/// test: say who may do it, here and in `api/permissions.rs`.
const MATRIX: &[(&str, &str)] = &[
    ("sign-out", "aou"),
    ("get-session", "aou"),
    ("change-password", "aou"),
    ("get-overview", "aou"),
    ("list-users", "aou"),
    ("get-user", "aou"),
    ("list-data-sets", "aou"),
    ("list-versions", "aou"),
    ("get-version", "aou"),
    ("change-version", "ao"),
    ("browse-version", "ao"),
    ("get-file-of-version", "ao"),
    ("compare-versions", "ao"),
    ("restore-version", "ao"),
    ("delete-data-set", "ao"),
    ("list-quarantine", "aou"),
    ("delete-quarantined", "ao"),
    ("compare-quarantined", "ao"),
    ("adopt-quarantined", "ao"),
    ("read-sample-hive", "ao"),
    ("try-data-subset", "ao"),
    ("list-user-sessions", "aou"),
    ("get-user-session", "aou"),
    ("list-storage-servers", "aou"),
    ("create-storage-server", "a"),
    ("get-storage-server", "aou"),
    ("replace-storage-server", "a"),
    ("remove-storage-server", "a"),
    ("list-storage-status", "aou"),
    ("list-storage-damage", "aou"),
    ("get-storage-damage", "aou"),
    ("acknowledge-storage-damage", "ao"),
    ("list-webhooks", "a"),
    ("create-webhook", "a"),
    ("get-webhook", "a"),
    ("replace-webhook", "a"),
    ("remove-webhook", "a"),
    ("renew-webhook-secret", "a"),
    ("test-webhook", "a"),
    ("list-storage-moves", "aou"),
    ("create-storage-move", "a"),
    ("get-storage-move", "aou"),
    ("cancel-storage-move", "a"),
    ("finish-storage-move", "a"),
    ("list-agent-server-groups", "aou"),
    ("create-agent-server-group", "a"),
    ("get-agent-server-group", "aou"),
    ("replace-agent-server-group", "a"),
    ("remove-agent-server-group", "a"),
    ("list-data-subsets", "aou"),
    ("create-data-subset", "a"),
    ("get-data-subset", "aou"),
    ("replace-data-subset", "a"),
    ("remove-data-subset", "a"),
    ("list-machines", "aou"),
    ("get-machine", "aou"),
    ("assign-machine", "a"),
    ("revoke-machine", "a"),
    ("list-join-tokens", "au"),
    ("create-join-token", "a"),
    ("get-join-token", "au"),
    ("remove-join-token", "a"),
    ("export-configuration", "aou"),
    ("import-configuration", "a"),
    ("get-retention", "aou"),
    ("replace-retention", "a"),
    ("list-configuration-history", "aou"),
    ("get-former-configuration", "aou"),
    ("compare-former-configuration", "aou"),
    ("list-audit-log", "au"),
    ("prove-audit-log", "au"),
    ("list-administrators", "au"),
    ("create-administrator", "a"),
    ("get-administrator", "au"),
    ("change-administrator", "a"),
    ("remove-administrator", "a"),
    ("reset-password", "a"),
    ("unlock-administrator", "a"),
    ("reset-second-factor", "a"),
    ("get-second-factor", "aou"),
    ("begin-second-factor", "aou"),
    ("confirm-second-factor", "aou"),
    ("remove-second-factor", "aou"),
    ("renew-recovery-codes", "aou"),
    ("get-sign-in-policy", "au"),
    ("get-directory", "au"),
    ("replace-directory", "a"),
    ("check-directory", "a"),
    ("find-directory-users", "au"),
    ("find-directory-groups", "au"),
    ("get-openid-connect", "au"),
    ("replace-openid-connect", "a"),
    ("check-openid-connect", "a"),
    ("replace-sign-in-policy", "a"),
    ("list-api-tokens", "aou"),
    ("create-api-token", "aou"),
    ("get-api-token", "aou"),
    ("remove-api-token", "aou"),
];

const ROLES: [(char, &str); 3] = [('a', "administrator"), ('o', "operator"), ('u', "auditor")];

fn sign_in(farm: &Farm, name: &str, password: &str) -> Answer {
    let body = json!({"name": name, "password": password}).to_string();
    farm.call_as(None, "POST", "/api/v1/sessions", &[("content-type", "application/json")], &body)
}

fn token(farm: &Farm, name: &str, password: &str) -> String {
    sign_in(farm, name, password).ok(201)["token"].as_str().unwrap().to_owned()
}

/// Makes an account and changes its first password. Gives a session of it.
pub(crate) fn account(farm: &Farm, name: &str, role: &str, groups: &Value) -> String {
    let created =
        farm.post("/api/v1/administrators", &json!({"name": name, "role": role, "groups": groups})).ok(201);
    let first = created["password"].as_str().unwrap();
    let session = token(farm, name, first);
    let body = json!({"current": first, "new": PASSWORD});
    json_as(farm, &session, "PUT", "/api/v1/administrators/current/password", &body).ok(204);
    session
}

pub(crate) fn json_as(farm: &Farm, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("if-match", "*")];
    let body = if method == "GET" { String::new() } else { body.to_string() };
    farm.call_as(Some(token), method, path, &headers, &body)
}

#[test]
fn each_role_may_do_what_it_is_for_and_nothing_else() {
    let farm = Farm::new();
    let document = farm.get("/api/v1/openapi.json").ok(200);
    let mut tested = Vec::new();
    for (letter, role) in ROLES {
        account(&farm, role, role, &Value::Null);
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                if operation["security"].as_array().is_some_and(|of| of.contains(&json!({}))) {
                    continue;
                }
                let (_, roles) = MATRIX
                    .iter()
                    .find(|(operation, _)| *operation == id)
                    .unwrap_or_else(|| panic!("who may {id}? say so in the matrix"));
                // Signing out ends the session, so each has its own.
                let session =
                    if id == "sign-out" { token(&farm, role, PASSWORD) } else { token_of(&farm, role) };
                let address = ["{id}", "{name}", "{sid}", "{revision}", "{scope}", "{number}"]
                    .into_iter()
                    .zip(["00000000000000000000000000000000", "X", "S-1-5-21-1-2-3-1001", "9", "global", "1"])
                    .fold(path.clone(), |path, (name, value)| path.replace(name, value));
                assert!(!address.contains('{'), "{address}");
                let answer = json_as(&farm, &session, &method.to_ascii_uppercase(), &address, &json!({}));
                if roles.contains(letter) {
                    assert!(![401, 403].contains(&answer.status), "{role} may not {id}: {answer:?}");
                } else {
                    assert_eq!(answer.status, 403, "{role} may {id}: {answer:?}");
                    answer.refused(403, "MP-CON-006");
                }
                tested.push(id.to_owned());
            }
        }
    }
    let left: Vec<_> = MATRIX.iter().filter(|(id, _)| !tested.iter().any(|tested| tested == id)).collect();
    assert!(left.is_empty(), "no such operations: {left:?}");
}

/// One session per role is enough; signing in is slow on purpose.
fn token_of(farm: &Farm, role: &str) -> String {
    let mut known = farm.sessions.lock().unwrap();
    known.entry(role.to_owned()).or_insert_with(|| token(farm, role, PASSWORD)).clone()
}

#[test]
fn a_first_password_is_good_for_changing_it_alone() {
    let farm = Farm::new();
    let created = farm.post("/api/v1/administrators", &json!({"name": "Ada", "role": "auditor"})).ok(201);
    let first = created["password"].as_str().unwrap();
    let session = token(&farm, "ada", first);
    let get = |path: &str| json_as(&farm, &session, "GET", path, &Value::Null);
    get("/api/v1/machines").refused(403, "MP-CON-007");
    let body = json!({"name": "x", "role": "auditor"});
    json_as(&farm, &session, "POST", "/api/v1/api-tokens", &body).refused(403, "MP-CON-007");
    let current = get("/api/v1/sessions/current").ok(200);
    assert_eq!((&current["must-change-password"], &current["role"]), (&json!(true), &json!("auditor")));
    assert_eq!(current["permissions"], json!(["own"]));
    let change = |new: &str| {
        let body = json!({"current": first, "new": new});
        json_as(&farm, &session, "PUT", "/api/v1/administrators/current/password", &body)
    };
    change(first).refused(400, "MP-CON-008");
    change("short").refused(400, "MP-CON-005");
    change(PASSWORD).ok(204);
    get("/api/v1/machines").ok(200);
    let current = get("/api/v1/sessions/current").ok(200);
    assert_eq!(current["permissions"], json!(["own", "tokens", "read", "audit"]));
    sign_in(&farm, "ada", first).refused(401, "MP-CON-003");

    let path = "/api/v1/administrators/Ada";
    let read = farm.get(path);
    let reset = farm.put(&format!("{path}/password"), &read.etag, &json!({"password": "a second first one"}));
    assert_eq!(reset.ok(200)["password"], Value::Null);
    get("/api/v1/machines").refused(401, "MP-CON-002");
    let session = token(&farm, "Ada", "a second first one");
    json_as(&farm, &session, "GET", "/api/v1/overview", &Value::Null).refused(403, "MP-CON-007");
    farm.delete(path, &read.etag).refused(412, "MP-CON-028");
}

#[test]
fn somebody_is_always_left_who_may_do_everything() {
    let farm = Farm::new();
    let path = "/api/v1/administrators/admin";
    farm.delete(path, "*").refused(409, "MP-CON-082");
    farm.put(path, "*", &json!({"role": "auditor"})).refused(409, "MP-CON-082");
    farm.put(path, "*", &json!({"role": "administrator", "disabled": true})).refused(409, "MP-CON-082");
    let second = account(&farm, "second", "administrator", &Value::Null);
    // Nobody shuts himself out.
    farm.put(path, "*", &json!({"role": "administrator", "disabled": true})).refused(409, "MP-CON-086");
    farm.put(path, "*", &json!({"role": "auditor"})).refused(409, "MP-CON-086");
    farm.delete(path, "*").refused(409, "MP-CON-086");
    let disabled = json!({"role": "administrator", "disabled": true});
    json_as(&farm, &second, "PUT", path, &disabled).ok(200);
    farm.get(path).refused(401, "MP-CON-002");
    sign_in(&farm, "admin", PASSWORD).refused(401, "MP-CON-003");
    json_as(&farm, &second, "DELETE", "/api/v1/administrators/second", &Value::Null)
        .refused(409, "MP-CON-082");
    json_as(&farm, &second, "DELETE", path, &Value::Null).ok(204);
    json_as(&farm, &second, "GET", path, &Value::Null).refused(404, "MP-CON-080");
}

#[test]
fn what_is_no_account_is_refused() {
    let farm = Farm::described();
    let create = |body: Value| farm.post("/api/v1/administrators", &body);
    create(json!({"name": "ADMIN", "role": "auditor"})).refused(409, "MP-CON-081");
    create(json!({"name": " x", "role": "auditor"})).refused(400, "MP-CON-083");
    create(json!({"name": "a\u{0}", "role": "auditor"})).refused(400, "MP-CON-083");
    create(json!({"name": "x", "role": "king"})).refused(400, "MP-CON-010");
    create(json!({"name": "x", "role": "auditor", "password": "short"})).refused(400, "MP-CON-005");
    create(json!({"name": "x", "role": "administrator", "groups": ["Lab"]})).refused(400, "MP-CON-083");
    create(json!({"name": "x", "role": "operator", "groups": []})).refused(400, "MP-CON-083");
    create(json!({"name": "x", "role": "operator", "groups": ["Nowhere"]})).refused(400, "MP-CON-083");
    sign_in(&farm, "a\u{0}", PASSWORD).refused(401, "MP-CON-003");
}

#[test]
fn an_account_is_locked_after_many_failures_for_a_while() {
    let farm = Farm::new();
    account(&farm, "Ada", "auditor", &Value::Null);
    for _ in 0..9 {
        sign_in(&farm, "Ada", "wrong").refused(401, "MP-CON-003");
    }
    // The address has had its failures; the account has one left, which it gets when the address may go on.
    farm.pass(1);
    sign_in(&farm, "Ada", "wrong").refused(401, "MP-CON-003");
    sign_in(&farm, "Ada", PASSWORD).refused(401, "MP-CON-003");
    farm.sign_in();
    let locked = farm.get("/api/v1/administrators/Ada");
    assert!(locked.ok(200)["locked-until"].is_string());
    let unlocked = farm.delete("/api/v1/administrators/Ada/lock", &locked.etag);
    unlocked.ok(204);
    sign_in(&farm, "Ada", PASSWORD).ok(201);
}

#[test]
fn a_session_that_is_not_used_ends_before_the_others() {
    let farm = Farm::new();
    farm.pass_minutes(50);
    farm.get("/api/v1/overview").ok(200);
    farm.pass_minutes(50);
    farm.get("/api/v1/overview").ok(200);
    farm.pass_minutes(61);
    farm.get("/api/v1/overview").refused(401, "MP-CON-002");
}

#[test]
fn an_api_token_may_what_its_role_and_its_owner_may() {
    let farm = Farm::described();
    let create = |session: &str, body: Value| json_as(&farm, session, "POST", "/api/v1/api-tokens", &body);
    let admin = farm.token();
    let reader = create(&admin, json!({"name": "reader", "role": "auditor", "lifetime-days": 2})).ok(201);
    let reader = reader["token"].as_str().unwrap();
    json_as(&farm, reader, "GET", "/api/v1/audit-log", &Value::Null).ok(200);
    json_as(&farm, reader, "POST", "/api/v1/data-subsets", &json!({})).refused(403, "MP-CON-006");
    let writer = create(&admin, json!({"name": "writer", "role": "administrator"})).ok(201);
    let writer = writer["token"].as_str().unwrap();
    json_as(&farm, writer, "POST", "/api/v1/agent-server-groups", &json!({"name": "New"})).ok(201);
    // Nothing about people, its owner included.
    for (method, path) in [
        ("PUT", "/api/v1/administrators/current/password"),
        ("POST", "/api/v1/administrators"),
        ("POST", "/api/v1/api-tokens"),
    ] {
        json_as(&farm, writer, method, path, &json!({})).refused(403, "MP-CON-006");
    }
    let last = farm.get("/api/v1/audit-log?limit=1").ok(200)["items"][0].clone();
    assert_eq!(last["who"], "administrator admin by API token \"writer\"");

    let operator = account(&farm, "Bob", "operator", &Value::Null);
    create(&operator, json!({"name": "x", "role": "administrator"})).refused(400, "MP-CON-083");
    create(&operator, json!({"name": "x", "role": "operator", "lifetime-days": 367}))
        .refused(400, "MP-CON-085");
    create(&operator, json!({"name": "x", "role": "operator"})).ok(201);
    let own = json_as(&farm, &operator, "GET", "/api/v1/api-tokens", &Value::Null).ok(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    assert!(!own.to_string().contains("mpt1."));
    let all = farm.get("/api/v1/api-tokens?search=READ").ok(200)["items"].clone();
    assert_eq!((all.as_array().unwrap().len(), &all[0]["owner"]), (1, &json!("admin")));
    let path = format!("/api/v1/api-tokens/{}", all[0]["id"].as_str().unwrap());
    json_as(&farm, &operator, "DELETE", &path, &Value::Null).refused(404, "MP-CON-084");
    let etag = farm.get(&path).etag;
    farm.delete(&path, &etag).ok(204);
    json_as(&farm, reader, "GET", "/api/v1/overview", &Value::Null).refused(401, "MP-CON-002");
    // A token does not outlive its time, nor its owner's rights.
    farm.pass(91 * 24);
    json_as(&farm, writer, "GET", "/api/v1/overview", &Value::Null).refused(401, "MP-CON-002");
}

#[test]
fn who_is_held_to_groups_sees_their_machines_users_and_sessions_alone() {
    let farm = Farm::described();
    let (office, lab) = (farm.agent("ts01", Some("Office")), farm.agent("ts02", Some("Lab")));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    for (agent, sid) in [(&office, "S-1-5-21-1-2-3-1001"), (&lab, "S-1-5-21-1-2-3-1002")] {
        let report = json!({
            "id": format!("{:032x}", 1), "session": "s1", "event": "logon", "sid": sid, "profile": "mandatory", "mode": "synchronous",
            "started": u64::try_from(now).unwrap(), "duration": 250, "plan-revision": 1, "outcome": "merged",
            "data-sets": [], "steps": [], "items": {"list": [], "more": 0}, "problems": []
        });
        let batch = json!({"sent": u64::try_from(now).unwrap(), "reports": [report]});
        ConsoleClient::new(agent).unwrap().post::<_, Value>(paths::SESSION_REPORTS, &batch).unwrap();
    }
    let session = account(&farm, "Bob", "operator", &json!(["lab"]));
    let get = |path: &str| json_as(&farm, &session, "GET", path, &Value::Null);
    let one = |path: &str, field: &str| {
        let items = get(path).ok(200)["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1, "{path}: {items}");
        items[0][field].as_str().unwrap().to_owned()
    };
    assert_eq!(one("/api/v1/machines", "name"), "ts02");
    assert_eq!(one("/api/v1/user-sessions", "host"), "ts02");
    assert_eq!(one("/api/v1/users", "sid"), "S-1-5-21-1-2-3-1002");
    get(&format!("/api/v1/machines/{}", office.machine().id)).refused(404, "MP-CON-030");
    get(&format!("/api/v1/machines/{}", lab.machine().id)).ok(200);
    get("/api/v1/users/S-1-5-21-1-2-3-1001").refused(404, "MP-CON-071");
    get("/api/v1/users/S-1-5-21-1-2-3-1002").ok(200);
    for session in farm.get("/api/v1/user-sessions").ok(200)["items"].as_array().unwrap() {
        let seen = get(&format!("/api/v1/user-sessions/{}", session["id"].as_str().unwrap()));
        assert_eq!(seen.status == 200, session["host"] == "ts02", "{seen:?}");
    }
}
