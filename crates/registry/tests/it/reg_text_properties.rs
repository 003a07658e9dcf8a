use mp_registry::{
    Key, KeyEdit, KeyPath, MemoryRegistry, Registry,
    reg_text::{self, CodePage, HiveRoot, RegFile, Version, write_v4, write_v5},
};
use proptest::prelude::*;

use crate::trees::{edits, trees};

fn read(bytes: &[u8]) -> RegFile {
    reg_text::read(bytes, CodePage::default()).unwrap()
}

fn applied(to: &Key, edits: &KeyEdit) -> Key {
    let mut registry = MemoryRegistry::new(to.clone());
    assert_eq!(registry.apply(edits).unwrap().problems, []);
    registry.root
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_tree_written_reads_the_same(tree in trees()) {
        let edit = KeyEdit::write(&tree);
        let at = KeyPath::parse("Software\\X");
        let file = read(&write_v5(&[(HiveRoot::CurrentUser, &at, &edit)]).unwrap());
        let mut back = file.root(HiveRoot::CurrentUser).unwrap().at(&at).unwrap().clone();
        back.name = edit.name.clone();
        prop_assert_eq!(back, edit);
    }

    /// Deletions below a key that is replaced say nothing and are not read back, so the effects are compared.
    #[test]
    fn edits_written_do_the_same(edit in edits(), live in trees()) {
        let file = read(&write_v5(&[(HiveRoot::Users, &KeyPath::root(), &edit)]).unwrap());
        let back = file.root(HiveRoot::Users).cloned().unwrap_or_else(KeyEdit::root);
        prop_assert_eq!(applied(&live, &back), applied(&live, &edit));
        let again = read(&file.write(CodePage::default()).unwrap());
        prop_assert_eq!(again, file);
    }

    /// What `REGEDIT4` can hold comes back; what it cannot is refused, never changed.
    #[test]
    fn regedit4_gives_back_what_it_takes(tree in trees(), page in proptest::sample::select(&[932_u16, 1252, 65001][..])) {
        let ansi = CodePage::from_number(page).unwrap();
        let edit = KeyEdit::write(&tree);
        let at = KeyPath::parse("K");
        if let Ok(bytes) = write_v4(&[(HiveRoot::LocalMachine, &at, &edit)], ansi) {
            let file = reg_text::read(&bytes, ansi).unwrap();
            prop_assert_eq!(file.version, Version::V4);
            let mut back = file.root(HiveRoot::LocalMachine).unwrap().at(&at).unwrap().clone();
            back.name = edit.name.clone();
            prop_assert_eq!(back, edit);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(
        body in r#"([\[\]\\"=@;,:()\r\n -]|hex|dword|HKCU|[0-9a-f]{1,3}|"a"=){0,60}"#,
        cut in 0..40_usize,
    ) {
        let text = format!("REGEDIT4\n[HKCU\\K]\n{body}");
        if let Ok(file) = reg_text::read(text.as_bytes(), CodePage::default()) {
            prop_assert_eq!(read(&file.write(CodePage::default()).unwrap()), file);
        }
        let _ = reg_text::read(&text.as_bytes()[..cut.min(text.len())], CodePage::default());
    }
}
