use serde_json::{Value, json};

use crate::support::Farm;

/// What is open to everybody: what one signs in with.
const OPEN: &[(&str, &str)] = &[
    ("post", "/api/v1/sessions"),
    ("post", "/api/v1/sessions/browser"),
    ("get", "/api/v1/sign-in-options"),
    ("post", "/api/v1/sessions/openid-connect"),
    ("post", "/api/v1/sessions/openid-connect/return"),
    ("post", "/api/v1/sessions/openid-connect/code"),
];

/// The operations of the document that want a session: method and path with something in place of the variable part.
fn operations(document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // Those that may be open say so by an empty requirement.
            let open =
                operation["security"].as_array().is_some_and(|of| of.iter().any(|of| of == &json!({})));
            if open {
                assert!(OPEN.contains(&(method.as_str(), path.as_str())), "{method} {path}");
            } else {
                let path = path
                    .replace("{id}", "00000000000000000000000000000000")
                    .replace("{name}", "X")
                    .replace("{revision}", "9")
                    .replace("{scope}", "global")
                    .replace("{number}", "1")
                    .replace("{sid}", "S-1-5-21-1-2-3-1001");
                assert!(!path.contains('{'), "{path}");
                found.push((method.to_ascii_uppercase(), path));
            }
        }
    }
    found
}

#[test]
fn no_operation_is_done_without_a_session_that_lives() {
    let farm = Farm::new();
    let document = farm.get("/api/v1/openapi.json").ok(200);
    let operations = operations(&document);
    assert!(operations.len() >= 20, "{operations:?}");
    assert!(document["security"].as_array().is_some_and(|of| of.len() == 1), "a session is the rule");
    let call = |token: Option<&str>, (method, path): &(String, String)| {
        let headers = [("content-type", "application/json"), ("if-match", "*")];
        farm.call_as(
            token,
            method,
            path,
            &headers,
            if ["POST", "PUT"].contains(&method.as_str()) { "{}" } else { "" },
        )
    };
    let made_up = format!("mps1.{}", "0".repeat(64));
    for operation in &operations {
        call(None, operation).refused(401, "MP-CON-001");
        call(Some(&made_up), operation).refused(401, "MP-CON-002");
    }
    // With a session each of them gets further, so the refusals above were about the session.
    for operation in operations.iter().filter(|(_, path)| !path.ends_with("sessions/current")) {
        assert_ne!(call(Some(&farm.token()), operation).status, 401, "{operation:?}");
    }
    farm.pass(12);
    for operation in &operations {
        call(Some(&farm.token()), operation).refused(401, "MP-CON-002");
    }
}

#[test]
fn what_is_not_there_is_told_so() {
    let farm = Farm::new();
    farm.get("/api/v1/nowhere").refused(404, "MP-CON-012");
    farm.call("PATCH", "/api/v1/machines", &[], "").refused(405, "MP-CON-013");
}
