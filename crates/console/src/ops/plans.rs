use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Core, storage_moves::plan_hash};
use crate::domain::{AnyPlan, Peer, Refusal, UnixMillis, plan_for};

/// Longest time that a question may wait for a change.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How exactly it is noted when a machine was last seen.
const SEEN: i64 = 60 * UnixMillis::SECOND;

/// The answer to a machine that asks for its plan.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The plan, and its tag.
    Plan(Box<AnyPlan>, String),
    /// The machine has it: its tag.
    Same(String),
}

impl Core {
    /// A machine's plan. If it is the one that the machine `knows`, by its tag, waits for another one.
    ///
    /// The plan's number grows only with what the plan says. A change of the farm that does not touch the machine does not
    /// wake it: its plan is made again from the farm in memory, is found to say the same, and the question goes on waiting.
    pub(crate) async fn plan(
        &self,
        peer: &Peer,
        knows: impl Fn(&str) -> bool,
        wait: Duration,
    ) -> Result<Answer, Refusal> {
        let deadline = Instant::now() + wait.min(MAX_WAIT);
        let mut changes = self.changed.subscribe();
        let mut last: Option<Numbered> = None;
        loop {
            // Before the farm is read, so that a change in between is noticed below.
            changes.mark_unchanged();
            let now = self.now();
            let farm = self.farm().await?;
            let machine = farm.authenticate(peer, now)?;
            let plan = plan_for(&farm, machine, now)?;
            let text = serde_json::to_vec(&plan).map_err(Refusal::internal)?;
            let hash = plan_hash(&text);
            let numbered = match last {
                Some(numbered) if numbered.hash == hash => numbered,
                Some(_) => Numbered { revision: self.database.told(&machine.id, &hash).await?, hash },
                None => {
                    let revision = self.database.came(&machine.id, &hash, now, now.plus(-SEEN)).await?;
                    Numbered { revision, hash }
                }
            };
            let tag = format!("{}-{}", numbered.revision, numbered.hash);
            if !knows(&tag) {
                return Ok(Answer::Plan(Box::new(plan.with_revision(numbered.revision)), tag));
            }
            if !matches!(timeout_at(deadline, changes.changed()).await, Ok(Ok(()))) {
                return Ok(Answer::Same(tag));
            }
            last = Some(numbered);
        }
    }
}

/// A plan by the hash of what it says, and its number.
struct Numbered {
    hash: String,
    revision: u64,
}
