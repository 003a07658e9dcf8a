//! The console in one file, and back: on the same engine, on the other one, and what is no backup.

use std::{collections::BTreeSet, io::BufReader};

use mp_console::{BackupError, ConsoleConfig, Secret, backup, restore};
use mp_protocol::{AgentPlan, client::ConsoleClient};
use serde_json::{Value, json};
use sqlx::{AnyPool, Row};
use tempfile::TempDir;

use crate::support::{Farm, SQLITE};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn config(folder: &TempDir, database: Option<String>) -> ConsoleConfig {
    ConsoleConfig { database: database.map(Secret::new), ..ConsoleConfig::new(folder.path()) }
}

fn saved(farm: &Farm) -> Vec<u8> {
    let mut file = Vec::new();
    let config = ConsoleConfig { database: farm.database(), ..ConsoleConfig::new(farm.folder.path()) };
    runtime().block_on(backup(&config, &mut file)).unwrap();
    file
}

fn restored(file: &[u8], folder: &TempDir, database: Option<String>) -> Result<u64, BackupError> {
    runtime().block_on(restore(&config(folder, database), BufReader::new(file)))
}

/// What a farm says of itself.
fn told(farm: &Farm) -> Vec<String> {
    let lists = [
        "configuration",
        "machines",
        "join-tokens",
        "users",
        "user-sessions",
        "administrators",
        "audit-log?sort=id&limit=3",
    ];
    lists.iter().map(|list| farm.get(&format!("/api/v1/{list}")).text).collect()
}

#[test]
fn a_console_comes_back_as_it_was_on_either_engine() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", Some("Office"));
    farm.storage("store1", "STORE1");
    farm.join_token(&json!({"role": "agent"}));
    farm.post("/api/v1/administrators", &json!({"name": "Ada", "role": "operator", "groups": ["Lab"]}))
        .ok(201);
    farm.post("/api/v1/api-tokens", &json!({"name": "x", "role": "auditor"})).ok(201);
    let (file, before) = (saved(&farm), told(&farm));
    for database in [None, crate::new_database()] {
        let folder = TempDir::new().unwrap();
        assert!(restored(&file, &folder, database.clone()).unwrap() > 10);
        let again = Farm::open(folder, database);
        assert_eq!(told(&again), before);
        let proof = again.get("/api/v1/audit-log/proof").ok(200);
        assert_eq!(proof["intact"], true, "{proof}");
        // Its machines know it, and it goes on.
        let client = ConsoleClient::new(&again.reached_by("ts01", &farm)).unwrap();
        client.plan::<AgentPlan>(None, std::time::Duration::ZERO).unwrap();
        again.post("/api/v1/agent-server-groups", &json!({"name": "New"})).ok(201);
        again.agent("ts02", Some("New"));
        assert_eq!(again.get("/api/v1/audit-log/proof").ok(200)["intact"], true);
    }
    drop(agent);
}

#[test]
fn nothing_is_missing_in_the_file() {
    let farm = Farm::described();
    let statement = match farm.database() {
        None => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        Some(_) => "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = 'public'",
    };
    sqlx::any::install_default_drivers();
    let tables: BTreeSet<String> = runtime().block_on(async {
        let pool = AnyPool::connect(&farm.database_url()).await.unwrap();
        let rows = sqlx::query(statement).fetch_all(&pool).await.unwrap();
        pool.close().await;
        rows.iter().map(|row| row.get::<String, _>("name")).collect()
    });
    let source = include_str!("../../src/repository/backup.rs");
    let (_, list) = source.split_once("const TABLES").unwrap();
    let list = list.split_once("];").unwrap().0;
    let mut kept: BTreeSet<String> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    // Whoever was signed in, or was about to be, signs in again.
    kept.extend(["_sqlx_migrations", "api_tokens", "used_sign_ins"].map(str::to_owned));
    assert_eq!(tables, kept, "{SQLITE}");
}

#[test]
fn nothing_is_overwritten() {
    let farm = Farm::described();
    let file = saved(&farm);
    // It runs: the folder is taken.
    let config = ConsoleConfig { database: farm.database(), ..ConsoleConfig::new(farm.folder.path()) };
    let error = runtime().block_on(restore(&config, BufReader::new(&file[..]))).unwrap_err();
    assert!(error.to_string().contains("another console uses"), "{error}");
    let database = farm.database().map(|url| url.reveal().to_owned());
    let folder = farm.end();
    assert!(matches!(restored(&file, &folder, database), Err(BackupError::NotEmpty)));
    // Another farm's authority stays as well.
    let other = Farm::new().end();
    std::fs::remove_file(other.path().join("console.db")).ok();
    assert!(matches!(restored(&file, &other, crate::new_database()), Err(BackupError::NotEmpty)));
}

#[test]
fn a_damaged_file_is_refused_and_leaves_nothing() {
    let farm = Farm::described();
    let file = saved(&farm);
    let text = String::from_utf8(file.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without = |number: usize| {
        let kept = lines
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != number)
            .map(|(_, line)| format!("{line}\n"));
        kept.collect::<String>().into_bytes()
    };
    let mut damaged = vec![
        Vec::new(),
        b"nonsense\n".to_vec(),
        file[..file.len() / 2].to_vec(),
        without(0),
        without(3),
        without(lines.len() - 1),
        text.replace("STORE1", "STORE2").into_bytes(),
        text.replace("\"table\":\"farm\"", "\"table\":\"sqlite_master\"").into_bytes(),
        text.replace("\"schema\":", "\"schema\":9").into_bytes(),
    ];
    damaged.push([&file[..], &file[..]].concat().split_off(file.len() - 10));
    let (folder, database) = (TempDir::new().unwrap(), crate::new_database());
    for file in damaged {
        let error = restored(&file, &folder, database.clone()).unwrap_err();
        assert!(matches!(error, BackupError::Damaged { .. }), "{error:?}");
    }
    assert!(restored(&file, &folder, database.clone()).is_ok());
    let again = Farm::open(folder, database);
    assert_eq!(again.get("/api/v1/storage-servers").ok(200)[0]["name"], "STORE1");
    assert_eq!(again.get("/api/v1/user-sessions").ok(200)["items"], Value::Array(Vec::new()));
}
