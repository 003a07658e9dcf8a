use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;

/// The program with arguments.
pub(crate) fn metaprofiles(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_metaprofiles"));
    command.args(arguments);
    command
}

/// What the program writes when it does what it should.
pub(crate) fn output(arguments: &[&str]) -> String {
    let output = metaprofiles(arguments).assert().success().get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

/// What the program says when it fails with this exit code; it must write nothing else.
pub(crate) fn failure(arguments: &[&str], code: i32) -> String {
    let assert = metaprofiles(arguments).assert().code(code).stdout("");
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

/// The folder of test data, or `None` with a line that says so.
pub(crate) fn data(test: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let path = PathBuf::from(std::env::var("METAPROFILES_TESTDATA").unwrap_or_else(|_| default.to_owned()));
    if path.join("hives").is_dir() {
        return Some(path);
    }
    println!("SKIPPED {test}: no test data at {}", path.display());
    None
}

/// A folder that goes with the test, and files in it.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}

/// Number of lines per kind in the lines of a dump: `key`, `value`, `file` and the like.
pub(crate) fn kinds(dump: &str) -> BTreeMap<&'static str, usize> {
    let mut kinds = BTreeMap::new();
    for line in dump.lines() {
        let deleted = line.contains(r#","deleted":true}"#);
        let kind = match (line.starts_with(r#"{"file":"#), line.contains(r#","name":""#), deleted) {
            (true, _, false) => "file",
            (true, _, true) => "deleted file",
            (_, true, false) => "value",
            (_, true, true) => "deleted value",
            (_, false, false) => "key",
            (_, false, true) => "deleted key",
        };
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
