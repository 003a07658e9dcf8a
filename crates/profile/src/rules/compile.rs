use std::sync::Arc;

use mp_registry::{MAX_DEPTH, MAX_KEY_NAME};

use super::{
    pattern::{Mask, Pattern},
    tree::{Owner, Part, Rule, RuleTree},
};
use crate::{
    Applies, CompiledRules, DataSubset, Exclusion, FolderRule, GroupName, KnownFolder, Lift, RegistryRule,
    RuleAction, known_folders::known_folder,
};

/// A data subset cannot be used as it is written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("data subset \"{subset}\"{}: {problem}", rule.as_ref().map(|rule| format!(", rule \"{rule}\"")).unwrap_or_default())]
pub struct RuleError {
    /// Name of the data subset.
    pub subset: String,
    /// The rule as written; `None` when the data subset itself is wrong.
    pub rule: Option<String>,
    /// What is wrong, and what to write instead.
    pub problem: RuleProblem,
}

/// What is wrong with a rule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleProblem {
    /// The data subset has no name.
    #[error("it has no name")]
    NoName,
    /// Two data subsets have one name.
    #[error("another data subset has this name; names are unique in the farm")]
    SameName,
    /// It applies to an empty list of groups.
    #[error("it is kept for groups, but names none")]
    NoGroups,
    /// A registry rule would keep the whole user registry.
    #[error(
        "it would keep all of HKEY_CURRENT_USER; name the keys that are to be kept, such as Software\\Vendor"
    )]
    WholeRegistry,
    /// The path begins with the name of a root key.
    #[error("paths start below HKEY_CURRENT_USER; leave out \"{0}\"")]
    RootNamed(String),
    /// The path has an empty name in it.
    #[error("the path has an empty name at character {0}; write single backslashes between names only")]
    EmptyName(usize),
    /// A path for files has a character in it that file names cannot have.
    #[error("\"{0}\" cannot be part of a file's path; write backslashes between names")]
    BadCharacter(char),
    /// A component is `.` or `..`.
    #[error("\".\" and \"..\" are not names; write the path from the special folder downwards")]
    Dots,
    /// A name is longer than Windows allows.
    #[error("\"{0}\" has more than 255 UTF-16 code units, the most that a name may have")]
    NameTooLong(String),
    /// The path is deeper than the registry allows.
    #[error("the path has {0} names; the registry allows 512")]
    TooDeep(usize),
    /// A value name or a file mask is empty.
    #[error("an empty name matches nothing; write @ for a key's default value and * for all")]
    EmptyMask,
    /// There is no special folder of this name.
    #[error("\"{0}\" is no special folder that can be kept; these are: {names}", names = folder_names())]
    UnknownFolder(String),
    /// Only an include rule can have this setting.
    #[error("{0} has no meaning in an exclude rule; leave it out")]
    OnlyForInclude(&'static str),
    /// The place starts programs, and the rule does not allow that.
    #[error(
        "this place starts programs ({code}): {reason} Write allow-autorun = true into the rule to keep it"
    )]
    NeedsPermission {
        /// Code of the built-in exclusion.
        code: &'static str,
        /// Its reason.
        reason: &'static str,
    },
    /// The rule allows what starts programs, and names no such place.
    #[error(
        "allow-autorun has a meaning only in a rule that spells out a place from which programs start, such as \
         Software\\Microsoft\\Windows\\CurrentVersion\\Run; leave it out"
    )]
    AllowsNothing,
    /// The place can never be kept.
    #[error("this place is never kept ({code}): {reason}")]
    NeverKept {
        /// Code of the built-in exclusion.
        code: &'static str,
        /// Its reason.
        reason: &'static str,
    },
}

fn folder_names() -> String {
    let names: Vec<_> = crate::known_folders::KNOWN_FOLDERS.iter().map(|folder| folder.name).collect();
    names.join(", ")
}

