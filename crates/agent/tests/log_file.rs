//! The log stays within its bounds and loses only what is oldest.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, io::Write};

use mp_agent::{KEPT_LOGS, LogFile};

#[test]
fn old_lines_make_room_for_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let mut log = LogFile::open(&logs, 100).unwrap();
    for number in 0..50 {
        writeln!(log, "line {number:03} of the log").unwrap();
        if number == 20 {
            // A restart goes on where the log was.
            log = LogFile::open(&logs, 100).unwrap();
        }
    }
    let files = LogFile::files(&logs);
    assert_eq!(files.len(), KEPT_LOGS + 1);
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    assert!(texts.iter().all(|text| text.len() <= 100), "{texts:?}");
    let lines: Vec<&str> = texts.iter().rev().flat_map(|text| text.lines()).collect();
    let expected: Vec<String> =
        (50 - lines.len()..50).map(|number| format!("line {number:03} of the log")).collect();
    assert_eq!(lines, expected);
}

#[test]
fn a_line_longer_than_the_bound_is_written_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = LogFile::open(folder.path(), 10).unwrap();
    log.write_all(b"short\n").unwrap();
    log.write_all(&[b'x'; 50]).unwrap();
    log.write_all(b"next\n").unwrap();
    let sizes: Vec<u64> =
        LogFile::files(folder.path()).iter().map(|file| file.metadata().unwrap().len()).collect();
    assert_eq!(sizes, [5, 50, 6]);
}
