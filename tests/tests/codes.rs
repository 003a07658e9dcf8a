//! `docs/reference/codes.md` explains every code of the sources, and no other. `METAPROFILES_BLESS=1` writes the table of the
//! built-in exclusions; the rest is written by hand.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use mp_profile::{EXCLUSIONS, Excluded, Lift};

const BEGIN: &str = "<!-- the table, written by the test -->\n";
const END: &str = "<!-- end of the table -->\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn page() -> PathBuf {
    root().join("docs/reference/codes.md")
}

/// All texts of the form `MP-ABC-123`.
fn codes_in(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("MP-").filter_map(|(at, _)| {
        let code = text.get(at..at + 10)?;
        let (room, number) = code.strip_prefix("MP-")?.split_once('-')?;
        let fine = room.len() == 3
            && room.bytes().all(|byte| byte.is_ascii_uppercase())
            && number.bytes().all(|byte| byte.is_ascii_digit());
        fine.then_some(code)
    })
}

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, found);
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let source = [".rs", ".ts", ".tsx"].iter().any(|end| name.ends_with(end));
        // Tests of the pages make codes up.
        if source && !name.ends_with(".test.ts") {
            found.push(path);
        }
    }
}

/// Every code of the sources, and a file that has it. What stands below `mod tests` is made up.
fn used() -> BTreeMap<String, PathBuf> {
    let mut files = Vec::new();
    for rooms in ["crates", "apps"] {
        for room in fs::read_dir(root().join(rooms)).unwrap() {
            source_files(&room.unwrap().path().join("src"), &mut files);
        }
    }
    source_files(&root().join("web/src"), &mut files);
    assert!(files.len() > 100, "the sources are not where they are looked for");
    let mut codes = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split("\nmod tests {").next().unwrap_or_default();
        for code in codes_in(text) {
            codes.entry(code.to_owned()).or_insert_with(|| file.clone());
        }
    }
    codes
}

/// Rows of the page that begin with a code.
fn rows(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with("| MP-"));
    let cells = |row: &str| -> Vec<String> {
        row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn every_code_is_explained_and_none_that_nobody_uses() {
    let page = fs::read_to_string(page()).unwrap();
    let used = used();
    let mut explained = BTreeSet::new();
    for row in rows(&page) {
        assert!(row.len() == 4 && row.iter().all(|cell| !cell.is_empty()), "four cells are wanted: {row:?}");
        assert!(explained.insert(row[0].clone()), "{} is explained twice", row[0]);
    }
    let missing: Vec<_> = used.iter().filter(|(code, _)| !explained.contains(*code)).collect();
    assert!(missing.is_empty(), "docs/reference/codes.md does not explain {missing:#?}");
    let unused: Vec<_> = explained.iter().filter(|code| !used.contains_key(*code)).collect();
    assert!(unused.is_empty(), "docs/reference/codes.md explains what nobody uses: {unused:?}");
    let mentioned: BTreeSet<_> = codes_in(&page).filter(|code| !explained.contains(*code)).collect();
    assert!(
        mentioned.is_empty(),
        "docs/reference/codes.md refers to what it does not explain: {mentioned:?}"
    );
}

fn table() -> String {
    let mut table = "| code | what | why | kept if |\n|---|---|---|---|\n".to_owned();
    for exclusion in EXCLUSIONS {
        let what = match exclusion.excluded {
            Excluded::Key(path) => format!("key `{path}`"),
            Excluded::Value(path, name) => format!("value `{name}` of `{path}`"),
            Excluded::Folder(path) => format!("folder `{path}`"),
            Excluded::File(name) => format!("files `{name}`"),
        };
        let lift = match exclusion.lift {
            Lift::Never => "never",
            Lift::Named => "named",
            Lift::Allowed => "allowed",
        };
        table.push_str(&format!("| {} | {what} | {} | {lift} |\n", exclusion.code, exclusion.reason));
    }
    table
}

#[test]
fn the_exclusions_are_those_of_the_sources() {
    let text = fs::read_to_string(page()).unwrap();
    let (head, rest) = text.split_once(BEGIN).unwrap();
    let (found, tail) = rest.split_once(END).unwrap();
    let expected = table();
    if env::var_os("METAPROFILES_BLESS").is_some_and(|value| value == "1") {
        fs::write(page(), format!("{head}{BEGIN}{expected}{END}{tail}")).unwrap();
    } else {
        assert!(found == expected, "write the table anew with METAPROFILES_BLESS=1 and review it");
    }
}
