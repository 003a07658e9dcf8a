use crate::support::Place;

#[test]
fn help_names_every_command() {
    let ended = Place::new().run(&["--help"]).succeeded();
    for command in [
        "enrol",
        "plan",
        "logon",
        "logoff",
        "spool",
        "status",
        "reports",
        "export",
        "import",
        "remove-state",
        "simulate",
    ] {
        assert!(ended.stdout.contains(&format!("\n  {command}")), "{command}: {}", ended.stdout);
    }
    assert_eq!(ended.stderr, "");
    for command in [
        "enrol",
        "plan",
        "logon",
        "logoff",
        "spool",
        "status",
        "reports",
        "export",
        "import",
        "remove-state",
        "simulate",
    ] {
        let ended = Place::new().run(&[command, "--help"]).succeeded();
        assert!(ended.stdout.contains("--json"), "{command}");
    }
    assert!(Place::new().run(&["--version"]).succeeded().stdout.starts_with("metaprofiles-agent "));
}
