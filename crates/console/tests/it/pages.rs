//! What the console serves besides its API, and the sessions of browsers.

use serde_json::json;

use crate::support::{Farm, PASSWORD};

const HEADER: (&str, &str) = ("x-metaprofiles-pages", "1");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Signs in as a page does, and gives what the browser would send back as its cookie.
fn cookie(farm: &Farm) -> String {
    let body = json!({"name": "admin", "password": PASSWORD}).to_string();
    let answer = farm.raw("POST", "/api/v1/sessions/browser", &[JSON, HEADER], &body);
    assert_eq!(answer.status(), 201);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Strict");
    assert!(pair.starts_with("__Host-metaprofiles=mps1."));
    pair.to_owned()
}

#[test]
fn a_cookie_counts_only_beside_the_header_of_the_pages() {
    let farm = Farm::new();
    let cookie = cookie(&farm);
    let call = |method, path, headers: &[(&str, &str)]| farm.call_as(None, method, path, headers, "");
    let current = call("GET", "/api/v1/sessions/current", &[("cookie", &cookie), HEADER]).ok(200);
    assert_eq!(current["name"], "admin");
    assert!(current["expires"].as_str().unwrap().ends_with('Z'));
    call("GET", "/api/v1/machines", &[("cookie", &cookie)]).refused(401, "MP-CON-001");
    call("GET", "/api/v1/machines", &[("cookie", &format!("a=b; {cookie}")), HEADER]).ok(200);
    call("GET", "/api/v1/machines", &[("cookie", "__Host-metaprofiles=x"), HEADER])
        .refused(401, "MP-CON-002");
    let out = farm.raw("DELETE", "/api/v1/sessions/current", &[("cookie", &cookie), HEADER], "");
    assert_eq!(out.status(), 204);
    assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    call("GET", "/api/v1/machines", &[("cookie", &cookie), HEADER]).refused(401, "MP-CON-002");
}

#[test]
fn another_site_cannot_sign_a_browser_in() {
    let farm = Farm::new();
    let body = json!({"name": "admin", "password": PASSWORD}).to_string();
    farm.call_as(None, "POST", "/api/v1/sessions/browser", &[JSON], &body).refused(400, "MP-CON-011");
}

#[test]
fn every_address_within_the_pages_gives_the_page_and_others_do_not() {
    let farm = Farm::new();
    for path in ["/", "/index.html", "/sessions", "/data-subsets/Office%20settings"] {
        let answer = farm.raw("GET", path, &[], "");
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
    }
    for path in ["/assets/none.js", "/assets/../.gitignore", "/api/", "/api/v2/x", "/machine/v1/none"] {
        farm.get(path).refused(404, "MP-CON-012");
    }
    farm.call("POST", "/sessions", &[], "").refused(404, "MP-CON-012");
}

#[test]
fn the_page_has_a_strict_policy_with_a_new_nonce_each_time() {
    let farm = Farm::new();
    let policy = || {
        let answer = farm.raw("GET", "/", &[], "");
        answer.headers().get("content-security-policy").map(|policy| policy.to_str().unwrap().to_owned())
    };
    let Some(first) = policy() else {
        println!("SKIPPED the_page_has_a_strict_policy_with_a_new_nonce_each_time: the pages were not built");
        return;
    };
    assert!(first.starts_with("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"), "{first}");
    assert!(!first.contains("unsafe"), "{first}");
    assert_ne!(Some(first), policy());
}

#[test]
fn assets_are_packed_and_kept_for_good() {
    let farm = Farm::new();
    let page = farm.get("/").text;
    let Some(script) = page.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".js"))
    else {
        println!("SKIPPED assets_are_packed_and_kept_for_good: the pages were not built");
        return;
    };
    assert!(!page.contains("__CSP_NONCE__"));
    let plain = farm.raw("GET", script, &[("accept-encoding", "br;q=0")], "");
    assert_eq!(plain.headers()["content-type"], "text/javascript");
    assert_eq!(plain.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert!(!plain.headers().contains_key("content-encoding"));
    let packed = farm.raw("GET", script, &[("accept-encoding", "gzip, br")], "");
    assert_eq!(packed.headers()["content-encoding"], "br");
    assert_eq!(packed.headers()["vary"], "accept-encoding");
    let etag = plain.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(farm.raw("GET", script, &[("if-none-match", &etag)], "").status(), 304);
}
