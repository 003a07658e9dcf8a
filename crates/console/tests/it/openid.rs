//! People of a real OpenID Connect provider, of the certified library oidc-provider.

use mp_test_servers::OpenidProvider;
use serde_json::{Value, json};

use crate::{
    second_factor::enrol,
    support::{Answer, Farm, PASSWORD},
};

const LEFT_OUT: &str = "the console with an OpenID Connect provider";
const HEADER: (&str, &str) = ("x-metaprofiles-pages", "1");
const JSON: (&str, &str) = ("content-type", "application/json");
const BEGIN: &str = "/api/v1/sessions/openid-connect";
const COOKIE: &str = "__Host-metaprofiles-sign-in";
const ADA: &str = "ada@example.test";

/// The settings of a provider, with roles for two groups.
fn settings(farm: &Farm, provider: &OpenidProvider) -> Value {
    let (client, secret) = OpenidProvider::CLIENT;
    json!({
        "enabled": true, "name": "Contoso", "issuer": provider.issuer(), "client-id": client,
        "client-secret": secret, "address": farm.url(), "scopes": ["profile", "groups"],
        "certificates": provider.ca(),
        "roles": [
            {"group": "helpdesk", "role": "operator"}, {"group": "all", "role": "auditor", "groups": ["Lab"]},
        ],
    })
}

/// A farm whose people sign in by way of a provider.
fn farm() -> Option<(Farm, OpenidProvider)> {
    let provider = OpenidProvider::start(LEFT_OUT)?;
    let farm = Farm::described();
    let told = farm.put("/api/v1/openid-connect", "*", &settings(&farm, &provider)).ok(200);
    assert_eq!((&told["has-client-secret"], told.get("client-secret")), (&json!(true), None));
    provider.allow(told["return-address"].as_str().unwrap());
    Some((farm, provider))
}

/// A sign-in that was begun: the provider's address, and what the browser keeps.
struct Begun {
    address: String,
    cookie: String,
}

fn begin(farm: &Farm) -> Begun {
    let mut answer = farm.raw("POST", BEGIN, &[HEADER], "");
    let text = answer.body_mut().read_to_string().unwrap();
    assert_eq!(answer.status(), 201, "{text}");
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let (cookie, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=600");
    assert!(cookie.starts_with(COOKIE));
    let told: Value = serde_json::from_str(&text).unwrap();
    Begun { address: told["address"].as_str().unwrap().to_owned(), cookie: cookie.to_owned() }
}

/// What the page does to whose address the provider has sent the browser: the body of its request.
fn returned(address: &str) -> Value {
    let (_, query) = address.split_once("/sign-in/openid-connect?").unwrap();
    let mut body = serde_json::Map::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        let name = if name == "iss" { "issuer" } else { name };
        if name != "error_description" {
            body.insert(name.to_owned(), json!(value.replace("%3A", ":").replace("%2F", "/")));
        }
    }
    Value::Object(body)
}

/// The end of a sign-in: the answer, and the cookies that came with it.
fn end(farm: &Farm, path: &str, cookie: &str, body: &Value) -> (Answer, Vec<String>) {
    let headers = [HEADER, JSON, ("cookie", cookie)];
    let mut answer = farm.raw("POST", &format!("{BEGIN}/{path}"), &headers, &body.to_string());
    let set = answer.headers().get_all("set-cookie").iter();
    let set = set.map(|value| value.to_str().unwrap().split_once(';').unwrap().0.to_owned()).collect();
    let text = answer.body_mut().read_to_string().unwrap();
    let (etag, content_type) = (String::new(), String::new());
    (Answer { status: answer.status().as_u16(), etag, content_type, text }, set)
}

/// All of a sign-in.
fn sign_in(farm: &Farm, provider: &OpenidProvider, user: &str) -> (Answer, Vec<String>) {
    let begun = begin(farm);
    let address = provider.visit(&begun.address, user);
    assert!(address.starts_with(&farm.url()), "{address}");
    end(farm, "return", &begun.cookie, &returned(&address))
}

