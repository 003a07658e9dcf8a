//! What a merge makes of single settings.

use mp_dataset::{
    DataSet, FileAttributes, FileChange, FileContent, FileEntry, FilePath, Held, Item, ItemPlace,
    MAX_OVERRIDES, Merged, Side, UnknownFields, merge,
};
use mp_registry::{FileTime, KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit, ValueType};

fn set(edit: impl FnOnce(&mut DataSet)) -> DataSet {
    let mut set = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
    edit(&mut set);
    set.registry.ensure_passed();
    set
}

fn key<'a>(set: &'a mut DataSet, path: &str) -> &'a mut KeyEdit {
    set.registry.at_or_pass(&KeyPath::parse(path))
}

fn put(set: &mut DataSet, path: &str, name: &str, text: &str) {
    key(set, path).edit_value(ValueEdit::Set(Value::sz(name, text)));
}

fn text(set: &DataSet, path: &str, name: &str) -> Option<String> {
    match set.registry.at(&KeyPath::parse(path))?.value(&name.into())? {
        ValueEdit::Set(value) => value.to_text(),
        ValueEdit::Delete(_) => Some("deleted".into()),
    }
}

fn newest(base: &DataSet, theirs: &DataSet, mine: &DataSet) -> Merged {
    merge(Some(base), theirs, mine, &|_| Side::Mine)
}

fn file(name: &str, bytes: &[u8], time: u64) -> FileEntry {
    FileEntry {
        path: FilePath { folder: "RoamingAppData".into(), components: vec!["App".into(), name.into()] },
        change: FileChange::Present(FileContent {
            modified: FileTime(time),
            attributes: FileAttributes::default(),
            bytes: bytes.into(),
        }),
        unknown: UnknownFields::default(),
    }
}

