//! What the template writes is read as what it is meant to be; anything else is told and not used.

use std::{path::PathBuf, time::Duration};

use mp_agent::{LogLevel, PolicySettings, Problem};
use mp_profile::ImportMode;
use mp_protocol::{AgentPlan, AgentSettings, HoldProfile, MachineId, StorageAway, Waits};
use mp_registry::{Key, MemoryRegistry, Value, ValueType};
use proptest::prelude::*;
use roxmltree::Document;

use crate::template::{Choices, admx, written};

fn read(values: &[Value]) -> (PolicySettings, Vec<Problem>) {
    let mut key = Key::new("Agent");
    values.iter().cloned().for_each(|value| key.set_value(value));
    PolicySettings::read(&MemoryRegistry::new(key))
}

/// Reads values that must be right.
fn settings(values: &[Value]) -> PolicySettings {
    let (settings, problems) = read(values);
    assert_eq!(problems, [], "{values:?}");
    settings
}

/// The one problem that a value is, which must change nothing.
fn refused(value: Value) -> Problem {
    let (settings, mut problems) = read(std::slice::from_ref(&value));
    assert_eq!((&settings, problems.len()), (&PolicySettings::default(), 1), "{value:?} {problems:?}");
    problems.remove(0)
}

/// A text that the policy takes.
fn sample(name: &str) -> &'static str {
    match name {
        "ConsoleAddress" => "https://console.example.com:8443",
        "StateFolder" => r"D:\MetaProfiles\Agent",
        other => panic!("no sample for {other}"),
    }
}

/// What each setting is when it alone is set.
fn expected(name: &str, value: &Value) -> PolicySettings {
    let mut settings = PolicySettings::default();
    let number = || u64::from(u32::from_le_bytes(value.data.as_ref().try_into().unwrap()));
    let text = || value.to_text().unwrap();
    match name {
        "TurnOff" => settings.turned_off = number() == 1,
        "ConsoleAddress" => settings.console_address = Some(text()),
        "StateFolder" => settings.state_folder = Some(PathBuf::from(text())),
        "LogLevel" => {
            settings.log_level = Some(match text().as_str() {
                "error" => LogLevel::Error,
                "warn" => LogLevel::Warning,
                "info" => LogLevel::Information,
                "debug" => LogLevel::Debug,
                "trace" => LogLevel::Trace,
                other => panic!("{other}"),
            });
        }
        "SpoolLimit" => settings.spool_limit = Some(number() * 1024 * 1024),
        "LogonWait" => settings.logon_wait = Some(Duration::from_secs(number())),
        "LogoffWait" => settings.logoff_wait = Some(Duration::from_secs(number())),
        "ImportMode" => settings.import_mode = Some(named(&text())),
        "StorageAway" => settings.storage_away = Some(named(&text())),
        "HoldProfile" => settings.hold_profile = Some(named(&text())),
        "ProtectHive" => settings.protect_hive = Some(number() == 1),
        "CheckpointMinutes" => settings.checkpoint_minutes = Some(u32::try_from(number()).unwrap()),
        other => panic!("nothing is expected of {other}"),
    }
    settings
}

/// What the plan means by a name.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> T {
    serde_json::from_value(name.into()).unwrap()
}

#[test]
fn each_choice_of_each_policy_is_read_as_it_is_meant() {
    let text = admx();
    for written in written(&Document::parse(&text).unwrap()) {
        let name = written.name.as_str();
        let values = match written.choices {
            Choices::Switch(on, off) => vec![on, off],
            Choices::Items(items) => items,
            Choices::Number(from, to) => vec![Value::dword(name, from), Value::dword(name, to)],
            Choices::Text { expandable: true, .. } => vec![Value::expand_sz(name, sample(name))],
            Choices::Text { .. } => vec![Value::sz(name, sample(name))],
        };
        let mut seen = Vec::new();
        for value in values {
            let read = settings(std::slice::from_ref(&value));
            assert_eq!(read, expected(name, &value), "{value:?}");
            assert!(!seen.contains(&read), "{name}: two choices mean the same");
            seen.push(read);
        }
        assert!(seen.iter().any(|read| *read != PolicySettings::default()), "{name} has no effect");
    }
}

#[test]
fn what_the_template_would_not_write_is_refused() {
    let text = admx();
    for written in written(&Document::parse(&text).unwrap()) {
        let name = written.name.as_str();
        let mut wrong = vec![Value::new(name, ValueType::BINARY, [1, 0, 0, 0]), Value::dword(name, u32::MAX)];
        match written.choices {
            Choices::Number(from, to) => {
                wrong.extend(from.checked_sub(1).map(|less| Value::dword(name, less)));
                wrong.extend([Value::dword(name, to + 1), Value::sz(name, "10")]);
            }
            Choices::Switch(..) => wrong.extend([Value::dword(name, 2), Value::sz(name, "1")]),
            Choices::Items(_) => wrong.extend([Value::sz(name, "nonsense"), Value::sz(name, "")]),
            Choices::Text { longest, .. } => {
                let long = format!("{}{}", sample(name), "x".repeat(longest));
                wrong.extend([Value::sz(name, ""), Value::sz(name, &long), Value::sz(name, "nonsense")]);
            }
        }
        for value in wrong {
            let problem = refused(value);
            assert_eq!(problem.code, "MP-AGT-100");
            assert!(
                problem.message.contains(name) && problem.message.contains("expected REG_"),
                "{problem:?}"
            );
        }
    }
}

