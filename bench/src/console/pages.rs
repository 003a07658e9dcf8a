//! What the pages ask, of each operation that they call: the first page of a list, one in its midst and its last one, in each
//! order, with each filter, and with searches that find much, little and nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use mp_farm::PASSWORD;
use mp_protocol::{
    client::{AdministratorClient, ApiRequest, Method},
    digest::sha256,
};
use serde_json::{Value, json};

use super::{made, server::Server};
use crate::{
    load::storm::at,
    samples::{aim, fact, note, ratio},
};

/// Administrators who ask at the same time.
pub(super) const ADMINISTRATORS: u32 = 4;
/// No answer shall take longer, at the 99th percentile.
const LIMIT_MS: f64 = 200.0;
const DOCUMENT: &str = include_str!("../../../docs/reference/openapi.json");
/// Operations that are not asked, and why.
const LEFT_OUT: [(&str, &[&str]); 3] = [
    (
        "they ask a Storage Server, whose answer they wait for",
        &[
            "list-data-sets",
            "list-versions",
            "get-version",
            "browse-version",
            "compare-versions",
            "get-file-of-version",
            "list-quarantine",
            "compare-quarantined",
        ],
    ),
    ("they ask a directory", &["find-directory-users", "find-directory-groups"]),
    (
        "there is none in this farm",
        &["get-api-token", "get-join-token", "get-storage-damage", "get-storage-move", "get-webhook"],
    ),
];

/// A question of a page.
struct Question {
    operation: &'static str,
    /// Tells it from others of its operation; may be empty.
    what: &'static str,
    path: String,
    /// Whether it is asked by an operator who is held to one of the groups.
    held: bool,
}

impl Question {
    fn name(&self) -> String {
        let what = if self.what.is_empty() { String::new() } else { format!(".{}", self.what) };
        format!("{}{what}{}", self.operation, if self.held { ".of-one-group" } else { "" })
    }
}

/// An administrator who is signed in, on a connection of his own, and who can act as an operator of one group.
struct Asker {
    client: AdministratorClient,
    token: String,
    held: String,
}

impl Asker {
    fn sign_in(server: &Server) -> Result<Self> {
        let client = AdministratorClient::new(&server.url(), sha256(&server.authority))?;
        let (token, held) = (String::new(), String::new());
        let mut asker = Self { client, token, held };
        asker.token = asker.token("sessions", &json!({ "name": "admin", "password": PASSWORD }))?;
        let operator = json!({ "name": "operator", "role": "operator", "groups": [made::group(3)] });
        asker.held = asker.token("api-tokens", &operator)?;
        Ok(asker)
    }

    /// Makes something that has a token.
    fn token(&self, of: &str, body: &Value) -> Result<String> {
        let (path, body) = (format!("/api/v1/{of}"), body.to_string());
        let answer = self.client.send(&ApiRequest {
            method: Method::POST,
            path: &path,
            token: Some(self.token.as_str()).filter(|token| !token.is_empty()),
            if_match: None,
            body: Some(("application/json", body.as_bytes())),
        })?;
        let made: Value = serde_json::from_slice(&answer.body)?;
        Ok(made["token"].as_str().context("the console gave no token")?.to_owned())
    }

    fn ask(&self, path: &str, held: bool) -> Result<Vec<u8>> {
        let token = Some(if held { self.held.as_str() } else { self.token.as_str() });
        let request = ApiRequest { method: Method::GET, path, token, if_match: None, body: None };
        Ok(self.client.send(&request).with_context(|| path.to_owned())?.body)
    }

    fn json(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_slice(&self.ask(path, false)?)?)
    }

    /// Reads a list to its end; gives where its middle and its last page begin, and how many items it has.
    fn walk(&self, list: &str) -> Result<(String, String, usize)> {
        let (mut cursors, mut items) = (Vec::new(), 0);
        loop {
            let after = cursors.last().map_or(String::new(), |cursor| format!("&after={cursor}"));
            let page = self.json(&format!("{list}limit=200{after}"))?;
            items += page["items"].as_array().map_or(0, Vec::len);
            match page["next"].as_str() {
                Some(next) => cursors.push(next.to_owned()),
                None => break,
            }
        }
        let cursor = |index: usize| cursors.get(index).cloned().unwrap_or_default();
        Ok((cursor(cursors.len() / 2), cursor(cursors.len().saturating_sub(1)), items))
    }
}