fn refused(farm: &Farm, provider: &OpenidProvider, user: &str, status: u16, code: &str) -> Answer {
    let (answer, cookies) = sign_in(farm, provider, user);
    answer.refused(status, code);
    assert!(cookies.is_empty(), "{cookies:?}");
    answer
}

/// Why the last ones were not let in, by the audit log.
fn reasons(farm: &Farm) -> String {
    farm.get("/api/v1/audit-log?action=failed%20to%20sign%20in").ok(200)["items"].to_string()
}

#[test]
fn people_of_the_provider_sign_in_with_the_role_of_their_groups() {
    let Some((farm, provider)) = farm() else { return };
    let open = farm.call_as(None, "GET", "/api/v1/sign-in-options", &[], "").ok(200);
    assert_eq!(open, json!({"openid-connect": {"name": "Contoso", "address": farm.url()}}));
    let told = farm.post("/api/v1/openid-connect/check", &json!({})).ok(200);
    assert_eq!(told["issuer"], provider.issuer());
    assert_eq!(
        (&told["keys"], &told["return-address"]),
        (&json!(1), &json!(farm.url() + "/sign-in/openid-connect"))
    );

    // In the token, or told to who asks with it.
    for in_token in [true, false] {
        provider.tell_in_tokens(in_token);
        let (answer, cookies) = sign_in(&farm, &provider, "ada");
        let current = answer.ok(201);
        assert_eq!(
            (&current["name"], &current["role"], &current["origin"]),
            (&json!(ADA), &json!("operator"), &json!("openid-connect"))
        );
        let (session, gone) = (&cookies[0], &cookies[1]);
        assert_eq!(*gone, format!("{COOKIE}="));
        farm.call_as(None, "GET", "/api/v1/machines", &[("cookie", session), HEADER], "").ok(200);
    }
    refused(&farm, &provider, "bob", 403, "MP-CON-094");
    assert!(reasons(&farm).contains("none of the groups has a role"));

    // Other groups count from the next sign-in on, and that is told.
    provider.put_ada_into(&["all"]);
    let current = sign_in(&farm, &provider, "ada").0.ok(201);
    assert_eq!((&current["role"], &current["groups"]), (&json!("auditor"), &json!(["Lab"])));
    let action = "got%20a%20role%20from%20the%20OpenID%20Connect%20provider";
    let log = farm.get(&format!("/api/v1/audit-log?action={action}")).ok(200)["items"].clone();
    assert_eq!(log.as_array().unwrap().len(), 2);
    assert_eq!(log[0]["changes"][0]["before"], "operator");
    assert!(log[0]["details"].as_str().unwrap().ends_with("by group all"), "{log}");
    let signed_in = farm.get("/api/v1/audit-log?action=signed%20in").ok(200)["items"][0].clone();
    assert_eq!(signed_in["who"], format!("administrator {ADA}"));
    assert_eq!(signed_in["details"], "by the OpenID Connect provider");
}

#[test]
fn nobody_gets_an_account_that_is_somebody_elses() {
    let Some((farm, provider)) = farm() else { return };
    refused(&farm, &provider, "eve", 403, "MP-CON-103");
    sign_in(&farm, &provider, "ada").0.ok(201);
    // The name is Ada's, the subject is not.
    refused(&farm, &provider, "twin", 403, "MP-CON-103");
    assert!(reasons(&farm).contains("the account of this name is another one"));

    // There is no password, so none is right, and none can be guessed until she is locked.
    let body = json!({"name": ADA, "password": PASSWORD}).to_string();
    for _ in 0..8 {
        farm.call_as(None, "POST", "/api/v1/sessions", &[JSON], &body).refused(401, "MP-CON-003");
    }
    assert!(farm.get("/api/v1/administrators/ada%40example.test").ok(200)["locked-until"].is_null());
    farm.put("/api/v1/administrators/ada%40example.test/password", "*", &json!({}))
        .refused(409, "MP-CON-089");
    let (answer, cookies) = sign_in(&farm, &provider, "ada");
    answer.ok(201);
    let session = cookies[0].split_once('=').unwrap().1;
    let token = json!({"name": "x", "role": "operator"}).to_string();
    farm.call_as(Some(session), "POST", "/api/v1/api-tokens", &[JSON], &token).refused(400, "MP-CON-083");

    // She can be shut out here, whatever the provider says.
    let disabled = json!({"role": "operator", "disabled": true});
    farm.put("/api/v1/administrators/ada%40example.test", "*", &disabled).ok(200);
    refused(&farm, &provider, "ada", 403, "MP-CON-104");
    farm.call_as(Some(session), "GET", "/api/v1/machines", &[], "").refused(401, "MP-CON-002");
}

