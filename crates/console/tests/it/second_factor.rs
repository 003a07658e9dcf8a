//! Second factors: enrolment, codes that are good once, recovery codes, who may take them away, and farms that want one.

use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::support::{Answer, Farm, PASSWORD};

const OWN: &str = "/api/v1/administrators/current/second-factor";

/// An authenticator, as it is on somebody's telephone.
pub(crate) struct Authenticator(Totp);

impl Authenticator {
    fn of(enrolment: &Value) -> Self {
        let uri = enrolment["uri"].as_str().unwrap();
        let secret = enrolment["secret"].as_str().unwrap();
        assert!(uri.starts_with("otpauth://totp/MetaProfiles") && uri.contains(secret), "{uri}");
        assert!(enrolment["picture"].as_str().unwrap().contains("<svg"));
        let secret = Secret::try_from_base32(secret).unwrap();
        Self(Builder::new().with_secret(secret.as_bytes().to_vec()).build().unwrap())
    }

    /// The code of some time steps from now.
    pub(crate) fn code(&self, farm: &Farm, steps: i64) -> String {
        let now = farm.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        self.0.generate(now.checked_add_signed(steps * 30).unwrap()).to_string()
    }
}

fn sign_in(farm: &Farm, name: &str, code: Option<&str>) -> Answer {
    let body = json!({"name": name, "password": PASSWORD, "code": code}).to_string();
    farm.call_as(None, "POST", "/api/v1/sessions", &[("content-type", "application/json")], &body)
}

fn as_session(farm: &Farm, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("if-match", "*")];
    let body = if method == "GET" { String::new() } else { body.to_string() };
    farm.call_as(Some(token), method, path, &headers, &body)
}