/// Compiles the data subsets that apply to an Agent Server in `group`.
pub(super) fn compile(subsets: &[DataSubset], group: Option<&GroupName>) -> Result<CompiledRules, RuleError> {
    let (mut keys, mut folders) = (Vec::new(), Vec::new());
    for (index, subset) in subsets.iter().enumerate() {
        let wrong = |rule: Option<String>, problem| RuleError { subset: subset.name.clone(), rule, problem };
        if subset.name.trim().is_empty() {
            return Err(wrong(None, RuleProblem::NoName));
        }
        if subsets[..index].iter().any(|other| other.name == subset.name) {
            return Err(wrong(None, RuleProblem::SameName));
        }
        let part = match &subset.applies {
            Applies::Global => Some(Part::Global),
            Applies::Groups(groups) if groups.is_empty() => return Err(wrong(None, RuleProblem::NoGroups)),
            Applies::Groups(groups) => group.filter(|own| groups.contains(own)).map(|_| Part::Group),
        };
        // Rules of other groups are checked as well: an error is told wherever the plan is read first.
        let owner = Arc::new(Owner {
            subset: subset.name.clone(),
            part: part.unwrap_or(Part::Group),
            max_total_bytes: subset.max_total_bytes,
        });
        let of_keys = subset
            .registry
            .iter()
            .map(|rule| key_rule(rule, &owner).map_err(|problem| wrong(Some(key_text(rule)), problem)));
        let of_keys = of_keys.collect::<Result<Vec<_>, _>>()?;
        let of_folders = subset
            .folders
            .iter()
            .map(|rule| folder_rule(rule, &owner).map_err(|problem| wrong(Some(folder_text(rule)), problem)));
        let of_folders = of_folders.collect::<Result<Vec<_>, _>>()?;
        if part.is_some() {
            keys.push(of_keys);
            folders.push(of_folders);
        }
    }
    let rules = CompiledRules { keys: RuleTree::new(keys, true), folders: RuleTree::new(folders, false) };
    Ok(rules)
}

fn key_rule(rule: &RegistryRule, owner: &Arc<Owner>) -> Result<Rule, RuleProblem> {
    let first = rule.key.split('\\').next().unwrap_or_default();
    if ["HKCU", "HKEY_CURRENT_USER", "HKU", "HKEY_USERS", "HKLM", "HKEY_LOCAL_MACHINE"]
        .iter()
        .any(|root| first.eq_ignore_ascii_case(root))
    {
        return Err(RuleProblem::RootNamed(first.to_owned()));
    }
    let pattern = Pattern::parse(&rule.key);
    let whole = pattern.masks().first().is_none_or(Mask::is_all);
    if whole && rule.action == RuleAction::Include {
        return Err(RuleProblem::WholeRegistry);
    }
    check_names(&rule.key)?;
    if pattern.depth() > MAX_DEPTH {
        return Err(RuleProblem::TooDeep(pattern.depth()));
    }
    if rule.values.iter().any(String::is_empty) {
        return Err(RuleProblem::EmptyMask);
    }
    if rule.action == RuleAction::Exclude && rule.delete_if_missing {
        return Err(RuleProblem::OnlyForInclude("delete-if-missing"));
    }
    if rule.action == RuleAction::Exclude && rule.allow_autorun {
        return Err(RuleProblem::OnlyForInclude("allow-autorun"));
    }
    let rule = Rule {
        owner: Arc::clone(owner),
        text: key_text(rule),
        keep: rule.action == RuleAction::Include,
        works: true,
        pattern,
        recursive: rule.recursive,
        leaves: rule.values.iter().map(|name| Mask::new(if name == "@" { "" } else { name })).collect(),
        mirror: rule.delete_if_missing,
        allow_autorun: rule.allow_autorun,
        max_bytes: None,
        root: None,
    };
    check_built_in(rule, true)
}

