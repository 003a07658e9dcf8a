//! The merge of keys and their values.

use mp_registry::{KeyAction, KeyEdit, Name, ValueEdit};

use super::{
    Item, Merger, both,
    choice::{Choice, Triple, choose, triples},
    overrides::{Held, ItemPlace},
};

/// The three edits of one key, where there are any.
type Three<'a> = Triple<'a, KeyEdit>;

impl Merger<'_> {
    /// The root is neither deleted nor made anew: an import refuses such edits.
    pub(super) fn root(&mut self, base: &KeyEdit, theirs: &KeyEdit, mine: &KeyEdit) -> KeyEdit {
        self.items((Some(base), Some(theirs), Some(mine)), false)
    }

    /// The key that `self.path` names. `cleared`: all three say that a key above was made anew, so that what they do not
    /// mention is not there.
    fn key(&mut self, (base, theirs, mine): Three<'_>, cleared: bool) -> Option<KeyEdit> {
        let known = |edit: &&KeyEdit| !cleared || exists(edit);
        let three @ (base, theirs, mine) = (base.filter(known), theirs.filter(known), mine.filter(known));
        match three {
            (None, None, mine) => return mine.cloned(),
            (None, theirs, None) => return theirs.cloned(),
            _ => {}
        }
        let there = |edit: Option<&KeyEdit>| match edit {
            Some(edit) => edit.action != KeyAction::Delete,
            None => !cleared,
        };
        let alike = cleared || (clears(base) == clears(theirs) && clears(base) == clears(mine));
        if !(alike && there(theirs) && there(mine)) {
            return self.whole(three, cleared);
        }
        let base = base.filter(|base| base.action != KeyAction::Delete);
        let merged = self.items((base, theirs, mine), cleared || clears(mine));
        let is_nothing = merged.is_noop() && (theirs.is_none() || mine.is_none());
        (!is_nothing).then_some(merged)
    }

    /// A key that a side deleted or made anew counts with all below it as one item.
    fn whole(&mut self, (base, theirs, mine): Three<'_>, cleared: bool) -> Option<KeyEdit> {
        let side = match choose(base, theirs, mine, |a, b| same_tree(*a, *b, cleared)) {
            Choice::Only(side) => side,
            Choice::Either => (self.prefer)(Item::Key(&self.path)),
            Choice::Conflict => {
                let side = (self.prefer)(Item::Key(&self.path));
                let held = [theirs, mine].map(|edit| Held::key(edit, cleared));
                self.overrides.add(side, held, || ItemPlace::Key(self.path.clone()));
                side
            }
        };
        side.of(theirs, mine).cloned()
    }

    /// What is in a key that all sides treat alike.
    fn items(&mut self, three: Three<'_>, cleared: bool) -> KeyEdit {
        let nothing = KeyEdit::root();
        let (base, theirs, mine) =
            (three.0.unwrap_or(&nothing), three.1.unwrap_or(&nothing), three.2.unwrap_or(&nothing));
        let mut merged = self.bare(three, cleared);

        let mut values = Vec::new();
        let by_name = |a: &ValueEdit, b: &ValueEdit| a.name().fold_cmp(b.name());
        for three in triples(base.values(), theirs.values(), mine.values(), by_name) {
            values.extend(self.value(three, cleared));
        }
        merged.replace_values(values);

        let mut subkeys = Vec::new();
        let by_name = |a: &KeyEdit, b: &KeyEdit| a.name.fold_cmp(&b.name);
        for three in triples(base.subkeys(), theirs.subkeys(), mine.subkeys(), by_name) {
            let Some(either) = three.2.or(three.1) else { continue };
            self.path.push(either.name.clone());
            subkeys.extend(self.key(three, cleared));
            self.path.pop();
        }
        merged.replace_subkeys(subkeys);

        // One side no longer needs the key, and the other still writes to it.
        let ensured = [theirs, mine].iter().any(|edit| edit.action == KeyAction::Ensure);
        if merged.action == KeyAction::Pass && ensured && writes_below(&merged) {
            merged.action = KeyAction::Ensure;
        }
        merged
    }

    /// A key's own name, action, class and time.
    fn bare(&mut self, (base, theirs, mine): Three<'_>, cleared: bool) -> KeyEdit {
        // A side that says nothing about the key passes through it, and has no opinion on the rest.
        let (theirs, mine) = match (theirs, mine) {
            (Some(theirs), Some(mine)) => (bare(theirs, theirs.action), bare(mine, mine.action)),
            (None, Some(mine)) => (bare(mine, KeyAction::Pass), bare(mine, mine.action)),
            (Some(theirs), None) => (bare(theirs, theirs.action), bare(theirs, KeyAction::Pass)),
            (None, None) => return KeyEdit::root(),
        };
        let preferred = || (self.prefer)(Item::Key(&self.path));
        let pick = |choice| match choice {
            Choice::Only(side) => side,
            Choice::Either | Choice::Conflict => preferred(),
        };
        let name = pick(choose(base.map(|key| &key.name), Some(&theirs.name), Some(&mine.name), |_, _| true));
        let before = base.map_or(KeyAction::Pass, |key| key.action);
        let action = pick(choose(before, theirs.action, mine.action, |a, b| cleared || a == b));
        let mut merged =
            KeyEdit::new(name.of(&theirs.name, &mine.name), action.of(theirs.action, mine.action));
        merged.last_write = match base.map(|key| key.last_write) {
            Some(base) if base == theirs.last_write => mine.last_write,
            Some(base) if base == mine.last_write => theirs.last_write,
            _ => theirs.last_write.max(mine.last_write),
        };
        merged.class = self.class(base.and_then(|key| key.class.as_ref()), &theirs, &mine);
        merged
    }

    fn class(&mut self, base: Option<&Name>, theirs: &KeyEdit, mine: &KeyEdit) -> Option<Name> {
        let (theirs, mine) = (theirs.class.as_ref(), mine.class.as_ref());
        let side = match choose(base, theirs, mine, |a, b| both(*a, *b, Name::same)) {
            Choice::Only(side) => side,
            Choice::Either => (self.prefer)(Item::Key(&self.path)),
            Choice::Conflict => {
                let side = (self.prefer)(Item::Key(&self.path));
                let held = [theirs, mine].map(|class| Held::Class(class.cloned()));
                self.overrides.add(side, held, || ItemPlace::Key(self.path.clone()));
                side
            }
        };
        side.of(theirs, mine).cloned()
    }

    fn value(&mut self, (base, theirs, mine): Triple<'_, ValueEdit>, cleared: bool) -> Option<ValueEdit> {
        // Where everything is new a tombstone says nothing.
        let says = |edit: &&ValueEdit| !cleared || matches!(edit, ValueEdit::Set(_));
        let (base, theirs, mine) = (base.filter(says), theirs.filter(says), mine.filter(says));
        let name = mine.or(theirs)?.name();
        let side = match choose(base, theirs, mine, |a, b| both(*a, *b, same_value)) {
            Choice::Only(side) => side,
            Choice::Either => (self.prefer)(Item::Value(&self.path, name)),
            Choice::Conflict => {
                let side = (self.prefer)(Item::Value(&self.path, name));
                let held = [theirs, mine].map(|edit| Held::value(edit, cleared));
                self.overrides.add(side, held, || ItemPlace::Value(self.path.clone(), name.clone()));
                side
            }
        };
        side.of(theirs, mine).cloned()
    }
}

