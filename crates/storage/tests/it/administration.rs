//! What the console asks for: versions, quarantine, users.

use std::fs;

use mp_profile::{DataSetStore, Fetched, Scope, Stored, VersionTag};
use mp_protocol::{
    ClientError, MachineRole, StorageClient, Waits,
    versions::{Author, ChangeRequest},
};

use crate::support::{Farm, data_set, group, sid};

fn console(farm: &Farm) -> StorageClient {
    StorageClient::new(farm.authority.console_client(), &farm.target(), Waits::default())
}

fn admin(reason: &str) -> ChangeRequest {
    ChangeRequest { by: "admin".to_owned(), reason: reason.to_owned() }
}

/// Code of a refusal.
fn code<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> String {
    match answer.unwrap_err() {
        ClientError::Answer { error, .. } => error.code,
        error => panic!("{error}"),
    }
}

/// Three versions of a user in a group, of the seeds 1 to 3.
fn stored(client: &StorageClient, scope: &Scope) -> Vec<VersionTag> {
    let mut tags: Vec<VersionTag> = Vec::new();
    for seed in 1..4 {
        let Stored::As(tag) =
            client.store(scope, &sid(1), tags.last(), &data_set(&sid(1), seed, 100)).unwrap()
        else {
            panic!("conflict")
        };
        tags.push(tag);
    }
    tags
}

#[test]
fn the_console_lists_reads_restores_pins_and_deletes() {
    let farm = Farm::new();
    let office = group("Office");
    let (agent, client) = farm.agent(1, Some("Office"));
    let tags = stored(&client, &office);
    let console = console(&farm);

    let versions = console.versions(&office, &sid(1)).unwrap();
    assert_eq!(
        versions.iter().map(|info| info.tag.clone()).collect::<Vec<_>>(),
        tags.iter().rev().map(|tag| tag.0.clone()).collect::<Vec<_>>()
    );
    let stamp = versions[0].stamp.clone().unwrap();
    assert_eq!(stamp.by, Author::Agent { id: agent.machine().id.clone(), name: "TS-01".to_owned() });
    assert_eq!(console.version_file(&office, &sid(1), &tags[0]).unwrap(), data_set(&sid(1), 1, 100));

    let stale = console.restore(&office, &sid(1), &tags[0], Some(&tags[1]), &admin("x"));
    assert_eq!(code(stale), "MP-STO-011");
    let restored =
        console.restore(&office, &sid(1), &tags[0], Some(&tags[2]), &admin("broken settings")).unwrap();
    let Fetched::Data { version, bytes } = client.fetch(&office, &sid(1), None).unwrap() else { panic!() };
    assert_eq!((version, bytes), (restored.clone(), data_set(&sid(1), 1, 100)));
    let stamp = console.versions(&office, &sid(1)).unwrap().remove(0).stamp.unwrap();
    assert_eq!(stamp.by, Author::Administrator("admin (console)".to_owned()));
    assert_eq!((stamp.notes.as_deref(), stamp.restored_from), (Some("broken settings"), Some(1)));

    console.pin(&office, &sid(1), &tags[1], true, &admin("audit")).unwrap();
    assert!(console.versions(&office, &sid(1)).unwrap()[2].pinned);
    console.pin(&office, &sid(1), &tags[1], false, &admin("")).unwrap();
    let made = data_set(&sid(1), 9, 100);
    let Stored::As(part) =
        console.store_as(&office, &sid(1), Some(&restored), &made, &admin("Zoom from 2")).unwrap()
    else {
        panic!("conflict")
    };
    let stamp = console.versions(&office, &sid(1)).unwrap().remove(0).stamp.unwrap();
    assert_eq!(stamp.by, Author::Administrator("admin (console)".to_owned()));
    assert_eq!(stamp.notes.as_deref(), Some("Zoom from 2"));
    console.delete(&office, &sid(1), &part, &admin("left the \"company\"")).unwrap();
    let newest = console.versions(&office, &sid(1)).unwrap().remove(0);
    let removed = newest.removed.unwrap();
    assert_eq!(removed.reason, "left the \"company\"");
    assert_eq!(removed.by, Author::Administrator("admin (console)".to_owned()));
    assert_eq!(client.fetch(&office, &sid(1), None).unwrap(), Fetched::None);
    console.restore(&office, &sid(1), &restored, None, &admin("came back")).unwrap();
    assert!(matches!(client.fetch(&office, &sid(1), None).unwrap(), Fetched::Data { .. }));
}

