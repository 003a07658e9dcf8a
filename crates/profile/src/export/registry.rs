use mp_registry::{FileTime, Key, KeyAction, KeyEdit, KeyPath, Name, Registry, ValueEdit};

use super::ExportInputs;
use crate::{CompiledRules, Part, edits::writes_in, live::LiveRegistry, rules::Leaves};

/// Makes the registry part of one data set.
pub(super) struct Picture<'a> {
    pub(super) rules: &'a CompiledRules,
    pub(super) part: Part,
    pub(super) live: &'a LiveRegistry,
    /// The same profile, also with what the rules leave out.
    pub(super) registry: &'a dyn Registry,
    pub(super) inputs: &'a ExportInputs<'a>,
}

/// One key as it is, as it was at logon before the import, and as the base has it.
#[derive(Clone, Copy)]
struct Three<'a> {
    live: Option<&'a Key>,
    default: Option<&'a KeyEdit>,
    base: Option<&'a KeyEdit>,
}

/// What a key's ancestors say about it.
#[derive(Clone, Copy, Default)]
struct Above {
    /// A key above was deleted in the base and made anew since: everything below is the user's.
    anew: bool,
    /// No key on the way carries that deletion yet, because none belongs to this part.
    pending: bool,
}

impl<'a> Picture<'a> {
    pub(super) fn make(&self, base: &KeyEdit) -> KeyEdit {
        if base.is_noop() && !self.rules.keys.rules().any(|rule| rule.owner.part == self.part) {
            return KeyEdit::root();
        }
        let three = Three {
            live: self.live.root.as_ref(),
            default: self.inputs.baseline.map(|baseline| &baseline.registry),
            base: Some(base),
        };
        self.key(&mut KeyPath::root(), three, Above::default())
    }

    fn key(&self, path: &mut KeyPath, three: Three<'_>, above: Above) -> KeyEdit {
        let Three { live, default, base } = three;
        let name = live.map(|key| &key.name).or_else(|| base.or(default).map(|edit| &edit.name));
        let mut made = KeyEdit::new(name.cloned().unwrap_or_default(), KeyAction::Pass);
        let base_action = base.map_or(KeyAction::Pass, |edit| edit.action);
        let keep_base = match live {
            None => {
                let not_made = || self.inputs.unapplied.is_some_and(|unapplied| unapplied.has_key(path));
                self.live.hides_key(path) || (default.is_none() && not_made())
            }
            Some(live) => self.was_not_applied(path, live, default),
        };
        if keep_base {
            return base.cloned().unwrap_or(made);
        }
        let destroyed = matches!(base_action, KeyAction::Delete | KeyAction::Replace);
        let rules = self.rules.values(path);
        let rule = rules.container().kept().filter(|rule| rule.owner.part == self.part);
        let Some(live) = live else {
            let known = default.is_some() || base_action != KeyAction::Pass;
            if destroyed || (rule.is_some() && known) {
                made.action = KeyAction::Delete;
                return made;
            }
            self.below(&mut made, path, three, above, false);
            return made;
        };
        made.class.clone_from(&live.class);
        let anew = above.anew || destroyed;
        let mut pending = above.pending || destroyed;
        if let Some(rule) = rule {
            let same = default.is_some() && base_action == KeyAction::Pass;
            made.action = match () {
                () if pending => KeyAction::Replace,
                () if anew || rule.mirror || !same => KeyAction::Ensure,
                () => KeyAction::Pass,
            };
            pending = false;
        }
        let below = Above { anew, pending };
        // A key that is made anew needs no tombstones below it.
        let tombstones = !anew || pending;
        self.values(&mut made, path, rules, three, anew);
        self.gone_values(&mut made, path, three, tombstones);
        self.below(&mut made, path, three, below, !tombstones);
        made.last_write = modified(&made, base, live);
        let unexplained = anew || default.is_none();
        let undecided = matches!(base_action, KeyAction::Delete | KeyAction::Pass);
        if unexplained && undecided && !writes_in(&made) && self.holds_something(path, live) {
            if base_action == KeyAction::Delete || (rule.is_some() && above.pending) {
                let mut gone = KeyEdit::new(made.name, KeyAction::Delete);
                gone.last_write = made.last_write;
                return gone;
            }
            made.action = KeyAction::Pass;
        }
        made
    }

    /// Whether anything is in a key; asked of one in which nothing is this part's, it says that the key is there for the
    /// sake of others. Such a key says nothing about what the user wants of this part.
    fn holds_something(&self, path: &KeyPath, live: &Key) -> bool {
        let left_out = || match self.registry.list(path) {
            Ok(listing) => listing.is_some_and(|all| !all.values.is_empty() || !all.subkeys.is_empty()),
            Err(_) => true,
        };
        !live.values().is_empty() || !live.subkeys().is_empty() || left_out()
    }

    /// An edit of this key failed at import and it still is as it was.
    fn was_not_applied(&self, path: &KeyPath, live: &Key, default: Option<&KeyEdit>) -> bool {
        self.inputs.unapplied.is_some_and(|unapplied| unapplied.has_key(path))
            && default.is_some_and(|default| same_content(live, default))
    }

