//! Moving a scope from one Storage Server to another while users work. The Storage Servers do it; here it is begun, followed,
//! and brought from one phase to the next. All that is known of it is in the database, so any console goes on with it.

use mp_profile::Scope;
use mp_protocol::{
    MachineRole,
    digest::sha256,
    peers::{PeerReport, PeerRound},
};

use super::{Administrator, Core};
use crate::{
    domain::{
        Farm, MachineState, Peer, Phase, Refusal, StorageMove, check, differences, export, guard, name_key,
        plan_for,
    },
    repository::AuditEntry,
    secret::{hexadecimal, new_id},
};

/// A move and how far it is.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    pub(crate) moved: StorageMove,
    /// What the new server told last of taking over from the old one.
    pub(crate) round: Option<PeerRound>,
    /// Names of Agent Servers that have not asked for their new plan yet.
    pub(crate) waiting: Vec<String>,
}

impl Core {
    /// Begins to move a scope.
    pub(crate) async fn start_move(
        &self,
        caller: &Administrator,
        scope: Scope,
        from: Option<String>,
        to: &str,
    ) -> Result<Followed, Refusal> {
        let mut write = self.write().await?;
        let (farm, _) = write.farm().await?;
        let moved = StorageMove {
            id: new_id()?,
            scope,
            from: from.unwrap_or_default(),
            to: to.to_owned(),
            phase: Phase::Copying,
            round: 1,
            started_at: write.now,
            started_by: caller.name().to_owned(),
            switched_at: None,
            ended_at: None,
        };
        let moved = possible(&farm, moved)?;
        write.put_storage_move(&moved).await?;
        write.commit(caller.did("started", moved.to_string(), String::new())).await?;
        self.followed(moved).await
    }

    /// The newest moves.
    pub(crate) async fn moves(&self, _: &Administrator) -> Result<Vec<Followed>, Refusal> {
        let mut all = Vec::new();
        for moved in self.database.storage_moves().await? {
            all.push(self.followed(moved).await?);
        }
        Ok(all)
    }

    /// One move.
    pub(crate) async fn one_move(&self, _: &Administrator, id: &str) -> Result<Followed, Refusal> {
        self.followed(self.find_move(id).await?).await
    }

    /// Gives up a move of which Agents were not told yet. What was taken over stays where it is.
    pub(crate) async fn cancel_move(&self, caller: &Administrator, id: &str) -> Result<(), Refusal> {
        let moved = self.find_move(id).await?;
        if moved.phase != Phase::Copying {
            let text = "Agents were told of it already; move back when it has ended";
            return Err(Refusal::Move(text.to_owned()));
        }
        let entry = caller.did("cancelled", moved.to_string(), String::new());
        self.put_move(StorageMove { phase: Phase::Cancelled, ended_at: Some(self.now()), ..moved }, entry)
            .await
    }

    /// Ends a move without the Agents that have not asked for their new plan: what they still have waits in their spools.
    pub(crate) async fn finish_move(&self, caller: &Administrator, id: &str) -> Result<Followed, Refusal> {
        let moved = self.find_move(id).await?;
        if moved.phase != Phase::Switched {
            return Err(Refusal::Move("it does not wait for Agents".to_owned()));
        }
        let entry = caller.did("finished", moved.to_string(), String::new());
        let moved = StorageMove { phase: Phase::Finishing, round: moved.round + 1, ..moved };
        self.put_move(moved.clone(), entry).await?;
        self.followed(moved).await
    }

    /// A Storage Server tells how far it is.
    pub(crate) async fn take_peer_report(&self, peer: &Peer, report: &PeerReport) -> Result<(), Refusal> {
        if peer.role != MachineRole::Storage {
            return Err(Refusal::StorageAlone);
        }
        let farm = self.farm().await?;
        let machine = farm.authenticate(peer, self.now())?;
        let Some(server) = &machine.storage_server else { return Ok(()) };
        self.database.put_peer_rounds(server, &report.rounds, self.now()).await?;
        self.advance_moves().await
    }

