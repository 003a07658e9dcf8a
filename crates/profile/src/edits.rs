//! Sorting the edits of a data set by the rules, and laying them over each other.

use mp_registry::{KeyAction, KeyEdit, KeyPath, MAX_DEPTH, MAX_KEY_NAME, MAX_VALUE_NAME, Name, ValueEdit};

use crate::{
    CompiledRules, MAX_VALUE_BYTES, Part,
    report::{NoteCode, Notes},
    rules::{Decision, is_link_value, value_place},
};

/// The edits of one data set, by what the current rules say.
#[derive(Debug)]
pub(crate) struct Sorted {
    /// What belongs to the global and to the group's data set.
    pub(crate) owned: [KeyEdit; 2],
    /// What no rule is about: another plan's, which is carried on unchanged.
    pub(crate) loose: KeyEdit,
}

impl Sorted {
    /// Sorts the edits of the data set of `part`. What an exclude rule or a built-in exclusion is about is dropped and
    /// noted.
    pub(crate) fn of(edits: &KeyEdit, part: Part, rules: &CompiledRules, notes: &mut Notes) -> Self {
        let mut sorted = sort(edits, &mut KeyPath::root(), part, rules, notes);
        for root in sorted.owned.iter_mut().chain([&mut sorted.loose]) {
            root.name = Name::default();
            root.action = KeyAction::Pass;
        }
        sorted
    }
}

pub(crate) fn index(part: Part) -> usize {
    match part {
        Part::Global => 0,
        Part::Group => 1,
    }
}

fn sort(edit: &KeyEdit, path: &mut KeyPath, part: Part, rules: &CompiledRules, notes: &mut Notes) -> Sorted {
    let empty = || bare(edit, KeyAction::Pass);
    let mut sorted = Sorted { owned: [empty(), empty()], loose: empty() };
    let leads_on = rules.keys.leads_on(path.names());
    let destroys = matches!(edit.action, KeyAction::Delete | KeyAction::Replace);
    let decisions = rules.values(path);
    match decisions.container() {
        // A key that belongs to the other data set and is there only for what is below it has not moved.
        Decision::Kept(rule) if rule.owner.part != part && !destroys && writes_in(edit) => {}
        Decision::Kept(rule) => sorted.owned[index(rule.owner.part)].action = edit.action,
        // A key on the way to what is kept is made when needed. What an earlier rule deleted here holds for what is kept
        // below.
        Decision::NoRule if leads_on => {
            if destroys {
                sorted.owned[index(part)].action = edit.action;
            }
        }
        Decision::NoRule => sorted.loose.action = edit.action,
        decision @ (Decision::Excluded(..) | Decision::LeftOut(_)) => {
            if edit.action != KeyAction::Pass {
                refuse(notes, format!("HKCU\\{path}"), &decision);
            }
        }
    }
    let (mut values, mut loose_values) = ([Vec::new(), Vec::new()], Vec::new());
    if let Some(Decision::Kept(rule)) = decisions.all() {
        values[index(rule.owner.part)].reserve_exact(edit.values().len());
    }
    for value in edit.values() {
        if let Err(why) = check_value(value) {
            notes.add(NoteCode::UnsafeName, value_place(path, value.name()), why);
            continue;
        }
        match decisions.decide(value.name()) {
            Decision::Kept(rule) => values[index(rule.owner.part)].push(value.clone()),
            Decision::NoRule => loose_values.push(value.clone()),
            decision => refuse(notes, value_place(path, value.name()), &decision),
        }
    }
    let (mut subkeys, mut loose_subkeys) = ([Vec::new(), Vec::new()], Vec::new());
    for below in edit.subkeys() {
        path.push(below.name.clone());
        if let Err(why) = check_key(below, path) {
            notes.add(NoteCode::UnsafeName, format!("HKCU\\{path}"), why);
        } else {
            let Sorted { owned, loose } = sort(below, path, part, rules, notes);
            for (list, one) in subkeys.iter_mut().zip(owned) {
                list.extend(Some(one).filter(|one| !one.is_noop()));
            }
            loose_subkeys.extend(Some(loose).filter(|one| !one.is_noop()));
        }
        path.pop();
    }
    for (owned, (values, subkeys)) in sorted.owned.iter_mut().zip(values.into_iter().zip(subkeys)) {
        owned.replace_values(values);
        owned.replace_subkeys(subkeys);
    }
    sorted.loose.replace_values(loose_values);
    sorted.loose.replace_subkeys(loose_subkeys);
    sorted
}

