//! From lines in their order to a tree of edits.

use std::collections::BTreeMap;

use crate::{KeyAction, KeyEdit, Name, ValueEdit, upcase};

use super::HiveRoot;

/// The edits so far, looked up by folded names so that a file with many keys in any order stays cheap.
#[derive(Default)]
pub(super) struct Builder {
    roots: Vec<(HiveRoot, Node)>,
}

#[derive(Default)]
struct Node {
    name: Name,
    action: KeyAction,
    values: Vec<ValueEdit>,
    below: BTreeMap<Box<[u16]>, Node>,
}

impl Builder {
    /// Creates the key with all keys above it, and edits its values.
    pub(super) fn key(&mut self, root: HiveRoot, path: &[Name], values: Vec<ValueEdit>) {
        let key = path.iter().fold(self.root(root), |node, name| {
            let below = node.child(name);
            below.action = match below.action {
                KeyAction::Pass | KeyAction::Ensure => KeyAction::Ensure,
                KeyAction::Delete | KeyAction::Replace => KeyAction::Replace,
            };
            below
        });
        key.values.extend(values);
    }

    /// Deletes the key with all below it.
    pub(super) fn delete(&mut self, root: HiveRoot, path: &[Name]) {
        let Some((last, above)) = path.split_last() else { return };
        let mut node = self.root(root);
        let mut emptied = false;
        for name in above {
            // Below a key that this file has deleted there is only what this file has created since.
            if emptied && !node.below.contains_key(&*fold(name)) {
                return;
            }
            node = node.child(name);
            match node.action {
                KeyAction::Delete => return,
                KeyAction::Replace => emptied = true,
                KeyAction::Ensure | KeyAction::Pass => {}
            }
        }
        if emptied {
            node.below.remove(&*fold(last));
        } else {
            let gone = Node { name: last.clone(), action: KeyAction::Delete, ..Node::default() };
            node.below.insert(fold(last), gone);
        }
    }

    /// The roots that something is done to; a line that names nothing but a root does nothing.
    pub(super) fn finish(self) -> Vec<(HiveRoot, KeyEdit)> {
        let roots = self.roots.into_iter().map(|(root, node)| (root, node.finish()));
        roots.filter(|(_, edit)| !edit.is_noop()).collect()
    }

    fn root(&mut self, root: HiveRoot) -> &mut Node {
        let index = match self.roots.iter().position(|(known, _)| *known == root) {
            Some(index) => index,
            None => {
                self.roots.push((root, Node { action: KeyAction::Pass, ..Node::default() }));
                self.roots.len() - 1
            }
        };
        &mut self.roots[index].1
    }
}

impl Node {
    fn child(&mut self, name: &Name) -> &mut Self {
        self.below.entry(fold(name)).or_insert_with(|| Self {
            name: name.clone(),
            action: KeyAction::Pass,
            ..Self::default()
        })
    }

    fn finish(self) -> KeyEdit {
        let mut edit = KeyEdit::new(self.name, self.action);
        edit.replace_values(self.values);
        edit.replace_subkeys(self.below.into_values().map(Self::finish).collect());
        edit
    }
}

fn fold(name: &Name) -> Box<[u16]> {
    name.units().iter().map(|&unit| upcase::upcase(unit)).collect()
}
