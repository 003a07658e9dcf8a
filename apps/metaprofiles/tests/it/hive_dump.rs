use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use crate::support::{Folder, data, failure, kinds, metaprofiles, output, text};

#[test]
fn lines_are_those_of_the_oracle() {
    let Some(data) = data("lines_are_those_of_the_oracle") else { return };
    let hive = data.join("hives/log2timeline+plaso/NTUSER-WIN7.DAT");
    let dump = output(&["hive", "dump", text(&hive)]);

    let packed = std::fs::read(data.join("oracle/win7-nfury-NTUSER.tsv.zst")).unwrap();
    let oracle = String::from_utf8(zstd::decode_all(packed.as_slice()).unwrap()).unwrap();
    let theirs = |kind: char| oracle.lines().filter(|line| line.starts_with(kind)).count();
    assert_eq!(kinds(&dump), [("key", theirs('K')), ("value", theirs('V'))].into());

    let mut ours: Vec<_> =
        dump.lines().map(serde_json::from_str::<serde_json::Value>).map(Result::unwrap).collect();
    ours.retain(|line| line.get("name").is_none());
    let mut ours: Vec<String> = ours
        .iter()
        .map(|line| {
            format!("K\t{}\t{}", line["path"].as_str().unwrap(), &line["modified"].as_str().unwrap()[..19])
        })
        .collect();
    let mut theirs: Vec<&str> = oracle.lines().filter(|line| line.starts_with('K')).collect();
    ours.sort();
    theirs.sort_unstable();
    assert_eq!(ours, theirs, "paths and times of keys");
}

#[test]
fn logs_are_applied_unless_told_otherwise() {
    let Some(data) = data("logs_are_applied_unless_told_otherwise") else { return };
    let hive = data.join("hives/mkorman90+regipy/transactions_NTUSER.DAT");
    let with = output(&["hive", "dump", text(&hive)]);
    let without = metaprofiles(&["hive", "dump", "--no-logs", text(&hive)]).assert().success();
    let without = without.get_output();
    assert_eq!(kinds(&with), [("key", 3105), ("value", 4695)].into());
    assert_eq!(kinds(std::str::from_utf8(&without.stdout).unwrap()), [("key", 2590), ("value", 4119)].into());
    let warning = String::from_utf8_lossy(&without.stderr);
    assert!(warning.contains("was not completely written, and its logs were not applied"), "{warning}");
}

#[test]
fn a_key_is_found_in_any_case_and_spelled_as_in_the_hive() {
    let folder = Folder::new();
    let lines =
        folder.file("lines", "{\"path\":\"Software\\\\Contoso\\\\Éa\"}\n{\"path\":\"Software\\\\Other\"}\n");
    let hive = folder.path("hive");
    output(&["hive", "build", "-o", &hive, &lines]);
    assert_eq!(
        output(&["hive", "dump", "--key", r"SOFTWARE\contoso", &hive]),
        "{\"path\":\"Software\\\\Contoso\"}\n{\"path\":\"Software\\\\Contoso\\\\Éa\"}\n"
    );
    let message = failure(&["hive", "dump", "--key", r"software\contoso\b\c", &hive], 1);
    let expected =
        format!("error: {hive} has no key \"software\\contoso\\b\\c\"; the nearest one above it is ");
    assert_eq!(message, expected + "\"Software\\Contoso\"\n");
}

#[test]
fn whoever_has_read_enough_may_go() {
    let folder = Folder::new();
    let mut lines = String::new();
    for number in 0..20_000 {
        lines.push_str(&format!("{{\"path\":\"Key {number:05} of many that fill a pipe and more\"}}\n"));
    }
    let (lines, hive) = (folder.file("lines", lines), folder.path("hive"));
    output(&["hive", "build", "-o", &hive, &lines]);

    let mut child = Command::new(env!("CARGO_BIN_EXE_metaprofiles"))
        .args(["hive", "dump", &hive])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let end = child.wait_with_output().unwrap();
    assert_eq!(first, "{\"path\":\"\"}\n");
    assert!(end.status.success());
    assert_eq!(String::from_utf8_lossy(&end.stderr), "");
}

#[test]
fn damage_is_told_and_strict_reading_stops_at_it() {
    let Some(data) = data("damage_is_told_and_strict_reading_stops_at_it") else { return };
    let hive = data.join("hives/msuhanov+yarp/BadListHive");
    let found = metaprofiles(&["hive", "dump", text(&hive)]).assert().success();
    let warning = String::from_utf8(found.get_output().stderr.clone()).unwrap();
    let damage = "list of sub-keys at offset 0x12d0, key \"3\": expected a cell of its own, found one that is in use elsewhere\n";
    assert_eq!(warning, format!("warning: {} is damaged, left out: {damage}", hive.display()));
    let message = failure(&["hive", "dump", "--strict", text(&hive)], 1);
    assert_eq!(message, format!("error: cannot read {}: damaged hive: {damage}", hive.display()));
}

#[test]
fn what_is_no_hive_is_refused_in_one_line() {
    let folder = Folder::new();
    for (name, content, expected) in [
        ("empty", &b""[..], "the hive file is empty"),
        ("short", b"regf", "hive cut off in its base block: expected more than 4096 bytes, found 4"),
        ("text", b"Windows", "not a hive: expected signature \"regf\" at offset 0, found [57, 69, 6e, 64]"),
    ] {
        let file = folder.file(name, content);
        for command in ["info", "dump"] {
            assert_eq!(
                failure(&["hive", command, &file], 1),
                format!("error: cannot read {file}: {expected}\n")
            );
        }
    }
    let none = folder.path("none");
    let message = failure(&["hive", "info", &none], 1);
    assert!(message.starts_with(&format!("error: cannot read {none}: ")), "{message}");
}

#[test]
fn info_tells_state_counts_and_logs() {
    let Some(data) = data("info_tells_state_counts_and_logs") else { return };
    let hive = data.join("hives/msuhanov+yarp/NewDirtyHive1/NewDirtyHive");
    let told = output(&["hive", "info", text(&hive)]);
    for line in [
        "Format version  1.3",
        "State           dirty; complete with its logs, sequence number 5",
        "Last written    2017-03-04T16:37:31.2216222Z",
        "Keys            5",
        "Values          1",
        "Log entries     4 applied",
    ] {
        assert!(told.lines().any(|told| told == line), "{line} is not in\n{told}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&output(&["hive", "info", "--json", text(&hive)])).unwrap();
    assert_eq!(json["dirty"], true);
    assert_eq!(json["incomplete"], false);
    assert_eq!(json["keys"], 5);
    assert_eq!(json["logs"].as_array().unwrap().len(), 2);
    assert_eq!(json["damage"], serde_json::json!([]));
}
