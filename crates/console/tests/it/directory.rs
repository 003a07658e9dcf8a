//! People and names of a real Active Directory, a Samba domain controller, asked by LDAPS.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mp_protocol::{client::ConsoleClient, paths};
use mp_test_servers::{Domain, Samba};
use serde_json::{Value, json};

use crate::support::{Answer, Farm, PASSWORD};

const ADA: &str = "Secret.of.Ada.1815";
const BOB: &str = "Secret.of.Bob.1970";
/// Nobody answers there.
const NOWHERE: &str = "127.0.0.1:1";

fn fill(domain: &Domain) {
    domain.tool(&["user", "create", "ada", ADA, "--given-name=Ada", "--surname=Lovelace"]);
    domain.tool(&["user", "create", "bob", BOB, "--given-name=Bob", "--surname=O(ne)*"]);
    for group in ["Helpdesk", "All Helpdesks", "Console Admins"] {
        domain.tool(&["group", "add", group]);
    }
    domain.tool(&["group", "addmembers", "Helpdesk", "ada"]);
    domain.tool(&["group", "addmembers", "All Helpdesks", "Helpdesk"]);
    domain.many_groups("many", 230);
}

fn samba() -> Option<&'static Samba> {
    Samba::server("the console on Active Directory", fill)
}

/// The settings of the domain, with a role for a group.
fn settings(samba: &Samba, servers: &[&str], group: &str, role: &str) -> Value {
    json!({
        "enabled": true, "servers": servers, "account": Samba::ACCOUNT.0, "password": Samba::ACCOUNT.1,
        "certificates": samba.ca(),
        "roles": [{"group": samba.sid("group", group), "name": group, "role": role}],
    })
}

fn set(farm: &Farm, settings: &Value) -> Value {
    farm.put("/api/v1/directory", "*", settings).ok(200)
}

fn sign_in(farm: &Farm, name: &str, password: &str) -> Answer {
    let body = json!({"name": name, "password": password}).to_string();
    farm.call_as(None, "POST", "/api/v1/sessions", &[("content-type", "application/json")], &body)
}

fn session(farm: &Farm, answer: &Answer) -> Value {
    let token = answer.ok(201)["token"].as_str().unwrap().to_owned();
    farm.call_as(Some(&token), "GET", "/api/v1/sessions/current", &[], "").ok(200)
}

#[test]
fn people_of_the_directory_sign_in_with_the_role_of_their_groups() {
    let Some(samba) = samba() else { return };
    let (farm, address) = (Farm::described(), samba.server_address());
    sign_in(&farm, "ada", ADA).refused(401, "MP-CON-003");
    // The first server is away; the next one answers.
    let operators = settings(samba, &[NOWHERE, &address], "All Helpdesks", "operator");
    let told = set(&farm, &operators);
    assert_eq!((&told["has-password"], told.get("password")), (&json!(true), None));
    assert_eq!(
        farm.post("/api/v1/directory/check", &json!({})).ok(200),
        json!({"server": address, "domain": "FARM"})
    );
    for name in ["ada", "ADA", r"farm\ada", "ada@farm.test"] {
        let current = session(&farm, &sign_in(&farm, name, ADA));
        assert_eq!(
            (&current["name"], &current["role"], &current["origin"]),
            (&json!(r"FARM\ada"), &json!("operator"), &json!("directory")),
            "{name}"
        );
    }
    for (name, password) in
        [("ada", "wrong"), ("ada", ""), (r"other\ada", ADA), ("ad*", ADA), ("*", ADA), ("ada)(cn=*", ADA)]
    {
        sign_in(&farm, name, password).refused(401, "MP-CON-003");
    }
    sign_in(&farm, "bob", BOB).refused(403, "MP-CON-094");

    // Another mapping counts from the next sign-in on, and is told.
    set(&farm, &settings(samba, &[&address], "Helpdesk", "auditor"));
    assert_eq!(session(&farm, &sign_in(&farm, "ada", ADA))["role"], "auditor");
    let log =
        farm.get("/api/v1/audit-log?action=got%20a%20role%20from%20the%20directory").ok(200)["items"].clone();
    assert_eq!(log[0]["changes"][0]["before"], "operator");
    assert_eq!(log[0]["changes"][0]["after"], "auditor");
    let failed = farm.get("/api/v1/audit-log?action=failed%20to%20sign%20in").ok(200).to_string();
    assert!(failed.contains("none of the groups has a role"), "{failed}");

    // Her password is not the console's to change, and she can be shut out here.
    farm.put("/api/v1/administrators/FARM%5Cada/password", "*", &json!({})).refused(409, "MP-CON-089");
    farm.put("/api/v1/administrators/FARM%5Cada", "*", &json!({"role": "auditor", "disabled": true})).ok(200);
    sign_in(&farm, "ada", ADA).refused(401, "MP-CON-003");
}

#[test]
fn a_directory_that_is_away_or_refuses_shuts_nobody_else_out_and_says_so() {
    let Some(samba) = samba() else { return };
    let farm = Farm::new();
    set(&farm, &settings(samba, &[NOWHERE], "Helpdesk", "operator"));
    for _ in 0..12 {
        sign_in(&farm, "ada", ADA).refused(503, "MP-CON-090");
    }
    sign_in(&farm, "admin", PASSWORD).ok(201);
    let check = || farm.post("/api/v1/directory/check", &json!({}));
    check().refused(503, "MP-CON-091");
    assert!(check().text.contains(NOWHERE));
    // A server whose certificate is not trusted is none.
    let mut other = settings(samba, &[&samba.server_address()], "Helpdesk", "operator");
    other["certificates"] = json!(certificate_of(&farm));
    set(&farm, &other);
    check().refused(503, "MP-CON-091");
    // So is one that does not know the console's account.
    let mut other = settings(samba, &[&samba.server_address()], "Helpdesk", "operator");
    other["password"] = json!("wrong");
    set(&farm, &other);
    assert!(check().text.contains("does not take the console's account"));
    sign_in(&farm, "ada", ADA).refused(503, "MP-CON-090");
}

