//! Limits of the plan: connections, requests, lengths, quotas.

use mp_profile::{DataSetStore, Fetched, Scope, StoreError, Stored};
use mp_protocol::{StorageLimits, digest::content_digest, paths};

use crate::{
    requests::{raw, request},
    support::{Farm, data_set, sid},
};

fn limited(farm: &Farm, change: impl FnOnce(&mut StorageLimits)) {
    farm.plan.send_modify(|plan| change(&mut plan.limits));
}

fn text(error: StoreError) -> String {
    error.to_string()
}

#[test]
fn an_agent_has_so_many_connections_and_the_others_theirs() {
    let farm = Farm::new();
    limited(&farm, |limits| limits.agent_connections = 2);
    let (greedy, first) = farm.agent(1, None);
    let (_, other) = farm.agent(2, None);
    let second = farm.client(&greedy);
    first.fetch(&Scope::Global, &sid(1), None).unwrap();
    second.fetch(&Scope::Global, &sid(1), None).unwrap();
    let refused = text(farm.client(&greedy).fetch(&Scope::Global, &sid(1), None).unwrap_err());
    assert!(refused.contains("MP-STO-031") && refused.contains("429"), "{refused}");
    assert_eq!(first.fetch(&Scope::Global, &sid(1), None).unwrap(), Fetched::None);
    assert_eq!(other.fetch(&Scope::Global, &sid(1), None).unwrap(), Fetched::None);
    drop(second);
    // The connection that ended makes room for another one.
    crate::following::eventually("there is room again", || {
        farm.client(&greedy).fetch(&Scope::Global, &sid(1), None).is_ok()
    });
}

#[test]
fn there_are_so_many_connections_in_all() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, None);
    client.fetch(&Scope::Global, &sid(1), None).unwrap();
    limited(&farm, |limits| limits.connections = 1);
    let (_, late) = farm.agent(2, None);
    assert!(matches!(late.fetch(&Scope::Global, &sid(1), None), Err(StoreError::Unreachable { .. })));
    client.fetch(&Scope::Global, &sid(1), None).unwrap();
    limited(&farm, |limits| limits.connections = 2);
    late.fetch(&Scope::Global, &sid(1), None).unwrap();
}

#[test]
fn an_agent_sends_so_many_requests_and_the_others_theirs() {
    let farm = Farm::new();
    limited(&farm, |limits| limits.agent_requests_per_second = 1);
    let (_, eager) = farm.agent(1, None);
    let (_, other) = farm.agent(2, None);
    let answers: Vec<_> = (0..20).map(|_| eager.fetch(&Scope::Global, &sid(1), None)).collect();
    let refused = answers.into_iter().filter_map(Result::err).map(text).collect::<Vec<_>>();
    assert!(!refused.is_empty() && refused.len() < 15, "{refused:?}");
    assert!(refused.iter().all(|text| text.contains("MP-STO-032")), "{refused:?}");
    other.fetch(&Scope::Global, &sid(1), None).unwrap();
}

#[test]
fn what_is_longer_than_the_plan_allows_is_not_read() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, None);
    let body = data_set(&sid(1), 1, 5000);
    limited(&farm, |limits| limits.max_data_set_bytes = 4096);
    let refused = text(client.store(&Scope::Global, &sid(1), None, &body).unwrap_err());
    assert!(refused.contains("MP-STO-013") && refused.contains("4096"), "{refused}");
    limited(&farm, |limits| limits.max_data_set_bytes = u64::MAX);
    assert!(matches!(client.store(&Scope::Global, &sid(1), None, &body).unwrap(), Stored::As(_)));
}

#[test]
fn a_quota_warns_before_it_refuses_and_what_is_stored_stays() {
    let farm = Farm::new();
    let (identity, client) = farm.agent(1, None);
    let sets = [data_set(&sid(1), 1, 2000), data_set(&sid(1), 2, 6000), data_set(&sid(1), 3, 9000)];
    let quota = sets[1].len() as u64 + 500;
    limited(&farm, |limits| limits.quota_bytes = Some(quota));
    let put = |base: (&str, &str), body: &[u8]| {
        let (digest, len) = (content_digest(body), body.len().to_string());
        let headers = [base, ("content-digest", digest.as_str()), ("content-length", len.as_str())];
        raw(&farm, &identity, &request("PUT", &paths::data_set(&Scope::Global, &sid(1)), &headers, body))
    };
    let (status, answer) = put(("if-none-match", "*"), &sets[0]);
    assert!(status == 201 && !answer.contains(paths::QUOTA), "{answer}");
    let tag = client.head(&Scope::Global, &sid(1)).unwrap().unwrap().version;
    let (status, answer) = put(("if-match", &tag.0), &sets[1]);
    let warning = format!("{}: used={}, limit={quota}", paths::QUOTA, sets[1].len());
    assert!(status == 204 && answer.contains(&warning), "{answer}");
    let tag = client.head(&Scope::Global, &sid(1)).unwrap().unwrap().version;
    let (status, answer) = put(("if-match", &tag.0), &sets[2]);
    assert!(status == 507 && answer.contains("MP-STO-033"), "{answer}");
    // The Agent keeps it in its spool: the refusal is one that may pass.
    let refused = client.store(&Scope::Global, &sid(1), Some(&tag), &sets[2]).unwrap_err();
    assert!(matches!(refused, StoreError::Unreachable { .. }), "{refused}");
    assert_eq!(client.head(&Scope::Global, &sid(1)).unwrap().unwrap().version, tag);
    // What must not be lost is taken into quarantine all the same.
    client.quarantine(&Scope::Global, &sid(1), "too long", &sets[2]).unwrap();
}
