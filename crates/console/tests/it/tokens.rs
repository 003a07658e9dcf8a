use std::sync::Barrier;

use mp_protocol::{JoinToken, MachineKey, MachineRole};
use serde_json::json;

use crate::support::Farm;

#[test]
fn a_token_lets_one_machine_in_once() {
    let farm = Farm::described();
    let token = farm.join_token(&json!({"role": "agent", "group": "Office"}));
    let agent = farm.enrol(&token, MachineRole::Agent, "ts01", &[]).unwrap();
    let again = farm.enrol(&token, MachineRole::Agent, "ts02", &[]).unwrap_err();
    assert!(again.to_string().contains("MP-CON-052"), "{again}");

    let tokens = farm.get("/api/v1/join-tokens");
    let list = tokens.ok(200)["items"].clone();
    assert_eq!(list[0]["used-by"], agent.machine().id.as_str());
    assert!(!tokens.text.contains(&token.secret().reveal()));
    farm.delete(&format!("/api/v1/join-tokens/{}", list[0]["id"].as_str().unwrap()), "*")
        .refused(404, "MP-CON-040");
}

#[test]
fn of_many_machines_at_once_one_gets_in() {
    let farm = Farm::described();
    let token = farm.join_token(&json!({"role": "agent"}));
    let csr = MachineKey::generate().unwrap().signing_request().unwrap();
    let start = Barrier::new(8);
    let machine = |number: usize| {
        let body = json!({
            "secret": token.secret().reveal(), "role": "agent", "name": format!("ts{number}"), "csr": csr
        });
        start.wait();
        farm.post("/machine/v1/enrolments", &body).status
    };
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let machine = &machine;
        let threads: Vec<_> = (0..8).map(|number| scope.spawn(move || machine(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 7, "{statuses:?}");
    assert_eq!(farm.get("/api/v1/machines").ok(200)["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_token_ends_and_can_be_taken_back() {
    let farm = Farm::described();
    let token = farm.join_token(&json!({"role": "agent", "lifetime-hours": 2}));
    let other = farm.join_token(&json!({"role": "agent"}));
    let newest = farm.get("/api/v1/join-tokens").ok(200)["items"][0]["id"].as_str().unwrap().to_owned();
    farm.delete(&format!("/api/v1/join-tokens/{newest}"), "*").ok(204);
    farm.pass(2);
    farm.sign_in();
    let errors = [&token, &other]
        .map(|token| farm.enrol(token, MachineRole::Agent, "ts01", &[]).unwrap_err().to_string());
    assert!(errors.iter().any(|error| error.contains("401") && error.contains("MP-CON-050")), "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("403") && error.contains("MP-CON-051")), "{errors:?}");
    assert!(farm.get("/api/v1/machines").ok(200)["items"].as_array().unwrap().is_empty());
}

#[test]
fn a_token_is_for_one_role_and_unknown_ones_tell_nothing() {
    let farm = Farm::described();
    let token = farm.join_token(&json!({"role": "agent"}));
    let wrong = farm.enrol(&token, MachineRole::Storage, "store1", &[]).unwrap_err();
    assert!(wrong.to_string().contains("MP-CON-053"), "{wrong}");

    let body = |secret: &str| json!({"secret": secret, "role": "agent", "name": "ts01", "csr": ""});
    let guess = JoinToken::new([7; 32], b"").secret().reveal();
    let answers =
        [guess.as_str(), "", "x", "🦀"].map(|secret| farm.post("/machine/v1/enrolments", &body(secret)));
    for answer in &answers {
        answer.refused(401, "MP-CON-050");
        assert_eq!(answer.text, answers[0].text);
    }
    assert!(farm.enrol(&token, MachineRole::Agent, "ts01", &[]).is_ok());
}

#[test]
fn a_machine_does_not_tell_its_token_to_another_console() {
    let (farm, other) = (Farm::described(), Farm::described());
    let token = farm.join_token(&json!({"role": "agent"}));
    let refused = other.enrol(&token, MachineRole::Agent, "ts01", &[]).unwrap_err();
    assert!(refused.to_string().contains("MP-NET-003"), "{refused}");
    assert!(farm.enrol(&token, MachineRole::Agent, "ts01", &[]).is_ok());
}

#[test]
fn a_token_names_what_its_role_needs() {
    let farm = Farm::described();
    let refused = |body, status, code| farm.post("/api/v1/join-tokens", &body).refused(status, code);
    refused(json!({"role": "storage"}), 400, "MP-CON-041");
    refused(json!({"role": "agent", "storage-server": "STORE1"}), 400, "MP-CON-041");
    refused(json!({"role": "storage", "storage-server": "STORE1", "group": "Lab"}), 400, "MP-CON-041");
    refused(json!({"role": "storage", "storage-server": "STORE9"}), 404, "MP-CON-022");
    refused(json!({"role": "agent", "group": "Nowhere"}), 404, "MP-CON-022");
    refused(json!({"role": "agent", "lifetime-hours": 0}), 400, "MP-CON-042");
    refused(json!({"role": "agent", "lifetime-hours": 721}), 400, "MP-CON-042");
    refused(json!({"role": "king"}), 400, "MP-CON-010");
    refused(json!({"role": "agent", "lifetime": 1}), 400, "MP-CON-010");
}
