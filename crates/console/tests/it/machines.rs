use std::{fs, time::Duration};

use mp_protocol::{
    AgentPlan, Identity, MachineCertificate, MachineRole, StoragePlan,
    client::{ClientError, ConsoleClient, PlanAnswer},
};
use serde_json::{Value, json};

use crate::support::{Farm, store};

fn status_and_code(error: ClientError) -> (u16, String) {
    match error {
        ClientError::Answer { status, error, .. } => (status, error.code),
        network @ ClientError::Network { .. } => panic!("{network}"),
        other => panic!("{other}"),
    }
}

pub(crate) fn plan_of<P: serde::de::DeserializeOwned>(identity: &Identity) -> Result<P, (u16, String)> {
    match ConsoleClient::new(identity).unwrap().plan(None, Duration::ZERO).map_err(status_and_code)? {
        PlanAnswer::Plan(plan, _) => Ok(plan),
        PlanAnswer::NotModified => panic!("nothing was held"),
    }
}

#[test]
fn a_machine_joins_learns_its_plan_renews_and_is_revoked() {
    let farm = Farm::described();
    let storage = farm.storage("store1", "STORE1");
    let mut agent = farm.agent("ts01", Some("Office"));

    let plan: AgentPlan = plan_of(&agent).unwrap();
    assert_eq!((plan.revision, plan.name.as_str()), (1, "ts01"));
    assert_eq!(plan.agent, agent.machine().id);
    assert_eq!(plan.group.unwrap().as_str(), "Office");
    let target = plan.storage.unwrap();
    assert_eq!((target.name.as_str(), target.host.as_str(), target.port), ("STORE1", "127.0.0.1", 4455));

    let plan: StoragePlan = plan_of(&storage).unwrap();
    assert_eq!((plan.base_folder.as_str(), plan.global_folder.as_str()), ("/srv/metaprofiles", "global"));
    assert_eq!(plan.agents.len(), 1);
    assert_eq!(plan.agents[0].id, agent.machine().id);
    assert_eq!(plan.agents[0].certificates, [agent.certificate().serial.clone()]);

    let first = agent.certificate().serial.clone();
    let old = ConsoleClient::new(&agent).unwrap();
    let renewed = old.renew(agent.signing_request().unwrap()).unwrap();
    agent.renew(&renewed, farm.now()).unwrap();
    let plan: StoragePlan = plan_of(&storage).unwrap();
    assert_eq!(plan.agents[0].certificates.len(), 2);
    assert!(plan.agents[0].certificates.contains(&first));
    assert!(plan.agents[0].certificates.contains(&agent.certificate().serial));
    assert_eq!(plan.revision, 2);

    // The old certificate has a day left, in case the answer with the new one had been lost.
    farm.pass(23);
    assert!(old.plan::<AgentPlan>(None, Duration::ZERO).is_ok());
    farm.pass(2);
    let refused = old.plan::<AgentPlan>(None, Duration::ZERO).map_err(status_and_code);
    assert_eq!(refused.unwrap_err(), (403, "MP-CON-063".to_owned()));
    let plan: StoragePlan = plan_of(&storage).unwrap();
    assert_eq!(plan.agents[0].certificates, [agent.certificate().serial.clone()]);

    farm.sign_in();
    let address = format!("/api/v1/machines/{}", agent.machine().id);
    let shown = farm.get(&address);
    assert_eq!(shown.ok(200)["state"], "active");
    assert!(shown.json()["last-seen"].is_string());
    farm.delete(&address, &shown.etag).ok(204);
    assert_eq!(plan_of::<AgentPlan>(&agent).unwrap_err(), (403, "MP-CON-062".to_owned()));
    let renewal = ConsoleClient::new(&agent).unwrap().renew(agent.signing_request().unwrap());
    assert_eq!(renewal.map_err(status_and_code).unwrap_err(), (403, "MP-CON-062".to_owned()));
    assert!(plan_of::<StoragePlan>(&storage).unwrap().agents.is_empty());
    assert_eq!(farm.get(&address).ok(200)["state"], "revoked");

    let log = farm.get("/api/v1/audit-log?limit=4").ok(200);
    let actions: Vec<&str> =
        log["items"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["revoked", "signed in", "renewed", "joined"]);
}

#[test]
fn certificates_say_what_the_console_decides() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", None);
    let storage = farm.storage("store1", "STORE1");
    for (identity, name, serves) in [(&agent, "ts01", false), (&storage, "store1", true)] {
        let pem = fs::read(farm.machine_folder(name).join("certificate.pem")).unwrap();
        let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).unwrap();
        let certificate = pem.parse_x509().unwrap();
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.client_auth && !usage.any);
        assert_eq!(usage.server_auth, serves);
        assert!(!certificate.is_ca());
        let names = &certificate.subject_alternative_name().unwrap().unwrap().value.general_names;
        assert_eq!(names.len(), if serves { 2 } else { 1 }, "{names:?}");
        let days =
            certificate.validity().not_after.timestamp() - certificate.validity().not_before.timestamp();
        assert_eq!(days / 86_400, 90);
        assert_eq!(identity.certificate().serial.len(), 32);
        let read = MachineCertificate::from_der(&pem.contents).unwrap();
        assert_eq!(&read.machine, identity.machine());
    }
}

