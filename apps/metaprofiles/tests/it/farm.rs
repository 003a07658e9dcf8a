use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::support::{Folder, metaprofiles};

const PASSWORD: &str = "correct horse battery staple";

/// A console that runs, and a place for a session with it.
struct Console {
    process: Child,
    url: String,
    authority: String,
    greeting: String,
    folder: Folder,
}

impl Console {
    fn start() -> Self {
        Self::start_in(Folder::new(), &[("METAPROFILES_ADMIN_PASSWORD", PASSWORD)])
    }

    fn start_in(folder: Folder, environment: &[(&str, &str)]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_metaprofiles"))
            .args(["console", "--listen", "127.0.0.1:0", "--log", "json", "--state"])
            .arg(folder.path("console"))
            .env_remove("METAPROFILES_ADMIN_PASSWORD")
            .envs(environment.iter().copied())
            .env("RUST_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The greeting is written at once, so that one reading gives it all.
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let greeting = String::from_utf8(stdout.fill_buf().unwrap().to_vec()).unwrap();
        let word = |line: usize| greeting.lines().nth(line).unwrap().rsplit(' ').next().unwrap().to_owned();
        let (url, authority) = (word(0), word(1));
        Self { process, url, authority, greeting, folder }
    }

    fn run(&self, arguments: &[&str]) -> assert_cmd::assert::Assert {
        let session = self.folder.path("settings/session.json");
        metaprofiles(arguments)
            .env("METAPROFILES_SESSION", session)
            .env("METAPROFILES_PASSWORD", PASSWORD)
            .env_remove("METAPROFILES_AUTHORITY_SHA256")
            .assert()
    }

    fn done(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.run(arguments).success().get_output().stdout.clone()).unwrap()
    }

    fn refused(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.run(arguments).code(1).stdout("").get_output().stderr.clone()).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.done(&[arguments, &["--json"]].concat())).unwrap()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // It has ended already where a test ended it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn signed_in() -> Console {
    let console = Console::start();
    console.done(&["login", "--console", &console.url, "--authority-sha256", &console.authority]);
    console
}

#[test]
fn a_console_is_trusted_only_by_its_authority() {
    let console = Console::start();
    let login = ["login", "--console", &console.url];
    let unknown = format!("the authority of {} is not known here", console.url);
    assert!(console.refused(&login).contains(&unknown));
    let other = "00".repeat(32);
    let message = console.refused(&[&login[..], &["--authority-sha256", &other]].concat());
    assert!(message.starts_with("error: MP-NET-003 "), "{message}");
    assert!(console.refused(&["group", "list"]).contains("nobody is signed in"));

    let file = console.folder.path("console/authority.pem");
    console.done(&[&login[..], &["--authority", &file]].concat());
    console.done(&["group", "list"]);
    // What was trusted once needs not be told again.
    console.done(&login);
    console.done(&["logout"]);
    assert!(console.refused(&["group", "list"]).contains("nobody is signed in"));
}

#[test]
fn a_wrong_password_is_told_with_the_code_of_the_console() {
    let console = Console::start();
    let wrong = console.folder.file("password", "not the password\n");
    let login = ["login", "--console", &console.url, "--authority-sha256", &console.authority];
    let message = console.refused(&[&login[..], &["--password-file", &wrong]].concat());
    assert!(message.starts_with("error: MP-CON-003 "), "{message}");
    assert!(!console.greeting.contains(PASSWORD), "a password that was given is not shown");
}

#[test]
fn the_first_start_tells_a_password_and_what_to_do_with_it() {
    let console = Console::start_in(Folder::new(), &[]);
    let password = console.greeting.lines().nth(5).unwrap().trim();
    let login =
        format!("metaprofiles login --console {} --authority-sha256 {}", console.url, console.authority);
    assert_eq!(console.greeting.lines().nth(7).unwrap().trim(), login);
    let file = console.folder.file("password", password);
    let arguments: Vec<&str> = login.split(' ').skip(1).chain(["--password-file", &file]).collect();
    console.done(&arguments);
    console.done(&["storage-server", "list"]);
}

