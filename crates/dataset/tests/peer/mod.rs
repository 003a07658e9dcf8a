//! Real `Software` subtrees, and what a script would store of them: a ZIP of the `.reg` text that Regedit exports.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use mp_dataset::DataSet;
use mp_registry::{FileTime, KeyEdit, KeyPath, Name, ValueEdit, reg_text};

/// Bytes of a ZIP around the compressed bytes of its one entry: local header, central entry, end, twice the name.
const ZIP_FRAME: usize = 30 + 46 + 22 + 2 * "settings.reg".len();

/// The `Software` key of one user's hive.
pub(crate) struct Software {
    /// The hive's file, from the folder of hives.
    pub(crate) hive: String,
    key: KeyEdit,
}

/// Where the test data are.
pub(crate) fn test_data() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    std::env::var_os("METAPROFILES_TESTDATA").map_or_else(|| PathBuf::from(default), PathBuf::from)
}

/// The `Software` keys of all users' hives among the test data, in the order of their paths.
pub(crate) fn software() -> Vec<Software> {
    let folder = test_data().join("hives");
    let mut files = Vec::new();
    list(&folder, &mut files);
    files.sort();
    let name = Name::from("Software");
    let read = |file: PathBuf| {
        let hive =
            mp_hive::parse(&std::fs::read(&file).ok()?, mp_hive::ReadOptions { strict: false }).ok()?;
        let key = KeyEdit::write(hive.root.subkey(&name)?);
        let hive = file.strip_prefix(&folder).ok()?.to_string_lossy().replace('\\', "/");
        Some(Software { hive, key })
    };
    files.into_iter().filter_map(read).collect()
}

impl Software {
    /// Bytes of the names and data.
    pub(crate) fn raw_len(&self) -> usize {
        fn of(key: &KeyEdit) -> usize {
            let value = |edit: &ValueEdit| match edit {
                ValueEdit::Set(value) => 2 * value.name.units().len() + value.data.len(),
                ValueEdit::Delete(name) => 2 * name.units().len(),
            };
            let own = 2 * key.name.units().len() + key.values().iter().map(value).sum::<usize>();
            own + key.subkeys().iter().map(of).sum::<usize>()
        }
        of(&self.key)
    }

    /// The subtree as a data set, with or without the last write times of its keys.
    pub(crate) fn data_set(&self, times: bool) -> DataSet {
        let mut registry = KeyEdit::root();
        registry.insert_subkey(if times { self.key.clone() } else { without_times(self.key.clone()) });
        DataSet { registry, ..DataSet::default() }
    }

    /// The subtree as Regedit exports it.
    pub(crate) fn reg_text(&self) -> Vec<u8> {
        let path = KeyPath::parse("Software");
        reg_text::write_v5(&[(reg_text::HiveRoot::CurrentUser, &path, &self.key)]).unwrap()
    }
}

/// Length of a ZIP with one file, deflated at level 6.
pub(crate) fn zip_len(file: &[u8]) -> usize {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(file).unwrap();
    encoder.finish().unwrap().len() + ZIP_FRAME
}

/// Middle of the numbers; of an even count the mean of both.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let (low, high) = (numbers.len().saturating_sub(1) / 2, numbers.len() / 2);
    numbers.get(low).zip(numbers.get(high)).map_or(f64::NAN, |(low, high)| f64::midpoint(*low, *high))
}

fn without_times(mut key: KeyEdit) -> KeyEdit {
    let subkeys = key.clone().into_parts().1;
    key.last_write = FileTime::default();
    key.replace_subkeys(subkeys.into_iter().map(without_times).collect());
    key
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { list(&path, files) } else { files.push(path) }
    }
}
