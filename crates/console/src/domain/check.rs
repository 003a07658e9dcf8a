use std::{collections::HashSet, net::IpAddr};

use mp_profile::{Applies, CompiledRules, DataSubset, RuleError};

use super::{
    AgentServerGroup, Configuration, Kind, Refusal, Retention, StorageServer, name_key, settings,
    storage_settings,
};

/// Most characters of a name.
const MAX_NAME: usize = 128;
/// Most characters of a description.
const MAX_DESCRIPTION: usize = 2_000;
/// Most characters of a path or a pattern, as Windows' longest path.
const MAX_PATH: usize = 32_767;
/// Most rules of one data subset.
const MAX_RULES: usize = 1_000;
/// Most Storage Servers, groups or data subsets, each.
const MAX_ITEMS: usize = 1_000;
/// Most Storage Servers that keep a group's data sets.
const MAX_STORES: usize = 5;

/// Checks a whole configuration: every item for itself, and what they say of each other.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check(configuration: &Configuration) -> Result<(), Refusal> {
    let Configuration { storage_servers, groups, subsets } = configuration;
    unique(Kind::StorageServer, storage_servers.iter().map(|server| server.name.as_str()))?;
    unique(Kind::Group, groups.iter().map(|group| group.name.as_str()))?;
    unique(Kind::Subset, subsets.iter().map(|subset| subset.name.as_str()))?;
    for server in storage_servers {
        storage_server(server, groups)
            .map_err(|problem| invalid(Kind::StorageServer, &server.name, problem))?;
    }
    for item in groups {
        group(item, storage_servers).map_err(|problem| invalid(Kind::Group, item.name.as_str(), problem))?;
    }
    for item in subsets {
        subset(item, groups).map_err(|problem| invalid(Kind::Subset, &item.name, problem))?;
    }
    // The Agents compile the rules in the same way, so what passes here works there.
    CompiledRules::compile(subsets, None).map(drop).map_err(wrong_rule)
}

/// Checks a data subset by itself, as [`check`] does it.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check_subset(item: &DataSubset, groups: &[AgentServerGroup]) -> Result<(), Refusal> {
    subset(item, groups).map_err(|problem| invalid(Kind::Subset, &item.name, problem))?;
    CompiledRules::compile(std::slice::from_ref(item), None).map(drop).map_err(wrong_rule)
}

fn wrong_rule(error: RuleError) -> Refusal {
    let rule = error.rule.map(|rule| format!("rule \"{rule}\": ")).unwrap_or_default();
    invalid(Kind::Subset, &error.subset, format!("{rule}{}", error.problem))
}

fn invalid(kind: Kind, name: &str, problem: String) -> Refusal {
    Refusal::Invalid { kind, name: name.chars().take(MAX_NAME).collect(), problem }
}

fn unique<'a>(kind: Kind, names: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name_key(name)) {
            return Err(Refusal::Exists { kind, name: name.chars().take(MAX_NAME).collect() });
        }
        if seen.len() > MAX_ITEMS {
            return Err(invalid(kind, name, format!("there may be {MAX_ITEMS} at most")));
        }
    }
    Ok(())
}

fn storage_server(server: &StorageServer, groups: &[AgentServerGroup]) -> Result<(), String> {
    name(&server.name)?;
    host(&server.host)?;
    base_folder(&server.base_folder)?;
    if server.port == 0 {
        return Err("the port must be 1 to 65535".to_owned());
    }
    server.retention.check()?;
    storage_settings::check(&server.limits)?;
    match groups.iter().find(|group| group.name == server.global_folder) {
        Some(group) => Err(format!(
            "the global folder has the name of the Agent Server Group \"{}\", whose data sets would be mixed with the global \
             ones; choose another name",
            group.name
        )),
        None => Ok(()),
    }
}