#[test]
fn a_farm_is_described_changed_and_taken_apart() {
    let console = signed_in();
    console.done(&[
        "storage-server",
        "create",
        "STORE1",
        "--host",
        "localhost",
        "--base-folder",
        "/srv/sets",
    ]);
    let server = console.json(&["storage-server", "set", "STORE1", "--port", "5000"]);
    assert_eq!((&server["port"], &server["base-folder"]), (&5000.into(), &"/srv/sets".into()));
    console.done(&["group", "create", "Office", "--storage-server", "STORE1", "--description", "first"]);
    console.done(&["group", "set", "Office", "--description", "second"]);
    assert_eq!(
        console.done(&["group", "list"]),
        "NAME    STORAGE SERVERS  DESCRIPTION\nOffice  STORE1           second\n"
    );
    console.done(&[
        "subset",
        "create",
        "Our editor",
        "--group",
        "Office",
        "--key",
        r"Software\Contoso",
        "--exclude-key",
        r"Software\Contoso\Cache",
        "--folder",
        "RoamingAppData:Contoso",
    ]);
    let subset = console.json(&["subset", "show", "Our editor"]);
    assert_eq!(subset["applies"]["groups"], serde_json::json!(["Office"]));
    assert_eq!(subset["registry"][1]["action"], "exclude");
    assert_eq!(
        (&subset["folders"][0]["folder"], &subset["folders"][0]["path"]),
        (&"RoamingAppData".into(), &"Contoso".into())
    );

    let file = console.folder.file("subset.toml", console.done(&["subset", "show", "Our editor"]));
    console.done(&["subset", "set", "Our editor", "--file", &file]);
    assert_eq!(console.json(&["subset", "show", "Our editor"]), subset, "what `show` writes, `--file` reads");
    let message = console.refused(&["subset", "set", "Other", "--file", &file]);
    assert!(message.starts_with("error: MP-CON-022 "), "there is no such subset to change: {message}");

    let message = console.refused(&["group", "delete", "Office"]);
    assert!(message.starts_with("error: MP-CON-025 "), "{message}");
    for (kind, name) in [("subset", "Our editor"), ("group", "Office"), ("storage-server", "STORE1")] {
        console.done(&[kind, "delete", name]);
        assert_eq!(console.json(&[kind, "list"]), serde_json::json!([]));
    }
    let message = console.refused(&["group", "show", "No such/group?"]);
    assert!(message.starts_with("error: MP-CON-022 "), "{message}");
    let log = console.json(&["audit-log", "--limit", "2"]);
    assert_eq!((log["items"].as_array().unwrap().len(), &log["items"][0]["action"]), (2, &"removed".into()));
}

#[test]
fn a_group_says_how_its_agents_treat_sessions() {
    let console = signed_in();
    console.done(&["group", "create", "Office", "--mode", "asynchronous", "--wait", "logon=5000"]);
    let group = console.json(&[
        "group",
        "set",
        "Office",
        "--storage-away",
        "refuse-logon",
        "--protect-hive",
        "false",
        "--wait",
        "helper-grace=1000",
    ]);
    let (settings, waits) = (&group["settings"], &group["waits"]);
    assert_eq!(
        (&settings["mode"], &settings["storage-away"]),
        (&"asynchronous".into(), &"refuse-logon".into())
    );
    assert_eq!((&settings["protect-hive"], &settings["checkpoint-minutes"]), (&false.into(), &15.into()));
    assert_eq!((&waits["logon-ms"], &waits["helper-grace-ms"]), (&5000.into(), &1000.into()));
    let message = console.refused(&["group", "set", "Office", "--wait", "logon=1"]);
    assert!(message.contains("logon-ms must be 100 to 600000 milliseconds, not 1"), "{message}");

    console.done(&["subset", "create", "Slow", "--import", "asynchronous", "--on-conflict", "keep-theirs"]);
    let subset = console.done(&["subset", "show", "Slow"]);
    assert!(subset.contains("import = \"asynchronous\"\non-conflict = \"keep-theirs\"\n"), "{subset}");
}