/// Asks everything so many times, and prints medians and 99th percentiles.
pub(super) fn run(engine: &str, server: &Server, times: u32) -> Result<()> {
    let questions = questions(&Asker::sign_in(server)?, engine)?;
    all_are_asked(&questions)?;
    let before = server.cpu_ms()?;
    let begun = Instant::now();
    let asked: Result<Vec<Vec<(usize, Duration)>>> = thread::scope(|scope| {
        let ask = |number: u32| {
            let questions = &questions;
            scope.spawn(move || ask_all(server, questions, times.div_ceil(ADMINISTRATORS), number))
        };
        let askers: Vec<_> = (0..ADMINISTRATORS).map(ask).collect();
        askers.into_iter().map(|asker| asker.join().unwrap()).collect()
    });
    let took = begun.elapsed();
    let mut answers = BTreeMap::<usize, Vec<Duration>>::new();
    for (question, time) in asked?.into_iter().flatten() {
        answers.entry(question).or_default().push(time);
    }
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let (mut slowest, mut count) = ((0.0, String::new()), 0);
    for (question, times) in &mut answers {
        times.sort();
        count += times.len();
        let (name, p99) = (questions[*question].name(), ms(at(times, 99.0)));
        fact(format_args!("console.{engine}.{name}.p50"), "ms", ms(at(times, 50.0)));
        fact(format_args!("console.{engine}.{name}.p99"), "ms", p99);
        if p99 > slowest.0 {
            slowest = (p99, name);
        }
    }
    let prefix = format!("console.{engine}");
    fact(format_args!("{prefix}.answers-per-second"), "1/s", count as f64 / took.as_secs_f64());
    fact(format_args!("{prefix}.cpu-per-answer"), "ms", (server.cpu_ms()? - before) / count as f64);
    fact(format_args!("{prefix}.slowest.p99"), "ms", slowest.0);
    fact(format_args!("{prefix}.limit"), "ms", LIMIT_MS);
    ratio(format_args!("{prefix}.slowest-to-limit"), format_args!("{prefix}.slowest.p99"), format_args!("{prefix}.limit"));
    aim(format_args!("{prefix}.slowest-to-limit"), 1.0, format_args!("of {LIMIT_MS} ms, the slowest being {}", slowest.1));
    Ok(())
}

/// One administrator asks everything again and again, each time in another order.
fn ask_all(server: &Server, questions: &[Question], times: u32, number: u32) -> Result<Vec<(usize, Duration)>> {
    let asker = Asker::sign_in(server)?;
    let mut random = Rng::with_seed(u64::from(number));
    let mut order: Vec<usize> = (0..questions.len()).collect();
    let mut answers = Vec::new();
    // The first time fills caches, and is not counted.
    for time in 0..=times {
        random.shuffle(&mut order);
        for &index in &order {
            let begun = Instant::now();
            asker.ask(&questions[index].path, questions[index].held)?;
            if time > 0 {
                answers.push((index, begun.elapsed()));
            }
        }
    }
    Ok(answers)
}

/// Everything that is read of the API is asked, or it is said why not.
fn all_are_asked(questions: &[Question]) -> Result<()> {
    let document: Value = serde_json::from_str(DOCUMENT)?;
    let paths = document["paths"].as_object().context("the document has no paths")?;
    let read: BTreeSet<&str> = paths.values().filter_map(|path| path["get"]["operationId"].as_str()).collect();
    let left_out = LEFT_OUT.iter().flat_map(|(_, operations)| operations.iter().copied());
    let asked: BTreeSet<&str> = questions.iter().map(|question| question.operation).chain(left_out).collect();
    let difference: Vec<_> = read.symmetric_difference(&asked).collect();
    ensure!(difference.is_empty(), "neither asked nor left out, or not in the API: {difference:?}");
    for (why, operations) in LEFT_OUT {
        note(format_args!("console: not asked, because {why}: {}", operations.join(", ")));
    }
    Ok(())
}

