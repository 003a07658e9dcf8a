//! The spool: order, crashes, damage.

use std::{fs, sync::Arc};

use mp_agent::{Intent, Outcome, SendError, Sent, Spool};
use mp_profile::Scope;
use tempfile::TempDir;

use crate::{
    console::{FakeConsole, group},
    station::{APP, Station, quick_folder, sid, stored, user},
    store::{FakeStore, Faults},
};

fn first() -> Intent {
    Intent::Replace { base: None, base_digest: None, superseded: Vec::new() }
}

fn after(version: &str) -> Intent {
    Intent::Replace { base: Some(version.to_owned()), base_digest: None, superseded: Vec::new() }
}

struct Fixture {
    spool: Spool,
    store: FakeStore,
    folder: TempDir,
}

fn fixture() -> Fixture {
    let folder = quick_folder();
    Fixture { spool: Spool::new(folder.path().join("spool")), store: FakeStore::default(), folder }
}

impl Fixture {
    fn files(&self) -> Vec<String> {
        let folder = self.folder.path().join("spool").join(sid().as_str());
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("spool").join(sid().as_str()).join(name)
    }
}

#[test]
fn entries_of_one_scope_are_sent_in_their_order() {
    let Fixture { spool, store, .. } = fixture();
    for number in 0..12_u8 {
        let intent = if number == 0 { first() } else { after(&format!("\"v{number}\"")) };
        spool.put(&sid(), &Scope::Global, intent, &[number]).unwrap();
    }
    spool.put(&user(7), &Scope::Global, first(), b"other").unwrap();
    assert_eq!(spool.users().unwrap(), [sid(), user(7)]);
    let sent = spool.send_user(&sid(), &store);
    assert!(sent.tried.iter().all(|delivery| matches!(delivery.result, Ok(Sent::Stored(_)))), "{sent:?}");
    assert_eq!(store.current(&Scope::Global, &sid()).unwrap().1, [11]);
    assert_eq!(store.versions(&Scope::Global, &sid()), 12);
    assert_eq!(spool.users().unwrap(), [user(7)]);
}

/// After an entry that stays, later ones of its scope stay; the other scope's and what is only kept beside go on.
#[test]
fn a_refused_entry_holds_up_its_scope_alone() {
    let Fixture { spool, store, .. } = fixture();
    store.fail(Faults { refused: Some(group()), ..Faults::default() });
    spool.put(&sid(), &group(), first(), b"g1").unwrap();
    spool.put(&sid(), &group(), after("\"v1\""), b"g2").unwrap();
    spool.put(&sid(), &Scope::Global, first(), b"a1").unwrap();
    spool.put(&sid(), &Scope::Global, Intent::Quarantine { reason: "why".into() }, b"q").unwrap();
    let sent = spool.send_user(&sid(), &store);
    let results: Vec<bool> = sent.tried.iter().map(|delivery| delivery.result.is_ok()).collect();
    assert_eq!(results, [false, true, true]);
    let left: Vec<u64> = spool.of(&sid()).unwrap().entries.iter().map(|entry| entry.number).collect();
    assert_eq!(left, [1, 2]);
    store.back();
    spool.send_user(&sid(), &store);
    assert_eq!(store.current(&group(), &sid()).map(|(_, bytes)| bytes), Some(b"g1".to_vec()));
}

#[test]
fn when_storage_is_away_one_try_is_enough() {
    let Fixture { spool, store, .. } = fixture();
    spool.put(&sid(), &Scope::Global, first(), b"a").unwrap();
    spool.put(&sid(), &group(), first(), b"b").unwrap();
    store.away();
    let sent = spool.send_user(&sid(), &store);
    assert!(matches!(&sent.tried[..], [one] if matches!(one.result, Err(SendError::Store(_)))), "{sent:?}");
    assert_eq!(spool.of(&sid()).unwrap().entries.len(), 2);
}

/// A crash between the two files, before the entry was there or after it was taken out.
#[test]
fn half_an_entry_is_none_and_costs_the_others_nothing() {
    let fixture = fixture();
    let Fixture { spool, store, .. } = &fixture;
    spool.put(&sid(), &Scope::Global, first(), b"whole").unwrap();
    fs::write(fixture.file("00000002.mpd"), "data without an entry").unwrap();
    fs::write(fixture.file("00000002.json.4711-0.tmp"), "{").unwrap();
    fs::write(fixture.file("00000003.mpd.4711-1.tmp"), "half").unwrap();
    assert_eq!(spool.of(&sid()).unwrap().entries.len(), 1);
    let entry = spool.put(&sid(), &group(), first(), b"next").unwrap();
    assert_eq!(fixture.files(), ["00000001.json", "00000001.mpd", "00000002.json", "00000002.mpd"]);
    assert_eq!(spool.read(&entry).unwrap(), b"next");
    let sent = spool.send_user(&sid(), store);
    assert_eq!(sent.tried.len(), 2);
    assert_eq!((store.writes(), fixture.files().len()), (2, 0));
}

