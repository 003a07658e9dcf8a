use std::{ffi::OsString, time::Duration};

use anyhow::{Context, ensure};
use mp_protocol::Identity;
use mp_windows::service::{self, ServiceDefinition};

use super::Install;
use crate::{
    output,
    service::storage::{private, serve::Serve, windows_service::NAME},
};

const DISPLAY_NAME: &str = "MetaProfiles Storage";
/// How long the service may take to start, and to stop.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(90);
/// How long the machine waits for the service when it shuts down.
const PRESHUTDOWN: Duration = Duration::from_secs(60);
/// What the service keeps of LocalSystem's privileges: passing through folders, and no other.
const PRIVILEGES: [&str; 1] = ["SeChangeNotifyPrivilege"];

pub(super) fn install(args: &Install, serve: &Serve) -> anyhow::Result<()> {
    ensure!(!args.print, "there is no unit to print on Windows");
    let state = &serve.state.state;
    Identity::load(state).context("enrol this machine first, with `metaprofiles storage enrol`")?;
    mp_windows::make_private_folder(state)
        .with_context(|| format!("cannot make \"{}\" a folder for administrators alone", state.display()))?;
    for file in [serve.encryption.key_file.as_deref(), args.objects.secrets()].into_iter().flatten() {
        private::close(file)?;
    }
    serve.encryption.at_rest()?;
    args.objects.options_elsewhere()?;
    let mut arguments: Vec<OsString> = vec!["storage".into(), "service".into()];
    arguments.extend(serve.arguments()?);
    arguments.extend(args.objects.arguments()?);
    let installed = service::install(&ServiceDefinition {
        name: NAME.to_owned(),
        display_name: DISPLAY_NAME.to_owned(),
        description: "Keeps the users' data sets of a farm and gives them to its session hosts.".to_owned(),
        executable: std::env::current_exe().context("this program does not know where it is")?,
        arguments,
        preshutdown: PRESHUTDOWN,
        privileges: PRIVILEGES.to_vec(),
    })?;
    installed.not_set.iter().for_each(|what| output::note(&format!("this system does not know: {what}")));
    if !args.no_start {
        // One that runs goes on with what it was started with.
        service::stop(NAME, STOP)?;
        service::start(NAME, START).with_context(|| {
            format!("the service does not start; \"{}\" says why", state.join("logs").display())
        })?;
    }
    output::note(&format!(
        "the service {NAME} is installed; see how it is with `metaprofiles storage status`"
    ));
    Ok(())
}

pub(super) fn uninstall() -> anyhow::Result<()> {
    let there = service::uninstall(NAME, STOP)?;
    output::note(&match there {
        true => format!("the service {NAME} is removed; its state and the data sets stay"),
        false => format!("there was no service {NAME}"),
    });
    Ok(())
}
