use std::time::{Duration, Instant};

use mp_profile::VersionTag;
use mp_protocol::{
    AgentPlan, Identity, StoragePlan,
    client::{ConsoleClient, PlanAnswer},
};
use serde_json::{Value, json};

use crate::support::{Farm, store};

fn subset(name: &str, applies: &Value) -> Value {
    json!({"name": name, "applies": applies, "registry": [{"key": "Software\\Test"}]})
}

fn first<P: serde::de::DeserializeOwned>(identity: &Identity) -> (ConsoleClient, P, VersionTag) {
    let client = ConsoleClient::new(identity).unwrap();
    let PlanAnswer::Plan(plan, tag) = client.plan(None, Duration::ZERO).unwrap() else {
        panic!("nothing was held")
    };
    (client, plan, tag)
}

/// What a machine that waits is told while something is done, and after how long.
fn told<P: serde::de::DeserializeOwned + Send + std::fmt::Debug>(
    (client, _, tag): &(ConsoleClient, P, VersionTag),
    wait: u64,
    act: impl FnOnce(),
) -> (PlanAnswer<P>, Duration) {
    std::thread::scope(|scope| {
        let start = Instant::now();
        let waiting = scope
            .spawn(move || (client.plan(Some(tag), Duration::from_secs(wait)).unwrap(), start.elapsed()));
        std::thread::sleep(Duration::from_millis(300));
        act();
        waiting.join().unwrap()
    })
}

#[test]
fn a_waiting_agent_is_woken_by_its_own_changes_only() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", Some("Office"));
    let held = first::<AgentPlan>(&agent);
    assert_eq!(held.1.revision, 1);

    // Known and unchanged: told so, at once or after the wait.
    assert_eq!(held.0.plan::<AgentPlan>(Some(&held.2), Duration::ZERO).unwrap(), PlanAnswer::NotModified);
    let (answer, after) = told(&held, 1, || {
        farm.post("/api/v1/data-subsets", &subset("lab", &json!({"groups": ["Lab"]}))).ok(201);
        farm.post("/api/v1/agent-server-groups", &json!({"name": "Third"})).ok(201);
        let _ = farm.agent("ts02", None);
    });
    assert_eq!(answer, PlanAnswer::NotModified);
    assert!(after >= Duration::from_secs(1), "{after:?}");

    let (answer, after) = told(&held, 20, || {
        farm.post("/api/v1/data-subsets", &subset("all", &json!("global"))).ok(201);
    });
    let PlanAnswer::Plan(plan, tag) = answer else { panic!("its subsets changed") };
    assert!(after < Duration::from_secs(10), "{after:?}");
    assert_eq!((plan.revision, plan.subsets.len()), (2, 1));

    // The same content again is another revision, for the Agent has seen another one in between.
    farm.delete("/api/v1/data-subsets/all", "*").ok(204);
    let PlanAnswer::Plan(plan, _) = held.0.plan::<AgentPlan>(Some(&tag), Duration::ZERO).unwrap() else {
        panic!("its subsets changed back")
    };
    assert_eq!((plan.revision, plan.subsets.len()), (3, 0));
}

#[test]
fn which_groups_share_a_subset_is_not_told() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", Some("Office"));
    farm.post("/api/v1/data-subsets", &subset("both", &json!({"groups": ["Lab", "Office"]}))).ok(201);
    let held = first::<AgentPlan>(&agent);
    assert_eq!(serde_json::to_value(&held.1.subsets[0].applies).unwrap(), json!({"groups": ["Office"]}));
    farm.put("/api/v1/data-subsets/both", "*", &subset("both", &json!({"groups": ["Office"]}))).ok(200);
    assert_eq!(held.0.plan::<AgentPlan>(Some(&held.2), Duration::ZERO).unwrap(), PlanAnswer::NotModified);
}