#[test]
fn different_settings_of_two_sessions_are_both_kept() {
    let base = set(|set| put(set, "App", "Base", "0"));
    let theirs = set(|set| {
        put(set, "App", "Base", "0");
        put(set, "App", "Theirs", "1");
        put(set, "Their\\Key", "v", "1");
    });
    let mine = set(|set| {
        put(set, "app", "Base", "2");
        put(set, "app", "Mine", "1");
    });
    for merged in [newest(&base, &theirs, &mine), merge(Some(&base), &theirs, &mine, &|_| Side::Theirs)] {
        for (name, expected) in [("Base", "2"), ("Theirs", "1"), ("Mine", "1")] {
            assert_eq!(text(&merged.set, "App", name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(text(&merged.set, "Their\\Key", "v").as_deref(), Some("1"));
        assert_eq!(merged.overrides.total(), 0);
    }
}

#[test]
fn the_same_setting_is_decided_item_by_item_and_named() {
    let base = DataSet::default();
    let theirs = set(|set| {
        put(set, "App", "One", "theirs");
        put(set, "App", "Two", "theirs");
    });
    let mine = set(|set| {
        put(set, "App", "One", "mine");
        put(set, "App", "Two", "mine");
    });
    let prefer = |item: Item<'_>| match item {
        Item::Value(_, name) if name.same(&Name::from("two")) => Side::Theirs,
        _ => Side::Mine,
    };
    let merged = merge(Some(&base), &theirs, &mine, &prefer);
    assert_eq!(text(&merged.set, "App", "One").as_deref(), Some("mine"));
    assert_eq!(text(&merged.set, "App", "Two").as_deref(), Some("theirs"));
    assert_eq!((merged.overrides.mine_overridden, merged.overrides.theirs_overridden), (1, 1));
    let said: Vec<String> = merged
        .overrides
        .named
        .iter()
        .map(|one| format!("{}: {} / {} / {:?}", one.place, one.theirs, one.mine, one.kept))
        .collect();
    assert_eq!(
        said,
        [
            "HKCU\\App: One: REG_SZ of 14 bytes: theirs / REG_SZ of 10 bytes: mine / Mine",
            "HKCU\\App: Two: REG_SZ of 14 bytes: theirs / REG_SZ of 10 bytes: mine / Theirs",
        ]
    );
}

#[test]
fn a_deleted_value_stays_deleted_unless_the_other_side_set_it() {
    let base = set(|set| {
        put(set, "App", "Left", "0");
        put(set, "App", "Changed", "0");
    });
    let theirs = set(|set| {
        for name in ["Left", "Changed"] {
            key(set, "App").edit_value(ValueEdit::Delete(name.into()));
        }
    });
    let mine = set(|set| {
        put(set, "App", "Left", "0");
        put(set, "App", "Changed", "1");
    });
    let merged = newest(&base, &theirs, &mine);
    assert_eq!(text(&merged.set, "App", "Left").as_deref(), Some("deleted"));
    assert_eq!(text(&merged.set, "App", "Changed").as_deref(), Some("1"));
    assert_eq!(merged.overrides.named[0].theirs, Held::Deleted);
    assert_eq!(merged.overrides.total(), 1);
}

/// A key that one session deleted and in which the other one changed something is one item.
#[test]
fn a_deleted_key_and_a_change_below_it_are_decided_together() {
    let base = set(|set| {
        put(set, "Vendor\\App", "Size", "1");
        put(set, "Vendor\\Tool", "Path", "c");
    });
    let theirs = set(|set| key(set, "Vendor").action = KeyAction::Delete);
    let mine = set(|set| {
        put(set, "Vendor\\App", "Size", "2");
        put(set, "Vendor\\Tool", "Path", "c");
    });
    let kept = newest(&base, &theirs, &mine);
    assert_eq!(kept.set.registry, mine.registry);
    let deleted = merge(Some(&base), &theirs, &mine, &|_| Side::Theirs);
    assert_eq!(deleted.set.registry, theirs.registry);
    for merged in [kept, deleted] {
        let [one] = &merged.overrides.named[..] else { panic!("{:?}", merged.overrides) };
        assert_eq!(one.place, ItemPlace::Key(KeyPath::parse("Vendor")));
        assert_eq!((&one.theirs, matches!(one.mine, Held::Key(_))), (&Held::Deleted, true));
    }
    // Where the other session changed nothing below it, it is deleted, whenever its keys were last written.
    let mut untouched = base.clone();
    untouched.registry.at_or_pass(&KeyPath::parse("Vendor\\App")).last_write = FileTime(9);
    put(&mut untouched, "Else", "v", "1");
    let merged = newest(&base, &theirs, &untouched);
    assert_eq!(merged.set.registry.at(&KeyPath::parse("Vendor")).unwrap().action, KeyAction::Delete);
    assert_eq!((text(&merged.set, "Else", "v").as_deref(), merged.overrides.total()), (Some("1"), 0));
}

fn anew(values: &[(&str, &str)]) -> DataSet {
    set(|set| {
        for (name, text) in values {
            put(set, "App", name, text);
        }
        key(set, "App").action = KeyAction::Replace;
    })
}

#[test]
fn in_a_key_that_all_made_anew_what_is_missing_is_deleted() {
    let base = anew(&[("Same", "0"), ("Gone", "0"), ("Fought", "0")]);
    let theirs = anew(&[("Same", "0"), ("Fought", "0"), ("Theirs", "1")]);
    let mine = anew(&[("Same", "0"), ("Gone", "0"), ("Mine", "1")]);
    let merged = newest(&base, &theirs, &mine);
    assert_eq!(merged.set, anew(&[("Same", "0"), ("Theirs", "1"), ("Mine", "1")]));
    assert_eq!(merged.overrides.total(), 0);

    let theirs = anew(&[("Same", "0"), ("Gone", "0"), ("Fought", "2")]);
    let merged = newest(&base, &theirs, &mine);
    assert_eq!(text(&merged.set, "App", "Fought"), None);
    assert_eq!((&merged.overrides.named[0].mine, merged.overrides.total()), (&Held::Deleted, 1));
}

/// Both sessions made the key anew that had been deleted: both have put into it what they wanted.
#[test]
fn a_deleted_key_that_both_made_anew_holds_what_both_put_into_it() {
    let base = set(|set| key(set, "App").action = KeyAction::Delete);
    let merged = newest(&base, &anew(&[("Theirs", "1")]), &anew(&[("Mine", "1")]));
    assert_eq!(merged.set, anew(&[("Mine", "1"), ("Theirs", "1")]));
    assert_eq!(merged.overrides.total(), 0);
}

/// One side made the key anew, the other changed what had been there: neither may be mixed into the other.
#[test]
fn a_key_made_anew_and_the_former_one_changed_are_decided_together() {
    let base = set(|set| put(set, "App", "Size", "1"));
    let mine = set(|set| put(set, "App", "Size", "2"));
    let theirs = anew(&[("Colour", "red")]);
    assert_eq!(newest(&base, &theirs, &mine).set.registry, mine.registry);
    assert_eq!(newest(&base, &mine, &theirs).set.registry, theirs.registry);
    assert_eq!(newest(&base, &theirs, &mine).overrides.total(), 1);
}

#[test]
fn without_a_base_both_are_additions() {
    let (theirs, mine) = (set(|set| put(set, "App", "T", "1")), set(|set| put(set, "App", "M", "1")));
    let merged = merge(None, &theirs, &mine, &|_| Side::Mine);
    assert_eq!(text(&merged.set, "App", "T"), text(&merged.set, "App", "M"));
    assert_eq!(merged.set.registry.at(&KeyPath::parse("App")).unwrap().action, KeyAction::Ensure);
}

/// One session forgot a key, as an exclude rule makes it; the other one still writes to it.
#[test]
fn a_key_that_is_written_to_is_made() {
    let base = set(|set| put(set, "App", "Old", "0"));
    let theirs = set(|set| put(set, "Else", "v", "0"));
    let mine = set(|set| {
        put(set, "App", "Old", "0");
        put(set, "App", "New", "1");
    });
    let merged = newest(&base, &theirs, &mine);
    let app = merged.set.registry.at(&KeyPath::parse("App")).unwrap();
    assert_eq!((app.action, app.values().len(), merged.overrides.total()), (KeyAction::Ensure, 1, 0));
}

#[test]
fn classes_are_merged_like_values_and_times_are_the_latest() {
    let with = |class: &str, time: u64, value: &str| {
        set(|set| {
            put(set, "App", value, "1");
            let key = key(set, "App");
            (key.class, key.last_write) = (Some(class.into()), FileTime(time));
        })
    };
    let base = with("old", 5, "Base");
    let merged = newest(&base, &with("theirs", 9, "Base"), &with("old", 7, "Base"));
    let app = merged.set.registry.at(&KeyPath::parse("App")).unwrap();
    assert_eq!((app.class.clone(), app.last_write), (Some("theirs".into()), FileTime(9)));
    let merged = newest(&base, &with("theirs", 9, "Base"), &with("mine", 5, "Base"));
    let app = merged.set.registry.at(&KeyPath::parse("App")).unwrap();
    assert_eq!((app.class.clone(), app.last_write), (Some("mine".into()), FileTime(9)));
    assert_eq!(merged.overrides.named[0].mine, Held::Class(Some("mine".into())));
}

#[test]
fn files_are_compared_by_content_and_not_by_time() {
    let of = |files: Vec<FileEntry>| set(|set| set.replace_files(files));
    let base = of(vec![file("a", b"0", 1), file("b", b"0", 1), file("c", b"0", 1)]);
    let theirs = of(vec![file("a", b"1", 2), file("b", b"0", 9), file("c", b"same", 4)]);
    let mut gone = file("b", b"", 0);
    gone.change = FileChange::Deleted;
    let mine = of(vec![file("A", b"0", 8), gone.clone(), file("c", b"same", 3), file("d", b"new", 1)]);
    let merged = newest(&base, &theirs, &mine);
    assert_eq!(merged.set.files, [file("a", b"1", 2), gone, file("c", b"same", 3), file("d", b"new", 1)]);
    assert_eq!(merged.overrides.total(), 0);

    let fought = newest(&base, &theirs, &of(vec![file("a", b"mine", 0)]));
    assert_eq!(fought.overrides.named[0].place.to_string(), "RoamingAppData:App\\a");
    assert_eq!(fought.overrides.named[0].theirs, Held::File { len: 1 });
}

#[test]
fn fields_of_a_later_version_survive() {
    let of = |fields: &[(u64, u8)], name: &str| {
        let fields = UnknownFields(fields.iter().map(|(key, byte)| (*key, vec![*byte])).collect());
        set(|set| {
            put(set, "App", name, "1");
            (set.unknown, set.origin.unknown) = (fields.clone(), fields);
        })
    };
    let base = of(&[(10, 0), (11, 0), (12, 0)], "Base");
    let merged =
        newest(&base, &of(&[(10, 1), (11, 1), (12, 0), (13, 1)], "T"), &of(&[(10, 0), (11, 2)], "M"));
    let expected = UnknownFields(vec![(10, vec![1]), (11, vec![2]), (13, vec![1])]);
    assert_eq!((&merged.set.unknown, &merged.set.origin.unknown), (&expected, &expected));
}

#[test]
fn overrides_beyond_the_limit_are_counted() {
    let many = |data: u32| {
        set(|set| {
            let names = (0..MAX_OVERRIDES + 44).map(|number| format!("v{number:04}"));
            let values = names.map(|name| ValueEdit::Set(Value::dword(name.as_str(), data)));
            key(set, "App").replace_values(values.collect());
        })
    };
    let overrides = newest(&many(0), &many(1), &many(2)).overrides;
    assert_eq!((overrides.named.len(), overrides.theirs_overridden), (MAX_OVERRIDES, MAX_OVERRIDES + 44));
}

#[test]
fn long_contents_are_named_in_short() {
    let of = |byte: u8| {
        set(|set| {
            let data = vec![byte; 1 << 20];
            key(set, "App").edit_value(ValueEdit::Set(Value::new("Blob", ValueType::BINARY, data)));
            put(set, "App", "Text", &char::from(byte).to_string().repeat(1 << 16));
        })
    };
    for one in newest(&DataSet::default(), &of(b'a'), &of(b'\n')).overrides.named {
        assert!(one.theirs.to_string().len() < 120 && one.mine.to_string().len() < 180, "{one:?}");
        assert!(!one.mine.to_string().contains('\n'));
    }
}
