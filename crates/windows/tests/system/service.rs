//! Installing and removing a service, and what is registered beside it. That it runs is shown by the whole Agent.

use std::{path::Path, sync::Arc, time::Duration};

use mp_profile::{SessionControl, SessionId};
use mp_windows::{
    OpenMode, SettingsKey, WindowsSessions, log_off_session,
    service::{
        EventLevel, EventSource, RunState, ServiceDefinition, install, query, register_event_source,
        send_user_control, uninstall, unregister_event_source,
    },
    tell_session,
};

const NAME: &str = "MetaProfilesTest";
const TIMEOUT: Duration = Duration::from_secs(20);

fn definition(arguments: &[&str]) -> ServiceDefinition {
    ServiceDefinition {
        name: NAME.to_owned(),
        display_name: "MetaProfiles Test".to_owned(),
        description: "Is never started.".to_owned(),
        executable: r"C:\Program Files\MetaProfiles\metaprofiles-agent.exe".into(),
        arguments: arguments.iter().map(Into::into).collect(),
        preshutdown: Duration::from_secs(90),
        privileges: vec!["SeBackupPrivilege", "SeRestorePrivilege"],
    }
}

#[test]
fn a_service_is_installed_once_changed_and_removed() {
    uninstall(NAME, TIMEOUT).unwrap();
    assert_eq!(query(NAME).unwrap(), None);
    let installed = install(&definition(&["service"])).unwrap();
    assert!(installed.created);
    let state = query(NAME).unwrap().unwrap();
    assert_eq!((state.state, state.process), (RunState::Stopped, None));
    assert!(!install(&definition(&["service", "--state", r"C:\my state"])).unwrap().created);

    let key = SettingsKey::open(&format!(r"SYSTEM\CurrentControlSet\Services\{NAME}")).unwrap().unwrap();
    let command = key.string("ImagePath").unwrap().into_string().unwrap();
    assert_eq!(
        command,
        r#""C:\Program Files\MetaProfiles\metaprofiles-agent.exe" service --state "C:\my state""#
    );
    assert_eq!(key.string("ObjectName").unwrap(), "LocalSystem");
    // 2 is SERVICE_AUTO_START.
    assert_eq!(key.dword("Start"), Some(2));
    assert_eq!(key.string("Description").unwrap(), "Is never started.");
    drop(key);

    assert!(send_user_control(NAME, 200).is_err(), "it does not run");
    assert!(send_user_control(NAME, 7).is_err(), "no code of a service's own");
    assert!(uninstall(NAME, TIMEOUT).unwrap());
    assert_eq!(query(NAME).unwrap(), None);
    assert!(!uninstall(NAME, TIMEOUT).unwrap());
}

#[test]
fn an_event_source_is_registered_written_to_and_removed() {
    let (source, program) = ("MetaProfiles Test", Path::new(r"C:\Program Files\x\agent.exe"));
    let path = format!(r"SYSTEM\CurrentControlSet\Services\EventLog\Application\{source}");
    register_event_source(source, program).unwrap();
    let key = SettingsKey::open(&path).unwrap().unwrap();
    assert_eq!(key.string("EventMessageFile").unwrap(), program.as_os_str());
    assert_eq!(key.dword("TypesSupported"), Some(7));
    assert_eq!((key.dword("EventMessageFile"), key.string("TypesSupported")), (None, None));
    drop(key);
    let log = EventSource::open(source).unwrap();
    log.report(1, EventLevel::Information, &["one", "two"]).unwrap();
    log.report(2, EventLevel::Error, &[&"ä".repeat(100_000)]).unwrap();
    unregister_event_source(source).unwrap();
    unregister_event_source(source).unwrap();
    assert!(SettingsKey::open(&path).unwrap().is_none());
}

#[test]
fn settings_are_written_read_and_deleted() {
    let path = r"SOFTWARE\MetaProfiles\Test\Deep";
    let key = SettingsKey::create(path).unwrap();
    key.set_dword("number", 7).unwrap();
    key.set_string("text", "ä %USERNAME%".as_ref()).unwrap();
    key.set_expand_string("path", r"%SystemRoot%\x".as_ref()).unwrap();
    let again = SettingsKey::open_to_write(path).unwrap().unwrap();
    assert_eq!(again.dword("number"), Some(7));
    assert_eq!(again.string("text").unwrap(), "ä %USERNAME%");
    assert_eq!(again.string("path").unwrap(), r"%SystemRoot%\x");
    again.delete_value("number").unwrap();
    again.delete_value("number").unwrap();
    assert_eq!(key.dword("number"), None);
    drop((key, again));
    SettingsKey::delete_tree(r"SOFTWARE\MetaProfiles\Test").unwrap();
    assert!(SettingsKey::open(path).unwrap().is_none());
}

#[test]
fn sessions_are_listed() {
    // Wine knows no sessions; that the call works is all that can be seen here.
    let sessions =
        WindowsSessions::new("agent.exe".into(), Arc::default(), OpenMode::AsGranted).sessions().unwrap();
    assert!(sessions.iter().all(|session| session.id.0 != 0));
}

#[test]
fn no_one_is_told_or_logged_off_where_there_is_no_session() {
    // Wine has neither call; that the failure is told is all that can be seen here.
    let nobody = SessionId(60_000);
    assert!(tell_session(nobody, "MetaProfiles", "Your settings cannot be reached.").is_err());
    assert!(log_off_session(nobody).is_err());
}
