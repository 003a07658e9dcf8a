//! `docs/reference/exclusions.md` prints the built-in exclusions; this compares it. `METAPROFILES_BLESS=1` writes it.

use std::{fmt::Write, fs, path::Path};

use mp_profile::{EXCLUSIONS, Excluded, Lift};

const BEGIN: &str = "<!-- the list, written by the test -->\n";
const END: &str = "<!-- end of the list -->\n";

fn printed() -> String {
    let mut text = String::from("\n| code | place | kept when | why |\n|---|---|---|---|\n");
    for exclusion in EXCLUSIONS {
        let place = match exclusion.excluded {
            Excluded::Key(path) => format!("key `{path}`"),
            Excluded::Value(path, name) => format!("value `{name}` of `{path}`"),
            Excluded::Folder(path) => format!("folder `{path}`"),
            Excluded::File(mask) => format!("files `{mask}`"),
        };
        let lift = match exclusion.lift {
            Lift::Never => "never",
            Lift::Named => "named",
            Lift::Allowed => "allowed",
        };
        writeln!(text, "| {} | {place} | {lift} | {} |", exclusion.code, exclusion.reason).unwrap();
    }
    text.push('\n');
    text
}

#[test]
fn the_page_prints_the_exclusions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/exclusions.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}{}{END}{after}", printed());
    if std::env::var_os("METAPROFILES_BLESS").is_some() {
        fs::write(&path, wanted).unwrap();
    } else {
        assert_eq!(page, wanted, "METAPROFILES_BLESS=1 writes the list anew");
    }
}
