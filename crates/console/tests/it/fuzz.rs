//! Requests made of the document by chance, mostly of the right form with something odd in it. Whatever comes, the console
//! answers with a status below 500, and every refusal is a problem with a code.

use fastrand::Rng;
use mp_profile::{DataSetStore, Scope, Stored};
use serde_json::{Map, Value, json};

use crate::{
    data_sets::{SID, data_set},
    support::Farm,
};

/// Requests of each operation, and the seed of the chance.
const REQUESTS: usize = 40;
const SEED: u64 = 20_261_123;

/// Texts that have been somebody's downfall.
const ODD: &[&str] = &[
    "",
    " ",
    "\u{0}",
    "a\u{0}b",
    "X",
    "Office",
    "STORE1",
    "'; DROP TABLE farm; --",
    "%",
    "_",
    "\\",
    "../../etc/passwd",
    "\u{202e}\u{feff}ß İ 🦀",
    "-1",
    "0",
    "9223372036854775807",
    "9223372036854775808",
    "1e999",
    "NaN",
    "null",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-11-22T08:00:00+23:59",
    SID,
    "global",
    "Software\\Contoso",
    "Desktop:notes\\a.txt",
    "S-1-99999999999999999999",
    "00000000000000000000000000000000",
    "eyJ9",
    "W10",
    "WyItaWQiLDksOV0",
    "WyItaWQiLC05MjIzMzcyMDM2ODU0Nzc1ODA4LDld",
];

fn odd(rng: &mut Rng) -> String {
    match rng.u8(..10) {
        0 => "x".repeat(rng.usize(1..5_000)),
        1 => (0..rng.usize(1..20)).map(|_| rng.char(..)).collect(),
        _ => ODD[rng.usize(..ODD.len())].to_owned(),
    }
}

/// A value for a schema, at times another one.
fn value(rng: &mut Rng, document: &Value, schema: &Value, depth: usize) -> Value {
    if rng.u8(..12) == 0 || depth > 6 {
        let any =
            [Value::Null, json!(odd(rng)), json!(rng.i64(..)), json!(true), json!([]), json!({}), json!(1.5)];
        return any[rng.usize(..any.len())].clone();
    }
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return value(rng, document, document.pointer(pointer).unwrap_or(&Value::Null), depth + 1);
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[several].as_array() {
            let choice = rng.usize(..choices.len());
            return value(rng, document, &choices[choice], depth + 1);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return value(rng, document, &parts[0], depth + 1);
    }
    if let Some(words) = schema["enum"].as_array() {
        return words[rng.usize(..words.len())].clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[rng.usize(..kinds.len())].as_str().unwrap_or_default(),
        other => other.as_str().unwrap_or_default(),
    };
    match kind {
        "object" => {
            let empty = Map::new();
            let fields = schema["properties"].as_object().unwrap_or(&empty);
            let kept =
                fields.iter().filter(|_| rng.u8(..8) > 0).map(|(name, _)| name.clone()).collect::<Vec<_>>();
            let mut object: Map<String, Value> = kept
                .into_iter()
                .map(|name| {
                    let of = value(rng, document, &fields[&name], depth + 1);
                    (name, of)
                })
                .collect();
            if rng.u8(..20) == 0 {
                object.insert(odd(rng), Value::Null);
            }
            Value::Object(object)
        }
        "array" => (0..rng.usize(..4)).map(|_| value(rng, document, &schema["items"], depth + 1)).collect(),
        "integer" => match rng.u8(..4) {
            0 => json!(rng.i64(..)),
            1 => json!(rng.u64(..)),
            2 => json!(rng.u8(..3)),
            _ => json!(rng.i64(-1..70_000)),
        },
        "boolean" => json!(rng.bool()),
        "string" => json!(odd(rng)),
        _ => Value::Null,
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn nothing_that_comes_makes_the_console_fail() {
    let farm = Farm::with_storage();
    let client = farm.storage_client(&farm.agent("ts01", Some("Office")));
    let sid = SID.parse().unwrap();
    assert!(matches!(client.store(&Scope::Global, &sid, None, &data_set(1)), Ok(Stored::As(_))));
    let document = farm.get("/api/v1/openapi.json").ok(200);
    let mut rng = Rng::with_seed(SEED);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            // They end the session that all the others need, or make it good for nothing more.
            let ends = [
                "sign-out",
                "change-password",
                "sign-in",
                "sign-in-browser",
                "replace-sign-in-policy",
                "replace-directory",
            ];
            if ends.contains(&id) {
                continue;
            }
            for _ in 0..REQUESTS {
                let (mut address, mut query) = (path.clone(), Vec::new());
                for parameter in operation["parameters"].as_array().unwrap_or(&Vec::new()) {
                    let name = parameter["name"].as_str().unwrap();
                    let of = match value(&mut rng, &document, &parameter["schema"], 0) {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    match parameter["in"].as_str() {
                        Some("path") => address = address.replace(&format!("{{{name}}}"), &encoded(&of)),
                        Some("query") if rng.u8(..3) > 0 => query.push(format!("{name}={}", encoded(&of))),
                        _ => {}
                    }
                }
                let address = format!("{address}?{}", query.join("&"));
                let content = &operation["requestBody"]["content"];
                let (kind, body) = match content["application/json"].get("schema") {
                    Some(schema) => ("application/json", value(&mut rng, &document, schema, 0).to_string()),
                    None if content.is_object() => ("application/toml", odd(&mut rng)),
                    None => ("application/json", String::new()),
                };
                let headers = [("content-type", kind), ("if-match", "*")];
                let answer = farm.call(&method.to_ascii_uppercase(), &address, &headers, &body);
                let told = format!("{method} {address} {body}: {answer:?}");
                // Storage Servers that these requests describe do not run.
                let away = answer.status == 503 && answer.text.contains("MP-CON-119");
                assert!(answer.status < 500 || away, "{told}");
                if answer.status >= 400 {
                    assert!(
                        answer.json()["code"].as_str().is_some_and(|code| code.starts_with("MP-CON-")),
                        "{told}"
                    );
                }
                if answer.status == 401 {
                    farm.sign_in();
                }
            }
        }
    }
    assert_eq!(farm.get("/api/v1/audit-log/proof").ok(200)["intact"], true);
}
