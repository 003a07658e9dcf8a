use std::{env, fs, path::Path};

use crate::support::Farm;

/// The committed document. METAPROFILES_BLESS=1 writes it anew.
#[test]
fn the_document_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/openapi.json");
    let farm = Farm::new();
    // Whoever looks for the document is not signed in yet.
    let document = farm.call_as(None, "GET", "/api/v1/openapi.json", &[], "").ok(200);
    let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    if env::var_os("METAPROFILES_BLESS").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "docs/reference/openapi.json is not what the console serves; write it anew with METAPROFILES_BLESS=1 and review it"
    );
}