/// Whether an edit takes away what the key held.
fn clears(edit: Option<&KeyEdit>) -> bool {
    edit.is_some_and(|edit| matches!(edit.action, KeyAction::Delete | KeyAction::Replace))
}

/// Whether the key is there after the edit when it was not there before. A key that is passed through is made for what is
/// written below it, as an import does.
pub(crate) fn exists(edit: &KeyEdit) -> bool {
    match edit.action {
        KeyAction::Ensure | KeyAction::Replace => true,
        KeyAction::Delete => false,
        KeyAction::Pass => writes_below(edit),
    }
}

fn writes_below(edit: &KeyEdit) -> bool {
    edit.values().iter().any(|value| matches!(value, ValueEdit::Set(_))) || edit.subkeys().iter().any(exists)
}

/// The edit of a key itself, with another action.
fn bare(edit: &KeyEdit, action: KeyAction) -> KeyEdit {
    let mut bare = KeyEdit::new(&edit.name, action);
    bare.class.clone_from(&edit.class);
    bare.last_write = edit.last_write;
    bare
}

fn same_value(a: &ValueEdit, b: &ValueEdit) -> bool {
    match (a, b) {
        (ValueEdit::Set(a), ValueEdit::Set(b)) => a.ty == b.ty && a.data == b.data,
        (ValueEdit::Delete(_), ValueEdit::Delete(_)) => true,
        _ => false,
    }
}

/// Whether two edits of a key with all below mean the same.
fn same_tree(a: Option<&KeyEdit>, b: Option<&KeyEdit>, cleared: bool) -> bool {
    let nothing = KeyEdit::root();
    let (a, b) = if cleared {
        match (a.filter(|edit| exists(edit)), b.filter(|edit| exists(edit))) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return a.is_none() && b.is_none(),
        }
    } else {
        (a.unwrap_or(&nothing), b.unwrap_or(&nothing))
    };
    if !cleared && (a.action != b.action || a.action == KeyAction::Delete) {
        return a.action == b.action;
    }
    let cleared = cleared || a.action == KeyAction::Replace;
    let class = |edit: &KeyEdit| edit.class.clone().filter(|_| edit.action != KeyAction::Pass);
    let says = |edit: &&ValueEdit| !cleared || matches!(edit, ValueEdit::Set(_));
    let by_name = |a: &ValueEdit, b: &ValueEdit| a.name().fold_cmp(b.name());
    let mut values = triples(&[], a.values(), b.values(), by_name);
    let mut subkeys = triples(&[], a.subkeys(), b.subkeys(), |a, b| a.name.fold_cmp(&b.name));
    both(class(a).as_ref(), class(b).as_ref(), Name::same)
        && values.all(|(_, a, b)| both(a.filter(says), b.filter(says), same_value))
        && subkeys.all(|(_, a, b)| same_tree(a, b, cleared))
}
