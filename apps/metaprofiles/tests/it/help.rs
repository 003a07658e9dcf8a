use crate::support::output;

/// Names of the sub-commands in a help text.
fn commands(arguments: &[&str]) -> Vec<String> {
    let help = output(arguments);
    let list = help.split("Commands:\n").nth(1).unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    lines
        .filter(|line| !line.starts_with("   "))
        .map(|line| line.trim().split(' ').next().unwrap().to_owned())
        .collect()
}

#[test]
fn help_lists_what_there_is() {
    assert_eq!(
        commands(&["--help"]),
        [
            "console",
            "backup",
            "restore",
            "storage",
            "login",
            "logout",
            "password",
            "storage-server",
            "storage-move",
            "storage-damage",
            "group",
            "subset",
            "machine",
            "join-token",
            "config",
            "user",
            "sessions",
            "audit-log",
            "administrator",
            "directory",
            "openid-connect",
            "second-factor",
            "sign-in-policy",
            "retention",
            "webhook",
            "api-token",
            "hive",
            "dataset",
            "demo",
            "completion",
            "help"
        ]
    );
    assert!(!output(&["--help"]).contains("Commands about"), "every command has a text of its own");
    assert_eq!(
        commands(&["storage", "--help"]),
        ["enrol", "key", "move", "run", "status", "install", "uninstall", "verify", "versions", "help"]
    );
    assert_eq!(commands(&["group", "--help"]), ["list", "show", "create", "set", "delete", "help"]);
    assert_eq!(
        commands(&["storage-server", "--help"]),
        ["list", "show", "status", "create", "set", "delete", "help"]
    );
    assert_eq!(commands(&["subset", "--help"]), ["list", "show", "create", "set", "try", "delete", "help"]);
    assert_eq!(commands(&["hive", "--help"]), ["info", "dump", "export", "build", "diff", "apply", "help"]);
    assert_eq!(commands(&["dataset", "--help"]), ["info", "dump", "diff", "help"]);
}

#[test]
fn help_of_dump_explains_the_lines() {
    let help = output(&["hive", "dump", "--help"]);
    for words in ["\"modified\" the last write time of its key", r"\udXXX", "Security descriptors are not"] {
        let plain = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains(words), "{words} is not in\n{help}");
    }
}
