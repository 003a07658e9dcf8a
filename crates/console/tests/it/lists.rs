//! Lists that can grow: pages, orders, filters, and what every list and every refusal has in common.

use serde_json::{Value, json};

use crate::support::Farm;

/// All items of a list, page by page.
fn walk(farm: &Farm, list: &str, query: &str, limit: usize) -> Vec<Value> {
    let (mut after, mut seen) = (String::new(), Vec::new());
    for _ in 0..100 {
        let page = farm.get(&format!("{list}?limit={limit}{query}{after}")).ok(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        seen.extend(items.iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return seen,
        }
    }
    panic!("{list} has no end");
}

fn field(items: &[Value], name: &str) -> Vec<String> {
    items.iter().map(|item| item[name].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn machines_are_paged_ordered_filtered_and_found() {
    let farm = Farm::described();
    for (name, group) in
        [("ts03", Some("Lab")), ("TS01", Some("Office")), ("a_b", None), ("axb", None), ("ts01", None)]
    {
        farm.agent(name, group);
    }
    farm.storage("store1", "STORE1");
    const LIST: &str = "/api/v1/machines";
    let all = walk(&farm, LIST, "", 2);
    let names = field(&all, "name");
    assert_eq!(names.len(), 6);
    assert_eq!((names[0].as_str(), names[1].as_str(), names[2].as_str()), ("a_b", "axb", "store1"));
    assert_eq!(names[5], "ts03", "case does not matter: {names:?}");
    let mut backwards = walk(&farm, LIST, "&sort=-name", 4);
    backwards.reverse();
    assert_eq!(backwards, all);
    assert_eq!(field(&walk(&farm, LIST, "&sort=-enrolled", 1), "name")[0], "store1");
    assert_eq!(walk(&farm, LIST, "&sort=last-seen", 1).len(), 6);
    assert_eq!(walk(&farm, LIST, "&role=agent", 2).len(), 5);
    assert_eq!(walk(&farm, LIST, "&role=agent&group=office", 2).len(), 1);
    assert_eq!(field(&walk(&farm, LIST, "&search=Ts0", 2), "name").len(), 3);
    assert_eq!(field(&walk(&farm, LIST, "&search=a_b", 2), "name"), ["a_b"], "no character is a joker");
    assert_eq!(walk(&farm, LIST, "&search=%25", 2).len(), 0);
    let id = all[0]["id"].as_str().unwrap();
    assert_eq!(walk(&farm, LIST, &format!("&search={id}"), 2).len(), 1);
    assert!(all.iter().all(|machine| machine["certificates"].as_array().unwrap().len() == 1));
    farm.delete(&format!("{LIST}/{id}"), "*").ok(204);
    assert_eq!(field(&walk(&farm, LIST, "&state=revoked", 2), "id"), [id]);
}

#[test]
fn join_tokens_are_paged_and_filtered() {
    let farm = Farm::described();
    const LIST: &str = "/api/v1/join-tokens";
    for number in 0..5 {
        let group = if number == 2 { "Lab" } else { "Office" };
        farm.join_token(&json!({"role": "agent", "group": group, "lifetime-hours": 10 - number}));
    }
    farm.agent("ts01", Some("Lab"));
    assert_eq!(walk(&farm, LIST, "", 2).len(), 6);
    assert_eq!(walk(&farm, LIST, "&used=true", 2).len(), 1);
    assert_eq!(walk(&farm, LIST, "&used=false&search=LAB", 2).len(), 1);
    assert_eq!(walk(&farm, LIST, "&role=storage", 2).len(), 0);
    let mut ends = field(&walk(&farm, LIST, "&sort=expires", 2), "expires");
    let sorted = ends.clone();
    ends.sort();
    assert_eq!(ends, sorted);
}

#[test]
fn the_audit_log_is_paged_and_looked_through() {
    let farm = Farm::described();
    const LIST: &str = "/api/v1/audit-log";
    let all = walk(&farm, LIST, "", 2);
    assert!(all.len() >= 5, "{all:?}");
    let ids: Vec<i64> = all.iter().map(|line| line["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a > b), "the newest first: {ids:?}");
    let mut forwards = walk(&farm, LIST, "&sort=id", 3);
    forwards.reverse();
    assert_eq!(forwards, all);
    assert_eq!(walk(&farm, LIST, "&action=created&search=store1", 1).len(), 1);
    assert_eq!(walk(&farm, LIST, "&who=nobody", 1).len(), 0);
    assert_eq!(walk(&farm, LIST, "&from=2020-01-01T00:00:00Z", 3).len(), all.len());
    assert_eq!(walk(&farm, LIST, "&to=2020-01-01T00:00:00Z", 3).len(), 0);
}

#[test]
fn every_list_refuses_what_is_no_page() {
    let farm = Farm::new();
    let document = farm.get("/api/v1/openapi.json").ok(200);
    let lists = document["paths"].as_object().unwrap().iter().filter(|(_, item)| {
        let parameters = item["get"]["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "after"))
    });
    let mut found = 0;
    for (path, _) in lists {
        found += 1;
        for query in ["limit=0", "limit=201", "limit=x", "after=x", "sort=colour", "colour=1", "sort="] {
            farm.get(&format!("{path}?{query}")).refused(400, "MP-CON-011");
        }
        let long = "x".repeat(201);
        for text in [long.as_str(), "%00"] {
            farm.get(&format!("{path}?search={text}")).refused(400, "MP-CON-011");
        }
        if path != "/api/v1/configuration/history" {
            assert_eq!(farm.get(&format!("{path}?search=%20&limit=1")).status, 200);
        }
    }
    assert!(found >= 5, "{found}");
}

/// Nothing that is there is changed or removed unseen: without If-Match the answer is 428.
#[test]
fn no_change_is_made_unseen() {
    let farm = Farm::new();
    let document = farm.get("/api/v1/openapi.json").ok(200);
    // The first needs the present password; the second ends nothing but itself; what the third removes never changes.
    let without = [
        "/api/v1/administrators/current/password",
        "/api/v1/sessions/current",
        "/api/v1/users/{sid}/data-sets/{scope}/quarantine/{id}",
    ];
    let mut found = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["put", "patch", "delete"].iter().filter(|method| item.get(*method).is_some()) {
            if without.contains(&path.as_str()) {
                continue;
            }
            found += 1;
            let id = "00000000000000000000000000000000";
            let address = path
                .replace("{id}", id)
                .replace("{name}", "X")
                .replace("{revision}", "9")
                .replace("{sid}", "S-1-5-21-1-2-3-1001")
                .replace("{scope}", "global")
                .replace("{number}", "1");
            let headers = [("content-type", "application/json")];
            farm.call(&method.to_ascii_uppercase(), &address, &headers, "{}").refused(428, "MP-CON-027");
            let parameters = item[*method]["parameters"].as_array().unwrap();
            let told = parameters.iter().any(|parameter| parameter["name"] == "If-Match");
            assert!(told, "{method} {path} does not say that it needs If-Match");
        }
    }
    assert!(found >= 10, "{found}");
}

#[test]
fn a_refusal_is_a_problem() {
    let farm = Farm::new();
    let answer = farm.get("/api/v1/storage-servers/Nowhere");
    assert_eq!(answer.content_type, "application/problem+json");
    let problem = answer.json();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(404), &json!("MP-CON-022")));
    assert_eq!(problem["type"], "urn:metaprofiles:problem:MP-CON-022");
    assert_eq!(problem["title"], "Not found");
    assert!(problem["detail"].as_str().unwrap().contains("Nowhere"));
}

#[test]
fn a_join_token_is_taken_back_as_it_was_read() {
    let farm = Farm::described();
    let token = farm.join_token(&json!({"role": "agent"}));
    let id = farm.get("/api/v1/join-tokens").ok(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/join-tokens/{id}");
    let read = farm.get(&path);
    assert_eq!(read.ok(200)["used"], Value::Null);
    farm.delete(&path, "\"other\"").refused(412, "MP-CON-028");
    farm.enrol(&token, mp_protocol::MachineRole::Agent, "ts01", &[]).unwrap();
    farm.delete(&path, &read.etag).refused(404, "MP-CON-040");
    farm.get("/api/v1/join-tokens/nowhere").refused(404, "MP-CON-040");
}
