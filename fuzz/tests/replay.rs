//! Every file of the corpus through the body of its fuzz target.

#![allow(clippy::unwrap_used, reason = "a corpus that cannot be read is a failed test")]

use std::{fs, path::Path};

#[test]
fn every_file_of_the_corpus_holds() {
    for (target, body) in mp_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 8, "{}: only {} files", folder.display(), files.len());
        for file in files {
            // The last line shown before a failure is the file that broke the target's word.
            println!("{}", file.display());
            body(&fs::read(&file).unwrap());
        }
    }
}
