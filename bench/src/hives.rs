//! The hives that are measured: used profiles among the test data, or one made here.

use std::path::{Path, PathBuf};

use anyhow::Result;
use mp_hive::{WriteOptions, write};

use crate::{made, samples::note};

/// Used profiles of Windows 7, 8.1 and 10.
const USED: [(&str, &str); 4] = [
    ("win10", "hives/mkorman90+regipy/NTUSER_with_winscp.DAT"),
    ("win8", "hives/strozfriedberg+notatin/NTUSER.DAT"),
    ("win7", "hives/log2timeline+plaso/NTUSER-WIN7.DAT"),
    ("win7small", "hives/mkorman90+regipy/NTUSER.DAT"),
];

/// Names and files of the hives. Without test data it is one hive that is written to `scratch`.
pub(crate) fn used(data: Option<&Path>, scratch: &Path) -> Result<Vec<(String, PathBuf)>> {
    let found: Vec<_> = USED
        .iter()
        .filter_map(|(name, file)| Some(((*name).to_owned(), data?.join(file))))
        .filter(|(_, file)| file.is_file())
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    note("no test data: the hive is a made one");
    let file = scratch.join("made.dat");
    std::fs::write(&file, write(&made::tree("ROOT", 16_000), &WriteOptions::default())?)?;
    Ok(vec![("made".to_owned(), file)])
}