/// A crash after storage acknowledged and before the entry was taken out.
#[test]
fn an_entry_that_is_stored_already_is_stored_once() {
    let Fixture { spool, store, .. } = fixture();
    spool.put(&sid(), &Scope::Global, first(), b"data").unwrap();
    store.put(&Scope::Global, &sid(), b"data");
    let sent = spool.send_user(&sid(), &store);
    assert!(matches!(sent.tried[0].result, Ok(Sent::Stored(_))), "{sent:?}");
    assert_eq!(store.versions(&Scope::Global, &sid()), 1);
    assert!(store.quarantined().is_empty());
}

/// A crash between putting the superseding entry and removing the superseded one: both are there.
#[test]
fn an_entry_and_the_one_it_superseded_are_both_sent() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Base", "0");
    console.store.fail(Faults { read_only: true, ..Faults::default() });
    ts1.session(&sid, APP, "First", "1");
    let saved: Vec<_> = ["00000001.json", "00000001.mpd"]
        .map(|name| (name, fs::read(ts1.spool_file(&sid, name)).unwrap()))
        .into();
    ts1.session(&sid, APP, "Second", "2");
    for (name, bytes) in saved {
        fs::write(ts1.spool_file(&sid, name), bytes).unwrap();
    }
    assert_eq!(ts1.waiting(&sid), 2);
    console.store.back();
    ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert!(console.store.quarantined().is_empty());
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Second").as_deref(), Some("2"));
}

#[test]
fn a_damaged_entry_is_named_and_holds_up_nobody() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let (sid, other) = (sid(), user(7));
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    ts1.logon(&other);
    ts1.set(&other, APP, "Theme", "blue");
    console.store.away();
    ts1.logoff(&sid);
    ts1.logoff(&other);
    console.store.back();
    fs::write(ts1.spool_file(&sid, "00000001.json"), "{ \"sid\": ").unwrap();

    let sent = ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert_eq!(stored(&console.store, &Scope::Global, &other, APP, "Theme").as_deref(), Some("blue"));
    assert_eq!((sent.tried.len(), sent.damaged.len()), (1, 1));
    let text = sent.damaged[0].to_string();
    assert!(text.contains("understand") && text.contains("00000001.json"), "{text}");
    assert!(std::error::Error::source(&sent.damaged[0]).unwrap().to_string().contains("line 1"));

    // The user goes on; what is damaged stays for the administrator.
    assert_eq!(ts1.session(&sid, APP, "Size", "12"), (Outcome::Merged, Outcome::Stored));
    assert!(ts1.spool_file(&sid, "00000001.mpd").exists());
    let waiting = ts1.spool().of(&sid).unwrap();
    assert_eq!((waiting.entries.len(), waiting.damaged.len()), (0, 1));
}

#[test]
fn an_entry_without_its_data_holds_up_nothing() {
    let Fixture { spool, store, folder } = fixture();
    spool.put(&sid(), &Scope::Global, first(), b"gone").unwrap();
    spool.put(&sid(), &Scope::Global, first(), b"here").unwrap();
    fs::remove_file(folder.path().join("spool").join(sid().as_str()).join("00000001.mpd")).unwrap();
    let sent = spool.send_user(&sid(), &store);
    assert!(matches!(sent.tried[0].result, Err(SendError::State(_))), "{sent:?}");
    assert!(matches!(sent.tried[1].result, Ok(Sent::Stored(_))), "{sent:?}");
}

#[test]
fn another_users_entry_is_not_sent_as_this_ones() {
    let Fixture { spool, store, folder } = fixture();
    spool.put(&sid(), &Scope::Global, first(), b"mine").unwrap();
    let root = folder.path().join("spool");
    fs::rename(root.join(sid().as_str()), root.join(user(7).as_str())).unwrap();
    let sent = spool.send_user(&user(7), &store);
    assert_eq!((sent.tried.len(), sent.damaged.len()), (0, 1));
}