/// The certificate of another authority, PEM.
fn certificate_of(farm: &Farm) -> String {
    let text = std::fs::read_to_string(farm.folder.path().join("authority.pem")).unwrap();
    text[text.find("-----BEGIN CERTIFICATE").unwrap()..].to_owned()
}

#[test]
fn users_and_groups_are_found_by_the_begin_of_their_names() {
    let Some(samba) = samba() else { return };
    let farm = Farm::new();
    farm.get("/api/v1/directory/groups").refused(409, "MP-CON-092");
    set(&farm, &settings(samba, &[&samba.server_address()], "Helpdesk", "operator"));
    let found = farm.get("/api/v1/directory/users?search=love").ok(200);
    assert_eq!(found["items"][0]["name"], r"FARM\ada");
    assert_eq!(found["items"][0]["display-name"], "Ada Lovelace");
    assert_eq!(found["items"][0]["sid"], samba.sid("user", "ada"));
    for odd in ["*", "(", "%5C", "O(ne)*", "%00"] {
        let found = farm.get(&format!("/api/v1/directory/users?search={odd}")).ok(200);
        assert!(found["items"].as_array().unwrap().len() < 2, "{odd}: {found}");
    }
    // More than a server gives at a time.
    let many = farm.get("/api/v1/directory/groups?limit=200").ok(200);
    assert_eq!((many["items"].as_array().unwrap().len() > 150, &many["more"]), (true, &json!(true)));
    let many = farm.get("/api/v1/directory/groups?search=many&limit=200").ok(200);
    assert_eq!((many["items"].as_array().unwrap().len(), &many["more"]), (200, &json!(true)));
}

#[test]
fn users_and_sessions_are_shown_and_found_by_name() {
    let Some(samba) = samba() else { return };
    let farm = Farm::described();
    let agent = farm.agent("ts01", Some("Office"));
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    for (number, sid) in [samba.sid("user", "ada"), "S-1-5-21-1-2-3-1002".to_owned()].iter().enumerate() {
        let report = json!({
            "id": format!("{number:032x}"), "session": format!("s{number}"), "event": "logon", "sid": sid,
            "profile": "mandatory", "mode": "synchronous", "started": now, "duration": 250, "plan-revision": 1,
            "outcome": "merged", "data-sets": [], "steps": [], "items": {"list": [], "more": 0}, "problems": []
        });
        let batch = json!({"sent": now, "reports": [report]});
        ConsoleClient::new(&agent).unwrap().post::<_, Value>(paths::SESSION_REPORTS, &batch).unwrap();
    }
    set(&farm, &settings(samba, &[&samba.server_address()], "Helpdesk", "operator"));
    let named = || farm.get("/api/v1/users?search=lovelace").ok(200)["items"].clone();
    let deadline = Instant::now() + Duration::from_secs(60);
    while named().as_array().unwrap().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    let named = named();
    assert_eq!((&named[0]["name"], &named[0]["display-name"]), (&json!(r"FARM\ada"), &json!("Ada Lovelace")));
    let sessions = farm.get("/api/v1/user-sessions?search=FARM%5CADA").ok(200)["items"].clone();
    assert_eq!((sessions.as_array().unwrap().len(), &sessions[0]["user"]), (1, &json!(r"FARM\ada")));
    let all = farm.get("/api/v1/users").ok(200)["items"].clone();
    assert_eq!(all.as_array().unwrap().iter().filter(|user| user["name"].is_null()).count(), 1);
}

#[test]
fn settings_that_cannot_be_meant_are_refused_and_the_password_is_never_told() {
    let farm = Farm::new();
    let put = |change: &dyn Fn(&mut Value)| {
        let mut body = json!({"enabled": true, "servers": ["dc1.farm.test"], "account": "x@farm.test", "password": "hush hush"});
        change(&mut body);
        farm.put("/api/v1/directory", "*", &body)
    };
    put(&|body| body["servers"] = json!([])).refused(400, "MP-CON-093");
    put(&|body| body["servers"] = json!(["ldap://x"])).refused(400, "MP-CON-093");
    put(&|body| body["account"] = json!("")).refused(400, "MP-CON-093");
    put(&|body| body["password"] = Value::Null).refused(400, "MP-CON-093");
    put(&|body| body["certificates"] = json!("nonsense")).refused(400, "MP-CON-093");
    put(&|body| body["roles"] = json!([{"group": "x", "role": "operator"}])).refused(400, "MP-CON-010");
    let nowhere = json!([{"group": "S-1-5-21-1-2-3-512", "role": "operator", "groups": ["Nowhere"]}]);
    put(&|body| body["roles"] = nowhere.clone()).refused(400, "MP-CON-083");
    put(&|body| body["enabled"] = json!(false)).ok(200);
    // What is left out stays.
    put(&|body| body["password"] = Value::Null).ok(200);
    let everything = [
        farm.get("/api/v1/directory").text,
        farm.get("/api/v1/audit-log").text,
        farm.get("/api/v1/configuration").text,
    ];
    assert!(!everything.concat().contains("hush hush"));
    for entry in std::fs::read_dir(farm.folder.path()).unwrap() {
        let Ok(bytes) = std::fs::read(entry.unwrap().path()) else { continue };
        assert!(!bytes.windows(9).any(|window| window == b"hush hush"));
    }
}
