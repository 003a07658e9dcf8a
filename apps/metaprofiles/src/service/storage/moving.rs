use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Context;
use mp_profile::Scope;
use mp_storage::{FolderBackend, ObjectBackend, backend::object::ObjectOptions, move_into};
use serde_json::json;

use super::{State, encryption::Encryption, objects::Objects};
use crate::{Outcome, output};

/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(2);

/// Copy the base folder's data sets into an object store, with their versions and their numbers
///
/// Nothing is taken away, and the service may run meanwhile. A pass that was broken off is begun again; each pass copies what was
/// stored since the one before. For the last one stop the service, so that Agents keep what users change; then run it with
/// --store. Exit code 1 says that some data sets were not taken over.
#[derive(clap::Args)]
pub(crate) struct Move {
    #[command(flatten)]
    state: State,
    /// The base folder; that of the service on this machine if not given
    #[arg(long, value_name = "FOLDER")]
    base_folder: Option<PathBuf>,
    /// Only this scope: global, or group:NAME
    #[arg(long)]
    scope: Option<Scope>,
    #[command(flatten)]
    objects: Objects,
    #[command(flatten)]
    encryption: Encryption,
    /// JSON for programs
    #[arg(long)]
    json: bool,
}

impl Move {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let base = self.state.base_folder(self.base_folder.as_deref())?;
        let options = self.objects.options()?.context("say where to: --store s3://BUCKET/PREFIX")?;
        let at_rest = self.encryption.at_rest()?;
        let (from, in_use) = FolderBackend::look_with(&base, at_rest.clone())?;
        from.check_key()?;
        let options = ObjectOptions { at_rest, ..options };
        let into = ObjectBackend::open(&options)?;
        let (mut told, mut problems) = (Instant::now(), Vec::new());
        let moved = move_into(&from, &into, self.scope.as_ref(), |key, problem, sum| {
            if let Some(problem) = problem {
                output::note(&format!("{} in {}: {problem}", key.sid, key.scope));
                problems.push(
                    json!({ "sid": key.sid.as_str(), "scope": key.scope.to_string(), "problem": problem }),
                );
            }
            if told.elapsed() >= PROGRESS {
                told = Instant::now();
                output::note(&format!("{} data sets, {} versions copied", sum.data_sets, sum.versions));
            }
        })?;
        if self.json {
            output::print_json(&json!({
                "base-folder": base, "store": options.store.to_string(), "service-running": in_use,
                "data-sets": moved.data_sets, "versions": moved.versions, "problems": problems,
            }))?;
        } else {
            output::print(&format!(
                "{} data sets, {} versions copied, {} problems\n",
                moved.data_sets, moved.versions, moved.problems
            ))?;
        }
        if in_use {
            output::note(
                "the Storage Service is running: stop it and move once more before it is run with --store",
            );
        }
        Ok(if moved.problems == 0 { Outcome::Done } else { Outcome::Different })
    }
}