    fn values(
        &self,
        made: &mut KeyEdit,
        path: &KeyPath,
        rules: Leaves<'_, '_>,
        three: Three<'_>,
        anew: bool,
    ) {
        let live = three.live.map(Key::values).unwrap_or_default();
        let mut values: Vec<ValueEdit> = Vec::with_capacity(live.len());
        for value in live {
            let rule = rules.decide(&value.name).kept();
            let Some(rule) = rule.filter(|rule| rule.owner.part == self.part) else { continue };
            // A damaged hive may hold two values of one name; Windows finds the first.
            if values.last().is_some_and(|last| last.name().same(&value.name)) {
                continue;
            }
            let default = three.default.and_then(|default| default.value(&value.name));
            let is_default = matches!(default, Some(ValueEdit::Set(default)) if default.ty == value.ty && default.data == value.data);
            let base = three.base.and_then(|base| base.value(&value.name));
            if is_default && base.is_some() && self.value_not_applied(path, &value.name) {
                values.extend(base.cloned());
            } else if !is_default || base.is_some() || anew || rule.mirror {
                values.push(ValueEdit::Set(value.clone()));
            }
        }
        made.replace_values(values);
    }

    /// Values that the defaults or the base had and the profile has not.
    fn gone_values(&self, made: &mut KeyEdit, path: &KeyPath, three: Three<'_>, tombstones: bool) {
        let edits = || [three.base, three.default].into_iter().flatten().flat_map(KeyEdit::values);
        if edits().next().is_none() {
            return;
        }
        let rules = self.rules.values(path);
        for edit in edits() {
            let name = edit.name();
            if made.value(name).is_some()
                || three.live.is_some_and(|live| live.value(name).is_some())
                || rules.decide(name).part() != Some(self.part)
            {
                continue;
            }
            let base = three.base.and_then(|base| base.value(name));
            let had_default = three.default.and_then(|default| default.value(name)).is_some();
            if self.live.hides_value(path, name) || (!had_default && self.value_not_applied(path, name)) {
                if let Some(base) = base {
                    made.edit_value(base.clone());
                }
            } else if tombstones {
                made.edit_value(ValueEdit::Delete(name.clone()));
            }
        }
    }

    fn value_not_applied(&self, path: &KeyPath, name: &Name) -> bool {
        self.inputs.unapplied.is_some_and(|unapplied| unapplied.has_value(path, name))
    }

    fn below(&self, made: &mut KeyEdit, path: &mut KeyPath, three: Three<'_>, above: Above, replaced: bool) {
        if three.live.is_none() {
            self.gone_values(made, path, three, true);
        }
        let mut lists = Lists {
            live: three.live.map(Key::subkeys).unwrap_or_default(),
            default: three.default.map(KeyEdit::subkeys).unwrap_or_default(),
            base: three.base.map(KeyEdit::subkeys).unwrap_or_default(),
        };
        let mut subkeys = Vec::with_capacity(lists.live.len());
        while let Some((name, below)) = lists.next() {
            path.push(name.clone());
            let edit = self.key(path, below, above);
            path.pop();
            if !(edit.is_noop() || replaced && edit.action == KeyAction::Delete) {
                subkeys.push(edit);
            }
        }
        made.replace_subkeys(subkeys);
    }
}

/// What is left of three lists of sub-keys, each in the order of names.
struct Lists<'a> {
    live: &'a [Key],
    default: &'a [KeyEdit],
    base: &'a [KeyEdit],
}

impl<'a> Lists<'a> {
    /// The next name, as the live key spells it if it is there, with what bears it.
    fn next(&mut self) -> Option<(&'a Name, Three<'a>)> {
        let of_edit = |edit: &'a KeyEdit| &edit.name;
        let first = self.live.first().map(|key| &key.name);
        let edits = [self.base.first(), self.default.first()].into_iter().flatten().map(of_edit);
        // Of the same name, the first is the least.
        let name = first.into_iter().chain(edits).min_by(|a, b| a.fold_cmp(b))?;
        let three = Three {
            live: take(&mut self.live, name, |key| &key.name),
            default: take(&mut self.default, name, of_edit),
            base: take(&mut self.base, name, of_edit),
        };
        Some((name, three))
    }
}

/// Takes what bears a name from the start of a list; of several, as in damaged hives, the first.
fn take<'a, T>(list: &mut &'a [T], name: &Name, of: impl Fn(&'a T) -> &'a Name) -> Option<&'a T> {
    let count = list.iter().take_while(|item| of(item).same(name)).count();
    let (taken, rest) = list.split_at(count);
    *list = rest;
    taken.first()
}

/// Whether a key with all below it holds what a picture of it held.
fn same_content(live: &Key, default: &KeyEdit) -> bool {
    let same_value = |value: &mp_registry::Value| matches!(default.value(&value.name), Some(ValueEdit::Set(was)) if was.ty == value.ty && was.data == value.data);
    let same_key = |key: &Key| default.subkey(&key.name).is_some_and(|was| same_content(key, was));
    live.values().len() == default.values().len()
        && live.subkeys().len() == default.subkeys().len()
        && live.values().iter().all(same_value)
        && live.subkeys().iter().all(same_key)
}

/// When the user last changed the values of a key. An import writes them anew and so gives the key the time of the logon;
/// what is as the base has it keeps the base's time, so that a session that changed nothing exports what it was given.
fn modified(made: &KeyEdit, base: Option<&KeyEdit>, live: &Key) -> FileTime {
    match base {
        Some(base) if base.values() == made.values() => base.last_write,
        _ => live.last_write,
    }
}