#[test]
fn sessions_are_listed_and_looked_for() {
    let console = signed_in();
    let title = console.done(&["sessions", "list", "--outcome", "failed", "--host", "TS 1&2"]);
    assert!(title.starts_with("STARTED") && title.lines().count() == 1, "{title}");
    let none = console.json(&["sessions", "list", "--from", "2026-11-22T08:00:00+01:00"]);
    assert_eq!(none, serde_json::json!({"items": [], "next": null}));
    let message = console.refused(&["sessions", "list", "--from", "yesterday"]);
    assert!(message.starts_with("error: MP-CON-011 "), "{message}");
    let message = console.refused(&["sessions", "show", "0123"]);
    assert!(message.starts_with("error: MP-CON-070 "), "{message}");
}

#[test]
fn the_configuration_goes_out_and_in_as_text() {
    let console = signed_in();
    console.done(&["group", "create", "Office"]);
    console.done(&["subset", "create", "All", "--key", "Software"]);
    let text = console.done(&["config", "export"]);
    let same = console.folder.file("same.toml", &text);
    assert_eq!(console.done(&["config", "import", &same, "--dry-run"]), "");

    let changed =
        console.folder.file("changed.toml", text.replace("key = \"Software\"", "key = \"Console\""));
    let told = console.done(&["config", "import", &changed, "--dry-run"]);
    assert!(told.starts_with("changed data-subset \"All\"\n"), "{told}");
    assert!(told.contains("-key = \"Software\"\n") && told.contains("+key = \"Console\"\n"), "{told}");
    assert_eq!(console.done(&["config", "export"]), text, "a dry run changes nothing");
    assert_eq!(console.done(&["config", "import", &changed]), told);
    assert_eq!(console.json(&["subset", "show", "All"])["registry"][0]["key"], "Console");

    let broken = console.folder.file("broken.toml", "format = 1\nnonsense = 2\n");
    let message = console.refused(&["config", "import", &broken]);
    assert!(message.starts_with("error: MP-CON-021 "), "{message}");
}

