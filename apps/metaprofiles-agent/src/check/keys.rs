//! Whether keys that DPAPI protects survive: something is encrypted in one session, and decrypted in a later one.

use std::process::ExitCode;

use anyhow::{Context, Result};
use mp_agent::recording::KeysProbe;
use mp_registry::{KeyAction, KeyEdit, KeyPath, Registry, Value, ValueEdit, ValueType};
use mp_windows::{LiveRegistry, OpenMode, UserToken, decrypt_for_user, encrypt_for_user};

/// What a data subset is to keep, together with the folder of the keys.
const PROBE_KEY: &str = r"Software\MetaProfiles Field Test";
const ENCRYPTED: &str = "Encrypted";
/// What is found is written elsewhere, so that what a recording sees is of the session that it sees.
pub(super) const OUTCOME_KEY: &str = r"Software\MetaProfiles Field Test Outcome";
pub(super) const OUTCOME: &str = "Keys";

/// Run by the user: makes the probe, or looks whether it can still be decrypted.
pub(super) fn check() -> Result<ExitCode> {
    let user = UserToken::of_process().context("this is to be run by the test user")?;
    let sid = user.sid();
    let mut registry =
        LiveRegistry::open(sid, OpenMode::AsGranted)?.context("your registry is not loaded")?;
    let held = registry.value(&KeyPath::parse(PROBE_KEY), &ENCRYPTED.into())?;
    let mut edits = KeyEdit::root();
    let outcome = match held {
        Some(held) if decrypt_for_user(&held.data).is_ok_and(|text| text == sid.as_str().as_bytes()) => {
            KeysProbe::Kept
        }
        Some(_) => KeysProbe::Lost,
        None => {
            let encrypted = encrypt_for_user(sid.as_str().as_bytes()).context("nothing can be encrypted")?;
            let value = Value::new(ENCRYPTED, ValueType::BINARY, encrypted);
            set(&mut edits, PROBE_KEY, value);
            KeysProbe::Made
        }
    };
    set(&mut edits, OUTCOME_KEY, Value::sz(OUTCOME, outcome.word()));
    let applied = registry.apply(&edits)?;
    if let Some(problem) = applied.problems.into_iter().next() {
        return Err(problem.into());
    }
    println!(
        "{}",
        match outcome {
            KeysProbe::Made => "made: log off and on, and run this again",
            KeysProbe::Kept => "kept: what was encrypted in a former session was decrypted",
            KeysProbe::Lost => "LOST: what was encrypted in a former session cannot be decrypted",
        }
    );
    Ok(if outcome == KeysProbe::Lost { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn set(edits: &mut KeyEdit, key: &str, value: Value) {
    let key = edits.at_or_pass(&KeyPath::parse(key));
    key.action = KeyAction::Ensure;
    key.edit_value(ValueEdit::Set(value));
}
