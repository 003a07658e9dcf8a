//! Data sets that are fetched as what changed since the version held: `docs/reference/wire.md`, section 4.6.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    http::{HeaderMap, Uri},
    response::IntoResponse,
};
use mp_dataset::{DataSet, Dictionary, MAX_UNPACKED, Origin, encode};
use mp_profile::{DataSetStore, Fetched, HeldVersion, Scope, Sid, Stored, VersionTag};
use mp_protocol::{
    StorageClient, USER_DATA_SETS_TYPE, UserDataSet,
    dictionaries::{self, ACCEPT_DELTAS},
    digest::{CONTENT_DIGEST, content_digest},
    encode_user_data_sets, paths,
};
use mp_registry::{KeyPath, Value, ValueEdit};

use crate::{
    deltas::{changed, counted},
    requests::{raw, request},
    support::{Farm, data_set, files_below, group, sid},
};

const SID: u32 = 1;

fn put(client: &StorageClient, scope: &Scope, base: Option<&VersionTag>, bytes: &[u8]) -> VersionTag {
    match client.store(scope, &sid(SID), base, bytes).unwrap() {
        Stored::As(tag) => tag,
        Stored::Conflict => panic!("conflict"),
    }
}

/// One Agent has stored two versions; the other one holds the first of them.
struct Logon {
    farm: Farm,
    client: StorageClient,
    held: (VersionTag, Vec<u8>),
    current: (VersionTag, Vec<u8>),
}

impl Logon {
    fn of(one: Vec<u8>, two: Vec<u8>) -> Self {
        let farm = Farm::new();
        let (_, other) = farm.agent(1, Some("Office"));
        let held = put(&other, &group("Office"), None, &one);
        let current = put(&other, &group("Office"), Some(&held), &two);
        let (_, client) = farm.agent(2, Some("Office"));
        Self { farm, client, held: (held, one), current: (current, two) }
    }

    fn new() -> Self {
        let one = data_set(&sid(SID), 1, 300_000);
        let two = changed(&one);
        Self::of(one, two)
    }

    fn held(&self) -> HeldVersion<'_> {
        HeldVersion { version: &self.held.0, file: Some(&self.held.1) }
    }

    /// By the request for one data set, and by that for all; each with the bytes that were sent.
    fn fetch(&self, held: HeldVersion<'_>) -> [(Fetched, usize); 2] {
        let one = "GET /v1/data-sets/{scope}/{sid}";
        let all = "GET /v1/users/{sid}/data-sets";
        let sent = |operation: &str| {
            counted(
                &self.farm,
                &format!("metaprofiles_storage_sent_bytes_total{{operation=\"{operation}\"}}"),
            )
        };
        let before = [one, all].map(sent);
        let scope = group("Office");
        let single = self.client.fetch(&scope, &sid(SID), Some(held)).unwrap();
        let between = sent(one);
        let wanted = [(Scope::Global, None), (scope, Some(held))];
        let both = self.client.fetch_all(&sid(SID), &wanted).unwrap();
        assert_eq!(both[0], Fetched::None);
        // What the second one fetched whole after a delta that is of no use counts as well.
        let in_all = sent(all) - before[1] + sent(one) - between;
        [(single, between - before[0]), (both[1].clone(), in_all)]
    }

    /// The current version, whole.
    fn is_whole(&self, held: HeldVersion<'_>) {
        for (fetched, sent) in self.fetch(held) {
            assert_eq!(fetched, self.data());
            assert!(sent >= self.current.1.len(), "{sent}");
        }
    }

    fn data(&self) -> Fetched {
        Fetched::Data { version: self.current.0.clone(), bytes: self.current.1.clone() }
    }

    fn refresh(&mut self) {
        self.client = self.farm.client_of(2, self.farm.target().port);
    }
}

/// Five thousand values as programs have them, every hundredth of which is another one in each generation.
fn values(generation: u32) -> Vec<u8> {
    let origin = Origin { sid: sid(SID).to_string(), host: "TS1".to_owned(), ..Origin::default() };
    let mut set = DataSet { origin, ..DataSet::default() };
    for number in 0..5000_u32 {
        let path = format!("Software\\Vendor {}\\Application {}\\Settings", number % 40, number % 200);
        let seed = if number % 100 == 0 { number + 100_000 * generation } else { number };
        let text =
            format!("C:\\Users\\user\\Documents\\{:08x}\\{:08x}", seed.wrapping_mul(0x9E37_79B1), seed);
        let key = set.registry.at_or_pass(&KeyPath::parse(&path));
        key.edit_value(ValueEdit::Set(Value::sz(format!("Recent {number}").as_str(), &text)));
    }
    let mut file = Vec::new();
    encode(&set, &mut file).unwrap();
    file
}

