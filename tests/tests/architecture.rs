//! `ARCHITECTURE.md` and `deny.toml` say what is true of the workspace.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn metadata() -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version=1", "--locked"]).current_dir(root());
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Package id to (name, is a member of the workspace).
fn packages(metadata: &Value) -> BTreeMap<&str, &Value> {
    let members = metadata["packages"].as_array().unwrap();
    members.iter().map(|package| (package["id"].as_str().unwrap(), package)).collect()
}

fn members(metadata: &Value) -> Vec<&Value> {
    let packages = packages(metadata);
    let ids = metadata["workspace_members"].as_array().unwrap();
    ids.iter().map(|id| packages[id.as_str().unwrap()]).collect()
}

/// Rows of the code map: crate to the crates it may use; `None` for "all above".
fn code_map() -> Vec<(String, Option<BTreeSet<String>>)> {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{row}");
        let uses = (cells[2] != "all above").then(|| quoted(cells[2]).into_iter().collect());
        (quoted(cells[0]).remove(0), uses)
    })
    .collect()
}

#[test]
fn every_crate_is_in_the_code_map_and_keeps_its_arrows() {
    let metadata = metadata();
    let map = code_map();
    let names: BTreeSet<&str> =
        members(&metadata).iter().map(|package| package["name"].as_str().unwrap()).collect();
    let mapped: BTreeSet<&str> = map.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, mapped, "crates of the workspace (left) and of ARCHITECTURE.md (right)");
    for package in members(&metadata) {
        let name = package["name"].as_str().unwrap();
        let row = map.iter().position(|(mapped, _)| mapped == name).unwrap();
        let above: BTreeSet<String> = map[..row].iter().map(|(name, _)| name.clone()).collect();
        let allowed = map[row].1.clone().unwrap_or_else(|| above.clone());
        assert!(allowed.is_subset(&above), "{name} points down the code map");
        for dependency in package["dependencies"].as_array().unwrap() {
            // Development dependencies are for tests, which may look anywhere.
            let (on, kind) = (dependency["name"].as_str().unwrap(), &dependency["kind"]);
            let ours = names.contains(on) && kind.is_null();
            assert!(
                !ours || allowed.contains(on),
                "{name} depends on {on}, which ARCHITECTURE.md does not allow"
            );
        }
    }
}

#[test]
fn the_agent_links_no_sql_and_no_http_server() {
    let metadata = metadata();
    let tree = normal_tree(&metadata, "metaprofiles-agent");
    for banned in ["sqlx", "sqlx-core", "libsqlite3-sys", "axum", "axum-server", "mp-console", "mp-storage"] {
        assert!(!tree.contains(banned), "metaprofiles-agent links {banned}");
    }
    assert!(tree.contains("mp-agent") && tree.contains("ureq"), "the tree was not read");
    assert!(!normal_tree(&metadata, "mp-console").contains("mp-agent"), "the console links the Agent");
}

/// Names of all packages that end up in a program, for any target.
fn normal_tree(metadata: &Value, program: &str) -> BTreeSet<String> {
    let packages = packages(metadata);
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let nodes: BTreeMap<&str, &Value> =
        nodes.iter().map(|node| (node["id"].as_str().unwrap(), node)).collect();
    let start = packages.iter().find(|(_, package)| package["name"] == program).map(|(id, _)| *id).unwrap();
    let (mut seen, mut queue) = (BTreeSet::new(), vec![start]);
    while let Some(id) = queue.pop() {
        if seen.insert(id) {
            for dependency in nodes[id]["deps"].as_array().unwrap() {
                let kinds = dependency["dep_kinds"].as_array().unwrap();
                if kinds.iter().any(|kind| kind["kind"].is_null()) {
                    queue.push(dependency["pkg"].as_str().unwrap());
                }
            }
        }
    }
    seen.into_iter().map(|id| packages[id]["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn licences_and_bans_hold() {
    let deny: toml::Table = fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let allowed: BTreeSet<String> = deny["licenses"]["allow"].as_array().unwrap().iter().map(text).collect();
    let banned: BTreeSet<String> =
        deny["bans"]["deny"].as_array().unwrap().iter().map(|entry| text(&entry["crate"])).collect();
    assert!(banned.contains("aws-lc-rs"));
    for package in packages(&metadata()).values() {
        let name = package["name"].as_str().unwrap();
        assert!(
            !banned.contains(name),
            "{name} is banned by deny.toml; `cargo tree -i {name}` says who brings it"
        );
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(licence_allowed(licence, &allowed), "{name}: licence \"{licence}\" is not in deny.toml");
    }
}

/// Whether an SPDX expression of `AND`, `OR` and parentheses can be met with the allowed licences.
fn licence_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    fn any<'a>(
        tokens: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
        allowed: &BTreeSet<String>,
    ) -> bool {
        let mut met = all(tokens, allowed);
        while tokens.next_if_eq(&"OR").is_some() {
            met |= all(tokens, allowed);
        }
        met
    }
    fn all<'a>(
        tokens: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
        allowed: &BTreeSet<String>,
    ) -> bool {
        let mut met = one(tokens, allowed);
        while tokens.next_if_eq(&"AND").is_some() {
            met &= one(tokens, allowed);
        }
        met
    }
    fn one<'a>(
        tokens: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
        allowed: &BTreeSet<String>,
    ) -> bool {
        match tokens.next() {
            Some("(") => {
                let met = any(tokens, allowed);
                tokens.next();
                met
            }
            Some(name) if tokens.next_if_eq(&"WITH").is_some() => {
                let exception = tokens.next().unwrap_or_default();
                allowed.contains(&format!("{name} WITH {exception}"))
            }
            Some(name) => allowed.contains(name),
            None => false,
        }
    }
    any(&mut tokens, allowed)
}

#[test]
fn licence_expressions_are_understood() {
    let allowed: BTreeSet<String> =
        ["MIT", "Apache-2.0 WITH LLVM-exception", "ISC"].map(str::to_owned).into();
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0 OR MIT",
        "(GPL-3.0 OR ISC) AND MIT",
        "Apache-2.0 WITH LLVM-exception OR X",
    ] {
        assert!(licence_allowed(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "Apache-2.0"] {
        assert!(!licence_allowed(bad, &allowed), "{bad}");
    }
}

#[test]
fn only_the_windows_room_may_use_unsafe() {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    for package in members(&metadata()) {
        let name = package["name"].as_str().unwrap();
        let manifest: toml::Table =
            fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap().parse().unwrap();
        let inherits = manifest["lints"].get("workspace").and_then(toml::Value::as_bool) == Some(true);
        assert_eq!(inherits, name != "mp-windows", "{name}");
    }
}
