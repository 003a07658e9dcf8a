//! The installer under Wine's `msiexec`: the Agent is installed, joins a farm, is used, upgraded and removed as an
//! administrator does it.
//!
//! `cargo xtask test` sets the host up: `METAPROFILES_WINE` is the program that runs Windows programs,
//! `METAPROFILES_WINE_MSI_HOST` a prefix that passes for Windows 10, `METAPROFILES_WINE_MSI` two versions of the installer.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::{Mutex, PoisonError},
};

use mp_farm::SmallFarm;

const SID: &str = "S-1-5-21-1111111111-2222222222-3333333333-1107";
const SUBSETS: &str = "[[data-subset]]\nname = \"App\"\napplies = \"global\"\n\n[[data-subset.registry]]\nkey = 'Software\\App'\n";
const UNINSTALL: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";

/// Windows installs one product at a time, and so do the tests of the one host.
static HOST: Mutex<()> = Mutex::new(());

struct Host {
    loader: PathBuf,
    prefix: PathBuf,
    /// The two versions of the installer, the earlier one first.
    installers: Vec<PathBuf>,
}

impl Host {
    fn from_environment() -> Option<Self> {
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let installers = std::env::var_os("METAPROFILES_WINE_MSI")?;
        Some(Self {
            loader: path("METAPROFILES_WINE")?,
            prefix: path("METAPROFILES_WINE_MSI_HOST")?,
            installers: std::env::split_paths(&installers).collect(),
        })
    }

    fn run(&self, program: impl AsRef<Path>, args: &[&str]) -> (ExitStatus, String) {
        // Output goes through a file: Wine's background programs would keep a pipe open.
        let log = tempfile::NamedTempFile::new().unwrap();
        let output = log.reopen().unwrap();
        let mut command = Command::new("timeout");
        command.arg("180").arg(&self.loader).arg(program.as_ref()).args(args).env("WINEPREFIX", &self.prefix);
        let status = command.stdout(output.try_clone().unwrap()).stderr(output).status().unwrap();
        (status, String::from_utf8_lossy(&fs::read(log.path()).unwrap()).into_owned())
    }

    /// Installs or removes silently; says whether that succeeded.
    fn msiexec(&self, what: &str, version: usize, properties: &[&str]) -> bool {
        let installer = format!("Z:{}", self.installers[version].to_str().unwrap().replace('/', "\\"));
        self.run("msiexec", &[&[what, &installer, "/qn"], properties].concat()).0.success()
    }

    fn agent(&self, code: i32, args: &[&str]) -> String {
        let (status, output) = self.run(self.program(), args);
        assert_eq!(status.code(), Some(code), "{args:?}: {output}");
        output
    }

    fn reg(&self, args: &[&str]) -> String {
        let (status, output) = self.run("reg", args);
        assert!(status.success(), "reg {args:?}: {output}");
        output
    }

    fn program(&self) -> PathBuf {
        self.prefix.join("drive_c/Program Files/MetaProfiles/Agent/metaprofiles-agent.exe")
    }

    fn service_runs(&self) -> bool {
        self.run("sc", &["query", "MetaProfilesAgent"]).1.contains("RUNNING")
    }

    fn templates(&self) -> PathBuf {
        self.prefix.join("drive_c/windows/PolicyDefinitions/metaprofiles.admx")
    }

    fn state(&self) -> PathBuf {
        self.prefix.join("drive_c/ProgramData/MetaProfiles/Agent")
    }

    /// The version that Windows lists among the installed programs.
    fn listed(&self) -> Option<String> {
        let listed = self.run("reg", &["query", UNINSTALL, "/s"]).1;
        let ours = listed.split("\n\n").find(|entry| entry.contains("MetaProfiles Agent"))?;
        let line = ours.lines().find(|line| line.contains("DisplayVersion"))?;
        line.split_whitespace().last().map(str::to_owned)
    }

