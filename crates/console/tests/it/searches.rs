//! Searches of users and sessions: whether a text means few or many, what is found is the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    support::Farm,
    user_sessions::{report, send},
};

/// More than are looked for by an index.
const USERS: u32 = 505;
const HOSTS: u32 = 22;
const AT_ONCE: usize = 50;

fn sid(user: u32) -> String {
    format!("S-1-5-21-1-2-3-{}", 1_000_000 + user)
}

/// One text of every item of a list, page by page.
fn found(farm: &Farm, list: &str, query: &str, name: &str) -> Vec<String> {
    found_as(farm, &farm.token(), list, query, name)
}

fn found_as(farm: &Farm, token: &str, list: &str, query: &str, name: &str) -> Vec<String> {
    let (mut after, mut found) = (String::new(), Vec::new());
    loop {
        let path = format!("/api/v1/{list}?limit=200{query}{after}");
        let page = farm.call_as(Some(token), "GET", &path, &[], "").ok(200);
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|item| item[name].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

fn set(texts: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    texts.into_iter().collect()
}

#[test]
fn few_and_many_are_found_alike() {
    let farm = Farm::described();
    let agents: Vec<_> =
        (0..HOSTS).map(|host| farm.agent(&format!("Silo-{host:03}"), Some("Office"))).collect();
    let reports: Vec<Value> = (0..USERS)
        .map(|user| {
            let outcome = if user % 100 == 7 { "failed" } else { "merged" };
            report(user, "s", &sid(user), "logon", outcome, u64::from(user))
        })
        .collect();
    reports.chunks(AT_ONCE).for_each(|some| drop(send(&agents[0], some)));
    for (number, agent) in (USERS..).zip(&agents[1..]) {
        send(agent, &[report(number, "s", &sid(3), "logon", "merged", 1)]);
    }

    // Users: all of them, a hundred, one, none.
    let all = set((0..USERS).map(sid));
    assert_eq!(set(found(&farm, "users", "&search=s-1-5-21-1-2-3-1000", "sid")), all);
    let some = set((100..200).map(sid));
    assert_eq!(set(found(&farm, "users", "&search=-10001", "sid")), some);
    assert_eq!(found(&farm, "users", "&search=1000042", "sid"), [sid(42)]);
    assert!(found(&farm, "users", "&search=zzz", "sid").is_empty());

    // Sessions, by their users and by their hosts.
    let every = usize::try_from(USERS + HOSTS - 1).unwrap();
    let ids = found(&farm, "user-sessions", "&search=1-5-21", "id");
    assert_eq!((ids.len(), set(ids).len()), (every, every));
    assert_eq!(found(&farm, "user-sessions", "&search=SILO-0", "id").len(), every);
    assert_eq!(found(&farm, "user-sessions", "&search=silo-01", "host").len(), 10);
    assert_eq!(set(found(&farm, "user-sessions", "&search=silo-021", "host")), set(["Silo-021".to_owned()]));
    let of_one = found(&farm, "user-sessions", "&search=1000003", "host");
    assert_eq!(of_one.len(), usize::try_from(HOSTS).unwrap());
    assert_eq!(found(&farm, "user-sessions", "&search=1000003&sort=logon-ms", "host").len(), of_one.len());
    assert!(found(&farm, "user-sessions", "&search=zzz", "id").is_empty());
    assert!(found(&farm, "user-sessions", "&search=%25", "id").is_empty(), "no character is a joker");

    // With other filters beside the search.
    assert_eq!(found(&farm, "user-sessions", "&search=s-1-5&outcome=failed", "sid").len(), 5);
    assert_eq!(found(&farm, "user-sessions", "&search=1000107&outcome=failed", "sid"), [sid(107)]);
    assert!(found(&farm, "user-sessions", "&search=1000108&outcome=failed", "sid").is_empty());
    let on_another = found(&farm, "user-sessions", &format!("&search=silo-01&sid={}", sid(4)), "sid");
    assert!(on_another.is_empty());

    // And for those who see the sessions of some machines alone, be these many, few or none.
    let in_lab = farm.agent("Lab-1", Some("Lab"));
    let reports =
        [(900, 1), (901, 600)].map(|(number, user)| report(number, "s", &sid(user), "logon", "merged", 1));
    send(&in_lab, &reports);
    farm.post("/api/v1/agent-server-groups", &json!({"name": "Empty"})).ok(201);
    let held = |group: &str| {
        let token = json!({"name": group, "role": "operator", "groups": [group]});
        farm.post("/api/v1/api-tokens", &token).ok(201)["token"].as_str().unwrap().to_owned()
    };
    let (office, lab, empty) = (held("Office"), held("Lab"), held("Empty"));
    assert_eq!(set(found_as(&farm, &office, "users", "", "sid")), all);
    assert_eq!(found_as(&farm, &office, "user-sessions", "", "id").len(), every);
    assert_eq!(found_as(&farm, &office, "user-sessions", "&search=zzz", "id").len(), 0);
    assert_eq!(set(found_as(&farm, &lab, "users", "", "sid")), set([sid(1), sid(600)]));
    assert_eq!(found_as(&farm, &lab, "users", "&search=1000600", "sid"), [sid(600)]);
    assert_eq!(found_as(&farm, &lab, "user-sessions", "", "host"), ["Lab-1", "Lab-1"]);
    assert_eq!(found_as(&farm, &lab, "user-sessions", "&search=1-5-21", "id").len(), 2);
    for list in ["users", "user-sessions"] {
        assert!(found_as(&farm, &empty, list, "", "sid").is_empty(), "{list}");
    }
    let any = |token: &str| {
        farm.call_as(Some(token), "GET", "/api/v1/overview", &[], "").ok(200)["any-session"].clone()
    };
    assert_eq!((any(&office), any(&lab), any(&empty)), (json!(true), json!(true), json!(false)));
}
