//! Uploads as the difference against the version they are based on: `docs/reference/wire.md`, section 4.6.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{body::Bytes, http::StatusCode, response::IntoResponse};
use mp_dataset::{
    DELTA_HEADER_LEN, DELTA_MAGIC, Dictionary, FileChange, Limits, MAX_UNPACKED, decode, encode,
};
use mp_profile::{DataSetStore, Fetched, Scope, Stored, Upload, VersionTag};
use mp_protocol::{Identity, StorageClient, digest::content_digest, paths};

use crate::{
    requests::{raw, request},
    support::{Farm, data_set, group, sid},
};

const SID: u32 = 1;

/// The same data set with one percent of its file's bytes changed.
pub(crate) fn changed(file: &[u8]) -> Vec<u8> {
    let mut set = decode(file, &Limits::default()).unwrap().into_data_set();
    let FileChange::Present(kept) = &mut set.files[0].change else { panic!("a file") };
    let mut bytes = kept.bytes.to_vec();
    let (at, len) = (bytes.len() / 3, bytes.len() / 100);
    bytes[at..at + len].iter_mut().for_each(|byte| *byte ^= 0x5A);
    kept.bytes = bytes.into();
    let mut file = Vec::new();
    encode(&set, &mut file).unwrap();
    file
}

fn upload(client: &StorageClient, base: &VersionTag, base_file: &[u8], bytes: &[u8]) -> Stored {
    let upload = Upload { base: Some(base), base_file: Some(base_file), bytes, session: None, notes: None };
    client.upload(&group("Office"), &sid(SID), &upload).unwrap()
}

fn first(client: &StorageClient, bytes: &[u8]) -> VersionTag {
    match client.store(&group("Office"), &sid(SID), None, bytes).unwrap() {
        Stored::As(tag) => tag,
        Stored::Conflict => panic!("conflict"),
    }
}

fn stored(client: &StorageClient) -> Vec<u8> {
    match client.fetch(&group("Office"), &sid(SID), None).unwrap() {
        Fetched::Data { bytes, .. } => bytes,
        other => panic!("{other:?}"),
    }
}

/// A number of the service's counters.
pub(crate) fn counted(farm: &Farm, metric: &str) -> usize {
    let text = farm.metrics.text();
    let line = text.lines().find_map(|line| line.strip_prefix(metric));
    line.map_or(0, |number| number.trim().parse().unwrap())
}

fn received(farm: &Farm) -> usize {
    counted(farm, "metaprofiles_storage_received_bytes_total{operation=\"PUT /v1/data-sets/{scope}/{sid}\"}")
}

#[test]
fn one_changed_percent_is_sent_in_five_percent_of_the_bytes() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, Some("Office"));
    let one = data_set(&sid(SID), 1, 300_000);
    let two = changed(&one);
    let base = first(&client, &one);
    assert_eq!(received(&farm), one.len());
    assert!(matches!(upload(&client, &base, &one, &two), Stored::As(_)));
    assert_eq!(stored(&client), two);
    let sent = received(&farm) - one.len();
    assert!(sent * 20 <= two.len(), "{sent} of {} bytes", two.len());
    assert_eq!(counted(&farm, "metaprofiles_storage_delta_saved_bytes_total"), two.len() - sent);
    // Sent again because its acknowledgement was lost, it is stored already.
    assert!(matches!(upload(&client, &base, &one, &two), Stored::As(_)));
    assert_eq!(upload(&client, &base, &one, &changed(&two)), Stored::Conflict);
}

#[test]
fn without_the_base_the_data_set_is_sent_whole_at_once() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, Some("Office"));
    let one = data_set(&sid(SID), 1, 50_000);
    let base = first(&client, &one);
    // The Agent takes another data set for its base than the version is.
    let (other, two) = (changed(&one), changed(&changed(&changed(&one))));
    assert!(matches!(upload(&client, &base, &other, &two), Stored::As(_)));
    assert_eq!(stored(&client), two);
    assert_eq!(counted(&farm, "metaprofiles_storage_refusals_total{code=\"MP-STO-026\"}"), 1);
    assert_eq!(counted(&farm, "metaprofiles_storage_delta_saved_bytes_total"), 0);
    // A version that this server never had.
    let unknown = VersionTag(format!("\"77-{}\"", "ab".repeat(32)));
    assert_eq!(upload(&client, &unknown, &two, &changed(&two)), Stored::Conflict);
    assert_eq!(counted(&farm, "metaprofiles_storage_refusals_total{code=\"MP-STO-026\"}"), 2);
}

#[test]
fn a_damaged_base_is_no_dictionary() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, Some("Office"));
    let one = data_set(&sid(SID), 1, 50_000);
    let two = changed(&one);
    let base = first(&client, &one);
    let Stored::As(base) = upload(&client, &base, &one, &two) else { panic!("conflict") };
    let current = farm.base().join(format!("office/{}.mpd", sid(SID)));
    let mut bytes = fs::read(&current).unwrap();
    bytes[20_000] ^= 1;
    fs::write(&current, bytes).unwrap();
    let three = data_set(&sid(SID), 1, 51_000);
    // Sent whole, it takes the place of the damaged one.
    assert!(matches!(upload(&client, &base, &two, &three), Stored::As(_)));
    assert_eq!(counted(&farm, "metaprofiles_storage_refusals_total{code=\"MP-STO-026\"}"), 1);
    assert_eq!(stored(&client), three);
}

/// Puts a body with the coding `dcz`, and says status and answer.
fn put(farm: &Farm, identity: &Identity, base: (&str, &str), body: &[u8]) -> (u16, String) {
    coded(farm, identity, "PUT", &paths::data_set(&group("Office"), &sid(SID)), base, "dcz", body)
}

