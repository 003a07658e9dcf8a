use mp_dataset::{
    DataSet, FileChange, FileContent, FileEntry, FilePath, Selected, Side, UnknownFields, merge, restore,
};
use mp_registry::{KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit};

fn set(build: impl FnOnce(&mut KeyEdit)) -> DataSet {
    let mut set = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
    build(&mut set.registry);
    set
}

fn path(text: &str) -> KeyPath {
    KeyPath::parse(text)
}

fn put(root: &mut KeyEdit, key: &str, name: &str, data: u32) {
    let key = root.at_or_pass(&path(key));
    key.action = KeyAction::Ensure;
    key.edit_value(ValueEdit::Set(Value::dword(name, data)));
}

fn value<'a>(set: &'a DataSet, key: &str, name: &str) -> Option<&'a ValueEdit> {
    set.registry.at(&path(key)).and_then(|key| key.value(&Name::from(name)))
}

fn dword(name: &str, data: u32) -> ValueEdit {
    ValueEdit::Set(Value::dword(name, data))
}

#[test]
fn one_value_comes_back_and_its_neighbour_stays() {
    let former = set(|root| {
        put(root, "App", "Zoom", 100);
        put(root, "App", "Size", 1);
    });
    let current = set(|root| {
        put(root, "App", "Zoom", 300);
        put(root, "App", "Size", 2);
    });
    let made = restore(Some(&current), &former, &Selected::Value(path("app"), "ZOOM".into()));
    assert_eq!(value(&made, "App", "Zoom"), Some(&dword("Zoom", 100)));
    assert_eq!(value(&made, "App", "Size"), Some(&dword("Size", 2)));
}

#[test]
fn a_deletion_comes_back_as_well() {
    let former = set(|root| root.insert_subkey(KeyEdit::new("App", KeyAction::Delete)));
    let current = set(|root| {
        put(root, "App", "Zoom", 300);
        put(root, "App", "Size", 2);
    });
    let made = restore(Some(&current), &former, &Selected::Value(path("App"), "Zoom".into()));
    assert_eq!(value(&made, "App", "Zoom"), Some(&ValueEdit::Delete("Zoom".into())));
    assert_eq!(value(&made, "App", "Size"), Some(&dword("Size", 2)));
    // Also of what the present one does not mention: the mandatory profile may hold it.
    let nothing = set(|_| {});
    let made = restore(Some(&nothing), &former, &Selected::Key { path: path("App\\Sub"), below: true });
    assert_eq!(made.registry.at(&path("App\\Sub")).unwrap().action, KeyAction::Delete);
}

#[test]
fn what_the_former_one_says_nothing_of_is_as_the_mandatory_profile_has_it() {
    let current = set(|root| put(root, "App", "Zoom", 300));
    let made = restore(Some(&current), &set(|_| {}), &Selected::Value(path("App"), "Zoom".into()));
    assert_eq!(value(&made, "App", "Zoom"), None);
}

#[test]
fn a_value_comes_back_into_a_key_that_was_deleted_since() {
    let former = set(|root| {
        put(root, "App", "Zoom", 100);
        put(root, "App", "Size", 1);
    });
    let current = set(|root| root.insert_subkey(KeyEdit::new("App", KeyAction::Delete)));
    let made = restore(Some(&current), &former, &Selected::Value(path("App"), "Zoom".into()));
    let key = made.registry.at(&path("App")).unwrap();
    // What the mandatory profile holds there stays deleted, as all else that was.
    assert_eq!((key.action, key.values()), (KeyAction::Replace, &[dword("Zoom", 100)][..]));
}

#[test]
fn a_key_comes_back_with_or_without_its_sub_keys() {
    let former = set(|root| {
        put(root, "App", "Zoom", 100);
        put(root, "App\\Sub", "Deep", 1);
    });
    let current = set(|root| {
        put(root, "App", "Zoom", 300);
        put(root, "App", "New", 1);
        put(root, "App\\Sub", "Deep", 2);
    });
    let alone = restore(Some(&current), &former, &Selected::Key { path: path("App"), below: false });
    assert_eq!(value(&alone, "App", "Zoom"), Some(&dword("Zoom", 100)));
    assert_eq!(
        (value(&alone, "App", "New"), value(&alone, "App\\Sub", "Deep")),
        (None, Some(&dword("Deep", 2)))
    );
    let all = restore(Some(&current), &former, &Selected::Key { path: path("App"), below: true });
    assert_eq!(all.registry, former.registry);
}

#[test]
fn files_come_back_one_by_one_and_by_folder() {
    let file = |name: &str, byte: u8| FileEntry {
        path: FilePath { folder: "Desktop".into(), components: name.split('\\').map(Name::from).collect() },
        change: FileChange::Present(FileContent {
            modified: Default::default(),
            attributes: Default::default(),
            bytes: vec![byte].into(),
        }),
        unknown: UnknownFields::default(),
    };
    let mut former = set(|_| {});
    former.replace_files(vec![file("a", 1), file("sub\\b", 1), file("sub\\c", 1)]);
    let mut current = set(|_| {});
    current.replace_files(vec![file("a", 2), file("sub\\b", 2), file("sub\\d", 2)]);
    let one = restore(Some(&current), &former, &Selected::File(file("sub\\B", 0).path));
    assert_eq!(one.files, [file("a", 2), file("sub\\b", 1), file("sub\\d", 2)]);
    let selected = Selected::Folder { folder: "Desktop".into(), components: vec!["SUB".into()] };
    let below = restore(Some(&current), &former, &selected);
    assert_eq!(below.files, [file("a", 2), file("sub\\b", 1), file("sub\\c", 1)]);
    let anew = restore(None, &former, &Selected::File(file("a", 0).path));
    assert_eq!(anew.files, [file("a", 1)]);
}

#[test]
fn a_session_that_is_open_keeps_what_it_changed_itself_and_nothing_else() {
    let former = set(|root| {
        put(root, "App", "Zoom", 100);
        put(root, "App", "Size", 1);
    });
    let base = set(|root| {
        put(root, "App", "Zoom", 300);
        put(root, "App", "Size", 2);
    });
    let restored = restore(Some(&base), &former, &Selected::Key { path: path("App"), below: true });
    let mut mine = base.clone();
    put(&mut mine.registry, "App", "Size", 3);
    let merged = merge(Some(&base), &restored, &mine, &|_| Side::Mine);
    assert_eq!(value(&merged.set, "App", "Zoom"), Some(&dword("Zoom", 100)));
    assert_eq!(value(&merged.set, "App", "Size"), Some(&dword("Size", 3)));
    assert_eq!(merged.overrides.total(), 1);
}
