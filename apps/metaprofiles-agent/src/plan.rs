use std::{process::ExitCode, sync::Arc};

use anyhow::{Context, Result, anyhow};
use mp_agent::{CachedPlan, Connections, EnrolledMachine, StateFolder};
use mp_profile::Scope;
use mp_protocol::Identity;

use crate::Common;

/// The ways of this enrolled machine.
pub(crate) fn connections(common: &Common, state: &StateFolder) -> Result<Arc<EnrolledMachine>> {
    let identity = Identity::load(state.identity()).context(
        "this machine is not enrolled; get a join token from the console and run `metaprofiles-agent enrol`",
    )?;
    Ok(Arc::new(EnrolledMachine::new(Arc::new(identity)).with_settings(common.settings.clone())))
}

pub(crate) fn plan(common: &Common) -> Result<ExitCode> {
    let state = StateFolder::open(&common.state)?;
    let cached = CachedPlan::load(&state)?;
    let answer = connections(common, &state)?.newer_plan(cached.as_ref());
    let plan = match (answer, cached) {
        (Ok(Some(newer)), _) => {
            newer.save(&state)?;
            newer
        }
        (Ok(None), Some(cached)) => cached,
        (Ok(None), None) => return Err(anyhow!("the console has no plan for this Agent")),
        (Err(error), Some(cached)) => {
            eprintln!("warning: {error}; this is the plan as last received");
            cached
        }
        (Err(error), None) => return Err(anyhow!(error)),
    };
    if common.json {
        println!("{}", serde_json::to_string_pretty(&plan.plan)?);
        return Ok(ExitCode::SUCCESS);
    }
    let plan = plan.plan;
    println!("plan of \"{}\", revision {}", plan.name, plan.revision);
    println!(
        "  group    {}",
        plan.group.as_ref().map_or_else(|| "(none)".to_owned(), |group| group.to_string())
    );
    for scope in std::iter::once(Scope::Global).chain(plan.group.clone().map(Scope::Group)) {
        let targets = plan.targets(&scope).iter();
        let targets: Vec<String> =
            targets.map(|target| format!("{} at {}:{}", target.name, target.host, target.port)).collect();
        let none = "(none: choose one in the console)".to_owned();
        let targets = if targets.is_empty() { none } else { targets.join(", then ") };
        println!("  storage  {scope}: {targets}");
    }
    for subset in plan.subsets {
        println!(
            "  subset   {} ({} registry rules, {} folder rules)",
            subset.name,
            subset.registry.len(),
            subset.folders.len()
        );
    }
    Ok(ExitCode::SUCCESS)
}