fn coded(
    farm: &Farm,
    identity: &Identity,
    method: &str,
    path: &str,
    header: (&str, &str),
    coding: &str,
    body: &[u8],
) -> (u16, String) {
    let (digest, len) = (content_digest(body), body.len().to_string());
    let headers =
        [header, ("content-digest", &digest), ("content-length", &len), ("content-encoding", coding)];
    raw(farm, identity, &request(method, path, &headers, body))
}

#[test]
fn what_is_no_delta_is_refused_with_its_own_code() {
    let farm = Farm::new();
    let (identity, client) = farm.agent(1, Some("Office"));
    let one = data_set(&sid(SID), 1, 50_000);
    let base = first(&client, &one);
    let delta = Dictionary::of(&one).unwrap().delta(&changed(&one)).unwrap();
    let refused = |body: &[u8]| {
        let (status, answer) = put(&farm, &identity, ("if-match", &base.0), body);
        assert!(status == 422 && answer.contains("MP-STO-027"), "{answer}");
    };
    refused(b"");
    refused(&delta[..delta.len() - 1]);
    refused(&[&delta[..], b"x"].concat());
    let mut damaged = delta.clone();
    let last = damaged.len() - 5;
    damaged[last] ^= 0x10;
    refused(&damaged);
    let bomb = zstd::bulk::compress(&vec![0; MAX_UNPACKED + 1], 1).unwrap();
    refused(&[&DELTA_MAGIC[..], &delta[8..DELTA_HEADER_LEN], &bomb].concat());

    // Only uploads that are based on a version come as deltas.
    let path = paths::data_set(&group("Office"), &sid(SID));
    let untaken = |(status, answer): (u16, String)| {
        assert!(status == 415 && answer.contains("MP-STO-025"), "{answer}");
        assert!(answer.contains("accept-encoding: dcz"), "{answer}");
    };
    untaken(put(&farm, &identity, ("if-none-match", "*"), &delta));
    untaken(coded(&farm, &identity, "PUT", &path, ("if-match", &base.0), "gzip", &delta));
    let quarantine = paths::quarantine(&group("Office"), &sid(SID));
    untaken(coded(&farm, &identity, "POST", &quarantine, (paths::REASON, "why"), "dcz", &delta));
    assert_eq!(stored(&client), one);
}

#[test]
fn only_versions_of_the_same_user_and_scope_are_dictionaries() {
    let farm = Farm::new();
    let (identity, client) = farm.agent(1, Some("Office"));
    let (own, others) = (data_set(&sid(SID), 1, 50_000), data_set(&sid(2), 2, 50_000));
    let base = first(&client, &own);
    let foreign = |scope: &Scope, of: u32, file: &[u8]| {
        let Stored::As(tag) = client.store(scope, &sid(of), None, file).unwrap() else { panic!("conflict") };
        tag
    };
    let tags = [
        foreign(&group("Office"), 2, &others),
        foreign(&Scope::Global, SID, &data_set(&sid(SID), 3, 50_000)),
    ];
    let delta = Dictionary::of(&others).unwrap().delta(&changed(&own)).unwrap();
    for tag in [&base, &tags[0], &tags[1]] {
        let (status, answer) = put(&farm, &identity, ("if-match", &tag.0), &delta);
        assert!(status == 409 && answer.contains("MP-STO-026"), "{answer}");
    }
    assert_eq!(stored(&client), own);
}

#[test]
fn quota_and_lengths_are_those_of_the_whole() {
    let farm = Farm::new();
    let (identity, client) = farm.agent(1, Some("Office"));
    let one = data_set(&sid(SID), 1, 50_000);
    let base = first(&client, &one);
    let delta = Dictionary::of(&one).unwrap().delta(&changed(&one)).unwrap();
    let put = || put(&farm, &identity, ("if-match", &base.0), &delta);
    farm.plan.send_modify(|plan| plan.limits.quota_bytes = Some(40_000));
    let (status, answer) = put();
    assert!(status == 507 && answer.contains("MP-STO-033"), "{answer}");
    farm.plan.send_modify(|plan| {
        plan.limits.quota_bytes = None;
        plan.limits.max_data_set_bytes = 40_000;
    });
    let (status, answer) = put();
    assert!(status == 413 && answer.contains("MP-STO-013"), "{answer}");
}

/// An older Storage Service takes a delta for a damaged data set. It is asked once.
#[test]
fn an_older_server_gets_data_sets_whole() {
    let farm = Farm::new();
    drop(farm.agent(1, Some("Office")));
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    let older = axum::Router::new().fallback(async move |body: Bytes| {
        if body.starts_with(b"\x89MPD") {
            return (StatusCode::NO_CONTENT, [("etag", "\"2-ab\"")]).into_response();
        }
        count.fetch_add(1, Ordering::Relaxed);
        let error = r#"{"code": "MP-STO-015", "message": "the body is not an intact data set file"}"#;
        (StatusCode::UNPROCESSABLE_ENTITY, error).into_response()
    });
    let client = farm.client_of(1, farm.serve_elsewhere(older));
    let one = data_set(&sid(SID), 1, 50_000);
    let base = VersionTag("\"1-ab\"".to_owned());
    for _ in 0..3 {
        assert_eq!(
            upload(&client, &base, &one, &changed(&one)),
            Stored::As(VersionTag("\"2-ab\"".to_owned()))
        );
    }
    assert_eq!(refused.load(Ordering::Relaxed), 1);
}