fn questions(asker: &Asker, engine: &str) -> Result<Vec<Question>> {
    let mut all = Vec::new();
    let mut ask = |operation, what, path: &str| {
        all.push(Question { operation, what, path: format!("/api/v1/{path}"), held: false });
    };
    for (operation, path) in [
        ("get-overview", "overview"),
        ("get-session", "sessions/current"),
        ("get-sign-in-options", "sign-in-options"),
        ("get-sign-in-policy", "sign-in-policy"),
        ("get-retention", "retention"),
        ("get-directory", "directory"),
        ("get-openid-connect", "openid-connect"),
        ("get-second-factor", "administrators/current/second-factor"),
        ("list-administrators", "administrators"),
        ("get-administrator", "administrators/admin"),
        ("list-api-tokens", "api-tokens"),
        ("list-join-tokens", "join-tokens?used=false&limit=200"),
        ("list-storage-servers", "storage-servers"),
        ("get-storage-server", "storage-servers/STORE1"),
        ("list-storage-moves", "storage-moves"),
        ("list-storage-damage", "storage-damage"),
        ("list-agent-server-groups", "agent-server-groups"),
        ("get-agent-server-group", "agent-server-groups/Silo%201"),
        ("list-data-subsets", "data-subsets"),
        ("get-data-subset", "data-subsets/Subset%201"),
        ("list-webhooks", "webhooks"),
        ("export-configuration", "configuration"),
        ("list-configuration-history", "configuration/history"),
        ("prove-audit-log", "audit-log/proof"),
    ] {
        ask(operation, "", path);
    }
    let history = asker.json("/api/v1/configuration/history")?;
    let revision = history["items"][0]["revision"].as_i64().context("there is no history")?;
    ask("get-former-configuration", "", &format!("configuration/history/{revision}"));
    ask("compare-former-configuration", "", &format!("configuration/history/{revision}/difference"));

    let one = |list: &str, name: &str| -> Result<String> {
        let page = asker.json(list)?;
        Ok(page["items"][0][name].as_str().with_context(|| format!("{list} is empty"))?.to_owned())
    };
    let machine = one("/api/v1/machines?role=agent", "id")?;
    ask("get-machine", "", &format!("machines/{machine}"));
    for (what, query) in [
        ("by-name", "role=agent&state=active&sort=name"),
        ("by-last-seen", "role=agent&state=active&sort=last-seen"),
        ("of-a-group", "role=agent&group=Silo%202"),
        ("search", "role=agent&search=rdsh01"),
        ("search-nothing", "role=agent&search=zzz"),
        ("storage", "role=storage&state=active&limit=200"),
    ] {
        ask("list-machines", what, &format!("machines?{query}"));
    }

    let (middle, last, users) = asker.walk("/api/v1/users?")?;
    let user = made::sid(777);
    for (what, query) in [
        ("first", String::new()),
        ("middle", format!("after={middle}")),
        ("last", format!("after={last}")),
        ("by-sid", "sort=sid".to_owned()),
        ("search-many", "search=anna".to_owned()),
        ("search-some", "search=brandt,%20cem%20(5".to_owned()),
        ("search-one", "search=u000777".to_owned()),
        ("search-sid", format!("search={user}")),
        ("search-nothing", "search=zzz".to_owned()),
    ] {
        ask("list-users", what, &format!("users?{query}"));
    }
    ask("get-user", "", &format!("users/{user}"));

    let begun = Instant::now();
    let (middle, last, sessions) = asker.walk("/api/v1/user-sessions?")?;
    fact(format_args!("console.{engine}.walk-of-all-sessions"), "s", begun.elapsed().as_secs_f64());
    note(format_args!("console: {engine} lists {users} users and {sessions} sessions"));
    let page = asker.json(&format!("/api/v1/user-sessions?after={middle}"))?;
    let then = page["items"][0]["started"].as_str().context("there is no session in the midst")?;
    let day = then.get(..10).context("a time has a date")?;
    for (what, query) in [
        ("first", String::new()),
        ("latest-six", "limit=6".to_owned()),
        ("middle", format!("after={middle}")),
        ("last", format!("after={last}")),
        ("oldest-first", "sort=started".to_owned()),
        ("by-logon", "sort=-logon-ms".to_owned()),
        ("since-then", format!("from={day}T12:00:00Z")),
        ("until-then-by-logon", format!("to={day}T12:00:00Z&sort=-logon-ms")),
        ("of-a-user", format!("sid={user}")),
        ("of-a-user-by-logon", format!("sid={user}&sort=-logon-ms")),
        ("on-a-host", "host=RDSH0100".to_owned()),
        ("on-a-host-by-logon", "host=RDSH0100&sort=-logon-ms".to_owned()),
        ("failed", "outcome=failed".to_owned()),
        ("failed-by-logon", "outcome=failed&sort=-logon-ms".to_owned()),
        ("with-no-such-outcome", "outcome=left-alone".to_owned()),
        ("search-many", "search=anna".to_owned()),
        ("search-some", "search=brandt,%20cem%20(5".to_owned()),
        ("search-one-user", "search=u000777".to_owned()),
        ("search-host", "search=rdsh0100".to_owned()),
        ("search-hosts", "search=rdsh01".to_owned()),
        ("search-sid", format!("search={user}")),
        ("search-nothing", "search=zzz".to_owned()),
        ("search-nothing-failed", "search=zzz&outcome=failed".to_owned()),
        ("search-host-by-logon", "search=rdsh0100&sort=-logon-ms".to_owned()),
    ] {
        ask("list-user-sessions", what, &format!("user-sessions?{query}"));
    }
    let session = one(&format!("/api/v1/user-sessions?sid={user}"), "id")?;
    ask("get-user-session", "", &format!("user-sessions/{session}"));

    let (middle, last, lines) = asker.walk("/api/v1/audit-log?")?;
    note(format_args!("console: {engine} has {lines} lines of the audit log"));
    for (what, query) in [
        ("first", String::new()),
        ("middle", format!("after={middle}")),
        ("last", format!("after={last}")),
        ("oldest-first", "sort=id".to_owned()),
        ("search", "search=rdsh0100".to_owned()),
        ("search-nothing", "search=zzz".to_owned()),
        ("of-one", "who=administrator%20admin".to_owned()),
    ] {
        ask("list-audit-log", what, &format!("audit-log?{query}"));
    }
    for (operation, what, path) in [
        ("get-overview", "", "overview"),
        ("list-machines", "by-name", "machines?role=agent&state=active&sort=name"),
        ("list-users", "first", "users"),
        ("list-users", "search-nothing", "users?search=zzz"),
        ("list-user-sessions", "first", "user-sessions"),
        ("list-user-sessions", "by-logon", "user-sessions?sort=-logon-ms"),
        ("list-user-sessions", "failed", "user-sessions?outcome=failed"),
        ("list-user-sessions", "search-many", "user-sessions?search=anna"),
    ] {
        all.push(Question { operation, what, path: format!("/api/v1/{path}"), held: true });
    }
    Ok(all)
}
