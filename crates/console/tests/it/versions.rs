//! Databases of all former versions, with data in them, are brought up to date and lose nothing.

use std::{fs, path::Path, time::SystemTime};

use serde_json::json;
use sqlx::{AnyPool, AssertSqlSafe, Row, migrate::Migrator};
use tempfile::TempDir;

use crate::support::{Farm, SQLITE};

/// What an empty farm of the present version is made of: its authority, and the hash of the administrator's password.
fn template() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let farm = Farm::open(folder, None);
    let folder = farm.end();
    let url = sqlite(&folder.path().join("console.db"));
    let hash = runtime().block_on(async {
        let pool = AnyPool::connect(&url).await.unwrap();
        let row = sqlx::query("SELECT password_hash FROM administrators").fetch_one(&pool).await.unwrap();
        pool.close().await;
        row.get(0)
    });
    (folder, hash)
}

fn runtime() -> tokio::runtime::Runtime {
    sqlx::any::install_default_drivers();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn sqlite(path: &Path) -> String {
    format!("sqlite:{}?mode=rwc", path.display())
}

/// Makes a database as the version with so many migrations had it, with rows.
async fn make(url: &str, migrations: &Path, version: usize, hash: &str) {
    let all = Migrator::new(migrations).await.unwrap();
    let pool = AnyPool::connect(url).await.unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() - 86_400_000;
    for number in 1..=version {
        let first = all.iter().take(number).cloned().collect::<Vec<_>>();
        Migrator::with_migrations(first).run(&pool).await.unwrap();
        let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/versions/{number:04}.sql"));
        if let Ok(rows) = fs::read_to_string(rows) {
            let rows = rows.replace("{password}", hash).replace("{now}", &now.to_string());
            sqlx::raw_sql(AssertSqlSafe(rows)).execute(&pool).await.unwrap();
        }
    }
    pool.close().await;
}

#[test]
fn every_former_version_is_brought_up_to_date() {
    let (template, hash) = template();
    let runtime = runtime();
    let engine = if crate::new_database().is_some() { "postgres" } else { SQLITE };
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    let versions = fs::read_dir(&migrations).unwrap().count();
    assert!(versions >= 7);
    // Without people there was no console yet.
    for version in 2..=versions {
        let folder = TempDir::new().unwrap();
        fs::copy(template.path().join("authority.pem"), folder.path().join("authority.pem")).unwrap();
        let database = crate::new_database();
        let url = database.clone().unwrap_or_else(|| sqlite(&folder.path().join("console.db")));
        runtime.block_on(make(&url, &migrations, version, &hash));
        let farm = Farm::open(folder, database);
        let told = format!("from version {version}");
        let group = farm.get("/api/v1/agent-server-groups/Office").ok(200);
        assert_eq!(
            (&group["description"], &group["storage-server"]),
            (&json!("äöü"), &json!("STORE1")),
            "{told}"
        );
        let lab = farm.get("/api/v1/agent-server-groups/lab").ok(200);
        let mode = if version >= 3 { "asynchronous" } else { "synchronous" };
        assert_eq!(lab["settings"]["mode"], mode, "{told}");
        let subset = farm.get("/api/v1/data-subsets/Office%20settings").ok(200);
        assert_eq!(subset["registry"][0]["key"], r"Software\Microsoft\Office", "{told}");
        let machines = farm.get("/api/v1/machines").ok(200)["items"].clone();
        let names: Vec<_> =
            machines.as_array().unwrap().iter().map(|machine| machine["name"].clone()).collect();
        assert_eq!(names, ["old", "store1", "TS01"], "{told}");
        assert_eq!(machines[2]["certificates"], json!(["0a"]), "{told}");
        assert_eq!(
            farm.get("/api/v1/join-tokens?used=false").ok(200)["items"][0]["storage-server"],
            "STORE1"
        );
        let log = farm.get("/api/v1/audit-log?sort=id").ok(200)["items"].clone();
        assert_eq!(log[1]["subject"], "Storage Server \"STORE1\"", "{told}");
        if version >= 4 {
            let sessions = farm.get("/api/v1/user-sessions").ok(200)["items"].clone();
            assert_eq!(sessions[0]["outcome"], "spooled", "{told}");
            let id = sessions[1]["id"].as_str().unwrap();
            let session = farm.get(&format!("/api/v1/user-sessions/{id}")).ok(200);
            assert_eq!(session["timeline"][0]["duration"], 250, "{told}");
            let user = farm.get("/api/v1/users/S-1-5-21-1-2-3-1001").ok(200);
            assert_eq!((&user["sessions"], &user["last-host"]), (&json!(2), &json!("TS01")), "{told}");
            assert_eq!(user["last-session"], sessions[0]["id"], "{told}");
        }
        // Where a group named another Storage Server than the first, the global data sets are on several.
        let servers = farm.get("/api/v1/storage-servers").ok(200);
        let keeping = servers.as_array().unwrap().iter().filter(|server| server["keeps-global"] == true);
        let keeping: Vec<_> = keeping.map(|server| server["name"].clone()).collect();
        let expected = if version >= 9 { vec!["STORE1", "STORE2"] } else { Vec::new() };
        assert_eq!(keeping, expected, "{told}");
        if version >= 18 {
            let status = farm.get("/api/v1/storage-status").ok(200);
            assert_eq!(
                (&status[0]["storage-server"], &status[0]["low"]),
                (&json!("STORE1"), &json!(true)),
                "{told}"
            );
        }
        // It goes on being changed.
        farm.post("/api/v1/agent-server-groups", &json!({"name": "New"})).ok(201);
        farm.join_token(&json!({"role": "agent", "group": "Office"}));
    }
}
