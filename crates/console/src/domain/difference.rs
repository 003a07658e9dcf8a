use std::fmt;

use super::{Configuration, name_key, text};

/// What sort of thing an administrator describes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    StorageServer,
    Group,
    Subset,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StorageServer => "Storage Server",
            Self::Group => "Agent Server Group",
            Self::Subset => "data subset",
        })
    }
}

/// What happens to an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    Added,
    Changed,
    /// It says the same at another place of the list.
    Moved,
    Removed,
}

/// One difference between two configurations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Difference {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) action: Action,
    /// The item's text in the configuration file, before.
    pub(crate) before: Option<String>,
    /// The same after.
    pub(crate) after: Option<String>,
}

/// Everything by which `after` differs from `before`; nothing exactly when they say the same.
pub(crate) fn differences(before: &Configuration, after: &Configuration) -> Vec<Difference> {
    let mut all =
        of_kind(Kind::StorageServer, &entries(&before.storage_servers), &entries(&after.storage_servers));
    all.extend(of_kind(Kind::Group, &entries(&before.groups), &entries(&after.groups)));
    all.extend(of_kind(Kind::Subset, &entries(&before.subsets), &entries(&after.subsets)));
    all
}

/// One item as the comparison sees it.
struct Entry {
    name: String,
    key: String,
    text: String,
}

fn entries<T: text::Item>(items: &[T]) -> Vec<Entry> {
    let entry = |item: &T| Entry {
        name: item.name().to_owned(),
        key: name_key(item.name()),
        text: text::export_item(item),
    };
    items.iter().map(entry).collect()
}

fn of_kind(kind: Kind, before: &[Entry], after: &[Entry]) -> Vec<Difference> {
    let find = |entries: &[Entry], key: &str| entries.iter().position(|entry| entry.key == key);
    let kept = |of: &[Entry], other: &[Entry]| -> Vec<String> {
        of.iter().filter(|entry| find(other, &entry.key).is_some()).map(|entry| entry.key.clone()).collect()
    };
    let (order_before, order_after) = (kept(before, after), kept(after, before));
    let place = |order: &[String], key: &str| order.iter().position(|other| other == key);

    let mut found = Vec::new();
    for entry in before.iter().filter(|entry| find(after, &entry.key).is_none()) {
        found.push(Difference {
            kind,
            name: entry.name.clone(),
            action: Action::Removed,
            before: Some(entry.text.clone()),
            after: None,
        });
    }
    for entry in after {
        let old = before.iter().find(|old| old.key == entry.key);
        let action = match old {
            None => Action::Added,
            Some(old) if old.text != entry.text => Action::Changed,
            Some(_) if place(&order_before, &entry.key) != place(&order_after, &entry.key) => Action::Moved,
            Some(_) => continue,
        };
        found.push(Difference {
            kind,
            name: entry.name.clone(),
            action,
            before: old.map(|old| old.text.clone()),
            after: Some(entry.text.clone()),
        });
    }
    found
}
