use serde_json::{Value, json};

use crate::support::{Answer, Farm, store};

const FULL: &str = r#"
format = 1

[[storage-server]]
name = "STORE2"
host = "ts-store2.example"
base-folder = 'D:\MetaProfiles'
global-folder = "all"
port = 4455
keep-versions = 3

[[storage-server]]
name = "STORE1"
host = "127.0.0.1"
base-folder = "/srv/metaprofiles"
global-folder = "global"
port = 4455
keep-versions = 5

[[agent-server-group]]
name = "Lab"
description = "\"quoted\" äöü\nand a second line"
storage-server = "STORE1"

[[agent-server-group]]
name = "Office"

[[data-subset]]
name = "Office settings"
description = "everything of Word"
applies = { groups = ["Office", "Lab"] }
max-total-bytes = 1048576

[[data-subset.registry]]
key = 'Software\Microsoft\Office\*'
values = ["@", "Font*"]
delete-if-missing = true

[[data-subset.registry]]
action = "exclude"
key = 'Software\Microsoft\Office\*\Cache'
recursive = false

[[data-subset.folders]]
folder = "RoamingAppData"
path = 'Microsoft\Templates'
masks = ["*.dotx"]
max-file-bytes = 4096

[[data-subset]]
name = "Desktop"
applies = "global"
"#;

fn import(farm: &Farm, text: &str) -> Answer {
    farm.call("PUT", "/api/v1/configuration", &[("if-match", "*")], text)
}

fn dry_run(farm: &Farm, text: &str) -> Value {
    farm.call("PUT", "/api/v1/configuration?dry-run=true", &[], text).ok(200)["differences"].clone()
}

