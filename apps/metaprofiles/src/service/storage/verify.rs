use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, bail};
use mp_protocol::{Identity, damage::DamageFound};
use mp_storage::{
    Backend, DamageQueue, FolderBackend, ObjectBackend,
    at_rest::AtRest,
    backend::{
        Damage, Damaged, Key, Remedy,
        folder::{FirstUse, OpenError},
        object::ObjectOptions,
    },
    damage_reports, verify,
};
use serde_json::json;

use super::{State, encryption::Encryption, objects::Objects};
use crate::{Outcome, output};

/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(2);

/// Check every byte of the base folder, or of an object store
///
/// Without --repair nothing is changed, and the service may run: what it stores meanwhile may or may not be looked at. With
/// --repair, which needs the service to be stopped, damaged files are marked and not given out any more, and the newest intact
/// former version becomes current in the place of a damaged one. The running service does the same with what it meets, and looks
/// at everything once a week; nodes of an object store may run in both cases. What is damaged is told to the console, by the service on this machine as soon as it runs. Exit
/// code 1 says that something is damaged.
#[derive(clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    state: State,
    /// The base folder; that of the service on this machine if not given
    #[arg(long, value_name = "FOLDER")]
    base_folder: Option<PathBuf>,
    #[command(flatten)]
    objects: Objects,
    /// Mark what is damaged, and fall back to the newest intact versions
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    encryption: Encryption,
    /// JSON for programs
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let at_rest = self.encryption.at_rest()?;
        match self.objects.options()? {
            Some(options) => {
                let backend = ObjectBackend::open(&ObjectOptions { at_rest, ..options.clone() })?;
                // Nodes of the farm's store are where it is verified.
                let queue = self.state.plan().ok().and_then(|_| self.open_queue());
                self.look(&backend, json!({ "store": options.store.to_string() }), queue.as_ref())
            }
            None => {
                let base = self.state.base_folder(self.base_folder.as_deref())?;
                let (backend, in_use) = self.folder(&base, at_rest)?;
                if in_use {
                    let meanwhile = "what it stores meanwhile may not be looked at";
                    output::note(&format!("the Storage Service is running: {meanwhile}"));
                }
                let place = json!({ "base-folder": base, "service-running": in_use });
                self.look(&backend, place, self.queue(&base).as_ref())
            }
        }
    }

    /// The base folder, and whether the service uses it.
    fn folder(&self, base: &Path, at_rest: AtRest) -> anyhow::Result<(FolderBackend, bool)> {
        if !self.repair {
            let (backend, in_use) = FolderBackend::look_with(base, at_rest)?;
            backend.check_key()?;
            return Ok((backend, in_use));
        }
        let global_folder = FolderBackend::global_folder_of(base)?;
        match FolderBackend::open_with(base, &global_folder, FirstUse::Refused, at_rest) {
            Err(OpenError::InUse(_)) => bail!(
                "the Storage Service uses \"{}\"; stop it to repair, or verify without --repair",
                base.display()
            ),
            opened => Ok((opened?, false)),
        }
    }

    /// Looks at all of it; `place` is what the JSON says of where that is.
    fn look(
        &self,
        backend: &dyn Backend,
        mut place: serde_json::Value,
        queue: Option<&DamageQueue>,
    ) -> anyhow::Result<Outcome> {
        let (mut found, mut locked, mut queued) = (Vec::new(), Vec::new(), 0);
        let mut told = Instant::now();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let sum = verify(backend, self.repair.then_some(now), |key, inspection, sum| {
            for damage in &inspection.damage {
                if !self.json {
                    output::note(&line(key, damage));
                }
                found.push(as_json(key, damage));
            }
            for report in damage_reports(key, inspection, DamageFound::Verify, now) {
                match queue.map(|queue| queue.add(&report)) {
                    Some(Ok(())) => queued += 1,
                    Some(Err(error)) => output::note(&format!("the console is not told of it: {error}")),
                    None => {}
                }
            }
            if let Some(why) = &inspection.locked {
                output::note(&format!("{} is not checked: {why}", Subject(key)));
                locked.push(json!({ "scope": key.scope.to_string(), "sid": key.sid, "why": why }));
            }
            if told.elapsed() >= PROGRESS {
                told = Instant::now();
                output::note(&format!(
                    "{} data sets, {} bytes, {} damaged",
                    sum.data_sets, sum.bytes, sum.damaged
                ));
            }
        })?;
        if self.json {
            let of_sum = json!({
                "data-sets": sum.data_sets, "files": sum.files, "bytes": sum.bytes, "damage": found,
                "not-checked": locked, "told": queued,
            });
            if let (Some(place), serde_json::Value::Object(of_sum)) = (place.as_object_mut(), of_sum) {
                place.extend(of_sum);
            }
            output::print_json(&place)?;
        } else {
            output::print(&format!(
                "{} data sets, {} files, {} bytes: {} damaged, {} not checked for want of a key\n",
                sum.data_sets, sum.files, sum.bytes, sum.damaged, sum.locked
            ))?;
        }
        if queued > 0 {
            output::note("the Storage Service of this machine tells the console as soon as it runs");
        } else if sum.damaged > 0 {
            output::note("the console is not told: this is not the store of the service on this machine");
        }
        Ok(if sum.damaged == 0 && sum.locked == 0 { Outcome::Done } else { Outcome::Different })
    }
}