#[test]
fn the_console_looks_after_the_quarantine() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, None);
    let (scope, user) = (Scope::Global, sid(1));
    stored(&client, &scope);
    for seed in [7, 8] {
        client.quarantine(&scope, &user, &format!("not merged {seed}"), &data_set(&user, seed, 100)).unwrap();
    }
    let console = console(&farm);
    let quarantined = console.quarantined(&scope, &user).unwrap();
    let find = |reason: &str| {
        let is = |note: &&mp_protocol::versions::QuarantineNote| note.reason == reason;
        quarantined.iter().find(|info| info.note.as_ref().filter(is).is_some()).unwrap().id.clone()
    };
    let (seven, eight) = (find("not merged 7"), find("not merged 8"));
    assert_eq!(console.quarantined_file(&scope, &user, &seven).unwrap(), data_set(&user, 7, 100));
    let tag = console.accept(&scope, &user, &seven, None, &admin("the right one")).unwrap();
    let Fetched::Data { version, bytes } = client.fetch(&scope, &user, None).unwrap() else { panic!() };
    assert_eq!((version, bytes), (tag, data_set(&user, 7, 100)));
    console.delete_quarantined(&scope, &user, &eight).unwrap();
    assert_eq!(console.quarantined(&scope, &user).unwrap(), []);
    assert_eq!(code(console.delete_quarantined(&scope, &user, "../../x")), "MP-STO-024");
}

#[test]
fn the_console_finds_users_page_by_page() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, Some("Office"));
    for number in 10..35 {
        client.store(&group("Office"), &sid(number), None, &data_set(&sid(number), 1, 10)).unwrap();
    }
    let console = console(&farm);
    assert_eq!(console.scopes().unwrap(), [group("office")]);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = console.users(&group("Office"), after.as_ref(), 10).unwrap();
        after = page.users.last().cloned();
        found.extend(page.users);
        if !page.more {
            break;
        }
    }
    assert_eq!(found, (10..35).map(sid).collect::<Vec<_>>());
}

#[test]
fn an_agent_sees_versions_in_its_reach_and_changes_none() {
    let farm = Farm::new();
    let office = group("Office");
    let (_, client) = farm.agent(1, Some("Office"));
    let (_, other) = farm.agent(2, Some("Lab"));
    let tags = stored(&client, &office);
    assert_eq!(client.versions(&office, &sid(1)).unwrap().len(), 3);
    assert_eq!(client.version_file(&office, &sid(1), &tags[0]).unwrap(), data_set(&sid(1), 1, 100));
    assert_eq!(code(other.versions(&office, &sid(1))), "MP-STO-007");
    assert_eq!(code(other.version_file(&office, &sid(1), &tags[0])), "MP-STO-007");
    let (user, why) = (sid(1), admin("x"));
    for refused in [
        code(client.restore(&office, &user, &tags[0], None, &why)),
        code(client.pin(&office, &user, &tags[0], true, &why)),
        code(client.quarantined(&office, &user)),
        code(client.quarantined_file(&office, &user, "x")),
        code(client.accept(&office, &user, "x", None, &why)),
        code(client.delete_quarantined(&office, &user, "x")),
        code(client.scopes()),
        code(client.users(&office, None, 10)),
    ] {
        assert_eq!(refused, "MP-STO-023");
    }
    let unknown = VersionTag(tags[0].0.replace("\"1-", "\"9-"));
    assert_eq!(code(client.version_file(&office, &user, &unknown)), "MP-STO-024");
}

#[test]
fn the_servers_own_certificate_is_an_administrators_and_another_servers_is_nothing() {
    let farm = Farm::new();
    let (_, agent) = farm.agent(1, None);
    stored(&agent, &Scope::Global);
    let own = mp_protocol::Identity::load(farm.folder.path().join("state")).unwrap();
    assert_eq!(farm.client(&own).users(&Scope::Global, None, 10).unwrap().users, [sid(1)]);
    let other = farm.authority.enrol(&farm.folder.path().join("other"), MachineRole::Storage, 0x77, &[]);
    assert_eq!(code(farm.client(&other).users(&Scope::Global, None, 10)), "MP-STO-004");
}

#[test]
fn a_damaged_current_version_is_met_with_the_newest_intact_one() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, None);
    let tags = stored(&client, &Scope::Global);
    let path = farm.base().join("global/S-1-5-21-1-2-3-1.mpd");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let Fetched::Data { bytes, .. } = client.fetch(&Scope::Global, &sid(1), None).unwrap() else { panic!() };
    assert_eq!(bytes, data_set(&sid(1), 2, 100));
    // A session that had the damaged version brings back what it held.
    let next = data_set(&sid(1), 4, 100);
    assert!(matches!(client.store(&Scope::Global, &sid(1), Some(&tags[2]), &next).unwrap(), Stored::As(_)));
    let Fetched::Data { bytes, .. } = client.fetch(&Scope::Global, &sid(1), None).unwrap() else { panic!() };
    assert_eq!(bytes, next);
}