#[test]
fn an_answer_counts_once_in_the_browser_that_asked_for_it() {
    let Some((farm, provider)) = farm() else { return };
    let lost = |cookie: &str, body: &Value| end(&farm, "return", cookie, body).0.refused(401, "MP-CON-100");
    let (mine, other) = (begin(&farm), begin(&farm));
    let body = returned(&provider.visit(&mine.address, "ada"));
    lost("", &body);
    lost(&format!("{COOKIE}=made+up"), &body);
    lost(&other.cookie, &body);
    let with = |name: &str, value: &str| {
        let mut body = body.clone();
        body[name] = json!(value);
        body
    };
    lost(&mine.cookie, &with("state", "another"));
    end(&farm, "return", &mine.cookie, &body).0.ok(201);
    lost(&mine.cookie, &body);

    // Another sign-in with the code of the first one, which its provider takes once.
    let replayed =
        json!({"state": returned(&provider.visit(&other.address, "ada"))["state"], "code": body["code"]});
    end(&farm, "return", &other.cookie, &replayed).0.refused(401, "MP-CON-101");
    assert!(reasons(&farm).contains("it does not take the code"), "{}", reasons(&farm));

    let begun = begin(&farm);
    let mut body = returned(&provider.visit(&begun.address, "ada"));
    body["issuer"] = json!("https://other.test");
    lost(&begun.cookie, &body);
    let without_header = farm.raw("POST", BEGIN, &[], "");
    assert_eq!(without_header.status(), 400);
    sign_in(&farm, &provider, "ada").0.ok(201);

    // Who guesses waits.
    for _ in 0..10 {
        lost("", &body);
    }
    end(&farm, "return", "", &body).0.refused(429, "MP-CON-004");
}

#[test]
fn a_token_counts_for_its_sign_in_and_its_time() {
    let Some((farm, provider)) = farm() else { return };
    let begun = begin(&farm);
    let (before, nonce) = begun.address.split_once("nonce=").unwrap();
    let after = nonce.split_once('&').map_or("", |(_, after)| after);
    let address = provider.visit(&format!("{before}nonce=another&{after}"), "ada");
    end(&farm, "return", &begun.cookie, &returned(&address)).0.refused(401, "MP-CON-101");
    assert!(reasons(&farm).contains("nonce"), "{}", reasons(&farm));

    // Whoever gives up, and what the provider says of it, which anybody can put into an address.
    let answer = refused(&farm, &provider, "nobody", 403, "MP-CON-102");
    assert!(answer.text.contains("access_denied") && !answer.text.contains("<b>"), "{answer:?}");
    let begun = begin(&farm);
    let state = returned(&provider.visit(&begun.address, "nobody"))["state"].clone();
    let body = json!({"state": state, "error": "Call 555-1234 now"});
    let answer = end(&farm, "return", &begun.cookie, &body).0;
    answer.refused(403, "MP-CON-102");
    assert!(!answer.text.contains("555"), "{answer:?}");

    // The provider's tokens are good for five minutes. A clock that is a little wrong does not matter, a late one does.
    farm.pass_minutes(6);
    sign_in(&farm, &provider, "ada").0.ok(201);
    farm.pass_minutes(4);
    refused(&farm, &provider, "ada", 401, "MP-CON-101");
    assert!(reasons(&farm).contains("Expired"), "{}", reasons(&farm));
    // A sign-in is for ten minutes.
    let begun = begin(&farm);
    let body = returned(&provider.visit(&begun.address, "ada"));
    farm.pass_minutes(11);
    end(&farm, "return", &begun.cookie, &body).0.refused(401, "MP-CON-100");
}

