//! The systemd unit that `metaprofiles storage install` writes.

use std::process::Command;

use crate::support::{Folder, failure, metaprofiles, output};

fn unit(folder: &Folder) -> String {
    let (state, base) = (folder.path("state"), folder.path("data sets"));
    output(&[
        "storage",
        "install",
        "--print",
        "--state",
        &state,
        "--base-folder",
        &base,
        "--listen",
        "10.0.0.1",
    ])
}

#[test]
fn the_unit_runs_this_program_and_confines_it() {
    let folder = Folder::new();
    let text = unit(&folder);
    let command = format!(
        "ExecStart=\"{}\" \"storage\" \"run\" \"--state\" \"{}\" \"--listen\" \"10.0.0.1\" \"--monitor\" \"127.0.0.1:9477\"",
        env!("CARGO_BIN_EXE_metaprofiles"),
        folder.path("state")
    );
    let folders = format!("ReadWritePaths=\"{}\" \"{}\"", folder.path("data sets"), folder.path("state"));
    for line in [&command, &folders, "User=metaprofiles", "ProtectSystem=strict", "NoNewPrivileges=yes"] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!std::path::Path::new(&folder.path("state")).exists(), "printing changes nothing");
}

#[test]
fn systemd_understands_the_unit_and_finds_it_confined() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("SKIPPED systemd_understands_the_unit_and_finds_it_confined: no systemd-analyze");
        return;
    }
    let folder = Folder::new();
    let place = folder.path("metaprofiles-storage.service");
    std::fs::write(&place, unit(&folder)).unwrap();
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no", &place]).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    // It may know of other units of this machine that are not well.
    assert!(verified.status.success() && !said.contains("metaprofiles-storage"), "{said}");
    // Exposure in tenths: 20 of 100 is what systemd calls OK.
    let args = ["security", "--offline=yes", "--threshold=20", "--no-pager", &place];
    let looked = Command::new("systemd-analyze").args(args).output().unwrap();
    assert!(looked.status.success(), "{}", String::from_utf8_lossy(&looked.stdout));
}

#[test]
fn with_an_object_store_the_unit_names_the_credentials_file_and_no_credential() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let secrets = folder.file("storage.env", "AWS_SECRET_ACCESS_KEY=Zm9vYmFy\n");
    let mode = |mode| std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(mode)).unwrap();
    let state = folder.path("state");
    let install = |more: &[&'static str]| {
        let fixed = ["storage", "install", "--print", "--state", &state, "--store", "s3://profiles/farm-1"];
        let mut command = metaprofiles(&[&fixed[..], &["--secrets", &secrets], more].concat());
        command.env("METAPROFILES_CATALOGUE", "postgres://metaprofiles@elsewhere/farm");
        let done = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.success(), text(done.stdout), text(done.stderr))
    };
    let catalogue = ["--catalogue", "postgres://metaprofiles@db/farm"];
    mode(0o644);
    let (_, _, said) = install(&catalogue);
    assert!(said.contains("can be read or changed by others (mode 644)"), "{said}");
    mode(0o600);
    // The service has nothing of this environment.
    let (fine, _, said) = install(&[]);
    assert!(!fine && said.contains("needs a catalogue"), "{said}");
    let (fine, _, said) = install(&["--catalogue", "postgres://metaprofiles:secret@db/farm"]);
    assert!(!fine && said.contains("on the command line") && !said.contains("secret@"), "{said}");

    let (fine, text, said) = install(&catalogue);
    assert!(fine, "{said}");
    let end = format!(
        "\"--store\" \"s3://profiles/farm-1\" \"--catalogue\" \"postgres://metaprofiles@db/farm\" \"--secrets\" \"{secrets}\""
    );
    assert!(text.lines().any(|line| line.starts_with("ExecStart=") && line.ends_with(&end)), "{text}");
    assert!(text.contains(&format!("ReadWritePaths=\"{state}\"\n")), "no base folder is needed: {text}");
    assert!(!text.contains("Zm9vYmFy"), "{text}");
}

#[test]
fn what_is_missing_is_said() {
    let folder = Folder::new();
    let said = failure(&["storage", "install", "--print", "--state", &folder.path("state")], 1);
    assert!(said.contains("give --base-folder"), "{said}");
    let base = folder.path("base");
    let said = failure(&["storage", "install", "--state", &folder.path("state"), "--base-folder", &base], 1);
    assert!(said.contains("metaprofiles storage enrol"), "{said}");
    let bad = ["storage", "install", "--print", "--base-folder", &base, "--user", "a b"];
    assert!(failure(&bad, 1).contains("no name of an account"));
}