#[test]
fn an_agent_is_put_into_another_group() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", Some("Office"));
    let address = format!("/api/v1/machines/{}", agent.machine().id);
    let tag = farm.get(&address).etag;
    farm.put(&address, &tag, &json!({"group": "Nowhere"})).refused(404, "MP-CON-022");
    let moved = farm.put(&address, &tag, &json!({"group": "Lab"}));
    assert_eq!(moved.ok(200)["group"], "Lab");
    farm.put(&address, &tag, &json!({"group": null})).refused(412, "MP-CON-028");
    let plan: AgentPlan = plan_of(&agent).unwrap();
    assert_eq!(plan.group.unwrap().as_str(), "Lab");
    farm.put(&address, &moved.etag, &json!({"group": null})).ok(200);
    assert_eq!(plan_of::<AgentPlan>(&agent).unwrap().group, None);

    let storage = farm.storage("store1", "STORE1");
    let address = format!("/api/v1/machines/{}", storage.machine().id);
    farm.put(&address, "*", &json!({"group": "Lab"})).refused(400, "MP-CON-032");
    farm.get("/api/v1/machines/00000000000000000000000000000000").refused(404, "MP-CON-030");
    farm.get("/api/v1/machines/x").refused(400, "MP-CON-011");
}

#[test]
fn a_storage_server_has_one_machine_at_a_time_and_keeps_its_host() {
    let farm = Farm::described();
    let token = farm.join_token(&json!({"role": "storage", "storage-server": "STORE1"}));
    let second = farm.join_token(&json!({"role": "storage", "storage-server": "store1"}));
    let wrong =
        farm.enrol(&token, MachineRole::Storage, "store1", &["10.0.0.1", "other.example"]).unwrap_err();
    assert!(wrong.to_string().contains("MP-CON-055"), "{wrong}");
    let storage = farm.enrol(&token, MachineRole::Storage, "store1", &["10.0.0.1", "127.0.0.1"]).unwrap();
    let taken = farm.enrol(&second, MachineRole::Storage, "store2", &[]).unwrap_err();
    assert!(taken.to_string().contains("MP-CON-054"), "{taken}");

    farm.put("/api/v1/storage-servers/STORE1", "*", &store("STORE1", "10.0.0.1")).refused(409, "MP-CON-026");
    farm.delete("/api/v1/storage-servers/STORE1", "*").refused(409, "MP-CON-025");
    farm.delete(&format!("/api/v1/machines/{}", storage.machine().id), "*").ok(204);
    farm.put("/api/v1/storage-servers/STORE1", "*", &store("STORE1", "10.0.0.1")).ok(200);
    assert!(farm.enrol(&second, MachineRole::Storage, "store2", &[]).is_ok());
    farm.delete(&format!("/api/v1/machines/{}", storage.machine().id), "*").ok(204);
}

#[test]
fn a_certificate_is_no_session_and_a_session_no_certificate() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", None);
    let client = ConsoleClient::new(&agent).unwrap();
    let refused = client.post::<Value, Value>("/api/v1/join-tokens", &json!({"role": "agent"}));
    assert_eq!(refused.map_err(status_and_code).unwrap_err(), (401, "MP-CON-001".to_owned()));
    farm.get("/machine/v1/plan").refused(401, "MP-CON-060");
    farm.post("/machine/v1/certificate", &json!({"csr": agent.signing_request().unwrap()}))
        .refused(401, "MP-CON-060");
}

#[test]
fn renewing_again_and_again_is_stopped() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", None);
    let client = ConsoleClient::new(&agent).unwrap();
    let codes: Vec<_> = (0..9)
        .map(|_| client.renew(agent.signing_request().unwrap()).map_err(status_and_code).map(drop))
        .collect();
    assert!(codes[..7].iter().all(Result::is_ok));
    assert_eq!(codes[7], Err((429, "MP-CON-064".to_owned())));
    let damaged = client.renew("-----BEGIN".to_owned()).map_err(status_and_code).unwrap_err();
    assert_eq!(damaged, (429, "MP-CON-064".to_owned()));
}

#[test]
fn a_damaged_request_for_a_certificate_uses_nothing_up() {
    let farm = Farm::described();
    let token = farm.join_token(&json!({"role": "agent"}));
    for csr in ["", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "\u{0}"]
    {
        let body = json!({"secret": token.secret().reveal(), "role": "agent", "name": "ts01", "csr": csr});
        farm.post("/machine/v1/enrolments", &body).refused(400, "MP-CON-057");
    }
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let csr = rcgen::CertificateParams::default().serialize_request(&p384).unwrap().pem().unwrap();
    let body = json!({"secret": token.secret().reveal(), "role": "agent", "name": "ts01", "csr": csr});
    farm.post("/machine/v1/enrolments", &body).refused(400, "MP-CON-057");
    let long = "x".repeat(70_000);
    let body = json!({"secret": token.secret().reveal(), "role": "agent", "name": "ts01", "csr": long});
    farm.post("/machine/v1/enrolments", &body).refused(413, "MP-CON-015");
    assert!(farm.enrol(&token, MachineRole::Agent, "ts01", &[]).is_ok());
}
