//! The spool: order, crashes, damage.

use std::{fs, sync::Arc};

use mp_agent::{Intent, NewEntry, Outcome, SendError, Sent, Spool, SpoolEntry};
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
    fn put(&self, scope: &Scope, intent: Intent, bytes: &[u8]) -> SpoolEntry {
        self.spool.put(&NewEntry::new(&sid(), scope, intent, bytes), &[]).unwrap()
    }

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
    let fixture = fixture();
    let Fixture { spool, store, .. } = &fixture;
    for number in 0..12_u8 {
        let intent = if number == 0 { first() } else { after(&format!("\"v{number}\"")) };
        fixture.put(&Scope::Global, intent, &[number]);
    }
    spool.put(&NewEntry::new(&user(7), &Scope::Global, first(), b"other"), &[]).unwrap();
    assert_eq!(spool.users().unwrap(), [sid(), user(7)]);
    let sent = spool.send_user(&sid(), store, &mut |_, _| ());
    assert!(sent.tried.iter().all(|delivery| matches!(delivery.result, Ok(Sent::Stored(_)))), "{sent:?}");
    assert_eq!(store.current(&Scope::Global, &sid()).unwrap().1, [11]);
    assert_eq!(store.versions(&Scope::Global, &sid()), 12);
    assert_eq!(spool.users().unwrap(), [user(7)]);
}

/// After an entry that stays, later ones of its scope stay; the other scope's and what is only kept beside go on.
#[test]
fn a_refused_entry_holds_up_its_scope_alone() {
    let fixture = fixture();
    let Fixture { spool, store, .. } = &fixture;
    store.fail(Faults { refused: Some(group()), ..Faults::default() });
    fixture.put(&group(), first(), b"g1");
    fixture.put(&group(), after("\"v1\""), b"g2");
    fixture.put(&Scope::Global, first(), b"a1");
    fixture.put(&Scope::Global, Intent::Quarantine { reason: "why".into() }, b"q");
    let sent = spool.send_user(&sid(), store, &mut |_, _| ());
    let results: Vec<bool> = sent.tried.iter().map(|delivery| delivery.result.is_ok()).collect();
    assert_eq!(results, [false, true, true]);
    let left: Vec<u64> = spool.of(&sid()).unwrap().entries.iter().map(|entry| entry.number).collect();
    assert_eq!(left, [1, 2]);
    store.back();
    spool.send_user(&sid(), store, &mut |_, _| ());
    assert_eq!(store.current(&group(), &sid()).map(|(_, bytes)| bytes), Some(b"g1".to_vec()));
}

#[test]
fn when_storage_is_away_one_try_is_enough() {
    let fixture = fixture();
    let Fixture { spool, store, .. } = &fixture;
    fixture.put(&Scope::Global, first(), b"a");
    fixture.put(&group(), first(), b"b");
    store.away();
    let sent = spool.send_user(&sid(), store, &mut |_, _| ());
    assert!(matches!(&sent.tried[..], [one] if matches!(one.result, Err(SendError::Store(_)))), "{sent:?}");
    assert_eq!(spool.of(&sid()).unwrap().entries.len(), 2);
}

/// A crash while an entry was written, and one after it was taken out: both leave no half of it.
#[test]
fn what_a_crash_leaves_is_no_entry_and_costs_the_others_nothing() {
    let fixture = fixture();
    let Fixture { spool, store, .. } = &fixture;
    fixture.put(&Scope::Global, first(), b"whole");
    fs::write(fixture.file("00000002.entry.4711-0.tmp"), "{").unwrap();
    fs::write(fixture.file("00000003.entry.4711-1.tmp"), "half").unwrap();
    assert_eq!(spool.of(&sid()).unwrap().entries.len(), 1);
    let entry = fixture.put(&group(), first(), b"next");
    assert_eq!(fixture.files(), ["00000001.entry", "00000002.entry"]);
    assert_eq!(spool.read(&entry).unwrap(), b"next");
    let sent = spool.send_user(&sid(), store, &mut |_, _| ());
    assert_eq!(sent.tried.len(), 2);
    assert_eq!((store.writes(), fixture.files().len()), (2, 0));
}

