//! From lines in their order to a tree of edits.

use std::collections::HashMap;

use crate::{KeyAction, KeyEdit, Name, ValueEdit, upcase};

use super::HiveRoot;

/// The edits so far: a flat list of keys, found by the key above and their folded name, so that a file of many keys in any
/// order takes time and memory in proportion to its length.
#[derive(Default)]
pub(super) struct Builder {
    nodes: Vec<Node>,
    places: HashMap<(usize, Box<[u16]>), usize>,
    roots: Vec<(HiveRoot, usize)>,
}

struct Node {
    name: Name,
    action: KeyAction,
    values: Vec<ValueEdit>,
    /// The key above, which always has the lower number; `None` for a root.
    above: Option<usize>,
    /// Whether a later line deleted what this says.
    gone: bool,
}

impl Builder {
    /// Number of keys made so far.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Creates the key with all keys above it, and edits its values.
    pub(super) fn key(&mut self, root: HiveRoot, path: &[Name], values: Vec<ValueEdit>) {
        let mut at = self.root(root);
        for name in path {
            at = self.child(at, name);
            let action = &mut self.nodes[at].action;
            *action = match *action {
                KeyAction::Pass | KeyAction::Ensure => KeyAction::Ensure,
                KeyAction::Delete | KeyAction::Replace => KeyAction::Replace,
            };
        }
        self.nodes[at].values.extend(values);
    }

    /// Deletes the key with all below it.
    pub(super) fn delete(&mut self, root: HiveRoot, path: &[Name]) {
        let Some((last, above)) = path.split_last() else { return };
        let mut at = self.root(root);
        let mut emptied = false;
        for name in above {
            // Below a key that this file has deleted there is only what this file has created since.
            if emptied && !self.places.contains_key(&(at, fold(name))) {
                return;
            }
            at = self.child(at, name);
            match self.nodes[at].action {
                KeyAction::Delete => return,
                KeyAction::Replace => emptied = true,
                KeyAction::Ensure | KeyAction::Pass => {}
            }
        }
        if let Some(former) = self.places.remove(&(at, fold(last))) {
            self.nodes[former].gone = true;
        }
        if !emptied {
            let deleted = self.child(at, last);
            self.nodes[deleted].action = KeyAction::Delete;
        }
    }

    /// The roots that something is done to; a line that names nothing but a root does nothing.
    pub(super) fn finish(self) -> Vec<(HiveRoot, KeyEdit)> {
        let mut counts = vec![0; self.nodes.len()];
        for above in self.nodes.iter().filter_map(|node| node.above) {
            counts[above] += 1;
        }
        let mut below: Vec<Vec<KeyEdit>> = counts.into_iter().map(Vec::with_capacity).collect();
        let mut roots = Vec::new();
        // From the last to the first, so that all below a key is finished before the key.
        for (number, node) in self.nodes.into_iter().enumerate().rev() {
            let mut edit = KeyEdit::new(node.name, node.action);
            edit.replace_values(node.values);
            edit.replace_subkeys(std::mem::take(&mut below[number]));
            match node.above {
                _ if node.gone => {}
                Some(above) => below[above].push(edit),
                None => roots.push(edit),
            }
        }
        // Roots were numbered as they first appeared.
        let edits = roots.into_iter().rev();
        let named = self.roots.into_iter().zip(edits).map(|((root, _), edit)| (root, edit));
        named.filter(|(_, edit)| !edit.is_noop()).collect()
    }

    fn root(&mut self, root: HiveRoot) -> usize {
        if let Some((_, number)) = self.roots.iter().find(|(known, _)| *known == root) {
            return *number;
        }
        let number = self.add(Name::default(), None);
        self.roots.push((root, number));
        number
    }

    fn child(&mut self, above: usize, name: &Name) -> usize {
        let place = (above, fold(name));
        if let Some(number) = self.places.get(&place) {
            return *number;
        }
        let number = self.add(name.clone(), Some(above));
        self.places.insert(place, number);
        number
    }

    fn add(&mut self, name: Name, above: Option<usize>) -> usize {
        self.nodes.push(Node { name, action: KeyAction::Pass, values: Vec::new(), above, gone: false });
        self.nodes.len() - 1
    }
}

fn fold(name: &Name) -> Box<[u16]> {
    name.units().iter().map(|&unit| upcase::upcase(unit)).collect()
}
