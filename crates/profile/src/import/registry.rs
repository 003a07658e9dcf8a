use mp_registry::{
    Key, KeyAction, KeyChoice, KeyEdit, KeyPath, Name, Registry, RegistryError, RegistryErrorKind,
    TreeFilter, Value, ValueEdit, ValueType,
};

use super::Imported;
use crate::{
    CompiledRules, NoteCode, Part, Seen,
    edits::{overlay, settle},
    live::LiveRegistry,
    rules::{KeyFilter, too_large, value_place},
};

pub(super) fn write(
    registry: &mut dyn Registry,
    rules: &CompiledRules,
    wanted: [KeyEdit; 2],
    seen: Option<&Seen>,
    imported: &mut Imported,
) -> Result<(), RegistryError> {
    let wanted = wanted.map(settle);
    if wanted.iter().all(KeyEdit::is_noop) {
        return Ok(());
    }
    let touched = Touched { wanted: &wanted, rules, kept: KeyFilter::new(rules) };
    let read;
    let live = match seen {
        Some(seen) => {
            touched.carry_on(&seen.registry, imported);
            seen.registry.root.as_ref()
        }
        None => {
            read = touched.read(registry, imported)?;
            read.as_ref()
        }
    };
    // The root is there even when nothing of interest is below it.
    let empty = Key::default();
    let live = live.unwrap_or(&empty);
    let mut unwanted = Vec::new();
    let [of_global, of_group] = wanted;
    let [global, group] = [(Part::Global, of_global), (Part::Group, of_group)].map(|(part, wanted)| {
        let mut plan = Plan { rules, part, unwanted: &mut unwanted };
        plan.key(wanted, live, &mut KeyPath::root(), false)
    });
    let mut edits = overlay(global, group);
    // What is deepest goes first, so that a key whose sub-keys go can go itself.
    unwanted.sort_by_key(|path| std::cmp::Reverse(path.depth()));
    for path in unwanted {
        if let Some(name) = path.names().last()
            && empties(registry, &edits, &path)
        {
            let parent: KeyPath = path.names()[..path.depth() - 1].iter().cloned().collect();
            edits.at_or_pass(&parent).insert_subkey(KeyEdit::new(name, KeyAction::Delete));
        }
    }
    if edits.is_noop() {
        return Ok(());
    }
    let applied = registry.apply(&edits)?;
    let report = &mut imported.report;
    report.keys_created += applied.keys_created;
    report.values_written += applied.values_written;
    report.keys_deleted += applied.keys_deleted;
    report.values_deleted += applied.values_deleted;
    for problem in applied.problems {
        if problem.cause == RegistryErrorKind::HiveGone {
            return Err(problem);
        }
        report.notes.add(NoteCode::RegistryUnwritten, place(&problem), &problem);
        imported.unapplied.add_registry(&problem);
    }
    Ok(())
}

fn place(problem: &RegistryError) -> String {
    match &problem.value {
        Some(name) => value_place(&problem.path, name),
        None => format!("HKCU\\{}", problem.path),
    }
}

/// Lets through only what the edits are about.
struct Touched<'a> {
    wanted: &'a [KeyEdit; 2],
    rules: &'a CompiledRules,
    kept: KeyFilter<'a>,
}

impl Touched<'_> {
    fn is_about(&self, path: &KeyPath) -> bool {
        let mirrored = || self.rules.key(path).kept().is_some_and(|rule| rule.mirror);
        self.wanted.iter().any(|edit| touches(edit, path)) || mirrored()
    }

    /// What is there; notes what could not be read. What is not seen is not deleted either, so the export must not take it
    /// for the user's will.
    fn read(
        mut self,
        registry: &dyn Registry,
        imported: &mut Imported,
    ) -> Result<Option<Key>, RegistryError> {
        let read = registry.read_tree(&KeyPath::root(), &mut self)?;
        for problem in &read.problems {
            imported.report.notes.add(NoteCode::RegistryUnread, place(problem), problem);
            imported.unapplied.add_registry(problem);
        }
        imported.unapplied.values.append(&mut self.kept.too_long);
        if let Some(first) = self.kept.full {
            imported.report.notes.add(NoteCode::RegistryUnread, format!("HKCU\\{first}"), too_large());
            imported.unapplied.keys.push(KeyPath::root());
        }
        Ok(read.tree.map(|mut root| {
            root.name = Name::default();
            root
        }))
    }

    /// The same for what was read before, whose notes are the caller's.
    fn carry_on(&self, seen: &LiveRegistry, imported: &mut Imported) {
        let unread = &mut imported.unapplied;
        unread.keys.extend(seen.unread_keys.iter().filter(|path| self.is_about(path)).cloned());
        unread.values.extend(seen.unread_values.iter().filter(|(path, _)| self.is_about(path)).cloned());
    }
}

impl TreeFilter for Touched<'_> {
    fn key(&mut self, path: &KeyPath) -> KeyChoice {
        if self.is_about(path) { self.kept.key(path) } else { KeyChoice::Skip }
    }

    fn value(&mut self, path: &KeyPath, name: &Name, ty: ValueType, len: usize) -> bool {
        self.kept.value(path, name, ty, len)
    }
}

/// Whether the edits say anything about the key at `path` or what is below it.
fn touches(edit: &KeyEdit, path: &KeyPath) -> bool {
    let mut at = edit;
    for name in path.names() {
        if matches!(at.action, KeyAction::Delete | KeyAction::Replace) {
            return true;
        }
        match at.subkey(name) {
            Some(below) => at = below,
            None => return false,
        }
    }
    true
}

