use mp_registry::{
    Key, KeyChoice, KeyPath, MemoryRegistry, Name, Registry, TakeAll, TreeFilter, Value, ValueType,
};

use crate::support::name;

fn sample() -> Key {
    let mut root = Key::new("");
    root.ensure(&KeyPath::parse("Software\\A\\Deep")).set_value(Value::dword("d", 1));
    root.ensure(&KeyPath::parse("Software\\B")).set_value(Value::sz("s", "text"));
    root.ensure(&KeyPath::parse("Other")).set_value(Value::dword("o", 1));
    root
}

#[test]
fn look_up_folds_case_as_windows_does() {
    let root = sample();
    assert!(root.at(&KeyPath::parse("SOFTWARE\\a\\deep")).is_some());
    assert!(root.at(&KeyPath::parse("Software\\C")).is_none());
    let mut key = Key::new("");
    key.set_value(Value::dword("ß", 1));
    assert!(key.value(&name("SS")).is_none() && key.value(&name("ẞ")).is_none());
    assert!(KeyPath::parse("SOFTWARE\\a").starts_with(&KeyPath::parse("software")));
    assert!(!KeyPath::parse("Software").starts_with(&KeyPath::parse("software\\a")));
}

#[test]
fn setting_keeps_the_first_spelling() {
    let mut key = Key::new("");
    key.set_value(Value::dword("Name", 1));
    key.set_value(Value::sz("NAME", "2"));
    assert_eq!(key.values(), [Value::sz("Name", "2")]);
    assert_eq!(key.remove_value(&name("nAmE")), Some(Value::sz("Name", "2")));
    assert_eq!(key.remove_value(&name("Name")), None);
}

#[test]
fn taken_lists_are_sorted_and_keep_both_of_one_name() {
    let mut key = Key::new("");
    key.replace_subkeys(["b", "_", "A", "a", "B"].map(Key::new).to_vec());
    let order: Vec<_> = key.subkeys().iter().map(|below| below.name.to_text().unwrap()).collect();
    assert_eq!(order, ["A", "a", "b", "B", "_"]);
    assert_eq!(key.subkey(&name("a")).unwrap().name, name("A"), "the first of its name");
    assert_eq!(key.counts().keys, 6);
    key.replace_values(vec![Value::dword("V", 1), Value::dword("v", 2), Value::dword("w", 3)]);
    assert_eq!(key.remove_value(&name("v")), Some(Value::dword("V", 1)));
    assert_eq!(key.remove_subkey(&name("B")).unwrap().name, name("b"));
    assert_eq!((key.values().len(), key.subkeys().len()), (1, 3), "both of one name are gone");
}

#[test]
fn counts_cover_the_whole_tree() {
    let counts = sample().counts();
    assert_eq!((counts.keys, counts.values, counts.data_bytes), (6, 3, 4 + 10 + 4));
}

struct Only(&'static str);

impl TreeFilter for Only {
    fn key(&mut self, path: &KeyPath) -> KeyChoice {
        let wanted = KeyPath::parse(self.0);
        match path {
            path if path.starts_with(&wanted) => KeyChoice::Take,
            path if wanted.starts_with(path) => KeyChoice::Descend,
            _ => KeyChoice::Skip,
        }
    }

    fn value(&mut self, _: &KeyPath, _: &Name, ty: ValueType, len: usize) -> bool {
        ty == ValueType::DWORD && len == 4
    }
}

#[test]
fn reading_takes_what_the_filter_lets_through() {
    let registry = MemoryRegistry::new(sample());
    let read = |filter: &mut dyn TreeFilter| registry.read_tree(&KeyPath::root(), filter).unwrap().tree;
    assert_eq!(read(&mut TakeAll), Some(sample()));
    let taken = read(&mut Only("Software\\A")).unwrap();
    assert_eq!(taken.subkeys().len(), 1);
    assert_eq!(taken.at(&KeyPath::parse("Software")).unwrap().subkeys().len(), 1);
    assert_eq!(taken.counts().values, 1);
    let only_text = read(&mut Only("Software\\B")).unwrap();
    assert_eq!((only_text.counts().keys, only_text.counts().values), (3, 0));
    assert_eq!(read(&mut Only("Software\\B\\none")), None, "descended into and found nothing");
    let missing = registry.read_tree(&KeyPath::parse("none"), &mut TakeAll).unwrap();
    assert!(missing.tree.is_none() && missing.problems.is_empty());
}

#[test]
fn symbolic_links_are_not_read() {
    let mut root = sample();
    root.subkey_mut(&name("Other")).unwrap().link = true;
    let tree = MemoryRegistry::new(root).read_tree(&KeyPath::root(), &mut TakeAll).unwrap().tree.unwrap();
    assert!(tree.subkey(&name("Other")).is_none());
}

#[test]
fn listing_and_single_values() {
    let registry = MemoryRegistry::new(sample());
    let listing = registry.list(&KeyPath::parse("software")).unwrap().unwrap();
    assert_eq!(listing.subkeys, [name("A"), name("B")]);
    let value = registry.value(&KeyPath::parse("other"), &name("O")).unwrap();
    assert_eq!(value, Some(Value::dword("o", 1)));
    assert_eq!(registry.list(&KeyPath::parse("none")).unwrap(), None);
    assert_eq!(registry.value(&KeyPath::parse("none"), &name("o")).unwrap(), None);
}