    /// Brings each move to its next phase, if it is that far.
    pub(crate) async fn advance_moves(&self) -> Result<(), Refusal> {
        let farm = self.farm().await?;
        for moved in farm.moves.iter().cloned() {
            let round = self.database.peer_round(&moved.to, &moved.scope, &moved.from).await?;
            let is_here = round.is_some_and(|round| {
                round.ended && round.failed == 0 && round.waits == 0 && round.round == moved.round
            });
            match moved.phase {
                Phase::Copying if is_here => self.switch(moved).await?,
                Phase::Switched if self.waiting(&farm, &moved).await?.is_empty() => {
                    let entry = of_console("all agents follow", &moved);
                    let moved = StorageMove { phase: Phase::Finishing, round: moved.round + 1, ..moved };
                    self.put_move(moved, entry).await?;
                }
                Phase::Finishing if is_here => {
                    let entry = of_console("ended", &moved);
                    let ended_at = Some(self.now());
                    self.put_move(StorageMove { phase: Phase::Ended, ended_at, ..moved }, entry).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// All is there: Agents are told to use the new server.
    async fn switch(&self, moved: StorageMove) -> Result<(), Refusal> {
        let mut write = self.write().await?;
        let (farm, mut ids) = write.farm().await?;
        if !farm.moves.contains(&moved) {
            return Ok(());
        }
        let mut after = farm.configuration.clone();
        if !after.put_in_place(&moved.scope, &moved.from, &moved.to) {
            let entry = of_console("cancelled: the scope is not kept there any more", &moved);
            let ended_at = Some(write.now);
            write.put_storage_move(&StorageMove { phase: Phase::Cancelled, ended_at, ..moved }).await?;
            return write.commit(entry).await;
        }
        guard(&farm, &after)?;
        check(&after)?;
        let found = differences(&farm.configuration, &after);
        write.apply(&after, &mut ids, &found).await?;
        let entry = of_console("switched", &moved);
        write.keep_configuration(&entry, &export(&after)).await?;
        let switched_at = Some(write.now);
        write.put_storage_move(&StorageMove { phase: Phase::Switched, switched_at, ..moved }).await?;
        write.commit(entry).await
    }

    /// Writes a move if nobody else has brought it further meanwhile.
    async fn put_move(&self, moved: StorageMove, entry: AuditEntry) -> Result<(), Refusal> {
        let mut write = self.write().await?;
        let (farm, _) = write.farm().await?;
        let known = farm.moves.iter().find(|known| known.id == moved.id);
        let further = |known: &StorageMove| known.phase != moved.phase && known.round <= moved.round;
        if !known.is_some_and(further) {
            return Ok(());
        }
        write.put_storage_move(&moved).await?;
        write.commit(entry).await
    }

    async fn find_move(&self, id: &str) -> Result<StorageMove, Refusal> {
        let moves = self.database.storage_moves().await?;
        let found = moves.into_iter().find(|moved| moved.id == id);
        found.ok_or_else(|| Refusal::NoMove(id.chars().take(64).collect()))
    }

    async fn followed(&self, moved: StorageMove) -> Result<Followed, Refusal> {
        let round = self.database.peer_round(&moved.to, &moved.scope, &moved.from).await?;
        let farm = self.farm().await?;
        let waiting = match moved.phase {
            Phase::Switched => self.waiting(&farm, &moved).await?,
            _ => Vec::new(),
        };
        // An earlier move of the same scope has left another round.
        let round = round.filter(|round| moved.phase.is_under_way() || round.round == moved.round);
        Ok(Followed { moved, round, waiting })
    }

    /// The Agents of the scope whose last plan is not the present one.
    async fn waiting(&self, farm: &Farm, moved: &StorageMove) -> Result<Vec<String>, Refusal> {
        let told = self.database.plan_hashes().await?;
        let now = self.now();
        let mut waiting = Vec::new();
        for agent in farm.machines.values() {
            let concerned = match &moved.scope {
                Scope::Global => true,
                Scope::Group(group) => agent.group.as_ref() == Some(group),
            };
            if !concerned || agent.role != MachineRole::Agent || agent.state != MachineState::Active {
                continue;
            }
            let hash =
                plan_hash(&serde_json::to_vec(&plan_for(farm, agent, now)?).map_err(Refusal::internal)?);
            if !told.iter().any(|(id, known)| id == agent.id.as_str() && *known == hash) {
                waiting.push(agent.name.clone());
            }
        }
        Ok(waiting)
    }
}

/// The hash by which a plan is known again.
pub(super) fn plan_hash(plan: &[u8]) -> String {
    hexadecimal(&sha256(plan)[..16])
}

fn of_console(details: &str, moved: &StorageMove) -> AuditEntry {
    AuditEntry {
        who: "console".to_owned(),
        address: String::new(),
        action: "moved",
        subject: moved.to_string(),
        details: details.to_owned(),
        changes: Vec::new(),
    }
}

/// The move with the names as they are written, if it can be done.
fn possible(farm: &Farm, moved: StorageMove) -> Result<StorageMove, Refusal> {
    let refused = |text: String| Err(Refusal::Move(text));
    let configuration = &farm.configuration;
    let servers = configuration.servers_of(&moved.scope);
    let Some(first) = servers.first() else {
        return refused(format!("no Storage Server keeps {}", moved.scope));
    };
    let from = if moved.from.is_empty() { first.name.clone() } else { moved.from };
    let key = name_key(&from);
    let Some(from) = servers.iter().find(|server| name_key(&server.name) == key) else {
        return refused(format!("\"{from}\" does not keep {}", moved.scope));
    };
    let key = name_key(&moved.to);
    let Some(to) = configuration.storage_servers.iter().find(|server| name_key(&server.name) == key) else {
        return refused(format!("there is no Storage Server \"{}\"", moved.to));
    };
    if servers.iter().any(|server| name_key(&server.name) == key) {
        let text = "keeps it already; take the other one out of the list instead";
        return refused(format!("\"{}\" {text}", to.name));
    }
    if farm.moves.iter().any(|other| other.scope == moved.scope) {
        return refused(format!("another move of {} is under way", moved.scope));
    }
    let joined = farm.machines.values().any(|machine| {
        machine.state == MachineState::Active
            && machine.storage_server.as_deref().map(name_key).as_ref() == Some(&key)
    });
    if !joined {
        return refused(format!("no machine has joined as \"{}\" yet", to.name));
    }
    Ok(StorageMove { from: from.name.clone(), to: to.name.clone(), ..moved })
}