/// What is to be done to bring the items of one part from what is to what is wanted.
struct Plan<'a> {
    rules: &'a CompiledRules,
    part: Part,
    /// Keys that are to go if nothing is left in them: what belongs to others, or to no one, stays.
    unwanted: &'a mut Vec<KeyPath>,
}

impl Plan<'_> {
    /// `replaced`: a key above is made anew, so what is wanted of this one is all of it.
    fn key(&mut self, wanted: KeyEdit, live: &Key, path: &mut KeyPath, replaced: bool) -> KeyEdit {
        if wanted.action == KeyAction::Delete {
            return self.removal(live, path);
        }
        let replace = replaced || wanted.action == KeyAction::Replace;
        let mut needed = KeyEdit::new(live.name.clone(), KeyAction::Pass);
        let (mut values, mut subkeys) = (Vec::new(), Vec::new());
        let mut strangers =
            live.values().iter().filter(|value| wanted.value(&value.name).is_none()).peekable();
        if strangers.peek().is_some() {
            let rules = self.rules.values(path);
            let goes = |value: &&Value| {
                let rule = rules.decide(&value.name).kept();
                rule.is_some_and(|rule| rule.owner.part == self.part && (replace || rule.mirror))
            };
            values.extend(strangers.filter(goes).map(|value| ValueEdit::Delete(value.name.clone())));
        }
        for below in live.subkeys().iter().filter(|below| wanted.subkey(&below.name).is_none()) {
            path.push(below.name.clone());
            let rule = self.rules.key(path).kept();
            if replace || rule.is_some_and(|rule| rule.owner.part == self.part && rule.mirror) {
                subkeys.push(self.removal(below, path));
            }
            path.pop();
        }
        let (wanted_values, wanted_subkeys) = wanted.into_parts();
        values.extend(wanted_values.into_iter().filter(|edit| match edit {
            ValueEdit::Set(value) => {
                live.value(&value.name).is_none_or(|now| now.ty != value.ty || now.data != value.data)
            }
            ValueEdit::Delete(name) => live.value(name).is_some(),
        }));
        needed.replace_values(values);
        for below in wanted_subkeys {
            subkeys.push(match live.subkey(&below.name) {
                Some(live) => {
                    path.push(below.name.clone());
                    let edit = self.key(below, live, path, replace);
                    path.pop();
                    edit
                }
                None => onto_nothing(below),
            });
        }
        subkeys.retain(|edit| !edit.is_noop());
        needed.replace_subkeys(subkeys);
        needed
    }

    /// Deletes what is this part's of a key and below it.
    fn removal(&mut self, live: &Key, path: &mut KeyPath) -> KeyEdit {
        let part = self.part;
        let own = |owner: Option<Part>| owner == Some(part);
        if self.rules.keys.covers(path.names(), |rule| rule.owner.part == part) {
            return KeyEdit::new(live.name.clone(), KeyAction::Delete);
        }
        let mut needed = KeyEdit::new(live.name.clone(), KeyAction::Pass);
        let rules = self.rules.values(path);
        let values = live.values().iter().filter(|value| own(rules.decide(&value.name).part()));
        needed.replace_values(values.map(|value| ValueEdit::Delete(value.name.clone())).collect());
        let mut subkeys = Vec::new();
        for below in live.subkeys() {
            path.push(below.name.clone());
            subkeys.extend(Some(self.removal(below, path)).filter(|edit| !edit.is_noop()));
            path.pop();
        }
        needed.replace_subkeys(subkeys);
        if own(self.rules.key(path).part()) {
            self.unwanted.push(path.clone());
        }
        needed
    }
}

/// What is to be done where nothing is that the edits are about: what they set is new, what they delete is gone already.
fn onto_nothing(wanted: KeyEdit) -> KeyEdit {
    let is_new = matches!(wanted.action, KeyAction::Ensure | KeyAction::Replace);
    let action = if is_new { KeyAction::Ensure } else { KeyAction::Pass };
    let mut needed = KeyEdit::new(wanted.name.clone(), action);
    needed.class.clone_from(&wanted.class);
    if is_new {
        let (mut values, subkeys) = wanted.into_parts();
        values.retain(|edit| matches!(edit, ValueEdit::Set(_)));
        needed.replace_values(values);
        let below = subkeys.into_iter().map(onto_nothing).filter(|below| !below.is_noop());
        needed.replace_subkeys(below.collect());
    }
    needed
}

/// Whether nothing would be left in the key, counting also what the rules hide.
fn empties(registry: &dyn Registry, edits: &KeyEdit, path: &KeyPath) -> bool {
    let nothing = KeyEdit::root();
    let edit = edits.at(path).unwrap_or(&nothing);
    let Ok(Some(all)) = registry.list(path) else { return false };
    let gone = |name: &Name| edit.subkey(name).is_some_and(|below| below.action == KeyAction::Delete);
    let deleted = |name: &Name| matches!(edit.value(name), Some(ValueEdit::Delete(_)));
    let makes = edit.subkeys().iter().any(|below| below.action == KeyAction::Ensure)
        || edit.values().iter().any(|value| matches!(value, ValueEdit::Set(_)));
    !makes && all.values.iter().all(|(name, ..)| deleted(name)) && all.subkeys.iter().all(gone)
}