#[test]
fn other_keys_are_learnt_and_a_provider_that_is_away_shuts_nobody_else_out() {
    let Some((mut farm, mut provider)) = farm() else { return };
    sign_in(&farm, &provider, "ada").0.ok(201);
    provider.rotate();
    sign_in(&farm, &provider, "ada").0.ok(201);

    // It goes away while somebody signs in, and then before.
    let begun = begin(&farm);
    let body = returned(&provider.visit(&begun.address, "ada"));
    provider.stop();
    end(&farm, "return", &begun.cookie, &body).0.refused(503, "MP-CON-095");
    farm.restart();
    for _ in 0..12 {
        farm.call_as(None, "POST", BEGIN, &[HEADER], "").refused(503, "MP-CON-095");
    }
    let told = farm.post("/api/v1/openid-connect/check", &json!({}));
    told.refused(503, "MP-CON-096");
    assert!(told.text.contains("refused"), "{told:?}");
    let body = json!({"name": "admin", "password": PASSWORD}).to_string();
    farm.call_as(None, "POST", "/api/v1/sessions", &[JSON], &body).ok(201);
}

#[test]
fn a_provider_that_is_not_trusted_or_not_the_one_is_none() {
    let Some((farm, provider)) = farm() else { return };
    let told = |change: &dyn Fn(&mut Value)| {
        let mut body = settings(&farm, &provider);
        change(&mut body);
        farm.put("/api/v1/openid-connect", "*", &body).ok(200);
        farm.post("/api/v1/openid-connect/check", &json!({}))
    };
    let refused = |answer: &Answer, reason: &str| {
        answer.refused(503, "MP-CON-096");
        assert!(answer.text.contains(reason), "{answer:?}");
    };
    let authority = std::fs::read_to_string(farm.folder.path().join("authority.pem")).unwrap();
    let authority = &authority[authority.find("-----BEGIN CERTIFICATE").unwrap()..];
    refused(&told(&|body| body["certificates"] = json!(authority)), "certificate");
    refused(&told(&|body| body["certificates"] = json!("")), "certificate");
    let other = format!("{}/", provider.issuer());
    refused(&told(&|body| body["issuer"] = json!(other)), "issuer");
    // The console itself is no provider.
    refused(
        &told(&|body| (body["issuer"], body["certificates"]) = (json!(farm.url()), json!(authority))),
        "Content-Type",
    );
    // A secret that is not the client's shows when somebody signs in.
    told(&|body| body["client-secret"] = json!("wrong")).ok(200);
    sign_in(&farm, &provider, "ada").0.refused(503, "MP-CON-095");
    assert!(reasons(&farm).contains("client identifier or secret"), "{}", reasons(&farm));
}

#[test]
fn a_second_factor_of_the_console_is_asked_for_after_the_provider() {
    let Some((farm, provider)) = farm() else { return };
    let (answer, cookies) = sign_in(&farm, &provider, "ada");
    answer.ok(201);
    let (authenticator, _) = enrol(&farm, cookies[0].split_once('=').unwrap().1);
    let code = |cookie: &str, code: &str| end(&farm, "code", cookie, &json!({ "code": code }));
    let (answer, cookies) = sign_in(&farm, &provider, "ada");
    answer.refused(401, "MP-CON-009");
    let proved = &cookies[0];
    assert!(proved.starts_with(COOKIE));
    code("", &authenticator.code(&farm, 1)).0.refused(401, "MP-CON-100");
    code(&begin(&farm).cookie, &authenticator.code(&farm, 1)).0.refused(401, "MP-CON-100");
    code(proved, "000000").0.refused(401, "MP-CON-016");
    // What proves her is no answer of the provider's.
    end(&farm, "return", proved, &json!({"state": ""})).0.refused(401, "MP-CON-100");
    code(proved, &authenticator.code(&farm, 1)).0.ok(201);
    farm.pass_minutes(1);
    code(proved, &authenticator.code(&farm, 0)).0.refused(401, "MP-CON-100");
    farm.pass_minutes(10);
    code(proved, &authenticator.code(&farm, 0)).0.refused(401, "MP-CON-100");
}

