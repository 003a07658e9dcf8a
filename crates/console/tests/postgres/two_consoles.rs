//! Two consoles of one farm on one database.

use std::{fs, sync::Barrier, thread, time::Duration};

use mp_console::{Console, ConsoleConfig, OpenError, Secret};
use mp_protocol::{
    AgentPlan, MachineKey, MachineRole,
    client::{ConsoleClient, PlanAnswer},
};
use serde_json::json;

use crate::{
    support::{Farm, store},
    webhooks::{HOOKS, Receiver, fail, form},
};

/// A farm with two consoles, of which the second has a folder with the authority of the first; `None` without PostgreSQL.
fn two() -> Option<(Farm, Farm)> {
    let first = Farm::described();
    let second = first.second_console()?;
    Some((first, second))
}

#[test]
fn what_one_is_told_the_other_knows() {
    let Some((first, second)) = two() else { return };
    let path = "/api/v1/agent-server-groups/Office";
    let read = second.get(path);
    assert_eq!(read.ok(200), first.get(path).ok(200));
    first.put(path, &read.etag, &json!({"name": "Office", "description": "by the first"})).ok(200);
    second
        .put(path, &read.etag, &json!({"name": "Office", "description": "by the second"}))
        .refused(412, "MP-CON-028");
    assert_eq!(second.get(path).ok(200)["description"], "by the first");
    // A session is one of the farm, not of a console.
    second.call_as(Some(&first.token()), "GET", path, &[], "").ok(200);
}

