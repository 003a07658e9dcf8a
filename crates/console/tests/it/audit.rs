//! What is remembered of changes, and that nobody forgets it unseen.

use serde_json::{Value, json};
use sqlx::AnyPool;

use crate::support::Farm;

fn log(farm: &Farm, query: &str) -> Vec<Value> {
    farm.get(&format!("/api/v1/audit-log?{query}")).ok(200)["items"].as_array().unwrap().clone()
}

fn proof(farm: &Farm) -> Value {
    farm.get("/api/v1/audit-log/proof").ok(200)
}

/// Runs statements past the console, as somebody with the database in his hands could.
fn behind_its_back(farm: &Farm, statements: &[&str]) -> Result<(), sqlx::Error> {
    sqlx::any::install_default_drivers();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let pool = AnyPool::connect(&farm.database_url()).await?;
        for statement in statements {
            sqlx::query(sqlx::AssertSqlSafe((*statement).to_owned())).execute(&pool).await?;
        }
        pool.close().await;
        Ok(())
    })
}

#[test]
fn a_change_is_told_with_who_from_where_before_and_after() {
    let farm = Farm::described();
    let path = "/api/v1/agent-server-groups/Office";
    farm.put(path, "*", &json!({"name": "Office", "description": "new"})).ok(200);
    let line = log(&farm, "limit=1")[0].clone();
    assert_eq!((&line["who"], &line["address"]), (&json!("administrator admin"), &json!("127.0.0.1")));
    assert_eq!(
        (&line["action"], &line["subject"]),
        (&json!("changed"), &json!("Agent Server Group \"Office\""))
    );
    let change = &line["changes"][0];
    assert_eq!(change["before"], "name = \"Office\"\n");
    assert_eq!(change["after"], "name = \"Office\"\ndescription = \"new\"\n");
    let agent = farm.agent("ts01", Some("Office"));
    assert_eq!(log(&farm, "limit=1")[0]["address"], "127.0.0.1");
    let machine = format!("/api/v1/machines/{}", agent.machine().id);
    farm.put(&machine, "*", &json!({"group": "Lab"})).ok(200);
    let change = log(&farm, "limit=1")[0]["changes"][0].clone();
    assert_eq!((&change["before"], &change["after"]), (&json!("group Office"), &json!("group Lab")));
}

#[test]
fn a_log_that_nobody_touched_is_intact() {
    let mut farm = Farm::described();
    farm.agent("ts01", None);
    let before = proof(&farm);
    assert_eq!(
        (&before["intact"], &before["unsealed"], &before["broken-at"]),
        (&json!(true), &json!(0), &Value::Null)
    );
    assert_eq!(before["head"], log(&farm, "limit=1")[0]["hash"]);
    farm.restart();
    farm.post("/api/v1/agent-server-groups", &json!({"name": "New"})).ok(201);
    let after = proof(&farm);
    assert_eq!(after["entries"].as_i64().unwrap(), before["entries"].as_i64().unwrap() + 1);
    assert_ne!(after["head"], before["head"]);
}

#[test]
fn what_is_changed_or_removed_behind_its_back_is_seen() {
    let farm = Farm::described();
    let changed = behind_its_back(&farm, &["UPDATE audit_log SET who = 'nobody' WHERE id = 2"]);
    assert!(changed.unwrap_err().to_string().contains("never changed"));

    let farm = Farm::described();
    behind_its_back(&farm, &["DELETE FROM audit_log WHERE id = 3"]).unwrap();
    assert_eq!((&proof(&farm)["intact"], &proof(&farm)["broken-at"]), (&json!(false), &json!(4)));

    let farm = Farm::described();
    let last = log(&farm, "limit=1")[0]["id"].as_i64().unwrap();
    let statement = format!("DELETE FROM audit_log WHERE id = {last}");
    behind_its_back(&farm, &[statement.as_str()]).unwrap();
    assert_eq!((&proof(&farm)["intact"], &proof(&farm)["broken-at"]), (&json!(false), &json!(0)));

    let farm = Farm::described();
    let forged =
        "INSERT INTO audit_log (at, who, action, subject, details, hash) VALUES (1, 'x', 'y', 'z', '', 'h')";
    behind_its_back(&farm, &[forged]).unwrap();
    assert_eq!(proof(&farm)["intact"], json!(false));
}

#[test]
fn the_configuration_goes_back_to_what_it_was() {
    let farm = Farm::described();
    let before = farm.get("/api/v1/configuration").text;
    farm.delete("/api/v1/agent-server-groups/Lab", "*").ok(204);
    farm.post("/api/v1/data-subsets", &json!({"name": "All", "applies": "global"})).ok(201);
    let history = farm.get("/api/v1/configuration/history").ok(200)["items"].as_array().unwrap().clone();
    assert_eq!(history.len(), 5);
    assert_eq!((&history[0]["action"], &history[1]["action"]), (&json!("created"), &json!("removed")));
    assert_eq!(history[1]["subject"], "Agent Server Group \"Lab\"");
    let former = format!("/api/v1/configuration/history/{}", history[2]["revision"]);
    let text = farm.get(&former);
    assert_eq!((text.content_type.as_str(), &text.text), ("application/toml", &before));
    let difference = farm.get(&format!("{former}/difference")).ok(200);
    let actions: Vec<_> =
        difference["differences"].as_array().unwrap().iter().map(|one| one["action"].clone()).collect();
    assert_eq!(actions, ["added", "removed"]);
    let etag = farm.get("/api/v1/configuration").etag;
    farm.call("PUT", "/api/v1/configuration", &[("if-match", &etag)], &text.text).ok(200);
    assert_eq!(farm.get("/api/v1/configuration").text, before);
    farm.get("/api/v1/configuration/history/1").refused(404, "MP-CON-029");
}