#[test]
fn settings_that_cannot_be_meant_are_refused_and_the_secret_is_never_told() {
    let farm = Farm::described();
    farm.call_as(None, "POST", BEGIN, &[HEADER], "").refused(409, "MP-CON-097");
    farm.post("/api/v1/openid-connect/check", &json!({})).refused(409, "MP-CON-097");
    let none = json!({"openid-connect": null});
    assert_eq!(farm.call_as(None, "GET", "/api/v1/sign-in-options", &[], "").ok(200), none);
    let put = |change: &dyn Fn(&mut Value)| {
        let mut body = json!({
            "enabled": true, "name": "Contoso", "issuer": "https://login.example/farm", "client-id": "console",
            "client-secret": "hush hush", "address": "https://console.example:8443",
        });
        change(&mut body);
        farm.put("/api/v1/openid-connect", "*", &body)
    };
    for issuer in
        ["", "http://login.example", "login.example", "https://", "https://a@b", "https://a/?b", "\u{0}"]
    {
        put(&|body| body["issuer"] = json!(issuer)).refused(400, "MP-CON-098");
    }
    for address in [
        "",
        "http://a",
        "https://a/",
        "https://a/b",
        "https://A",
        "https://a?b",
        "https://a@b",
        "https://a:443",
    ] {
        put(&|body| body["address"] = json!(address)).refused(400, "MP-CON-098");
    }
    put(&|body| body["name"] = json!("")).refused(400, "MP-CON-098");
    put(&|body| body["client-id"] = json!("")).refused(400, "MP-CON-098");
    put(&|body| body["scopes"] = json!(["a b"])).refused(400, "MP-CON-098");
    put(&|body| body["groups-claim"] = json!("")).refused(400, "MP-CON-098");
    put(&|body| body["certificates"] = json!("nonsense")).refused(400, "MP-CON-098");
    put(&|body| body["roles"] = json!([{"group": "", "role": "operator"}])).refused(400, "MP-CON-098");
    put(&|body| body["roles"] = json!([{"group": "x", "role": "operator", "groups": ["Nowhere"]}]))
        .refused(400, "MP-CON-083");
    let told = put(&|_| {}).ok(200);
    assert_eq!(told["scopes"], json!(["profile", "email"]));
    assert_eq!(
        (&told["name-claim"], &told["groups-claim"]),
        (&json!("preferred_username"), &json!("groups"))
    );
    // What is left out stays, unless somebody else would get it.
    let without = |body: &mut Value| body["client-secret"] = Value::Null;
    assert_eq!(put(&without).ok(200)["has-client-secret"], true);
    put(&|body| {
        without(body);
        body["issuer"] = json!("https://other.example");
    })
    .refused(400, "MP-CON-098");
    farm.put(
        "/api/v1/openid-connect",
        "\"0\"",
        &json!({"enabled": false, "name": "", "issuer": "", "client-id": "", "address": ""}),
    )
    .refused(412, "MP-CON-028");
    let everything = [
        farm.get("/api/v1/openid-connect").text,
        farm.get("/api/v1/audit-log").text,
        farm.get("/api/v1/configuration").text,
    ];
    assert!(!everything.concat().contains("hush hush"));
    for entry in std::fs::read_dir(farm.folder.path()).unwrap() {
        let Ok(bytes) = std::fs::read(entry.unwrap().path()) else { continue };
        assert!(!bytes.windows(9).any(|window| window == b"hush hush"));
    }
    assert_eq!(put(&|body| body["client-secret"] = json!("")).ok(200)["has-client-secret"], false);
}