fn folder_rule(rule: &FolderRule, owner: &Arc<Owner>) -> Result<Rule, RuleProblem> {
    let folder = known_folder(&rule.folder).ok_or_else(|| RuleProblem::UnknownFolder(rule.folder.clone()))?;
    let all = || rule.masks.iter().chain([&rule.path]).flat_map(|text| text.chars());
    if let Some(bad) = all().find(|&c| c.is_control() || "/:<>|\"".contains(c)) {
        return Err(RuleProblem::BadCharacter(bad));
    }
    if rule.masks.iter().any(|mask| mask.contains('\\')) {
        return Err(RuleProblem::BadCharacter('\\'));
    }
    if !rule.path.is_empty() {
        check_names(&rule.path)?;
    }
    if rule.path.split('\\').any(|part| matches!(part, "." | "..")) {
        return Err(RuleProblem::Dots);
    }
    if rule.masks.iter().any(String::is_empty) {
        return Err(RuleProblem::EmptyMask);
    }
    if rule.action == RuleAction::Exclude {
        if rule.delete_if_missing {
            return Err(RuleProblem::OnlyForInclude("delete-if-missing"));
        }
        if rule.allow_autorun {
            return Err(RuleProblem::OnlyForInclude("allow-autorun"));
        }
        if rule.max_file_bytes.is_some() {
            return Err(RuleProblem::OnlyForInclude("max-file-bytes"));
        }
    }
    let below = Pattern::parse(&rule.path);
    let rule = Rule {
        owner: Arc::clone(owner),
        text: folder_text(rule),
        keep: rule.action == RuleAction::Include,
        works: true,
        pattern: below.below(KnownFolder::default_components(folder)),
        recursive: rule.recursive,
        leaves: rule.masks.iter().map(|mask| Mask::new(mask)).collect(),
        mirror: rule.delete_if_missing,
        allow_autorun: rule.allow_autorun,
        max_bytes: rule.max_file_bytes,
        root: Some((folder, below.literal_start())),
    };
    check_built_in(rule, false)
}

/// Refuses an include rule that could never keep anything, and one that allows what it does not name.
fn check_built_in(rule: Rule, of_registry: bool) -> Result<Rule, RuleProblem> {
    let built_in = RuleTree::new(Vec::new(), of_registry);
    if rule.allow_autorun && !built_in.uses_permission(&rule) {
        return Err(RuleProblem::AllowsNothing);
    }
    match built_in.defeats(&rule).filter(|_| rule.keep) {
        Some(&Exclusion { code, reason, lift: Lift::Never, .. }) => {
            Err(RuleProblem::NeverKept { code, reason })
        }
        Some(&Exclusion { code, reason, lift: Lift::Allowed, .. }) => {
            Err(RuleProblem::NeedsPermission { code, reason })
        }
        Some(_) | None => Ok(rule),
    }
}

fn check_names(path: &str) -> Result<(), RuleProblem> {
    let mut at = 1;
    for part in path.split('\\') {
        if part.is_empty() {
            return Err(RuleProblem::EmptyName(at));
        }
        if part.encode_utf16().count() > MAX_KEY_NAME {
            return Err(RuleProblem::NameTooLong(part.to_owned()));
        }
        at += part.chars().count() + 1;
    }
    Ok(())
}

fn key_text(rule: &RegistryRule) -> String {
    let values = if rule.values.is_empty() { String::new() } else { format!(": {}", rule.values.join(", ")) };
    format!("{}HKCU\\{}{values}", action_text(rule.action), rule.key)
}

fn folder_text(rule: &FolderRule) -> String {
    let masks = if rule.masks.is_empty() { String::new() } else { format!(": {}", rule.masks.join(", ")) };
    let slash = if rule.path.is_empty() { "" } else { "\\" };
    format!("{}{}{slash}{}{masks}", action_text(rule.action), rule.folder, rule.path)
}

fn action_text(action: RuleAction) -> &'static str {
    match action {
        RuleAction::Include => "",
        RuleAction::Exclude => "exclude ",
    }
}
