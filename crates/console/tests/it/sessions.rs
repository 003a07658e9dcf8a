use serde_json::json;

use crate::support::{Farm, PASSWORD};

fn sign_in(farm: &Farm, name: &str, password: &str) -> crate::support::Answer {
    farm.post("/api/v1/sessions", &json!({"name": name, "password": password}))
}

#[test]
fn wrong_names_and_wrong_passwords_are_told_alike_and_then_not_at_all() {
    let farm = Farm::new();
    let wrong = sign_in(&farm, "admin", "wrong");
    let unknown = sign_in(&farm, "nobody", PASSWORD);
    wrong.refused(401, "MP-CON-003");
    assert_eq!(wrong.text, unknown.text);
    sign_in(&farm, "admin", &"x".repeat(1_000)).refused(401, "MP-CON-003");
    for _ in 3..10 {
        sign_in(&farm, "admin", "").refused(401, "MP-CON-003");
    }
    let stopped = sign_in(&farm, "admin", PASSWORD);
    stopped.refused(429, "MP-CON-004");
    // Who is signed in already goes on.
    farm.get("/api/v1/machines").ok(200);
    farm.pass(1);
    sign_in(&farm, "ADMIN", PASSWORD).ok(201);
}

#[test]
fn a_session_ends_when_it_is_ended_and_when_it_is_old() {
    let farm = Farm::new();
    let token = sign_in(&farm, "admin", PASSWORD).ok(201)["token"].as_str().unwrap().to_owned();
    let get = |token: &str| farm.call_as(Some(token), "GET", "/api/v1/machines", &[], "");
    get(&token).ok(200);
    farm.call_as(Some(&token), "DELETE", "/api/v1/sessions/current", &[], "").ok(204);
    get(&token).refused(401, "MP-CON-002");
    get(&farm.token()).ok(200);
    farm.pass(12);
    get(&farm.token()).refused(401, "MP-CON-002");
}

#[test]
fn changing_the_password_ends_the_other_sessions() {
    let farm = Farm::new();
    let other = sign_in(&farm, "admin", PASSWORD).ok(201)["token"].as_str().unwrap().to_owned();
    let change = |current: &str, new: &str| {
        farm.put("/api/v1/administrators/current/password", "*", &json!({"current": current, "new": new}))
    };
    change("wrong", "another good password").refused(401, "MP-CON-003");
    change(PASSWORD, "short").refused(400, "MP-CON-005");
    change(PASSWORD, "another good password").ok(204);
    farm.get("/api/v1/machines").ok(200);
    farm.call_as(Some(&other), "GET", "/api/v1/machines", &[], "").refused(401, "MP-CON-002");
    sign_in(&farm, "admin", PASSWORD).refused(401, "MP-CON-003");
    sign_in(&farm, "admin", "another good password").ok(201);
}

#[test]
fn secrets_are_nowhere_in_the_state_folder() {
    let farm = Farm::described();
    let secret = farm.join_token(&json!({"role": "agent"})).secret().reveal();
    for entry in std::fs::read_dir(farm.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for text in [PASSWORD, &farm.token(), &secret] {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "a secret is in {}", path.display());
        }
    }
}