fn actions(differences: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    differences.as_array().unwrap().iter().map(|one| (text(&one["name"]), text(&one["action"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, action)| ((*name).to_owned(), (*action).to_owned())).collect()
}

#[test]
fn a_file_written_by_hand_says_only_what_is_special() {
    let farm = Farm::new();
    let server = "[[storage-server]]\nname = \"S\"\nhost = \"s.example\"\nbase-folder = \"/srv/mp\"\n";
    import(&farm, server).ok(200);
    let server = farm.get("/api/v1/storage-servers/S").ok(200);
    assert_eq!(
        (&server["global-folder"], &server["port"], &server["keep-versions"]),
        (&json!("global"), &json!(4455), &json!(5))
    );
    let exported = farm.get("/api/v1/configuration").text;
    assert!(exported.contains("format = 1\n") && exported.contains("keep-versions = 5\n"), "{exported}");
}

#[test]
fn what_is_exported_is_imported_as_the_same() {
    let farm = Farm::new();
    assert_eq!(import(&farm, FULL).ok(200)["differences"].as_array().unwrap().len(), 6);
    let exported = farm.get("/api/v1/configuration");
    assert_eq!(dry_run(&farm, &exported.text), json!([]));
    let again = farm.call("PUT", "/api/v1/configuration", &[("if-match", &exported.etag)], &exported.text);
    assert_eq!((again.ok(200)["differences"].clone(), &again.etag), (json!([]), &exported.etag));

    let other = Farm::new();
    import(&other, &exported.text).ok(200);
    let exported_again = other.get("/api/v1/configuration");
    assert_eq!(exported_again.text, exported.text);
    for list in ["storage-servers", "agent-server-groups", "data-subsets"] {
        let path = format!("/api/v1/{list}");
        assert_eq!(other.get(&path).ok(200), farm.get(&path).ok(200));
    }
    let subset = &farm.get("/api/v1/data-subsets/Office%20settings").ok(200);
    assert_eq!(subset["registry"][1]["action"], "exclude");
    assert_eq!(subset["folders"][0]["masks"], json!(["*.dotx"]));
}

#[test]
fn a_dry_run_tells_the_difference_and_changes_nothing() {
    let farm = Farm::new();
    import(&farm, FULL).ok(200);
    let before = farm.get("/api/v1/configuration");
    let changed = before
        .text
        .replace("everything of Word", "Word")
        .replace("name = \"Office\"", "name = \"Office\"\nstorage-server = \"STORE2\"");
    let (servers, rest) = changed.split_once("[[agent-server-group]]").unwrap();
    let (head, servers) = servers.split_once("[[storage-server]]").unwrap();
    let (first, second) = servers.split_once("[[storage-server]]").unwrap();
    let text =
        format!("{head}[[storage-server]]{second}\n[[storage-server]]{first}\n[[agent-server-group]]{rest}");
    let found = dry_run(&farm, &text);
    let expected =
        [("STORE1", "moved"), ("STORE2", "moved"), ("Office", "changed"), ("Office settings", "changed")];
    assert_eq!(actions(&found), pairs(&expected));
    assert!(found[3]["before"].as_str().unwrap().contains("everything of Word"));
    assert!(!found[3]["after"].as_str().unwrap().contains("everything of Word"));
    assert_eq!(farm.get("/api/v1/configuration").text, before.text);

    import(&farm, &text).ok(200);
    assert_eq!(farm.get("/api/v1/storage-servers").ok(200)[0]["name"], "STORE1");
    assert_eq!(dry_run(&farm, &text), json!([]));
    assert_eq!(actions(&dry_run(&farm, &before.text)).len(), 4);
}

#[test]
fn an_import_is_done_wholly_or_not_at_all() {
    let farm = Farm::described();
    let _agent = farm.agent("ts01", Some("Lab"));
    let before = farm.get("/api/v1/configuration").text;
    let without_lab = "format = 1\n[[agent-server-group]]\nname = \"New\"\n";
    import(&farm, without_lab).refused(409, "MP-CON-025");
    import(&farm, "format = 2").refused(400, "MP-CON-021");
    import(&farm, "format = 1\n[[data-subset]]\nname = \"x\"\napplies = \"global\"\ncolour = 1")
        .refused(400, "MP-CON-021");
    import(
        &farm,
        "format = 1\n[[agent-server-group]]\nname = \"LAB\"\n[[agent-server-group]]\nname = \"Office\"",
    )
    .refused(400, "MP-CON-024");
    let headers = [("if-match", "\"0\"")];
    farm.call("PUT", "/api/v1/configuration", &headers, FULL).refused(412, "MP-CON-028");
    farm.call("PUT", "/api/v1/configuration", &[], FULL).refused(428, "MP-CON-027");
    assert_eq!(farm.get("/api/v1/configuration").text, before);
}

#[test]
fn of_two_who_change_the_same_the_second_is_told() {
    let farm = Farm::described();
    for (path, body) in [
        ("/api/v1/storage-servers/STORE1", store("STORE1", "10.1.1.1")),
        ("/api/v1/agent-server-groups/Office", json!({"name": "Office", "description": "changed"})),
    ] {
        let read = farm.get(path);
        farm.call("PUT", path, &[("content-type", "application/json")], &body.to_string())
            .refused(428, "MP-CON-027");
        let written = farm.put(path, &read.etag, &body);
        assert_eq!(written.ok(200), farm.get(path).ok(200));
        assert_eq!(written.etag, farm.get(path).etag);
        farm.put(path, &read.etag, &body).refused(412, "MP-CON-028");
        farm.delete(path, &read.etag).refused(412, "MP-CON-028");
        farm.delete(path, &format!("W/{}", written.etag)).refused(412, "MP-CON-028");
        farm.delete(path, &format!("\"x\", {}", written.etag)).ok(204);
        farm.put(path, "*", &body).refused(404, "MP-CON-022");
    }
}

#[test]
fn a_new_thing_of_an_old_name_has_another_tag() {
    let farm = Farm::described();
    let path = "/api/v1/agent-server-groups/Office";
    let old = farm.get(path);
    farm.delete(path, &old.etag).ok(204);
    farm.post("/api/v1/agent-server-groups", &json!({"name": "Office"})).ok(201);
    farm.delete(path, &old.etag).refused(412, "MP-CON-028");
}

#[test]
fn names_are_unique_whatever_their_case_and_stay() {
    let farm = Farm::described();
    farm.post("/api/v1/agent-server-groups", &json!({"name": "office"})).refused(409, "MP-CON-023");
    farm.post("/api/v1/storage-servers", &store("store1", "10.0.0.1")).refused(409, "MP-CON-023");
    farm.get("/api/v1/agent-server-groups/OFFICE").ok(200);
    farm.put("/api/v1/agent-server-groups/Office", "*", &json!({"name": "Bureau"}))
        .refused(400, "MP-CON-024");
    farm.get("/api/v1/agent-server-groups/Nowhere").refused(404, "MP-CON-022");
}

#[test]
fn what_cannot_work_is_refused() {
    let farm = Farm::described();
    let server = |field: &str, value: Value| {
        let mut body = store("S", "s.example");
        body[field] = value;
        farm.post("/api/v1/storage-servers", &body)
    };
    for host in
        ["", "a b", "https://s.example", "s.example:4455", "-a.example", "a..b", "300.1.1.1", "ä.example"]
    {
        server("host", json!(host)).refused(400, "MP-CON-020");
    }
    for folder in
        ["", "/", "relative", r"C:\", r"C:relative", r"\\server", "/srv/../etc", "D:\\a\\..\\b", "/srv/\u{7}"]
    {
        server("base-folder", json!(folder)).refused(400, "MP-CON-020");
    }
    server("global-folder", json!("office")).refused(400, "MP-CON-020");
    server("global-folder", json!("..")).refused(400, "MP-CON-010");
    server("port", json!(0)).refused(400, "MP-CON-020");
    server("port", json!(65_536)).refused(400, "MP-CON-010");
    server("keep-versions", json!(0)).refused(400, "MP-CON-020");
    server("name", json!(" padded")).refused(400, "MP-CON-020");
    server("colour", json!("red")).refused(400, "MP-CON-010");
    for folder in ["/srv/mp", r"D:\MetaProfiles", r"\\server\share"] {
        let name = folder.replace(['/', '\\'], "-");
        farm.post("/api/v1/storage-servers", &json!({"name": name, "host": "::1", "base-folder": folder}))
            .ok(201);
    }

    let group = |body: Value| farm.post("/api/v1/agent-server-groups", &body);
    group(json!({"name": "CON"})).refused(400, "MP-CON-010");
    group(json!({"name": "../x"})).refused(400, "MP-CON-010");
    group(json!({"name": "New", "storage-server": "S9"})).refused(400, "MP-CON-020");
    group(json!({"name": "Global"})).refused(400, "MP-CON-020");

    let subset = |body: Value| farm.post("/api/v1/data-subsets", &body);
    subset(json!({"name": "a", "applies": {"groups": []}})).refused(400, "MP-CON-020");
    subset(json!({"name": "a", "applies": {"groups": ["Nowhere"]}})).refused(400, "MP-CON-020");
    subset(json!({"name": "a", "applies": {"groups": ["Lab", "LAB"]}})).refused(400, "MP-CON-020");
    subset(json!({"name": "a", "applies": "everywhere"})).refused(400, "MP-CON-010");
    subset(json!({"name": "a", "applies": "global", "registry": [{"kye": "x"}]})).refused(400, "MP-CON-010");
    subset(json!({"name": "a", "applies": "global", "max-total-bytes": u64::MAX})).refused(400, "MP-CON-020");
    subset(json!({"name": "a", "applies": "global", "registry": [{"key": "a\u{0}b"}]}))
        .refused(400, "MP-CON-020");
    let rule = subset(json!({"name": "a", "applies": "global", "registry": [{"key": "HKCU\\Software"}]}));
    rule.refused(400, "MP-CON-020");
    assert!(rule.text.contains("leave out"), "{rule:?}");
    subset(json!({"name": "a", "applies": "global", "folders": [{"folder": "Nowhere"}]}))
        .refused(400, "MP-CON-020");
    farm.call("POST", "/api/v1/data-subsets", &[("content-type", "application/json")], "{")
        .refused(400, "MP-CON-010");
    farm.call("POST", "/api/v1/data-subsets", &[], "{}").refused(400, "MP-CON-010");
}

#[test]
fn what_is_used_stays() {
    let farm = Farm::described();
    farm.put("/api/v1/agent-server-groups/Lab", "*", &json!({"name": "Lab", "storage-server": "STORE1"}))
        .ok(200);
    farm.delete("/api/v1/storage-servers/STORE1", "*").refused(409, "MP-CON-025");
    farm.post("/api/v1/data-subsets", &json!({"name": "a", "applies": {"groups": ["Lab"]}})).ok(201);
    farm.delete("/api/v1/agent-server-groups/Lab", "*").refused(409, "MP-CON-025");
    farm.delete("/api/v1/data-subsets/a", "*").ok(204);
    let agent = farm.agent("ts01", Some("Lab"));
    let token = farm.join_token(&json!({"role": "agent", "group": "Lab"}));
    farm.delete("/api/v1/agent-server-groups/Lab", "*").refused(409, "MP-CON-025");
    farm.delete(&format!("/api/v1/machines/{}", agent.machine().id), "*").ok(204);
    farm.delete("/api/v1/agent-server-groups/Lab", "*").ok(204);
    // The token that was to lead into the group is gone with it.
    let gone = farm.enrol(&token, mp_protocol::MachineRole::Agent, "ts02", &[]).unwrap_err();
    assert!(gone.to_string().contains("MP-CON-050"), "{gone}");
    assert_eq!(farm.get(&format!("/api/v1/machines/{}", agent.machine().id)).ok(200)["group"], Value::Null);
}
