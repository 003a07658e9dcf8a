//! One user's day: TS1 in the morning, TS2 of the same group at noon while storage goes down, TS3 of another group in the
//! evening.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyhow::Result;
use mp_agent::{
    Agent, CachedPlan, EnrolledMachine, SessionReport, StateFolder, hosts::simulated::SimulatedHost,
};
use mp_farm::SmallFarm;
use mp_profile::{Clock, CompiledRules, SessionHost, SessionProfile, Sid};
use mp_registry::{FileTime, KeyPath, Value};

use super::{
    items::{Content, Item, Place, Travels, items},
    table::{Row, Table},
    template,
};

const USER: &str = "ada";
const SID: &str = "S-1-5-21-3623811015-3361044348-30300820-1013";

/// A session host with its Agent.
struct Station {
    host: SimulatedHost,
    state: StateFolder,
    machine: Arc<EnrolledMachine>,
}

struct SystemClock(Instant);

impl Clock for SystemClock {
    fn now(&self) -> FileTime {
        FileTime::from_system(SystemTime::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Plays it, and says how many things were not as they must be.
pub(super) fn play(farm: &mut SmallFarm, folder: &Path) -> Result<usize> {
    let sid: Sid = SID.parse()?;
    let template = template::load()?;
    let counts = template.root.counts();
    println!("profile      {}: {} keys, {} values", template.source, counts.keys, counts.values);
    let mut stations = Vec::new();
    for (name, group) in [("TS1", "Accounting"), ("TS2", "Accounting"), ("TS3", "Office")] {
        stations.push(station(farm, folder, name, group, &template.root)?);
        println!("{name}          enrolled, in group {group}");
    }
    let [ts1, ts2, ts3] = stations.as_slice() else { anyhow::bail!("the farm has three session hosts") };
    let items = items();
    let mut table = Table::new(["at TS1", "at TS2, same group", "at TS3, other group"]);

    heading("TS1: the first logon; nothing is stored yet");
    ts1.logon(&sid)?;
    let defaults = ts1.look(&sid, &items)?;
    ts1.change(&sid, items.iter().map(|item| (&item.place, &item.leaves)))?;
    heading("TS1: after the user's changes");
    ts1.logoff(&sid)?;

    heading("TS2, same group");
    ts2.logon(&sid)?;
    let at_ts2 = ts2.look(&sid, &items)?;
    let speed = Place::Value(KeyPath::parse(r"Control Panel\Mouse"), "DoubleClickSpeed".into());
    let Value { ty, data, .. } = Value::sz("", "200");
    let faster = Content::Value(ty, data);
    ts2.change(&sid, [(&speed, &faster)].into_iter())?;
    heading("TS2: the user changes the double click again; storage goes down, then the user logs off");
    farm.stop_storage()?;
    ts2.logoff(&sid)?;
    farm.start_storage()?;
    heading("Storage is back: TS2 sends its spool");
    let deliveries = ts2.agent(|agent| Ok(agent.send_spool(None)?.tried))?;
    for delivery in &deliveries {
        println!("  {} {} bytes: {:?}", delivery.entry.scope, delivery.entry.bytes, delivery.result);
    }
    let mut wrong = usize::from(deliveries.is_empty())
        + deliveries.iter().filter(|delivery| delivery.result.is_err()).count();

    heading("TS3, another group");
    ts3.logon(&sid)?;
    let at_ts3 = ts3.look(&sid, &items)?;
    ts3.logoff(&sid)?;

    let rules = ts1.rules()?;
    for (index, item) in items.iter().enumerate() {
        let (default, ts2) = (&defaults[index], &at_ts2[index]);
        let expected_at_ts2 = if item.travels == Travels::Nowhere { default } else { &item.leaves };
        let changed_at_noon =
            matches!((&item.place, &speed), (Place::Value(a, b), Place::Value(c, d)) if a == c && b == d);
        let expected_at_ts3 = match item.travels {
            _ if changed_at_noon => &faster,
            Travels::Everywhere => &item.leaves,
            Travels::InGroup | Travels::Nowhere => default,
        };
        let why = item.place.why(&rules);
        let row = Row::new(item, &why).saw(ts2, expected_at_ts2).saw(&at_ts3[index], expected_at_ts3);
        wrong += row.wrong();
        table.add(row);
    }
    println!("\n{table}");
    sizes(farm)?;
    Ok(wrong)
}

fn station(
    farm: &SmallFarm,
    folder: &Path,
    name: &str,
    group: &str,
    template: &mp_registry::Key,
) -> Result<Station> {
    let host = SimulatedHost::at(&folder.join(name), name)?;
    let folders = folder.join(format!("{name}-mandatory"));
    let signatures = folders.join("AppData/Roaming/Microsoft/Signatures");
    fs::create_dir_all(&signatures)?;
    fs::write(signatures.join("Template.htm"), "<p>Your name here</p>")?;
    host.create_mandatory(template, Some(&folders))?;
    let (state, machine) = farm.enrol_agent(&folder.join(format!("{name}-agent")), name, Some(group))?;
    Ok(Station { host, state, machine })
}

impl Station {
    fn agent<T>(&self, work: impl FnOnce(&Agent<'_>) -> Result<T>) -> Result<T> {
        let clock = SystemClock(Instant::now());
        let machine: Arc<EnrolledMachine> = Arc::clone(&self.machine);
        work(&Agent::new(self.state.clone(), &self.host, machine, &clock))
    }

    /// Windows loads a fresh copy of the mandatory profile, then the Agent works.
    fn logon(&self, sid: &Sid) -> Result<SessionReport> {
        self.host.logon_mandatory(sid, USER)?;
        let report = self.agent(|agent| Ok(agent.logon(sid)?))?;
        print!("{report}");
        Ok(report)
    }

    /// The Agent works, then Windows unloads the profile.
    fn logoff(&self, sid: &Sid) -> Result<SessionReport> {
        let report = self.agent(|agent| Ok(agent.logoff(sid)?))?;
        print!("{report}");
        self.host.logoff(sid)?;
        Ok(report)
    }

    fn look(&self, sid: &Sid, items: &[Item]) -> Result<Vec<Content>> {
        let mut profile = self.host.open(sid)?;
        items.iter().map(|item| item.place.read(profile.as_mut())).collect()
    }

    fn change<'a>(&self, sid: &Sid, changes: impl Iterator<Item = (&'a Place, &'a Content)>) -> Result<()> {
        let mut profile: Box<dyn SessionProfile + '_> = self.host.open(sid)?;
        for (place, content) in changes {
            place.write(profile.as_mut(), content)?;
        }
        Ok(profile.close()?)
    }

    fn rules(&self) -> Result<CompiledRules> {
        let plan = CachedPlan::load(&self.state)?.map(|cached| cached.plan);
        let plan = plan.ok_or_else(|| anyhow::anyhow!("the Agent has no plan"))?;
        Ok(CompiledRules::compile(&plan.subsets, plan.group.as_ref())?)
    }
}

fn heading(text: &str) {
    println!("\n--- {text}");
}

/// What lies in the store now.
fn sizes(farm: &SmallFarm) -> Result<()> {
    println!("In the store:");
    // Folders of groups are in lower case, so that file systems that fold case and others agree.
    for folder in ["global", "accounting", "office"] {
        let file = farm.base_folder().join(folder).join(format!("{SID}.mpd"));
        if let Ok(found) = file.metadata() {
            println!("  {folder}/{SID}.mpd  {} bytes", found.len());
        }
    }
    Ok(())
}
