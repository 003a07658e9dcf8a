//! Wine as the machine of the benchmarks.

use std::{process::Command, time::Duration};

use anyhow::{Result, ensure};

use super::{Bench, Programs, measured, programs::Profile};
use crate::{
    root, target_dir,
    wine::{Prefix, Wine},
};

/// The user as whom programs run under Wine; `HKEY_CURRENT_USER` is this user's hive.
pub(super) const SID: &str = "S-1-5-21-0-0-0-1000";
const REG_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn run(programs: &Programs) -> Result<Bench> {
    let _pinned = Pinned::to_one_core()?;
    let (wine, prefix) = prefix("bench")?;
    let mut bench = programs.bench("wine");
    bench.arg("--loader").arg(wine.loader()).arg("--regloop").arg(programs.regloop());
    bench.arg("--registry").arg(programs.registry(Profile::Release));
    bench.arg("--agent").arg(programs.agent(Profile::Release));
    bench.args(["--sid", SID, "--drive-c"]).arg(prefix.drive_c());
    measured("wine", bench.envs(prefix.cargo_environment()))
}

/// A prefix in which the user's profile is listed as mandatory.
pub(super) fn prefix(name: &str) -> Result<(Wine, Prefix)> {
    let wine = Wine::new(&target_dir(), &root().join("xtask"))?;
    let prefix = wine.prefix(name)?;
    let entry = format!(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{SID}");
    let values = [
        ["/v", "State", "/t", "REG_DWORD", "/d", "5"],
        ["/v", "ProfileImagePath", "/t", "REG_SZ", "/d", r"C:\Users\bench"],
    ];
    for value in values {
        let args = [&["add", &entry][..], &value, &["/f"]].concat();
        let added = prefix.run("reg", args, REG_TIMEOUT)?;
        ensure!(added.status.success(), "reg add ended with {}", added.status);
    }
    std::fs::create_dir_all(prefix.drive_c().join("Users/bench/AppData/Roaming"))?;
    Ok((wine, prefix))
}

/// This process and what it starts, on one core: a program under Wine and its server take turns, and waking a second core
/// takes longer than most of the calls that are measured.
pub(super) struct Pinned;

impl Pinned {
    pub(super) fn to_one_core() -> Result<Self> {
        pin(&format!("{}", cores() - 1))?;
        Ok(Self)
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // What runs next would be slower, no more.
        let _ = pin(&format!("0-{}", cores() - 1));
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn pin(cores: &str) -> Result<()> {
    let mut taskset = Command::new("taskset");
    let pinned = taskset.args(["--cpu-list", "--pid", cores, &std::process::id().to_string()]).output()?;
    ensure!(pinned.status.success(), "taskset ended with {}", pinned.status);
    Ok(())
}