#[test]
fn one_changed_percent_is_fetched_in_five_percent_of_the_bytes() {
    for logon in [Logon::new(), Logon::of(values(1), values(2))] {
        for (fetched, sent) in logon.fetch(logon.held()) {
            assert_eq!(fetched, logon.data());
            println!("{sent} bytes of {}", logon.current.1.len());
            assert!(sent * 20 <= logon.current.1.len(), "{sent} of {} bytes", logon.current.1.len());
        }
        let saved = counted(&logon.farm, "metaprofiles_storage_delta_saved_sending_bytes_total");
        assert!(saved > logon.current.1.len(), "{saved}");
    }
}

#[test]
fn without_the_file_of_the_version_held_it_comes_whole() {
    let logon = Logon::new();
    logon.is_whole((&logon.held.0).into());
    let current = HeldVersion { version: &logon.current.0, file: Some(&logon.current.1) };
    for (fetched, _) in logon.fetch(current) {
        assert_eq!(fetched, Fetched::NotModified);
    }
}

#[test]
fn what_storage_has_not_or_not_intact_is_no_dictionary() {
    let mut logon = Logon::new();
    let unknown = VersionTag(format!("\"77-{}\"", "ab".repeat(32)));
    logon.is_whole(HeldVersion { version: &unknown, ..logon.held() });
    // The Agent holds something else than the version is. A delta is made in the request for all, and is of no use.
    let other = data_set(&sid(SID), 7, 300_000);
    logon.is_whole(HeldVersion { file: Some(&other), ..logon.held() });
    logon.refresh();
    let is_former = |name: &&String| {
        name.contains(".versions/") && fs::metadata(logon.farm.base().join(name)).unwrap().len() > 300_000
    };
    let former = files_below(&logon.farm.base()).iter().find(is_former).unwrap().clone();
    let former = logon.farm.base().join(former);
    let mut bytes = fs::read(&former).unwrap();
    bytes[20_000] ^= 1;
    fs::write(&former, bytes).unwrap();
    logon.is_whole(logon.held());
}

/// Versions of another user or scope are none of the path's.
#[test]
fn only_versions_of_the_same_user_and_scope_are_dictionaries() {
    let logon = Logon::new();
    let global = data_set(&sid(SID), 1, 299_000);
    let tag = put(&logon.client, &Scope::Global, None, &global);
    let held = HeldVersion { version: &tag, file: Some(&global) };
    let fetched = logon.client.fetch(&group("Office"), &sid(SID), Some(held)).unwrap();
    assert_eq!(fetched, logon.data());
    let wanted = [(group("Office"), Some(held))];
    assert_eq!(logon.client.fetch_all(&sid(SID), &wanted).unwrap(), [logon.data()]);
    assert_eq!(counted(&logon.farm, "metaprofiles_storage_delta_saved_sending_bytes_total"), 0);
}

#[test]
fn the_headers_are_those_of_rfc_9842() {
    let logon = Logon::new();
    let identity = mp_protocol::Identity::load(logon.farm.folder.path().join("agent-2")).unwrap();
    let hash = Dictionary::of(&logon.held.1).unwrap().hash();
    let [encoding, available, id] = dictionaries::offer(&logon.held.0, &hash).unwrap();
    let ask = |headers: &[(&str, &str)]| {
        let path = paths::data_set(&group("Office"), &sid(SID));
        let (status, answer) = raw(&logon.farm, &identity, &request("GET", &path, headers, b""));
        assert_eq!(status, 200, "{answer}");
        assert!(answer.contains("vary: accept-encoding, available-dictionary"), "{answer}");
        assert!(answer.contains(&format!("etag: {}", logon.current.0.0)), "{answer}");
        answer.contains("content-encoding: dcz")
    };
    let [available, id] = [&available, &id].map(|(name, value)| (*name, value.as_str()));
    assert!(ask(&[(encoding.0, &encoding.1), available, id]));
    assert!(ask(&[(encoding.0, "gzip, dcz;q=0.5"), available, id]));
    // Whatever is missing or not well formed is no offer, and no error either.
    for headers in [
        &[available, id][..],
        &[("accept-encoding", "dcz;q=0"), available, id],
        &[("accept-encoding", "gzip"), available, id],
        &[("accept-encoding", "dcz"), id],
        &[("accept-encoding", "dcz"), available],
        &[("accept-encoding", "dcz"), available, ("dictionary-id", "1-ab")],
        &[("accept-encoding", "dcz"), available, id, id],
        &[("accept-encoding", "dcz"), ("available-dictionary", ":AAAA:"), id],
        &[("accept-encoding", "dcz"), ("available-dictionary", &content_digest(b"")[8..]), id],
    ] {
        assert!(!ask(headers), "{headers:?}");
    }
}