/// Enrols the caller. Gives the authenticator and the recovery codes.
pub(crate) fn enrol(farm: &Farm, token: &str) -> (Authenticator, Vec<String>) {
    let authenticator = Authenticator::of(&as_session(farm, token, "POST", OWN, &Value::Null).ok(200));
    let code = json!({"code": authenticator.code(farm, 0)});
    let confirmed = as_session(farm, token, "POST", &format!("{OWN}/confirmation"), &code).ok(200);
    let codes = confirmed["recovery-codes"].as_array().unwrap().iter();
    (authenticator, codes.map(|code| code.as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_second_factor_counts_after_its_first_code_and_each_code_is_good_once() {
    let farm = Farm::new();
    let other = sign_in(&farm, "admin", None).ok(201)["token"].as_str().unwrap().to_owned();
    let confirm = |code: &str| farm.post(&format!("{OWN}/confirmation"), &json!({ "code": code }));
    confirm("000000").refused(409, "MP-CON-088");
    let first = Authenticator::of(&farm.post(OWN, &Value::Null).ok(200));
    // Who loses the picture begins again; what was shown before is worth nothing.
    let authenticator = Authenticator::of(&farm.post(OWN, &Value::Null).ok(200));
    confirm(&first.code(&farm, 0)).refused(401, "MP-CON-016");
    sign_in(&farm, "admin", None).ok(201);
    let used = authenticator.code(&farm, 0);
    let codes = confirm(&used).ok(200)["recovery-codes"].clone();
    assert_eq!(codes.as_array().unwrap().len(), 10);
    assert_eq!(farm.get(OWN).ok(200), json!({"enrolled": true, "recovery-codes": 10, "required": false}));
    farm.call_as(Some(&other), "GET", OWN, &[], "").refused(401, "MP-CON-002");
    farm.post(OWN, &Value::Null).refused(409, "MP-CON-087");

    sign_in(&farm, "admin", None).refused(401, "MP-CON-009");
    sign_in(&farm, "admin", Some("")).refused(401, "MP-CON-016");
    sign_in(&farm, "admin", Some(&used)).refused(401, "MP-CON-016");
    let next = authenticator.code(&farm, 1);
    let spaced = format!("{} {}", &next[..3], &next[3..]);
    sign_in(&farm, "admin", Some(&spaced)).ok(201);
    sign_in(&farm, "admin", Some(&next)).refused(401, "MP-CON-016");
    // Older ones are over, whether they were used or not.
    sign_in(&farm, "admin", Some(&authenticator.code(&farm, -1))).refused(401, "MP-CON-016");
    farm.pass(1);
    sign_in(&farm, "admin", Some(&authenticator.code(&farm, 0))).ok(201);
}

#[test]
fn a_recovery_code_is_good_once_and_new_ones_replace_the_old_ones() {
    let farm = Farm::new();
    let (authenticator, codes) = enrol(&farm, &farm.token());
    sign_in(&farm, "admin", Some(&codes[0].to_ascii_uppercase())).ok(201);
    sign_in(&farm, "admin", Some(&codes[0])).refused(401, "MP-CON-016");
    assert_eq!(farm.get(OWN).ok(200)["recovery-codes"], 9);
    let renew = |code: &str| farm.post(&format!("{OWN}/recovery-codes"), &json!({ "code": code }));
    renew("123456").refused(401, "MP-CON-016");
    let new = renew(&authenticator.code(&farm, 1)).ok(200)["recovery-codes"][3].as_str().unwrap().to_owned();
    sign_in(&farm, "admin", Some(&codes[1])).refused(401, "MP-CON-016");
    sign_in(&farm, "admin", Some(&new)).ok(201);
    // Neither secret nor codes are in the state folder.
    for entry in std::fs::read_dir(farm.folder.path()).unwrap() {
        let Ok(bytes) = std::fs::read(entry.unwrap().path()) else { continue };
        let secret = authenticator.0.secret().to_base32();
        for text in [&secret, &codes[2], &codes[2].replace('-', "")] {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()));
        }
    }
    let remove = |code: &str| farm.post(&format!("{OWN}/removal"), &json!({ "code": code }));
    remove(&new).refused(401, "MP-CON-016");
    farm.pass_minutes(2);
    remove(&authenticator.code(&farm, 0)).ok(204);
    sign_in(&farm, "admin", None).ok(201);
}

#[test]
fn codes_cannot_be_guessed() {
    let farm = Farm::new();
    let (authenticator, _) = enrol(&farm, &farm.token());
    let wrong = if authenticator.code(&farm, 0) == "000000" { "000001" } else { "000000" };
    for _ in 0..9 {
        // A try without a code is none, and takes back nothing.
        sign_in(&farm, "admin", None).refused(401, "MP-CON-009");
        sign_in(&farm, "admin", Some(wrong)).refused(401, "MP-CON-016");
    }
    sign_in(&farm, "admin", Some(wrong)).refused(401, "MP-CON-016");
    sign_in(&farm, "admin", None).refused(429, "MP-CON-004");
    // Ten failures lock the account, however long ago, and then the right code is not enough.
    farm.pass_minutes(14);
    sign_in(&farm, "admin", Some(&authenticator.code(&farm, 0))).refused(429, "MP-CON-004");
    farm.pass_minutes(2);
    sign_in(&farm, "admin", Some(&authenticator.code(&farm, 0))).ok(201);
}

#[test]
fn another_administrator_resets_what_somebody_has_lost() {
    let farm = Farm::new();
    let body = json!({"name": "Ada", "role": "auditor", "password": "a first good password"});
    farm.post("/api/v1/administrators", &body).ok(201);
    let body = json!({"name": "Ada", "password": "a first good password"});
    let token = farm.post("/api/v1/sessions", &body).ok(201)["token"].as_str().unwrap().to_owned();
    let body = json!({"current": "a first good password", "new": PASSWORD});
    as_session(&farm, &token, "PUT", "/api/v1/administrators/current/password", &body).ok(204);
    enrol(&farm, &token);
    let path = "/api/v1/administrators/Ada";
    let before = farm.get(path);
    assert_eq!(before.ok(200)["second-factor"], true);
    farm.delete("/api/v1/administrators/admin/second-factor", "*").refused(409, "MP-CON-086");
    farm.delete(&format!("{path}/second-factor"), "\"0\"").refused(412, "MP-CON-028");
    farm.delete(&format!("{path}/second-factor"), &before.etag).ok(204);
    as_session(&farm, &token, "GET", OWN, &Value::Null).refused(401, "MP-CON-002");
    sign_in(&farm, "Ada", None).ok(201);
    let log = farm.get("/api/v1/audit-log").ok(200)["items"].clone();
    let told: Vec<_> =
        log.as_array().unwrap().iter().map(|line| format!("{}: {}", line["who"], line["action"])).collect();
    for line in [
        r#""administrator Ada": "enrolled a second factor""#,
        r#""administrator admin": "reset the second factor""#,
    ] {
        assert!(told.iter().any(|told| told == line), "{line} in {told:?}");
    }
}

#[test]
fn a_farm_that_wants_a_second_factor_lets_nobody_do_anything_before() {
    let farm = Farm::new();
    let policy = farm.get("/api/v1/sign-in-policy");
    assert_eq!(policy.ok(200), json!({"second-factor-required": false}));
    let wanted = json!({"second-factor-required": true});
    farm.put("/api/v1/sign-in-policy", &policy.etag, &wanted).ok(200);
    farm.put("/api/v1/sign-in-policy", &policy.etag, &wanted).refused(403, "MP-CON-017");
    farm.get("/api/v1/overview").refused(403, "MP-CON-017");
    farm.post("/api/v1/api-tokens", &json!({"name": "x", "role": "auditor"})).refused(403, "MP-CON-017");
    let current = farm.get("/api/v1/sessions/current").ok(200);
    assert_eq!(current["must-enrol-second-factor"], true);
    enrol(&farm, &farm.token());
    farm.get("/api/v1/overview").ok(200);
    farm.put("/api/v1/sign-in-policy", &policy.etag, &wanted).refused(412, "MP-CON-028");
    let line = farm.get("/api/v1/audit-log?search=policy").ok(200)["items"][0]["changes"][0].clone();
    assert_eq!(line["before"], "second factor by choice");
    assert_eq!(line["after"], "second factor required");
}

#[test]
fn failures_are_told_with_who_was_tried_and_why_and_cannot_flood_the_log() {
    let farm = Farm::new();
    let (_, codes) = enrol(&farm, &farm.token());
    let wrong = json!({"name": "ADMIN", "password": "wrong"});
    farm.post("/api/v1/sessions", &wrong).refused(401, "MP-CON-003");
    sign_in(&farm, "nobody\n", None).refused(401, "MP-CON-003");
    sign_in(&farm, "admin", Some("000000")).refused(401, "MP-CON-016");
    sign_in(&farm, "admin", Some(&codes[0])).ok(201);
    let log = farm.get("/api/v1/audit-log?action=failed%20to%20sign%20in&sort=id").ok(200)["items"].clone();
    let told: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let [subject, details, address] =
                ["subject", "details", "address"].map(|field| line[field].as_str().unwrap());
            format!("{subject}: {details} ({address})")
        })
        .collect();
    assert_eq!(
        told,
        [
            "administrator admin: the password is wrong (127.0.0.1)",
            r#"name "nobody\n": there is no such account (127.0.0.1)"#,
            "administrator admin: the code is wrong or was used before (127.0.0.1)",
        ]
    );
}