/// Of two changes at once with the same tag one is made, whichever console they come to.
#[test]
fn of_two_changes_at_once_one_is_made() {
    let Some((first, second)) = two() else { return };
    let path = "/api/v1/agent-server-groups/Office";
    for round in 0..10 {
        let tag = first.get(path).etag;
        let start = Barrier::new(2);
        let change = |farm: &Farm, by: &str| {
            start.wait();
            farm.put(path, &tag, &json!({"name": "Office", "description": format!("{by} {round}")})).status
        };
        let mut statuses = thread::scope(|scope| {
            let threads =
                [scope.spawn(|| change(&first, "first")), scope.spawn(|| change(&second, "second"))];
            threads.map(|thread| thread.join().unwrap())
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }
}

#[test]
fn a_join_token_is_good_once_for_both() {
    let Some((first, second)) = two() else { return };
    let csr = MachineKey::generate().unwrap().signing_request().unwrap();
    for round in 0..4 {
        let token = first.join_token(&json!({"role": "agent", "group": "Office"}));
        let start = Barrier::new(6);
        let join = |farm: &Farm, number: usize| {
            let body = json!({
                "secret": token.secret().reveal(), "role": "agent", "name": format!("ts{round}{number}"), "csr": csr
            });
            start.wait();
            farm.post("/machine/v1/enrolments", &body).status
        };
        let statuses: Vec<u16> = thread::scope(|scope| {
            let (join, first, second) = (&join, &first, &second);
            let threads: Vec<_> = (0..6)
                .map(|number| scope.spawn(move || join(if number % 2 == 0 { first } else { second }, number)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 5, "{statuses:?}");
    }
    assert_eq!(second.get("/api/v1/machines").ok(200)["items"].as_array().unwrap().len(), 4);
}

/// An Agent that waits at one console is woken by a change at the other, and its plan has one number at both.
#[test]
fn a_change_at_one_wakes_those_who_wait_at_the_other() {
    let Some((first, second)) = two() else { return };
    let agent = second.agent("ts01", Some("Office"));
    let client = ConsoleClient::new(&agent).unwrap();
    let PlanAnswer::Plan(plan, tag) = client.plan::<AgentPlan>(None, Duration::ZERO).unwrap() else {
        panic!()
    };
    assert_eq!(plan.revision, 1);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| client.plan::<AgentPlan>(Some(&tag), Duration::from_secs(60)).unwrap());
        thread::sleep(Duration::from_millis(300));
        first.post("/api/v1/data-subsets", &json!({"name": "All", "applies": "global"})).ok(201);
        let PlanAnswer::Plan(plan, _) = waiting.join().unwrap() else { panic!("it was not woken") };
        assert_eq!((plan.revision, plan.subsets.len()), (2, 1));
    });
    let machine = format!("/api/v1/machines/{}", agent.machine().id);
    assert!(first.get(&machine).ok(200)["last-seen"].is_string());
}

/// The same report may come to both, when the answer of the first is lost.
#[test]
fn a_report_that_comes_to_both_is_one() {
    let Some((first, second)) = two() else { return };
    first.agent("ts01", None);
    let identities = [first.reached_by("ts01", &first), second.reached_by("ts01", &first)];
    let report = |number: u32| {
        json!({
            "id": format!("{number:032x}"), "session": "s1", "event": "logon", "sid": "S-1-5-21-1-2-3-1001",
            "profile": "mandatory", "mode": "synchronous", "started": 1_760_000_000_000_u64, "duration": 250,
            "plan-revision": 1, "outcome": "merged", "data-sets": [], "steps": [], "items": {"list": [], "more": 0},
            "problems": []
        })
    };
    let reports: Vec<_> = (0..20).map(report).collect();
    let batch = json!({"sent": 1_760_000_001_000_u64, "reports": reports});
    thread::scope(|scope| {
        for identity in &identities {
            let batch = &batch;
            scope.spawn(move || {
                let client = ConsoleClient::new(identity).unwrap();
                client.post::<_, serde_json::Value>(mp_protocol::paths::SESSION_REPORTS, batch).unwrap()
            });
        }
    });
    let sessions = first.get("/api/v1/user-sessions").ok(200);
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    assert_eq!(sessions["items"][0]["reports"], 20);
    assert_eq!(second.get("/api/v1/users").ok(200)["items"][0]["sessions"], 1);
}

#[test]
fn a_revoked_machine_is_refused_by_both() {
    let Some((first, second)) = two() else { return };
    let agent = first.agent("ts01", None);
    first.delete(&format!("/api/v1/machines/{}", agent.machine().id), "*").ok(204);
    let client = ConsoleClient::new(&second.reached_by("ts01", &first)).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    // The other console learns of it a moment later.
    let refused = loop {
        match client.plan::<AgentPlan>(None, Duration::ZERO) {
            Err(error) => break error.to_string(),
            Ok(_) if std::time::Instant::now() > deadline => panic!("still let in"),
            Ok(_) => thread::sleep(Duration::from_millis(50)),
        }
    };
    assert!(refused.contains("MP-CON-062"), "{refused}");
}

#[test]
fn a_console_with_another_authority_does_not_join_in() {
    let Some(url) = crate::new_database() else { return };
    let open = |folder: &std::path::Path| {
        let config = ConsoleConfig { database: Some(Secret::new(url.clone())), ..ConsoleConfig::new(folder) };
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(Console::open(config))
    };
    let (first, second) = (tempfile::TempDir::new().unwrap(), tempfile::TempDir::new().unwrap());
    drop(open(first.path()).unwrap());
    assert!(matches!(open(second.path()), Err(OpenError::AuthorityMissing(_))));
    let other = tempfile::TempDir::new().unwrap();
    drop(
        tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(Console::open(ConsoleConfig::new(other.path())))
            .unwrap(),
    );
    fs::copy(other.path().join("authority.pem"), second.path().join("authority.pem")).unwrap();
    assert!(matches!(open(second.path()), Err(OpenError::ForeignAuthority(_))));
    fs::copy(first.path().join("authority.pem"), second.path().join("authority.pem")).unwrap();
    assert!(open(second.path()).is_ok());
}

#[test]
fn what_is_no_connection_string_is_told_so() {
    let folder = tempfile::TempDir::new().unwrap();
    let open = |url: &str| {
        let config = ConsoleConfig { database: Some(Secret::new(url)), ..ConsoleConfig::new(folder.path()) };
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(Console::open(config))
    };
    assert!(matches!(open("sqlite:x.db"), Err(OpenError::DatabaseUrl)));
    let error = open("postgres://nobody:secret@127.0.0.1:1/farm").unwrap_err();
    assert!(matches!(error, OpenError::Database { .. }));
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}

#[test]
fn storage_servers_are_taken_once() {
    let Some((first, second)) = two() else { return };
    first.post("/api/v1/storage-servers", &store("STORE2", "127.0.0.1")).ok(201);
    let token = |farm: &Farm| farm.join_token(&json!({"role": "storage", "storage-server": "STORE2"}));
    let tokens = [token(&first), token(&second)];
    let joined = thread::scope(|scope| {
        let threads = [(&first, &tokens[0]), (&second, &tokens[1])].map(|(farm, token)| {
            scope.spawn(move || farm.enrol(token, MachineRole::Storage, "m", &[]).is_ok())
        });
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(joined.iter().filter(|joined| **joined).count(), 1);
}

/// Both look for what is to be told, and each delivery is told by one of them.
#[test]
fn what_fails_is_told_by_one_of_them() {
    let Some((first, second)) = two() else { return };
    let receiver = Receiver::start();
    first.post(HOOKS, &form(&receiver, json!(["session-failed"]))).ok(201);
    let agents = [first.agent("ts01", None), second.agent("ts02", None)];
    for number in 0..20 {
        fail(&agents[number % 2], u8::try_from(number).unwrap());
    }
    receiver.wait_for(20);
    thread::sleep(Duration::from_secs(3));
    let mut ids: Vec<_> = receiver
        .got()
        .iter()
        .map(|(headers, _)| headers["webhook-id"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 20, "nothing is told twice");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    assert_eq!(second.get(&format!("{HOOKS}/alerts")).ok(200)["waiting"], 0);
}