/// A server whose deltas are of no use: cut, too long when they come out, of another build.
#[test]
fn a_delta_that_gives_no_intact_data_set_is_asked_for_again_whole() {
    let farm = Farm::new();
    drop(farm.agent(1, Some("Office")));
    let one = data_set(&sid(SID), 1, 50_000);
    let two = changed(&one);
    let dictionary = Dictionary::of(&one).unwrap();
    let delta = dictionary.delta(&two).unwrap();
    let bomb = zstd::bulk::compress(&vec![0; MAX_UNPACKED + 1], 1).unwrap();
    let mut damaged = delta.clone();
    let last = damaged.len() - 5;
    damaged[last] ^= 0x10;
    for bad in [b"".to_vec(), delta[..delta.len() - 1].to_vec(), damaged, [&delta[..40], &bomb].concat()] {
        let (offers, count) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (offered, asked, two) = (Arc::clone(&offers), Arc::clone(&count), two.clone());
        let server = axum::Router::new().fallback(async move |uri: Uri, headers: HeaderMap| {
            asked.fetch_add(1, Ordering::Relaxed);
            let takes = headers.contains_key(ACCEPT_DELTAS) || headers.contains_key("available-dictionary");
            offered.fetch_add(usize::from(takes), Ordering::Relaxed);
            let tag = VersionTag("\"2-ab\"".to_owned());
            if uri.path().starts_with("/v1/users") {
                let set = if takes { UserDataSet::Delta(&tag, &bad) } else { UserDataSet::Data(&tag, &two) };
                let body = encode_user_data_sets(&[(group("Office"), set)]);
                return ([("content-type", USER_DATA_SETS_TYPE)], body).into_response();
            }
            let body = if takes { bad.clone() } else { two.clone() };
            let digest = content_digest(&body);
            let coding = takes.then_some([("content-encoding", "dcz")]);
            ([("etag", "\"2-ab\"")], coding, [(CONTENT_DIGEST, digest)], body).into_response()
        });
        let port = farm.serve_elsewhere(server);
        let tag = VersionTag("\"1-ab\"".to_owned());
        let held = HeldVersion { version: &tag, file: Some(&one) };
        let wanted = [(group("Office"), Some(held))];
        let single = |client: &StorageClient| client.fetch(&group("Office"), &sid(SID), Some(held)).unwrap();
        let all = |client: &StorageClient| client.fetch_all(&sid(SID), &wanted).unwrap().remove(0);
        for ask in [&single as &dyn Fn(&StorageClient) -> Fetched, &all] {
            let client = farm.client_of(1, port);
            for _ in 0..2 {
                assert!(matches!(ask(&client), Fetched::Data { bytes, .. } if bytes == changed(&one)));
            }
            // The delta, the whole; and then it is not offered any more.
            assert_eq!((offers.swap(0, Ordering::Relaxed), count.swap(0, Ordering::Relaxed)), (1, 3));
        }
    }
}

/// An older server does not know what is asked of it.
#[test]
fn an_older_server_answers_whole() {
    let farm = Farm::new();
    drop(farm.agent(1, Some("Office")));
    let (one, two) = (data_set(&sid(SID), 1, 50_000), data_set(&sid(SID), 2, 50_000));
    let whole = two.clone();
    let older = axum::Router::new().fallback(async move || {
        let tag = VersionTag("\"2-ab\"".to_owned());
        encode_user_data_sets(&[(group("Office"), UserDataSet::Data(&tag, &whole))])
    });
    let client = farm.client_of(1, farm.serve_elsewhere(older));
    let tag = VersionTag("\"1-ab\"".to_owned());
    let user: Sid = sid(SID);
    let wanted = [(group("Office"), Some(HeldVersion { version: &tag, file: Some(&one) }))];
    let fetched = client.fetch_all(&user, &wanted).unwrap().remove(0);
    assert_eq!(fetched, Fetched::Data { version: VersionTag("\"2-ab\"".to_owned()), bytes: two });
}
