//! What Group Policy says of the Agent on the session host that the command works on.

use std::path::Path;

use mp_agent::{PolicySettings, Problem, hosts::simulated::machine_policies};

/// The settings, and what is wrong with them. Settings that cannot be read are none: the command can still be of use.
pub(crate) fn load(simulated: Option<&Path>) -> (PolicySettings, Vec<Problem>) {
    let read = match simulated {
        Some(folder) => {
            machine_policies(folder).map(|policies| PolicySettings::read(&policies)).map_err(chain)
        }
        None => this_machine(),
    };
    read.unwrap_or_else(|error| (PolicySettings::default(), vec![PolicySettings::not_read(&error)]))
}

#[cfg(windows)]
fn this_machine() -> Result<(PolicySettings, Vec<Problem>), String> {
    let policies = mp_windows::LiveRegistry::machine(mp_agent::POLICY_KEY).map_err(chain)?;
    Ok(policies.map(|policies| PolicySettings::read(&policies)).unwrap_or_default())
}

#[cfg(not(windows))]
fn this_machine() -> Result<(PolicySettings, Vec<Problem>), String> {
    Ok(<_>::default())
}

fn chain(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