    /// What Windows does at a logon before anyone is told: the hive is there, and the profile is listed as mandatory.
    fn windows_logs_on(&self) {
        self.reg(&["add", &format!(r"HKU\{SID}\Software\App"), "/f"]);
        let entry = format!(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{SID}");
        self.reg(&["add", &entry, "/v", "State", "/t", "REG_DWORD", "/d", "5", "/f"]);
        self.reg(&["add", &entry, "/v", "ProfileImagePath", "/t", "REG_SZ", "/d", r"C:\Users\eve", "/f"]);
        fs::create_dir_all(self.prefix.join("drive_c/Users/eve")).unwrap();
    }
}

fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn the_agent_is_installed_used_upgraded_and_removed() {
    let Some(host) = Host::from_environment() else {
        println!(
            "SKIPPED the_agent_is_installed_used_upgraded_and_removed: no Wine host; run cargo xtask test"
        );
        return;
    };
    let _alone = HOST.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let mut farm = SmallFarm::start(folder.path(), SUBSETS).unwrap();
    let (console, token) = (farm.url(), farm.agent_token(None).unwrap().reveal());
    let (console, token) = (format!("CONSOLE={console}"), format!("TOKEN={token}"));
    let properties = [console.as_str(), token.as_str(), "AGENTNAME=TS9"];

    assert!(host.msiexec("/i", 0, &properties), "installed");
    farm.wait_for_agent("TS9").unwrap();
    let first = host.listed().unwrap();
    assert!(
        host.program().is_file() && !host.templates().exists(),
        "templates are for those who ask for them"
    );
    assert!(host.service_runs());
    let identity = files_below(&host.state().join("identity"));
    assert!(!identity.is_empty());

    host.windows_logs_on();
    host.agent(0, &["logon", "--sid", SID]);
    host.reg(&["add", &format!(r"HKU\{SID}\Software\App"), "/v", "Theme", "/d", "dark", "/f"]);
    farm.stop_storage().unwrap();
    host.agent(3, &["logoff", "--sid", SID]);
    let spool = files_below(&host.state().join("spool"));
    assert!(!spool.is_empty());

    // The same command line as for the first installation, whose token is used up.
    assert!(host.msiexec("/i", 1, &properties), "upgraded");
    let second = host.listed().unwrap();
    assert_ne!(first, second);
    assert!(host.service_runs());
    assert_eq!(files_below(&host.state().join("identity")), identity);
    assert_eq!(files_below(&host.state().join("spool")), spool);
    assert!(!host.msiexec("/i", 0, &[]), "an earlier version does not replace a later one");
    assert_eq!(host.listed().unwrap(), second);

    farm.start_storage().unwrap();
    assert!(host.agent(0, &["spool", "--send"]).contains("stored as"));

    assert!(host.msiexec("/x", 1, &[]), "removed");
    assert!(!host.program().exists() && host.listed().is_none() && !host.service_runs());
    assert_eq!(files_below(&host.state().join("identity")), identity);

    assert!(host.msiexec("/i", 1, &["ADDLOCAL=ALL"]), "installed again, with the state that is there");
    assert!(host.templates().is_file());
    assert!(host.agent(0, &["plan"]).contains("plan of \"TS9\""));
    assert!(host.msiexec("/x", 1, &["REMOVESTATE=1"]), "removed with its state");
    assert!(!host.state().exists() && !host.templates().exists());
    farm.stop().unwrap();
}

#[test]
fn a_wrong_token_leaves_nothing_behind() {
    let Some(host) = Host::from_environment() else {
        println!("SKIPPED a_wrong_token_leaves_nothing_behind: no Wine host; run cargo xtask test");
        return;
    };
    let _alone = HOST.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(!host.msiexec("/i", 0, &["CONSOLE=https://localhost:1", "TOKEN=nonsense"]));
    assert!(!host.program().exists() && host.listed().is_none() && !host.service_runs());
    assert!(files_below(&host.state()).is_empty());
}