/// A crash after storage acknowledged and before the entry was taken out.
#[test]
fn an_entry_that_is_stored_already_is_stored_once() {
    let fixture = fixture();
    let Fixture { spool, store, .. } = &fixture;
    fixture.put(&Scope::Global, first(), b"data");
    store.put(&Scope::Global, &sid(), b"data");
    let sent = spool.send_user(&sid(), store, &mut |_, _| ());
    assert!(matches!(sent.tried[0].result, Ok(Sent::Stored(_))), "{sent:?}");
    assert_eq!(store.versions(&Scope::Global, &sid()), 1);
    assert!(store.quarantined().is_empty());
}

/// A crash between putting the superseding entry and removing the superseded one: both are there.
#[test]
fn of_an_entry_and_the_one_that_took_its_place_the_later_is_sent() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Base", "0");
    console.store.fail(Faults { read_only: true, ..Faults::default() });
    ts1.session(&sid, APP, "First", "1");
    let saved = fs::read(ts1.spool_file(&sid, "00000001.entry")).unwrap();
    ts1.session(&sid, APP, "Second", "2");
    fs::write(ts1.spool_file(&sid, "00000001.entry"), saved).unwrap();
    assert_eq!(ts1.waiting(&sid), 2);
    console.store.back();
    let sent = ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert_eq!((sent.tried.len(), ts1.waiting(&sid)), (1, 0));
    assert!(console.store.quarantined().is_empty());
    for (name, text) in [("First", "1"), ("Second", "2")] {
        assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, name).as_deref(), Some(text));
    }
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
    fs::write(ts1.spool_file(&sid, "00000001.entry"), "{ \"sid\": ").unwrap();

    let sent = ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert_eq!(stored(&console.store, &Scope::Global, &other, APP, "Theme").as_deref(), Some("blue"));
    assert_eq!((sent.tried.len(), sent.damaged.len()), (1, 1));
    let text = sent.damaged[0].to_string();
    assert!(text.contains("understand") && text.contains("00000001.entry"), "{text}");
    assert!(std::error::Error::source(&sent.damaged[0]).unwrap().to_string().contains("line 1"));

    // The user goes on; what is damaged stays for the administrator.
    assert_eq!(ts1.session(&sid, APP, "Size", "12"), (Outcome::Merged, Outcome::Stored));
    assert!(ts1.spool_file(&sid, "00000001.entry").exists());
    let waiting = ts1.spool().of(&sid).unwrap();
    assert_eq!((waiting.entries.len(), waiting.damaged.len()), (0, 1));
}

#[test]
fn an_entry_that_was_cut_short_holds_up_nothing() {
    let fixture = fixture();
    let Fixture { spool, store, .. } = &fixture;
    fixture.put(&Scope::Global, first(), b"cut");
    fixture.put(&Scope::Global, first(), b"here");
    let file = fixture.file("00000001.entry");
    let whole = fs::read(&file).unwrap();
    for len in [0, 1, whole.len() - 4, whole.len() - 1] {
        fs::write(&file, &whole[..len]).unwrap();
        let waiting = spool.of(&sid()).unwrap();
        assert_eq!((waiting.entries.len(), waiting.damaged.len()), (1, 1), "{len}");
    }
    let sent = spool.send_user(&sid(), store, &mut |_, _| ());
    assert!(matches!(&sent.tried[..], [one] if matches!(one.result, Ok(Sent::Stored(_)))), "{sent:?}");
    assert_eq!(sent.damaged.len(), 1);
}

#[test]
fn another_users_entry_is_not_sent_as_this_ones() {
    let fixture = fixture();
    let Fixture { spool, store, folder } = &fixture;
    fixture.put(&Scope::Global, first(), b"mine");
    let root = folder.path().join("spool");
    fs::rename(root.join(sid().as_str()), root.join(user(7).as_str())).unwrap();
    let sent = spool.send_user(&user(7), store, &mut |_, _| ());
    assert_eq!((sent.tried.len(), sent.damaged.len()), (0, 1));
}