#[test]
fn a_problem_says_what_is_there_and_what_was_expected() {
    let problem = refused(Value::dword("LogonWait", 5000));
    assert_eq!(
        problem.message,
        "Group Policy sets \"LogonWait\" to REG_DWORD 5000, which is not used; expected REG_DWORD from 1 to 600"
    );
    let problem = refused(Value::sz("LogLevel", "loud"));
    assert_eq!(
        problem.message,
        "Group Policy sets \"LogLevel\" to REG_SZ \"loud\", which is not used; expected REG_SZ, one of error, warn, info, debug, trace"
    );
    let problem = refused(Value::dword("LogonWiat", 5));
    assert_eq!(problem.code, "MP-AGT-101");
    assert!(problem.message.contains("\"LogonWiat\""), "{problem:?}");
}

#[test]
fn a_wrong_value_costs_no_other_setting_and_names_have_any_case() {
    let (settings, problems) =
        read(&[Value::dword("LOGONWAIT", 7), Value::dword("LogoffWait", 0), Value::dword("turnoff", 1)]);
    assert_eq!((settings.logon_wait, settings.turned_off), (Some(Duration::from_secs(7)), true));
    assert_eq!(problems.len(), 1);
}

#[test]
fn choices_take_the_place_of_the_plans() {
    let plan =
        AgentSettings { merge_newer_on_connect: true, checkpoint_minutes: 7, ..AgentSettings::default() };
    let plan_of = |settings: &AgentSettings| AgentPlan {
        revision: 1,
        agent: MachineId::from_random([1; 16]),
        name: "TS1".into(),
        group: None,
        storage: None,
        stores: Vec::new(),
        subsets: Vec::new(),
        waits: Waits::default(),
        settings: settings.clone(),
    };
    let over = |values: &[Value]| settings(values).over(Some(&plan_of(&plan)));
    assert_eq!(over(&[]), plan);
    assert_eq!(settings(&[]).over(None), AgentSettings::default());
    let all = [
        Value::sz("ImportMode", "asynchronous"),
        Value::sz("StorageAway", "refuse-logon"),
        Value::sz("HoldProfile", "never"),
        Value::dword("ProtectHive", 0),
        Value::dword("CheckpointMinutes", 0),
    ];
    let expected = AgentSettings {
        mode: ImportMode::Asynchronous,
        storage_away: StorageAway::RefuseLogon,
        hold_profile: HoldProfile::Never,
        protect_hive: false,
        checkpoint_minutes: 0,
        ..plan.clone()
    };
    assert_eq!(over(&all), expected);
    assert_eq!(settings(&all).over(None).hold_profile, HoldProfile::Never);
}

#[test]
fn waits_take_the_place_of_the_plans() {
    let plan = Waits::default();
    assert_eq!(settings(&[]).waits(plan), plan);
    let logon = settings(&[Value::dword("LogonWait", 7)]).waits(plan);
    assert_eq!(logon, Waits { fetch_ms: 7_000, logon_ms: 7_000, ..plan });
    let logoff = settings(&[Value::dword("LogoffWait", 1)]).waits(plan);
    assert_eq!(logoff, Waits { upload_ms: 1_000, ..plan });
    let long = settings(&[Value::dword("LogoffWait", 600)]).waits(plan);
    assert_eq!(long, Waits { upload_ms: 600_000, logoff_ms: 600_000, ..plan });
}

#[test]
fn addresses_and_folders_are_checked() {
    for good in ["https://a", "https://a.b:1/", "https://[::1]:8443"] {
        assert_eq!(settings(&[Value::sz("ConsoleAddress", good)]).console_address.as_deref(), Some(good));
    }
    for bad in ["http://a", "https://", "https://a/b", "https://u@a", "a:8443", "https://a b"] {
        refused(Value::sz("ConsoleAddress", bad));
    }
    let folder = |value: Value| settings(&[value]).state_folder.unwrap();
    assert_eq!(folder(Value::sz("StateFolder", r"d:\a b\c\")), PathBuf::from(r"d:\a b\c"));
    for bad in [
        r"D:\",
        "D:",
        r"D:a",
        r"\a",
        r"\\server\share\a",
        r"\\?\C:\a",
        r"C:\a\..\b",
        r"C:\a\\b",
        "C:/a",
        r"C:\a:b",
        r"%ProgramData%\a",
        r"C:\a*",
    ] {
        refused(Value::sz("StateFolder", bad));
    }
    refused(Value::expand_sz("StateFolder", r"%METAPROFILES_NO_SUCH_VARIABLE%\a"));
    refused(Value::expand_sz("StateFolder", r"C:\%=%\a"));
}

proptest! {
    #[test]
    fn no_value_is_taken_silently_or_panics(
        name in prop::sample::select(PolicySettings::names().collect::<Vec<_>>()),
        ty in 0_u32..12,
        data in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (settings, problems) = read(&[Value::new(name, ValueType(ty), data)]);
        let changed = settings != PolicySettings::default();
        prop_assert!(problems.len() <= 1 && !(changed && problems.len() == 1));
    }
}