#[test]
fn a_waiting_storage_server_learns_of_new_and_revoked_agents() {
    let farm = Farm::described();
    let storage = farm.storage("store1", "STORE1");
    let held = first::<StoragePlan>(&storage);
    assert!(held.1.agents.is_empty());
    let mut joined = None;
    let (answer, _) = told(&held, 20, || joined = Some(farm.agent("ts01", None)));
    let PlanAnswer::Plan(plan, tag) = answer else { panic!("an agent joined") };
    let joined = joined.unwrap();
    assert_eq!(plan.agents[0].id, joined.machine().id);
    let (answer, after) = told(&(held.0, plan, tag), 20, || {
        farm.delete(&format!("/api/v1/machines/{}", joined.machine().id), "*").ok(204);
    });
    let PlanAnswer::Plan(plan, _) = answer else { panic!("the agent was revoked") };
    assert!(plan.agents.is_empty());
    assert!(after < Duration::from_secs(10), "{after:?}");
}

#[test]
fn a_moved_agent_may_send_what_waits_for_its_former_group_for_a_month() {
    let farm = Farm::described();
    let storage = farm.storage("store1", "STORE1");
    let agent = farm.agent("ts01", Some("Office"));
    let address = format!("/api/v1/machines/{}", agent.machine().id);
    let plans = || {
        let storage = first::<StoragePlan>(&storage).1.agents.remove(0);
        let former: Vec<String> = storage.former_groups.iter().map(ToString::to_string).collect();
        let scopes = first::<AgentPlan>(&agent).1.scopes();
        (former, scopes.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    farm.put(&address, "*", &json!({"group": "Lab"})).ok(200);
    let (former, scopes) = plans();
    assert_eq!(former, ["Office"]);
    assert_eq!(scopes, ["global", "group:Lab", "group:Office"]);
    // Back again, and then out of any group: what it was in last is known in any case.
    farm.put(&address, "*", &json!({"group": "Office"})).ok(200);
    assert_eq!(plans().0, ["Lab"]);
    farm.put(&address, "*", &json!({"group": null})).ok(200);
    assert_eq!(plans().0, ["Lab", "Office"]);
    farm.pass(31 * 24);
    assert_eq!(plans(), (Vec::new(), vec!["global".to_owned()]));
}

/// Names of the Storage Servers of a scope, in their order.
fn servers(plan: &AgentPlan, scope: &str) -> Vec<String> {
    plan.targets(&scope.parse().unwrap()).iter().map(|target| target.name.clone()).collect()
}

#[test]
fn agents_go_to_the_server_of_their_group_or_to_the_first() {
    let farm = Farm::described();
    farm.post("/api/v1/storage-servers", &store("STORE2", "127.0.0.2")).ok(201);
    farm.put("/api/v1/agent-server-groups/Lab", "*", &json!({"name": "Lab", "storage-server": "store2"}))
        .ok(200);
    let stores = [farm.storage("store1", "STORE1"), farm.storage("store2", "STORE2")];
    for (name, group) in [("a", None), ("b", Some("Office")), ("c", Some("Lab"))] {
        let plan = first::<AgentPlan>(&farm.agent(name, group)).1;
        assert_eq!(servers(&plan, "global"), ["STORE1"]);
        let Some(group) = group else { continue };
        let expected = if group == "Lab" { "STORE2" } else { "STORE1" };
        assert_eq!(servers(&plan, &format!("group:{group}")), [expected]);
        assert_eq!(plan.storage.unwrap().name, expected);
    }
    // Each is told of the Agents that come to it, and of the group that brings them.
    let told = stores.map(|store| {
        let plan = first::<StoragePlan>(&store).1;
        assert_eq!(plan.peers, []);
        let agents = plan.agents.into_iter().map(|agent| (agent.name, agent.group.map(|it| it.to_string())));
        let mut agents: Vec<_> = agents.collect();
        agents.sort_unstable();
        (plan.keeps_global, agents)
    });
    let agent = |name: &str, group: Option<&str>| (name.to_owned(), group.map(str::to_owned));
    assert_eq!(told[0], (true, vec![agent("a", None), agent("b", Some("Office")), agent("c", None)]));
    assert_eq!(told[1], (false, vec![agent("c", Some("Lab"))]));
}

#[test]
fn a_scope_is_kept_by_several_servers_in_the_order_that_the_administrator_says() {
    let farm = Farm::described();
    farm.post("/api/v1/storage-servers", &store("STORE2", "127.0.0.2")).ok(201);
    let group = |others: Value| {
        let group = json!({"name": "Office", "storage-server": "STORE2", "other-storage-servers": others});
        farm.put("/api/v1/agent-server-groups/Office", "*", &group)
    };
    group(json!(["STORE9"])).refused(400, "MP-CON-020");
    group(json!(["store2"])).refused(400, "MP-CON-020");
    group(json!(["store1"])).ok(200);
    let read = farm.get("/api/v1/agent-server-groups/Office").ok(200);
    assert_eq!(read["other-storage-servers"], json!(["STORE1"]));
    let exported = farm.get("/api/v1/configuration").text;
    assert!(exported.contains("other-storage-servers = [\"STORE1\"]"), "{exported}");
    farm.delete("/api/v1/storage-servers/STORE1", "*").refused(409, "MP-CON-025");

    let mut second = store("STORE2", "127.0.0.2");
    second["keeps-global"] = json!(true);
    farm.put("/api/v1/storage-servers/STORE2", "*", &second).ok(200);
    let stores = [farm.storage("store1", "STORE1"), farm.storage("store2", "STORE2")];
    let agent = farm.agent("a", Some("Office"));
    let plan = first::<AgentPlan>(&agent).1;
    assert_eq!((servers(&plan, "group:Office"), servers(&plan, "global")), {
        (vec!["STORE2".to_owned(), "STORE1".to_owned()], vec!["STORE2".to_owned()])
    });
    // Each knows the other, and one of them merges.
    let plans = stores.each_ref().map(|store| first::<StoragePlan>(store).1);
    for (own, other) in [(0, 1), (1, 0)] {
        let [peer] = &plans[own].peers[..] else { panic!("{:?}", plans[own].peers) };
        assert_eq!(peer.target.name, ["STORE1", "STORE2"][other]);
        let [machine] = &peer.machines[..] else { panic!("{peer:?}") };
        assert_eq!((&machine.id, machine.certificates.len()), (&stores[other].machine().id, 1));
        let [scope] = &peer.scopes[..] else { panic!("{peer:?}") };
        assert_eq!((scope.scope.to_string().as_str(), scope.merges), ("group:Office", own == 1));
    }
    assert_eq!([plans[0].keeps_global, plans[1].keeps_global], [false, true]);
}

#[test]
fn a_restarted_console_knows_its_machines_and_what_it_told_them() {
    let mut farm = Farm::described();
    let agent = farm.agent("ts01", Some("Office"));
    let (_, plan, tag) = first::<AgentPlan>(&agent);
    let configuration = farm.get("/api/v1/configuration").text;
    farm.restart();
    let (client, plan_again, tag_again) = first::<AgentPlan>(&agent);
    assert_eq!((plan_again, tag_again), (plan, tag.clone()));
    assert_eq!(client.plan::<AgentPlan>(Some(&tag), Duration::ZERO).unwrap(), PlanAnswer::NotModified);
    // The session goes on as well.
    assert_eq!(farm.get("/api/v1/configuration").text, configuration);
}

/// What many are told at the same moment is noted together.
#[test]
fn many_waiting_agents_are_told_of_a_change_once_each() {
    let farm = Farm::described();
    let agents: Vec<_> = (0..12).map(|number| farm.agent(&format!("ts{number:02}"), None)).collect();
    let held: Vec<_> = agents.iter().map(first::<AgentPlan>).collect();
    let told: Vec<_> = std::thread::scope(|scope| {
        let wait = |(client, _, tag): &(ConsoleClient, AgentPlan, VersionTag)| {
            let (client, tag) = (client.clone(), tag.clone());
            scope.spawn(move || client.plan::<AgentPlan>(Some(&tag), Duration::from_secs(20)).unwrap())
        };
        let waiting: Vec<_> = held.iter().map(wait).collect();
        std::thread::sleep(Duration::from_millis(300));
        farm.post("/api/v1/data-subsets", &subset("all", &json!("global"))).ok(201);
        waiting.into_iter().map(|waiting| waiting.join().unwrap()).collect()
    });
    for ((client, ..), answer) in held.iter().zip(told) {
        let PlanAnswer::Plan(plan, tag) = answer else { panic!("it was not told") };
        assert_eq!((plan.revision, plan.subsets.len()), (2, 1));
        assert_eq!(client.plan::<AgentPlan>(Some(&tag), Duration::ZERO).unwrap(), PlanAnswer::NotModified);
    }
}