#[test]
fn a_storage_server_joins_and_is_revoked() {
    let console = signed_in();
    console.done(&[
        "storage-server",
        "create",
        "STORE1",
        "--host",
        "localhost",
        "--base-folder",
        "/srv/sets",
    ]);
    let token = console.done(&["join-token", "create", "--role", "storage", "--storage-server", "STORE1"]);
    let state = console.folder.path("storage");
    let enrol = |token: &str| {
        let (url, token) = (console.url.clone(), token.trim().to_owned());
        [
            "storage",
            "enrol",
            "--console",
            &url,
            "--token",
            &token,
            "--address",
            "localhost",
            "--name",
            "m1",
            "--state",
            &state,
        ]
        .map(str::to_owned)
    };
    let enrol = enrol(&token);
    let enrol: Vec<&str> = enrol.iter().map(String::as_str).collect();
    console.done(&enrol);
    assert!(console.refused(&enrol).contains("this machine is enrolled already"));
    let message = console.refused(&[&enrol[..], &["--again"]].concat());
    assert!(message.starts_with("error: MP-CON-052 "), "{message}");

    let machines = console.json(&["machine", "list", "--role", "storage"]);
    assert_eq!((&machines[0]["name"], &machines[0]["storage-server"]), (&"m1".into(), &"STORE1".into()));
    assert_eq!(console.json(&["agent", "list", "--role", "agent"]), serde_json::json!([]));
    console.done(&["machine", "revoke", "M1"]);
    assert_eq!(console.json(&["machine", "show", "m1"])["state"], "revoked");

    let id = console.json(&["join-token", "create", "--role", "agent"])["id"].as_str().unwrap().to_owned();
    console.done(&["join-token", "delete", &id]);
    assert_eq!(console.json(&["join-token", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn people_and_programs_get_in_by_roles_and_the_log_tells_of_it() {
    let console = signed_in();
    console.done(&["group", "create", "Office"]);
    let password =
        console.done(&["administrator", "create", "Ada", "--role", "operator", "--group", "Office"]);
    assert_eq!(password.trim().len(), 27, "{password}");
    let list = console.done(&["administrator", "list"]);
    assert!(list.contains("Ada    operator       Office"), "{list}");
    console.done(&["administrator", "set", "Ada", "--role", "auditor", "--disabled"]);
    assert_eq!(console.json(&["administrator", "show", "ada"])["disabled"], true);
    assert_eq!(console.done(&["administrator", "reset-password", "Ada"]).trim().len(), 27);
    console.done(&["administrator", "delete", "Ada"]);
    let message = console.refused(&["administrator", "delete", "admin"]);
    assert!(message.starts_with("error: MP-CON-082 "), "{message}");
    let token = console.done(&["api-token", "create", "backup", "--role", "auditor"]);
    assert!(token.starts_with("mpt1."), "{token}");
    let id = console.json(&["api-token", "list"])[0]["id"].as_str().unwrap().to_owned();
    console.done(&["api-token", "delete", &id]);

    let lines = console.done(&["audit-log", "--export", "jsonl"]);
    let lines: Vec<serde_json::Value> = lines.lines().map(serde_json::from_str).map(Result::unwrap).collect();
    assert_eq!(lines[0]["details"], "first start");
    let table = console.done(&["audit-log", "--export", "csv"]);
    assert!(table.contains("\"administrator admin\",\"127.0.0.1\",\"created\""), "{table}");
    assert_eq!(console.json(&["audit-log", "--prove"])["intact"], true);
}

#[test]
fn the_configuration_goes_back() {
    let console = signed_in();
    console.done(&["group", "create", "Office"]);
    let before = console.done(&["config", "export"]);
    console.done(&["group", "set", "Office", "--description", "changed"]);
    let history = console.json(&["config", "history"]);
    let revision = history[1]["revision"].to_string();
    assert_eq!(console.done(&["config", "former", &revision]), before);
    let told = console.done(&["config", "restore", &revision, "--dry-run"]);
    assert!(told.contains("-description = \"changed\"\n"), "{told}");
    assert_eq!(console.done(&["config", "restore", &revision]), told);
    assert_eq!(console.done(&["config", "export"]), before);
}

#[test]
fn a_console_is_saved_and_restored() {
    let console = signed_in();
    console.done(&["group", "create", "Office"]);
    let (state, file) = (console.folder.path("console"), console.folder.path("saved"));
    console.done(&["backup", &file, "--state", &state]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(console.refused(&["backup", &file, "--state", &state]).contains("give --force"));
    assert!(console.refused(&["restore", &file, "--state", &state]).contains("another console uses"));
    let folder = Folder::new();
    console.done(&["restore", &file, "--state", &folder.path("console")]);
    let again = Console::start_in(folder, &[]);
    assert_eq!(again.authority, console.authority);
    again.done(&["login", "--console", &again.url, "--authority-sha256", &again.authority]);
    assert!(again.done(&["group", "list"]).contains("Office"));
}

#[test]
fn shells_learn_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = metaprofiles(&["completion", shell]).assert().success();
        let script = String::from_utf8_lossy(&script.get_output().stdout).into_owned();
        assert!(script.contains("storage-server"), "{shell}");
    }
}

#[cfg(unix)]
#[test]
fn a_console_stops_when_it_is_asked_to() {
    let mut console = Console::start();
    let id = console.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(console.process.wait().unwrap().success());
    let mut log = String::new();
    std::io::Read::read_to_string(&mut console.process.stderr.take().unwrap(), &mut log).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(serde_json::from_str).map(Result::unwrap).collect();
    assert!(lines.iter().any(|line| line["fields"]["message"] == "Asked to stop"), "{log}");
}

#[cfg(unix)]
#[test]
fn the_session_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let console = signed_in();
    let file = std::fs::metadata(console.folder.path("settings/session.json")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}
