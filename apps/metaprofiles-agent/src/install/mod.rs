//! Installing the service and what belongs to it on this machine, and taking it away again.
//!
//! What is installed is noted in `install.json` in the state folder, so that `uninstall` gives back what was there before.

mod policies;
mod scripts;

use std::{ffi::OsString, path::Path, process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use mp_windows::service::{
    self, DISPLAY_NAME, SERVICE_NAME, ServiceDefinition, make_private_folder, register_event_source,
    unregister_event_source,
};

pub(crate) use policies::{WANTED, Wanted};
pub(crate) use scripts::are_there as scripts_are_there;

use crate::Common;

/// How long the service may take to start, and to stop.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(90);
/// How long the machine waits for the service when it shuts down.
const PRESHUTDOWN: Duration = Duration::from_secs(180);
/// What the service needs of LocalSystem's privileges: sessions' tokens and acting as their users (`SeTcb`, `SeImpersonate`),
/// holding profiles and reading keys past their access lists (`SeBackup`, `SeRestore`), replacing access lists
/// (`SeTakeOwnership`, `SeSecurity`), starting the helper in a session (`SeAssignPrimaryToken`, `SeIncreaseQuota`).
const PRIVILEGES: [&str; 9] = [
    "SeTcbPrivilege",
    "SeImpersonatePrivilege",
    "SeBackupPrivilege",
    "SeRestorePrivilege",
    "SeTakeOwnershipPrivilege",
    "SeSecurityPrivilege",
    "SeAssignPrimaryTokenPrivilege",
    "SeIncreaseQuotaPrivilege",
    "SeChangeNotifyPrivilege",
];

#[derive(Args)]
pub(crate) struct InstallArgs {
    /// Leave the local Group Policy alone: a domain's brings the logon and logoff scripts
    #[arg(long)]
    no_scripts: bool,
    /// Do not start the service now
    #[arg(long)]
    no_start: bool,
    /// For tests: let the service take sessions and events from files in the state folder
    #[arg(long, hide = true)]
    accept_injected_events: bool,
}

pub(crate) fn install(common: &Common, args: &InstallArgs) -> Result<ExitCode> {
    let program = std::env::current_exe().context("this program does not know where it is")?;
    make_private_folder(&common.state).with_context(|| {
        format!("cannot make the folder \"{}\" for administrators alone", common.state.display())
    })?;
    register_event_source(DISPLAY_NAME, &program).context("cannot register the event source")?;
    let mut arguments: Vec<OsString> = vec!["service".into()];
    if common.state_given {
        arguments.extend(["--state".into(), common.state.clone().into_os_string()]);
    }
    if args.accept_injected_events {
        arguments.push("--accept-injected-events".into());
    }
    let definition = ServiceDefinition {
        name: SERVICE_NAME.to_owned(),
        display_name: DISPLAY_NAME.to_owned(),
        description:
            "Brings users' settings into their mandatory profiles at logon and keeps them at logoff."
                .to_owned(),
        executable: program.clone(),
        arguments,
        preshutdown: PRESHUTDOWN,
        privileges: PRIVILEGES.to_vec(),
    };
    let installed = service::install(&definition)?;
    let mut said = vec![if installed.created {
        format!("the service {SERVICE_NAME} is installed")
    } else {
        format!("the service {SERVICE_NAME} was there, and is as this version wants it")
    }];
    said.extend(installed.not_set.iter().map(|what| format!("this system does not know: {what}")));
    if args.no_scripts {
        said.push("the local Group Policy is left alone".to_owned());
    } else {
        said.push(scripts::add(&program)?.to_owned());
        said.extend(policies::set(&common.state)?);
    }
    if !args.no_start {
        service::start(SERVICE_NAME, START)
            .context("the service is installed but does not start; the event log says why")?;
        said.push("the service runs".to_owned());
    }
    say(common, &said);
    if !common.json {
        println!("\n{}", domain_policy(&program));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn uninstall(common: &Common) -> Result<ExitCode> {
    let program = std::env::current_exe().context("this program does not know where it is")?;
    let mut said = vec![if service::uninstall(SERVICE_NAME, STOP)? {
        format!("the service {SERVICE_NAME} is removed")
    } else {
        format!("there was no service {SERVICE_NAME}")
    }];
    said.push(scripts::remove(&program)?.to_owned());
    said.extend(policies::restore(&common.state)?);
    unregister_event_source(DISPLAY_NAME).context("cannot remove the event source")?;
    if common.state.is_dir() {
        said.push(format!(
            "\"{}\" stays: it holds this machine's identity and what waits for storage",
            common.state.display()
        ));
    }
    say(common, &said);
    Ok(ExitCode::SUCCESS)
}

fn say(common: &Common, said: &[String]) {
    if common.json {
        println!("{}", serde_json::json!({ "done": said }));
    } else {
        said.iter().for_each(|line| println!("{line}"));
    }
}

/// What an administrator sets in a domain's Group Policy instead of the local one.
fn domain_policy(program: &Path) -> String {
    let program = program.display();
    format!(
        "For many session hosts use a Group Policy object of the domain instead (then `install --no-scripts` here):\n\
         \x20 User Configuration > Windows Settings > Scripts\n\
         \x20   Logon:  {program}  with the parameter  logon\n\
         \x20   Logoff: {program}  with the parameter  logoff\n\
         \x20 Computer Configuration > Administrative Templates > System\n\
         \x20   Scripts > Run logon scripts synchronously: Enabled\n\
         \x20   Group Policy > Configure Logon Script Delay: Disabled\n\
         \x20   Group Policy > Configure user Group Policy loopback processing mode: Merge, when the object is linked to machines\n\
         \x20   User Profiles > Do not log users on with temporary profiles: Enabled (recommended)"
    )
}
