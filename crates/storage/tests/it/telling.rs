//! What the service found damaged is told to the console, also when that is away meanwhile.

use std::{fs, path::Path, time::Duration};

use mp_profile::{DataSetStore, Scope, Sid, Stored};
use mp_protocol::{
    MachineRole, StorageClient, StorageTarget, Waits,
    damage::{DamageFound, DamageRemedy, DamageReport, DamagedPart},
    tls::{self, ServerKind},
};
use mp_storage::{DamageQueue, RunOptions, run};
use tokio::sync::oneshot;

use crate::{
    following::{Console, enrolled, eventually, free_port, runtime},
    support::{allowed, data_set, plan, sid},
};

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
}

fn store_twice(client: &StorageClient, sid: &Sid) {
    let stored = client.store(&Scope::Global, sid, None, &data_set(sid, 1, 100)).unwrap();
    let Stored::As(base) = stored else { panic!("conflict") };
    client.store(&Scope::Global, sid, Some(&base), &data_set(sid, 2, 100)).unwrap();
}

#[test]
fn damage_is_told_once_however_long_the_console_was_away() {
    let runtime = runtime();
    let (console, url) = Console::start(&runtime, Duration::ZERO);
    let folder = tempfile::tempdir().unwrap();
    let (state, base) = (folder.path().join("state"), folder.path().join("base"));
    let identity = enrolled(&console, &url, &state, MachineRole::Storage);
    let mut first = plan(&base, &identity);
    first.port = free_port();
    let agent = console.authority.enrol(&folder.path().join("agent"), MachineRole::Agent, 1, &[]);
    first.agents.push(allowed(&agent, None));
    console.plan.send_replace(Some(first.clone()));
    let target = StorageTarget { name: "s".to_owned(), host: "127.0.0.1".to_owned(), port: first.port };
    let tls = tls::machine_client(&agent, ServerKind::Storage).unwrap();
    let client = StorageClient::new(tls, &target, Waits::default());
    let start = |look: Option<Duration>| {
        let (stop, stopped) = oneshot::channel::<()>();
        let listen = Some("127.0.0.1".parse().unwrap());
        let options = RunOptions { listen, look, ..RunOptions::new(&state) };
        let task = runtime.spawn(run(options, async { drop(stopped.await) }));
        eventually("it serves", || client.head(&Scope::Global, &sid(1)).is_ok());
        (stop, task)
    };
    let file = |number: u32| base.join(format!("global/{}.mpd", sid(number)));
    let waiting = || DamageQueue::open(&state).unwrap().waiting().unwrap();

    let (stop, task) = start(None);
    (1..=2).for_each(|number| store_twice(&client, &sid(number)));
    flip(&file(1));
    for _ in 0..3 {
        client.fetch(&Scope::Global, &sid(1), None).unwrap();
    }
    assert_eq!(waiting(), 1, "the console takes nothing");
    drop(stop);
    runtime.block_on(task).unwrap().unwrap();
    assert_eq!(waiting(), 1, "it outlives the service");

    // The next start finds the console again, and looks at what nobody asks for.
    console.damage.lock().unwrap().replace(Vec::new());
    let (stop, task) = start(Some(Duration::from_millis(100)));
    let told = || console.damage.lock().unwrap().clone().unwrap();
    eventually("it is told", || !told().is_empty() && waiting() == 0);
    let DamageReport { sid: user, part, number, remedy, found, .. } = told().remove(0);
    assert_eq!((user, part, number), (sid(1), DamagedPart::Current, Some(2)));
    assert_eq!((remedy, found), (DamageRemedy::FellBack { from: 1, to: 3 }, DamageFound::Use));
    flip(&file(2));
    eventually("it is found without being asked for", || {
        told().iter().any(|report| report.sid == sid(2) && report.found == DamageFound::Look)
    });
    let report = told().into_iter().find(|report| report.sid == sid(2)).unwrap();
    assert_eq!(report.remedy, DamageRemedy::FellBack { from: 1, to: 3 });
    client.fetch(&Scope::Global, &sid(2), None).unwrap();
    let of_second = || told().iter().filter(|report| report.sid == sid(2)).count();
    assert_eq!(of_second(), 1, "what is set aside is not told again");
    drop(stop);
    runtime.block_on(task).unwrap().unwrap();
}
