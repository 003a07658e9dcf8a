//! The plan as the Agent has it: cached on disk, refreshed from the console when that answers in time.

use std::{fs, io};

use mp_durable::Readers;
use mp_profile::{Applies, DataSubset};
use mp_protocol::AgentPlan;
use serde::{Deserialize, Serialize};

use crate::state::{StateError, StateFolder};

/// A plan with the entity tag under which the console gave it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CachedPlan {
    /// Entity tag of the plan.
    pub etag: String,
    /// The plan.
    pub plan: AgentPlan,
}

impl CachedPlan {
    /// The plan as last received; `None` before the first one. A damaged cache counts as none: the console has the truth.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn load(state: &StateFolder) -> Result<Option<Self>, StateError> {
        let path = state.plan();
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::at("read the cached plan", &path)(error)),
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(plan) => Ok(Some(plan)),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "The cached plan is damaged and is fetched anew");
                    Ok(None)
                }
            },
        }
    }

    /// Keeps the plan for the time when the console is away.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, state: &StateFolder) -> Result<(), StateError> {
        let path = state.plan();
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        text.and_then(|text| mp_durable::replace(&path, &text, Readers::OwnerOnly))
            .map_err(StateError::at("write the cached plan", &path))
    }
}

/// The data subsets that are kept on this machine: a plan may name those of other groups as well.
pub(crate) fn subsets_here(plan: &AgentPlan) -> impl Iterator<Item = &DataSubset> {
    plan.subsets.iter().filter(|subset| match &subset.applies {
        Applies::Global => true,
        Applies::Groups(groups) => plan.group.as_ref().is_some_and(|group| groups.contains(group)),
    })
}