fn group(group: &AgentServerGroup, servers: &[StorageServer]) -> Result<(), String> {
    description(&group.description)?;
    settings::check(&group.settings, &group.waits)?;
    group.retention.map_or(Ok(()), Retention::check)?;
    let mut seen = HashSet::new();
    for name in group.storage_server.iter().chain(&group.other_storage_servers) {
        if !servers.iter().any(|server| name_key(&server.name) == name_key(name)) {
            return Err(format!(
                "there is no Storage Server \"{name}\"; create it first, or correct the name"
            ));
        }
        if !seen.insert(name_key(name)) {
            return Err(format!("it names the Storage Server \"{name}\" twice"));
        }
    }
    if seen.len() > MAX_STORES {
        return Err(format!("it names more than {MAX_STORES} Storage Servers"));
    }
    Ok(())
}

fn subset(subset: &DataSubset, groups: &[AgentServerGroup]) -> Result<(), String> {
    name(&subset.name)?;
    description(&subset.description)?;
    if let Applies::Groups(names) = &subset.applies {
        if names.is_empty() {
            return Err("it applies to no group; name one, or make it global".to_owned());
        }
        let mut seen = HashSet::new();
        for name in names {
            if !groups.iter().any(|group| group.name == *name) {
                return Err(format!(
                    "there is no Agent Server Group \"{name}\"; create it first, or correct the name"
                ));
            }
            if !seen.insert(name) {
                return Err(format!("it names the Agent Server Group \"{name}\" twice"));
            }
        }
    }
    if subset.registry.len().saturating_add(subset.folders.len()) > MAX_RULES {
        return Err(format!("it has more than {MAX_RULES} rules; divide it"));
    }
    let bounds = subset.folders.iter().filter_map(|rule| rule.max_file_bytes).chain(subset.max_total_bytes);
    if bounds.into_iter().any(|bytes| i64::try_from(bytes).is_err()) {
        return Err(format!("a size is larger than {} bytes", i64::MAX));
    }
    let of_keys = subset.registry.iter().flat_map(|rule| rule.values.iter().chain([&rule.key]));
    let of_folders =
        subset.folders.iter().flat_map(|rule| rule.masks.iter().chain([&rule.folder, &rule.path]));
    if of_keys.chain(of_folders).any(|text| text.chars().count() > MAX_PATH || text.contains('\0')) {
        return Err(format!("a path or pattern is longer than {MAX_PATH} characters or holds a NUL"));
    }
    Ok(())
}

fn name(name: &str) -> Result<(), String> {
    let length = name.chars().count();
    if (1..=MAX_NAME).contains(&length) && name.trim() == name && !name.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(format!(
            "the name must have 1 to {MAX_NAME} characters, no control characters, and no space at its ends"
        ))
    }
}

fn description(text: &str) -> Result<(), String> {
    if text.chars().count() > MAX_DESCRIPTION {
        return Err(format!("the description is longer than {MAX_DESCRIPTION} characters"));
    }
    Ok(())
}

/// A DNS name (RFC 1123, 2.1) or an IP address, as a certificate can carry it.
fn host(host: &str) -> Result<(), String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let numeric = host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if host.parse::<IpAddr>().is_ok() || (host.len() <= 253 && !numeric && host.split('.').all(label)) {
        Ok(())
    } else {
        Err("the host must be a DNS name or an IP address, without a port".to_owned())
    }
}

/// Absolute on Windows (drive or share) or on Unix, and plain: no part leads upwards.
fn base_folder(path: &str) -> Result<(), String> {
    let bytes = path.as_bytes();
    let drive =
        matches!(bytes, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic()) && bytes.len() > 3;
    let share = path
        .strip_prefix(r"\\")
        .is_some_and(|rest| rest.split('\\').filter(|part| !part.is_empty()).count() >= 2);
    let unix = bytes.len() > 1 && path.starts_with('/');
    let plain = path.chars().count() <= 1_024
        && !path.chars().any(char::is_control)
        && !path.split(['\\', '/']).any(|part| part == ".." || part == ".");
    if (drive || share || unix) && plain {
        Ok(())
    } else {
        Err(r"the base folder must be an absolute path such as D:\MetaProfiles or /srv/metaprofiles, without . and .. in it"
            .to_owned())
    }
}
