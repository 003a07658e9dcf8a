//! Settings that are replaced by a file of JSON, as they were shown; their secret comes from the environment.

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::api::Api;
use crate::input;

/// Most bytes of a file with settings.
const MAX_FILE: u64 = 512 * 1024;

/// Replaces what is at a path of the API. `told` are fields that are shown, and not asked for; `secret` is the field of the
/// secret and the variable that stands for it, without which the present one stays.
pub(super) fn replace(
    api: &Api,
    path: &str,
    file: &Path,
    told: &[&str],
    (field, variable): (&str, &str),
) -> anyhow::Result<()> {
    let mut settings: Value = serde_json::from_slice(&input::read(file, MAX_FILE)?)
        .with_context(|| format!("{} is not JSON", file.display()))?;
    if let Some(fields) = settings.as_object_mut() {
        fields.retain(|name, _| !told.contains(&name.as_str()));
        if let Ok(secret) = std::env::var(variable) {
            fields.insert(field.to_owned(), json!(secret));
        }
    }
    let mut found = api.get_tagged(path)?;
    found.item = settings;
    api.show(&api.put(path, &found)?)
}