impl Verify {
    /// Where the service on this machine finds what it is to tell the console, if it keeps its data sets here.
    fn queue(&self, base: &Path) -> Option<DamageQueue> {
        let (_, plan) = self.state.plan().ok()?;
        let planned = PathBuf::from(plan.base_folder);
        let same = planned == base || planned.canonicalize().ok()? == base.canonicalize().ok()?;
        same.then(|| self.open_queue())?
    }

    fn open_queue(&self) -> Option<DamageQueue> {
        let queue = DamageQueue::open(&self.state.state);
        queue.inspect_err(|error| output::note(&format!("the console is not told of damage: {error}"))).ok()
    }
}

impl State {
    /// Identity and plan of the Storage Service on this machine.
    pub(super) fn plan(&self) -> anyhow::Result<(Identity, mp_protocol::StoragePlan)> {
        let identity = Identity::load(&self.state)?;
        let plan = mp_storage::cached_plan(&self.state, &identity);
        let plan = plan.context("this Storage Server has no plan of the console yet; run it once")?;
        Ok((identity, plan))
    }

    /// The base folder that is given, or else that of the service on this machine.
    pub(super) fn base_folder(&self, given: Option<&Path>) -> anyhow::Result<PathBuf> {
        match given {
            Some(base) => std::path::absolute(base).context("the base folder's path cannot be used"),
            None => Ok(PathBuf::from(self.plan()?.1.base_folder)),
        }
    }
}

fn line(key: &Key, damage: &Damage) -> String {
    let what = match &damage.what {
        Damaged::Current(number) => format!("the current version {number}"),
        Damaged::Former(number) => format!("the former version {number}"),
        Damaged::Quarantined(id) => format!("{id} in quarantine"),
    };
    let done = match damage.remedy {
        Remedy::None => String::new(),
        Remedy::SetAside => "; it is marked, and not given out any more".to_owned(),
        Remedy::FellBack { from, to } => {
            format!("; version {to}, with the content of version {from}, stands in for it")
        }
        Remedy::NothingIntact => "; no former version is intact: bring it back from a backup".to_owned(),
    };
    format!("{} of {} is damaged: {}{done}", what, Subject(key), damage.why)
}

struct Subject<'a>(&'a Key);

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.0.sid, self.0.scope)
    }
}

fn as_json(key: &Key, damage: &Damage) -> serde_json::Value {
    let (what, number, id) = match &damage.what {
        Damaged::Current(number) => ("current", Some(*number), None),
        Damaged::Former(number) => ("former", Some(*number), None),
        Damaged::Quarantined(id) => ("quarantined", None, Some(id)),
    };
    let (remedy, from, to) = match damage.remedy {
        Remedy::None => ("none", None, None),
        Remedy::SetAside => ("set-aside", None, None),
        Remedy::FellBack { from, to } => ("fell-back", Some(from), Some(to)),
        Remedy::NothingIntact => ("nothing-intact", None, None),
    };
    json!({
        "scope": key.scope.to_string(), "sid": key.sid, "what": what, "number": number, "id": id, "why": damage.why,
        "remedy": remedy, "from": from, "to": to,
    })
}