fn refuse(notes: &mut Notes, place: String, decision: &Decision<'_>) {
    match decision {
        Decision::Excluded(exclusion, _) => notes.excluded(exclusion, place),
        Decision::LeftOut(rule) => {
            let text = format_args!("data subset \"{}\" says \"{}\"", rule.owner.subset, rule.text);
            notes.add(NoteCode::RefusedByRule, place, text);
        }
        Decision::Kept(_) | Decision::NoRule => {}
    }
}

fn check_key(edit: &KeyEdit, path: &KeyPath) -> Result<(), &'static str> {
    if edit.name.is_empty() {
        Err("a key's name is empty")
    } else if edit.name.units().len() > MAX_KEY_NAME {
        Err("a key's name has more than 255 UTF-16 code units")
    } else if edit.name.units().contains(&u16::from(b'\\')) {
        Err("a key's name holds a backslash")
    } else if path.depth() > MAX_DEPTH {
        Err("it lies deeper than 512 keys")
    } else {
        Ok(())
    }
}

fn check_value(edit: &ValueEdit) -> Result<(), &'static str> {
    match edit {
        _ if edit.name().units().len() > MAX_VALUE_NAME => {
            Err("a value's name has more than 16,383 UTF-16 code units")
        }
        ValueEdit::Set(value) if value.data.len() > MAX_VALUE_BYTES => {
            Err("it has more than the 16 MiB that travel")
        }
        ValueEdit::Set(value) if is_link_value(&value.name, value.ty) => {
            Err("it would make its key a registry symbolic link")
        }
        _ => Ok(()),
    }
}

/// Both edits in one; of the same item `over` counts.
pub(crate) fn overlay(under: KeyEdit, over: KeyEdit) -> KeyEdit {
    if over.is_noop() {
        return under;
    }
    if under.action == KeyAction::Delete || matches!(over.action, KeyAction::Delete | KeyAction::Replace) {
        return over;
    }
    let mut both = under;
    if over.action == KeyAction::Ensure && both.action == KeyAction::Pass {
        both.action = KeyAction::Ensure;
    }
    both.class = over.class.clone().or(both.class);
    both.last_write = both.last_write.max(over.last_write);
    let (values, subkeys) = over.into_parts();
    for value in values {
        both.edit_value(value);
    }
    for below in subkeys {
        let existing = both.subkey(&below.name).cloned();
        both.insert_subkey(match existing {
            Some(existing) => overlay(existing, below),
            None => below,
        });
    }
    both
}

/// Makes every key that is only passed through, but below which something is written, a key that must exist.
pub(crate) fn settle(mut edit: KeyEdit) -> KeyEdit {
    settle_below(&mut edit);
    edit
}

fn settle_below(edit: &mut KeyEdit) {
    edit.retain_subkeys(|below| {
        settle_below(below);
        !below.is_noop()
    });
    if edit.action == KeyAction::Pass && writes_in(edit) && !edit.name.is_empty() {
        edit.action = KeyAction::Ensure;
    }
}

/// Whether an edit makes the key or sets something in it or below it.
fn writes(edit: &KeyEdit) -> bool {
    matches!(edit.action, KeyAction::Ensure | KeyAction::Replace) || writes_in(edit)
}

/// Whether an edit sets something in the key or below it.
pub(crate) fn writes_in(edit: &KeyEdit) -> bool {
    edit.values().iter().any(|value| matches!(value, ValueEdit::Set(_))) || edit.subkeys().iter().any(writes)
}

/// An edit of the same key that does only this.
fn bare(edit: &KeyEdit, action: KeyAction) -> KeyEdit {
    let mut bare = KeyEdit::new(edit.name.clone(), action);
    bare.class.clone_from(&edit.class);
    bare.last_write = edit.last_write;
    bare
}
